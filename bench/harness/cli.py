"""Measures chatd on this machine, beside its peers and beside what bare sends cost, and writes a report.

  bench/run                      a whole session: every scenario, five interleaved rounds; bench/results/<date>-<cpu>.md
  bench/run serial storm         these scenarios only; bench/run --list says which there are
  bench/run --quick              one short round of each: does everything work? Its figures mean nothing
  bench/run --report FILE.json   the report of a session once more, from its session.json

What is not a whole session is written to build/bench/results/, unless --out names a file. See bench/README.md.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import sys

from . import interrupts, load, machine, report, scenarios, server
from .session import Session


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--list", action="store_true", help="the scenarios and their entries")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="how many (5)")
    parser.add_argument("--seconds", type=float, help="measure for so long, where a scenario measures for a time")
    parser.add_argument("--entries", metavar="REGEX", help="only entries whose name has this in it; the limit's frames need chatd in memory")
    parser.add_argument("--messages", type=int, help="the large room of `history` (10,000,000; with --quick 20,000)")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE.md")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE.json")
    options = parser.parse_args(words)
    if options.seconds is not None and options.seconds <= 0:
        parser.error("--seconds must be more than 0")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.messages = options.messages or (20_000 if options.quick else scenarios.LARGE)
    if options.messages < 10_000:
        parser.error("--messages must be at least 10000")
    return parser, options


def chosen(parser, options):
    known = scenarios.everything(options.messages)
    unknown = [name for name in options.scenarios if name not in known]
    if unknown:
        parser.error(f"there is no scenario {unknown[0]}; there are: {' '.join(known)}")
    names = options.scenarios or [name for name, scenario in known.items() if scenario.shown]
    return [known[name].only(options.entries) if options.entries else known[name] for name in names]


def destination(options, whole, told, date):
    """A file that is not there yet: a second session of a day does not overwrite the first."""
    if options.out:
        return options.out
    folder = scenarios.ROOT / ("bench/results" if whole else "build/bench/results")
    name = f"{date}-{machine.slug(told['cpu'])}"
    for number in range(1, 1000):
        path = folder / (f"{name}.md" if number == 1 else f"{name}-{number}.md")
        if not path.exists():
            return path
    raise SystemExit(f"{folder} is full of {name}")


def show(known):
    for scenario in known.values():
        print(f"{scenario.name}: {scenario.title}{'' if scenario.shown else ' (only when named)'}")
        for entry in scenario.entries:
            print(f"    {entry.name}")


def prepare():
    server.raise_open_files()
    interrupts.listen()
    # Durable figures want a disk, and PostgreSQL's user a folder that it can enter: /var/tmp is both, /tmp may be neither.
    if "TMPDIR" not in os.environ and os.access("/var/tmp", os.W_OK):
        os.environ["TMPDIR"] = "/var/tmp"


def main(words=None):
    parser, options = parse(sys.argv[1:] if words is None else words)
    if options.list:
        return show(scenarios.everything(options.messages))
    if options.report:
        summary = json.loads(options.report.read_text())
        report.write(summary, options.out or options.report.parent.with_suffix(".md"))
        return None
    if not load.PROGRAM.exists():
        raise SystemExit("bench/run: the load generator is not built; make bench does that, or tools/build bench load limit peer_beast")
    prepare()
    date = datetime.date.today().isoformat()
    selected = chosen(parser, options)
    path = destination(options, not (options.scenarios or options.quick or options.entries or options.seconds), machine.describe(), date)
    path.parent.mkdir(parents=True, exist_ok=True)
    finished = False
    with Session(options.rounds, options.quick, options.seconds) as session, contextlib.suppress(KeyboardInterrupt):
        for scenario in selected:
            try:
                session.measure(scenario)
            finally:  # what was measured is not lost with what comes after it
                report.write({**session.summary(date), "messages": options.messages, "planned": [each.name for each in selected]}, path)
        finished = True
    failed = [run for run in session.runs if run["answer"] is None]
    print(f"written: {path}" + (f"; {len(failed)} runs FAILED" if failed else "") + ("" if finished else "; ended early"))
    return 0 if finished and session.runs and not failed else 1
