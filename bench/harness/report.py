"""A session's JSON as Markdown with plots beside it. The same JSON gives the same report again."""

import json
import os
import re
import time

from . import columns, machine, plot, scenarios, stats, targets
from .results import Results

README = scenarios.ROOT / "bench/README.md"


def write(summary, path):
    """<path>.md with its plots and the session's JSON in the folder <path>/."""
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.json").write_text(json.dumps(summary, indent=1) + "\n")
    text, plots = render(summary, folder.name, os.path.relpath(README, path.parent))
    for name, svg in plots.items():
        (folder / name).write_text(svg)
    path.write_text(text)


def render(summary, folder, readme="README.md"):
    """(Markdown, {file name: SVG}); `folder` is where the Markdown finds the plots."""
    results = Results(summary["runs"])
    measured = measured_scenarios(summary)
    parts = [head(summary, readme), target_table(results, summary), *compared(results, measured)]
    plots = {}
    for scenario in measured:
        drawn = scenario_plots(results, scenario)
        plots |= drawn
        parts.append(section(results, scenario, [f"{folder}/{name}" for name in drawn]))
    parts += [disturbances(summary), failures(summary)]
    return "\n\n".join(part for part in parts if part) + "\n", plots


def measured_scenarios(summary):
    """The scenarios that the session has runs of, with the entries that it knew then."""
    known = scenarios.everything(summary.get("messages", scenarios.LARGE))
    names = {run["scenario"] for run in summary["runs"]}
    return [scenario for name, scenario in known.items() if name in names]


def head(summary, readme):
    told, cpus = summary["machine"], summary["cpus"]
    lines = [f"# chatd beside its peers and the bare limit: {told['cpu']}, {summary['date']}"]
    if summary["quick"]:
        lines.append("**A quick run: it shows that everything works. Its figures mean nothing.**")
    if summary["storage"]["in_memory"]:
        lines.append("**The databases were on a file system in memory: durable figures mean nothing.** Set TMPDIR to a folder on a disk.")
    where = "PostgreSQL on a core of its own" if cpus["database"] not in (cpus["server"], cpus["generator"]) else "PostgreSQL on the generator's core"
    if cpus["server"] == cpus["generator"]:
        where = "**all on one core: ratios are of little worth**"
    rounds = "One round" if summary["rounds"] == 1 else f"{summary['rounds']} rounds, interleaved"
    lines.append(f"{told['cpus']} CPUs{' of a virtual machine' if told['virtual'] else ''}, {told['memory_mb']:,} MB, {told['system']}, {told['kernel']}; frequency governor: "
                 f"{told['governor']}, turbo: {told['turbo']}; databases on {summary['storage']['file_system']}. Server on CPU {cpus['server']}, generator on CPU "
                 f"{cpus['generator']}, {where}. {rounds}{when(summary)}" +
                 (f"; {summary['seconds']:g} s measured in each run" if summary.get("seconds") else "") + ".")
    lines.append("Each cell: the median of the rounds (the least - the most). Ratios are taken within each round. Another machine gives other figures; "
                 "compare the ratios. chatd's rows are room sockets where they do not say realtime. [What is measured and how to repeat it](" + readme + ").")
    versions = "; ".join(f"{name}: {version}" for name, version in sorted(summary["versions"].items()) if version)
    lines.append(f"Versions: {versions}." if versions else "")
    if summary["missing"]:
        lines.append("**Not measured, because it is missing here:** " + "; ".join(f"{name}: {what}" for name, what in sorted(summary["missing"].items())) + ".")
    unfinished = set(summary.get("planned", ())) - {run["scenario"] for run in summary["runs"]}
    if unfinished:
        lines.append(f"**The session was ended early.** Not measured: {', '.join(sorted(unfinished))}.")
    return "\n\n".join(line for line in lines if line)


def when(summary):
    """', 09:10 to 10:40 UTC' of the runs' own times."""
    times = [run["at"] for run in summary["runs"] if "at" in run]
    if not times:
        return ""
    first, last = (time.strftime("%H:%M", time.gmtime(each)) for each in (min(times), max(times)))
    return f", {first} to {last} UTC"


