"""What a session measured, and the questions that the report and the targets ask of it. Made from the session's JSON."""

from . import load, machine, stats


class Results:
    """`runs`: of each run of each round {"scenario", "round", "entry", "answer" or "error", "exact", "machine"}."""

    def __init__(self, runs):
        self.by_entry = {}
        for run in runs:
            self.by_entry.setdefault((run["scenario"], run["entry"]), []).append(run)

    def runs(self, scenario, entry):
        return self.by_entry.get((scenario, entry), [])

    def by_round(self, scenario, entry, metric):
        """{round: value} of the rounds that went well. A metric is a path in the generator's answer, or exact.<name>."""
        values = {}
        for run in self.runs(scenario, entry):
            if run.get("answer") is None:
                continue
            source = {**run["answer"], "exact": run.get("exact") or {}}
            value = DERIVED[metric](source) if metric in DERIVED else load.figure(source, metric)
            if value is not None:
                values[run["round"]] = value
        return values

    def spread(self, scenario, entry, metric):
        return stats.spread(self.by_round(scenario, entry, metric).values())

    def ratio(self, scenario, entry, other, metric):
        return stats.ratios(self.by_round(scenario, entry, metric), self.by_round(scenario, other, metric))

    def combine(self, scenario, formula, *terms):
        """`formula` of (entry, metric) terms, round by round over the rounds that have them all: a Spread, or None."""
        columns = [self.by_round(scenario, entry, metric) for entry, metric in terms]
        shared = set.intersection(*(set(column) for column in columns))
        return stats.spread([formula(*(column[each] for column in columns)) for each in sorted(shared)])

    def count(self, scenario, entry):
        """{'rounds', 'failed', 'limited', 'disturbed'} of an entry."""
        runs = self.runs(scenario, entry)
        return {
            "rounds": len(runs), "failed": sum(run.get("answer") is None for run in runs),
            "limited": sum(limited(run.get("answer") or {}) for run in runs),
            "disturbed": sum(machine.disturbed(run["machine"]) for run in runs if run.get("machine")),
        }


def limited(answer):
    """Whether a rate was asked for and the generator could not have done more. A run of idle connections asks for none."""
    return bool(answer.get("generator_limited")) and any(name in answer for name in ("deliveries_per_s", "requests_per_s", "served_s"))


def _per_second(answer, *names):
    server = (answer.get("processes") or {}).get("server") or {}
    values = [server.get(name) for name in names]
    return sum(values) / answer["seconds"] if None not in values and answer.get("seconds") else None


def _database(answer, by):
    database = (answer.get("processes") or {}).get("database") or {}
    return database["cpu_s"] / answer[by] if database and answer.get(by) else None


def _micro(value):
    return None if value is None else value * 1e6


# Figures that are not in the generator's answer as they are.
DERIVED = {
    "server_cpu": lambda answer: _per_second(answer, "cpu_s"),
    "switches_per_s": lambda answer: _per_second(answer, "voluntary_switches", "involuntary_switches"),
    "rss_mib": lambda answer: (lambda kib: kib / 1024 if kib is not None else None)(load.figure(answer, "processes.server.rss_kib_after")),
    "database_cpu": lambda answer: _database(answer, "seconds"),
    "database_us_per_message": lambda answer: _micro(_database(answer, "sent")),
    # Acknowledgements among them: the limit's senders get their own frames in the place of these.
    "frame": lambda answer: answer["bytes_received"] / (answer["delivered"] + answer["acked"]) if answer.get("delivered") else None,
}
