"""What has to hold, as numbers. Each is judged by the median over the rounds of a value taken within each round."""

import dataclasses

from .scenarios import DISK, LARGE, LIMIT, LIMIT_REALTIME, MEMORY, POSTGRES, REALTIME, SMALL, SQLITE, history_entry

PER_CPU, P50, P99, ACK50, ACK99 = "deliveries_per_cpu_s", "delivery_us.p50", "delivery_us.p99", "ack_us.p50", "ack_us.p99"
ROOM_SHARE = "of the limit's deliveries per CPU-second"


@dataclasses.dataclass(frozen=True)
class Target:
    """`formula` of the `terms`, each (entry, metric), is to be at least, or at most, `bound`."""

    scenario: str
    words: str
    at_least: float = None
    at_most: float = None
    terms: tuple = ()
    formula: object = lambda value: value
    cpus: int = 1           # judged only where there are so many

    @property
    def bound(self):
        return self.at_least if self.at_least is not None else self.at_most

    def spread(self, results):
        return results.combine(self.scenario, self.formula, *self.terms)

    def met(self, spread):
        return spread.median >= self.at_least if self.at_least is not None else spread.median <= self.at_most


def over(value, base):
    return value / base if base else float("inf")


def share(scenario, entry, limit, bound):
    return Target(scenario, f"{entry}: {ROOM_SHARE}", at_least=bound, terms=((entry, PER_CPU), (limit, PER_CPU)), formula=over)


def within(scenario, entry, metric, words, bound, scale=1):
    return Target(scenario, f"{entry}: {words}", at_most=bound, terms=((entry, metric),), formula=lambda value: value / scale)


def times(scenario, entry, metric, base, words, bound, base_metric=None):
    return Target(scenario, f"{entry}: {words}", at_most=bound, terms=((entry, metric), (base, base_metric or metric)), formula=over)


def beyond(entry, metric, limit_metric, disk_metric, words):
    """Latency that neither the bare limit nor one sync of the disk explains."""
    return Target("rate", f"{entry}: {words} beyond the limit's and one sync of the disk, us", at_most=500,
                  terms=((entry, metric), (LIMIT, limit_metric), (DISK, disk_metric)), formula=lambda value, limit, disk: value - limit - disk)


def acknowledged(entry):
    return (Target("ack", f"{entry}: p50 beyond two syncs of the disk, us", at_most=1000, terms=((entry, ACK50), (DISK, "sync_us.p50")),
                   formula=lambda value, disk: value - 2 * disk),
            Target("ack", f"{entry}: p99 beyond three times the disk's own p99, us", at_most=5000, terms=((entry, ACK99), (DISK, "sync_us.p99")),
                   formula=lambda value, disk: value - 3 * disk))


def storms():
    for where in ("one room", "1,000 rooms"):
        for entry in (MEMORY, SQLITE, POSTGRES, REALTIME):
            yield times("storm", f"{entry}, {where}", "served_s", "bare handshakes", "times the bare handshakes", 3)


def histories(large):
    for entry in (SQLITE, POSTGRES):
        for what in ("page", "resume"):
            big = history_entry(entry, what, large)
            yield within("history", big, "response_us.p99", "p99, ms", 2, 1000)
            yield times("history", big, "response_us.p99", history_entry(entry, what, SMALL), f"p99, times that with {SMALL:,}", 1.25)


def all_of_them(large=LARGE):
    return (
        share("serial", MEMORY, LIMIT, 0.95),
        within("serial", MEMORY, "exact.sends_per_frame", "sends a frame, counted by the server", 1.005),
        within("serial", MEMORY, "user_us_per_delivery", "user time a delivery, us", 0.4),
        share("window", MEMORY, LIMIT, 0.85),
        share("window", REALTIME, LIMIT_REALTIME, 0.7),
        Target("window", f"{REALTIME}: of the room socket's deliveries per CPU-second", at_least=0.8, terms=((REALTIME, PER_CPU), (MEMORY, PER_CPU)), formula=over),
        share("ten", MEMORY, LIMIT, 0.8),
        share("rooms", MEMORY, LIMIT, 0.85),
        times("rate", MEMORY, P50, LIMIT, "p50, times the limit's", 1.15),
        times("rate", MEMORY, P99, LIMIT, "p99, times the limit's", 1.15),
        *(beyond(entry, metric, metric, f"sync_us.{name}", name) for entry in (SQLITE, POSTGRES) for metric, name in ((P50, "p50"), (P99, "p99"))),
        Target("durable", f"{SQLITE}: messages/s", at_least=10_000, terms=((SQLITE, "messages_per_s"),)),
        Target("durable", f"{POSTGRES}: messages/s", at_least=15_000, terms=((POSTGRES, "messages_per_s"),)),
        *acknowledged(SQLITE), *acknowledged(POSTGRES),
        within("idle", MEMORY, "rss_bytes_each", "bytes of RSS a room socket", 1024),
        within("idle", REALTIME, "rss_bytes_each", "bytes of RSS a realtime session", 2048),
        *storms(), *histories(large),
        Target("shards", "two shards: deliveries per CPU-second, times one shard's", at_least=0.9, terms=(("two shards", PER_CPU), ("one shard", PER_CPU)), formula=over),
        Target("shards", "two shards: deliveries a second, times one shard's", at_least=1.7, terms=(("two shards", "deliveries_per_s"), ("one shard", "deliveries_per_s")),
               formula=over, cpus=4),
        *(Target("soak", f"{entry}: RSS of the last third, times the first's", at_most=1.02,
                 terms=((entry, "drift.rss_kib_last"), (entry, "drift.rss_kib_first")), formula=over) for entry in (MEMORY, SQLITE, POSTGRES)),
        *(Target("soak", f"{entry}: p99 of the last third, times the first's", at_most=1.25,
                 terms=((entry, "drift.p99_us_last"), (entry, "drift.p99_us_first")), formula=over) for entry in (SQLITE, POSTGRES)),
    )