def target_table(results, summary):
    rows = []
    for target in targets.all_of_them(summary.get("messages", scenarios.LARGE)):
        found = target.spread(results)
        if found is None:
            continue
        sign = ">=" if target.at_least is not None else "<="
        if summary["machine"]["cpus"] < target.cpus:
            verdict = f"not judged: needs {target.cpus} CPUs"
        else:
            verdict = "met" if target.met(found) else "**missed**"
        rows.append(f"| {target.scenario} | {target.words} | {sign} {stats.number(target.bound, 4)} | {stats.with_spread(found)} | {verdict} |")
    if not rows:
        return ""
    missed = sum("**missed**" in row for row in rows)
    said = f"{missed} of {len(rows)} missed." if missed else "All met."
    return f"## Targets\n\n{said}\n\n" + table(("scenario", "what", "target", "measured", ""), rows)


def compared(results, measured):
    """chatd beside each peer: how many times as many deliveries for the same CPU."""
    fans = [scenario for scenario in measured if "against" in scenario.columns]
    if not fans:
        return []
    entries, rows = [], []
    for entry in [entry for entry in fans[0].entries if entry.subject.kind == "peer"]:
        cells = [results.ratio(scenario.name, columns.REFERENCE, entry.name, "deliveries_per_cpu_s") for scenario in fans]
        if any(cells):
            entries.append(entry)
            rows.append(f"| {entry.name} | " + " | ".join(stats.with_spread(cell) for cell in cells) + " |")
    if not rows:
        return []
    return ["## chatd against each peer\n\nHow many times as many deliveries chatd (in memory, room socket) makes of a CPU-second:\n\n" +
            table(("peer", *(scenario.title for scenario in fans)), rows),
            "What a peer does, and does not:\n\n" + "\n".join(f"- {entry.name}: {entry.subject.described.remark}" for entry in entries)]


def table(titles, rows):
    return "\n".join(["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *rows])


def section(results, scenario, plots):
    entries = [entry for entry in scenario.entries if results.runs(scenario.name, entry.name)]
    grid = {name: [columns.COLUMNS[name].cell(results, scenario, entry) for entry in entries] for name in scenario.columns}
    kept = [name for name in scenario.columns if any(grid[name])]
    rows = [f"| {entry.name} | " + " | ".join(grid[name][place] for name in kept) + " |" for place, entry in enumerate(entries)]
    parts = [f"## {scenario.title}", scenario.about, table(("", *(columns.COLUMNS[name].title for name in kept)), rows)]
    parts += [f"![{scenario.title}]({each})" for each in plots]
    return "\n\n".join(parts)


def scenario_plots(results, scenario):
    drawn = {}
    for each in scenario.plots:
        bars = [plot.Bar(entry.name, results.spread(scenario.name, entry.name, each.metric), entry.subject.kind) for entry in scenario.entries]
        if any(bar.value for bar in bars):
            name = f"{scenario.name}-{re.sub('[^a-z0-9]+', '-', each.metric.lower()).strip('-')}.svg"
            drawn[name] = plot.bars(scenario.title, each.unit, bars, log=each.log)
    return drawn


def disturbances(summary):
    """Every run that somebody else's work may have changed."""
    rows = []
    for run in summary["runs"]:
        seen = run.get("machine")
        if seen and machine.disturbed(seen):
            rows.append(f"| {run['scenario']} | {run['round'] + 1} | {run['entry']} | {seen['others']:.0%} | {seen['biggest']} {seen['biggest_share']:.0%} | {seen['steal']:.0%} | "
                        f"{seen['load_before']:.2f} -> {seen['load_after']:.2f} |")
    quiet = sum(bool(run.get("machine")) for run in summary["runs"]) - len(rows)
    text = f"## What else the machine did\n\n{quiet} runs were quiet: others used at most {machine.DISTURBED:.0%} of one CPU."
    if not rows:
        return text
    titles = ("scenario", "round", "entry", "others, of a CPU", "the biggest", "taken by the hypervisor", "load average")
    return text + f" {len(rows)} were not.\n\n<details><summary>Which, and who it was</summary>\n\n{table(titles, rows)}\n\n</details>"


def failures(summary):
    rows = [f"- {run['scenario']}, round {run['round'] + 1}, {run['entry']}: {run['error'].splitlines()[-1] if run['error'] else ''}" for run in summary["runs"] if run.get("error") is not None]
    return "## Failed runs\n\nA loss, a repeat or a disorder fails a run; so does a server that does not start.\n\n" + "\n".join(rows) if rows else ""
