"""The columns of a scenario's table: what each row says of its entry."""

import dataclasses

from . import stats

REFERENCE = "chatd, memory"  # what the peers are compared with


@dataclasses.dataclass(frozen=True)
class Column:
    title: str
    cell: object  # (results, scenario, entry) -> text


def figure(title, metric, scale=1.0, digits=3):
    def cell(results, scenario, entry):
        found = results.spread(scenario.name, entry.name, metric)
        if found is None:
            return ""
        return stats.with_spread(dataclasses.replace(found, median=found.median * scale, low=found.low * scale, high=found.high * scale), digits)
    return Column(title, cell)


def share(title, metric, base=None):
    """Of the entry's limit, or of `base`: a ratio, round by round."""
    def cell(results, scenario, entry):
        other = base or entry.limit
        found = results.ratio(scenario.name, entry.name, other, metric) if other and other != entry.name else None
        return stats.with_spread(found) if found else ""
    return Column(title, cell)


def against(title, metric):
    """How many times as much the reference makes as a peer."""
    def cell(results, scenario, entry):
        found = results.ratio(scenario.name, REFERENCE, entry.name, metric) if entry.subject.kind == "peer" else None
        return stats.with_spread(found) if found else ""
    return Column(title, cell)


def remarks(results, scenario, entry):
    """Rounds that failed, that somebody disturbed, or in which the generator was the limit; of the disk, what a sync took."""
    count = results.count(scenario.name, entry.name)
    syncs = [results.spread(scenario.name, entry.name, f"sync_us.{name}") for name in ("p50", "p99")]
    said = [f"{count[what]} of {count['rounds']} {word}" for what, word in (("failed", "FAILED"), ("disturbed", "disturbed"), ("limited", "generator-limited")) if count[what]]
    if all(syncs):
        said.insert(0, "p50 {} us, p99 {} us".format(*map(stats.with_spread, syncs)))
    return ", ".join(said)


COLUMNS = {
    "per_cpu": figure("deliveries per CPU-s", "deliveries_per_cpu_s"), "share": share("share of the limit", "deliveries_per_cpu_s"),
    "against": against("chatd, memory is ... times it", "deliveries_per_cpu_s"), "per_s": figure("deliveries/s", "deliveries_per_s"),
    "sends": figure("sends a frame, its own count", "exact.sends_per_frame"),
    "user_us": figure("user us a delivery", "user_us_per_delivery"), "messages": figure("messages/s", "messages_per_s"), "messages_cpu": figure("messages per CPU-s of the server", "messages_per_cpu_s"),
    "p50": figure("p50, us", "delivery_us.p50"), "p99": figure("p99, us", "delivery_us.p99"), "p999": figure("p99.9, us", "delivery_us.p999"),
    "against_p50": share("p50, times the limit's", "delivery_us.p50"),
    "ack50": figure("ack p50, us", "ack_us.p50"), "ack99": figure("ack p99, us", "ack_us.p99"), "ack999": figure("ack p99.9, us", "ack_us.p999"),
    "rss": figure("RSS, MiB", "rss_mib"), "rss_peak": figure("RSS at its peak, MiB", "processes.server.rss_kib_peak", 1 / 1024), "switches": figure("context switches/s", "switches_per_s"), "server_cpu": figure("server, CPUs", "server_cpu"),
    "database": figure("database, CPUs", "database_cpu"), "database_each": figure("database, us a message", "database_us_per_message"),
    "each": figure("bytes of RSS each", "rss_bytes_each"), "connect": figure("connected in, s", "connect_s"),
    "served": figure("all served in, s", "served_s"), "served99": figure("p99 of each, ms", "served_us.p99", 1e-3),
    "share_served": share("times the bare handshakes", "served_s", "bare handshakes"),
    "response50": figure("p50, us", "response_us.p50"), "response99": figure("p99, us", "response_us.p99"), "response999": figure("p99.9, us", "response_us.p999"),
    "requests": figure("requests/s", "requests_per_s"),
    "joined50": figure("joining, p50, us", "joined_us.p50"), "joined99": figure("joining, p99, us", "joined_us.p99"),
    "page50": figure("page, p50, us", "history_us.p50"), "page99": figure("page, p99, us", "history_us.p99"),
    "rss_drift": figure("RSS at the end, MiB", "drift.rss_kib_last", 1 / 1024),
    "remarks": Column("remarks", remarks),
}
