"""A session: every entry of a scenario once a round, each round beginning with another one."""

import contextlib
import os
import subprocess
import sys
import time

from . import chatd, interrupts, load, machine, results, server, stats
from .subjects import Needs

FAULTS = (load.Failed, RuntimeError, OSError, subprocess.SubprocessError)


def rotated(entries, number):
    """The entries of a round: whoever came first comes last in the next, so that nobody always follows the same one's heat."""
    at = number % len(entries) if entries else 0
    return [*entries[at:], *entries[:at]]


def exact_counts(before, after):
    """What the server counted itself during a run. Handshakes and the second look at /metrics are sends but no frames."""
    if not before or not after:
        return {}
    grown = {name: after[name] - before.get(name, 0.0) for name in after}
    frames, sends = grown.get("chatd_frames_sent_total", 0.0), grown.get("chatd_sends_total", 0.0)
    if not frames:
        return {}
    return {"frames": frames, "sends": sends, "sends_per_frame": (sends - grown.get("chatd_accepted_total", 0.0)) / frames}


class Session:
    def __init__(self, rounds, quick, seconds=None, say=None):
        self.rounds, self.quick, self.seconds, self.say = rounds, quick, seconds, say or (lambda line: print(line, file=sys.stderr, flush=True))
        self.runs, self.missing, self.versions = [], {}, {}
        self._cluster = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with interrupts.held():
            for each in list(server.RUNNING):
                each.stop()
            if self._cluster:
                self._cluster.remove()

    def cluster(self):
        if not self._cluster:
            with interrupts.held():
                self._cluster = chatd.Cluster()
            self.versions["PostgreSQL"] = self._cluster.sql("SHOW server_version")
        return self._cluster

    def roots(self):
        """The processes that are no strangers: we with our children, and PostgreSQL, which is nobody's child."""
        return [os.getpid(), *([self._cluster.pid()] if self._cluster else [])]

    def options(self, scenario, entry):
        options = scenario.options(entry, self.quick)
        return {**options, "seconds": self.seconds} if self.seconds and "seconds" in options else options

    def measure(self, scenario):
        entries = [entry for entry in scenario.entries if self._has(entry)]
        frames = self._learn_frames(scenario, entries)
        kept = {}
        with contextlib.ExitStack() as stack:
            for number in range(min(self.rounds, scenario.most_rounds)):
                for entry in rotated(entries, number):
                    run = self._run(scenario, entry, number, frames, kept, stack)
                    self.runs.append(run)
                    self._tell(scenario, run)

    def _has(self, entry):
        missing = entry.subject.missing()
        if missing:
            self.missing[entry.name] = missing
        elif entry.subject.kind == "peer" and entry.name not in self.versions:
            self.versions[entry.name] = entry.subject.version()
        return not missing

    def _learn_frames(self, scenario, entries):
        """{entry: bytes of a delivery} of those whose bytes a limit is to send, from a short run of each."""
        wanted = {entry.frame_of for entry in entries if entry.frame_of}
        frames = {}
        for entry in entries:
            if entry.name in wanted:
                self.say(f"{scenario.name}: how long is a delivery of {entry.name}?")
                options = {**scenario.options(entry, self.quick), "seconds": 0.5, "warmup": 0.1}
                needs = Needs(*scenario.needed(entry, self.quick))
                try:
                    with entry.subject.open(self, needs) as running:
                        answer = load.run(scenario.load, {**options, **running.options})
                except FAULTS as error:  # the limits of this scenario will fail for want of it, and say so
                    self.say(f"{scenario.name}: not known: {error}")
                    continue
                frames[entry.name] = round(results.DERIVED["frame"](answer))
        return frames

    def _run(self, scenario, entry, number, frames, kept, stack):
        needs = Needs(*scenario.needed(entry, self.quick), frames.get(entry.frame_of, 0))
        run = {"scenario": scenario.name, "round": number, "entry": entry.name, "answer": None, "at": round(time.time(), 1)}
        if needs.frame:
            run["frame"] = needs.frame
        try:
            with self._opened(entry.subject, needs, kept, stack) as running:
                if scenario.before:
                    load.run(scenario.before[0], {**scenario.before[1], **running.options})
                counted = running.counters()
                before = machine.snapshot()
                run["answer"] = load.run(entry.load or scenario.load, {**self.options(scenario, entry), **running.options})
                run["machine"] = machine.others(before, machine.snapshot(), self.roots())
                run["exact"] = exact_counts(counted, running.counters())
        except FAULTS as error:
            run["error"] = str(error)
        return run

    @contextlib.contextmanager
    def _opened(self, subject, needs, kept, stack):
        if not subject.kept:
            with subject.open(self, needs) as running:
                yield running
            return
        if subject not in kept:
            self.say(f"making {subject.messages:,} messages on {subject.database}")
            kept[subject] = stack.enter_context(subject.open(self, needs))
        yield kept[subject]

    def _tell(self, scenario, run):
        line = f"{scenario.name} {run['round'] + 1}/{self.rounds} {run['entry']}: "
        if run["answer"] is None:
            return self.say(line + "FAILED: " + run["error"])
        metric = scenario.plots[0].metric
        value = results.Results([run]).by_round(scenario.name, run["entry"], metric).get(run["round"])
        shown = f"{stats.number(value)} {scenario.plots[0].unit}" if value is not None else "done"
        other = run["machine"]
        if machine.disturbed(other):
            shown += f" (disturbed: others {other['others']:.0%}, {other['biggest'] or 'nobody visible'}; stolen {other['steal']:.0%})"
        self.say(line + shown)

    def summary(self, date):
        """All that a report needs, as JSON."""
        return {
            "date": date, "quick": self.quick, "rounds": self.rounds, "seconds": self.seconds, "machine": machine.describe(),
            "cpus": {"server": server.SERVER_CPU, "generator": server.LOAD_CPU, "database": server.DATABASE_CPU}, "storage": machine.storage(),
            "versions": {"chatd": chatd.version(), **self.versions}, "missing": self.missing, "settings": {**chatd.SETTINGS, "SECRET_KEY": "..."}, "runs": self.runs,
        }
