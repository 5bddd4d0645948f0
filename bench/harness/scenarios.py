"""What is measured: each scenario with its entries, the rows of its table, all measured in each round."""

import dataclasses
import pathlib
import re

from . import peers
from .limit import Limit
from .subjects import Chatd, Disk, Peer

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Entry:
    """A row. `words` are the generator's options beside the scenario's; `load` and `rooms` where they differ from the scenario's."""

    name: str
    subject: object
    words: dict = dataclasses.field(default_factory=dict)
    quick: dict = dataclasses.field(default_factory=dict)
    load: str = None
    rooms: int = None
    limit: str = None       # the entry whose share it is told as
    frame_of: str = None    # a limit: the entry whose bytes a delivery it sends


@dataclasses.dataclass(frozen=True)
class Plot:
    metric: str
    unit: str
    log: bool = False


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    about: str
    load: str               # the generator's scenario
    words: dict             # its options
    quick: dict             # those that differ with --quick
    entries: tuple
    columns: tuple          # of its table: names in report.COLUMNS
    plots: tuple
    rooms: int = 1
    users: object = None    # how many users, from the options and the rooms; see `needs`
    shown: bool = True      # part of a whole session; otherwise measured when named
    most_rounds: int = 1000
    before: tuple = ()      # (the generator's scenario, its options): traffic first, so that what is made once is made

    def options(self, entry, quick):
        """The generator's; an entry that has another of its scenarios gets none of ours."""
        words, shorter = ({}, {}) if entry.load else (self.words, self.quick)
        return {**words, **(shorter if quick else {}), **entry.words, **(entry.quick if quick else {})}

    def only(self, pattern):
        """With those entries alone whose name has the pattern in it."""
        return dataclasses.replace(self, entries=tuple(entry for entry in self.entries if re.search(pattern, entry.name)))

    def needed(self, entry, quick):
        """(users, rooms) of a run."""
        rooms = entry.rooms or self.rooms
        rooms = min(rooms, 20) if quick else rooms
        return (0 if entry.load else self.users(self.options(entry, quick), rooms)), rooms


def members(options, rooms):
    return (options["members"] + options["senders"]) * rooms


def peer_entries(what, limit=None):
    return [Entry(peer.title, Peer(name), limit=limit) for name, peer in peers.all_of_them().items() if what in peer.can]


MEMORY, SQLITE, POSTGRES = "chatd, memory", "chatd, SQLite", "chatd, PostgreSQL"
REALTIME = "chatd, memory, realtime JSON"
LIMIT, LIMIT_REALTIME, DISK = "limit", "limit, realtime's bytes", "disk: append and fdatasync"


def chatds(limit=None, realtime_limit=None, databases=("memory", "sqlite", "postgres")):
    names = {"memory": MEMORY, "sqlite": SQLITE, "postgres": POSTGRES}
    return [*(Entry(names[database], Chatd(database), limit=limit) for database in databases), Entry(REALTIME, Chatd("memory", "realtime"), limit=realtime_limit)]


def durable():
    """Room sockets on each database, beside what a sync costs on the same disk."""
    names = {"memory": MEMORY, "sqlite": SQLITE, "postgres": POSTGRES}
    return [disk(), *(Entry(names[database], Chatd(database)) for database in names)]


def disk():
    return Entry(DISK, Disk(), {"count": 1000}, {"count": 50}, load="sync")


def fan_out_entries(mode):
    """The limit sends as many bytes a delivery as chatd does: those of a room socket, and again those of a realtime push."""
    return (Entry(LIMIT, Limit(mode), frame_of=MEMORY), *chatds(LIMIT, LIMIT_REALTIME), Entry(LIMIT_REALTIME, Limit(mode), frame_of=REALTIME),
            *peer_entries("fanout", LIMIT))


FAN_OUT = ("per_cpu", "share", "against", "per_s", "user_us", "sends", "p50", "p99", "rss", "switches", "database", "remarks")
LATENCY = ("p50", "p99", "p999", "against_p50", "per_s", "server_cpu", "rss", "switches", "database", "remarks")
PER_CPU = Plot("deliveries_per_cpu_s", "deliveries per CPU-second of the server")


def fan_out(name, title, about, mode, words, quick, rooms=1):
    return Scenario(name, title, about, "fanout", {"seconds": 4, "warmup": 1, **words}, {"seconds": 0.3, "warmup": 0.1, **quick}, fan_out_entries(mode),
                    FAN_OUT, (PER_CPU,), rooms, members)


def storms():
    rows = [Entry("bare handshakes", Chatd("memory"), {"bare": True}, rooms=1)]
    for rooms, where in ((1, "one room"), (1000, "1,000 rooms")):
        rows += [Entry(f"{name}, {where}", Chatd(database), rooms=rooms)
                 for name, database in ((MEMORY, "memory"), (SQLITE, "sqlite"), (POSTGRES, "postgres"))]
        rows.append(Entry(f"{REALTIME}, {where}", Chatd("memory", "realtime"), rooms=rooms))
    return tuple(rows)


# Ten million messages in one room, beside a server that has ten thousand: whoever pages, resumes or joins must not notice.
SMALL, LARGE = 10_000, 10_000_000


def histories(large=LARGE):
    rows = []
    for label, database in ((SQLITE, "sqlite"), (POSTGRES, "postgres")):
        for count in (SMALL, large):
            subject = Chatd(database, messages=count)
            page = {"path": "/api/v1/rooms/{room}/history?page={n}&size=10", "numbers": f"1:{count // 10}"}
            resume = {"path": "/api/v1/rooms/{room}/events?after={n}&limit=50", "numbers": f"0:{count - 50}"}
            rows += [Entry(history_entry(label, "page", count), subject, page), Entry(history_entry(label, "resume", count), subject, resume)]
    return tuple(rows)


def history_entry(label, what, count):
    return f"{label}, {what}, {count:,} messages"


def everything(large=LARGE):
    """{name: Scenario}, in the order in which they are measured."""
    found = (
        fan_out("serial", "1 -> 1,000, one at a time", "One sender, a room of 1,000; the next message is sent when everybody has the last one.",
                "single", {"members": 1000, "senders": 1, "window": 1}, {"members": 50}),
        fan_out("window", "1 -> 1,000, 32 in flight", "One sender, a room of 1,000, 32 messages on the way.",
                "coalesced", {"members": 1000, "senders": 1, "window": 32}, {"members": 50}),
        fan_out("ten", "10 -> 1,000", "Ten senders, a room of 1,000, four messages of each on the way.",
                "coalesced", {"members": 1000, "senders": 10, "window": 4}, {"members": 50}),
        fan_out("rooms", "100 rooms of 10, 4 in flight", "One sender in each of 100 rooms of ten, four messages of each on the way.",
                "coalesced", {"members": 10, "senders": 1, "window": 4}, {"members": 5}, rooms=100),
        Scenario("rate", "30 messages/s into a room of 1,000",
                 "Latency from the moment a message should have been sent to each of 1,000 reads. The disk's sync is measured beside it.", "fanout",
                 {"members": 1000, "senders": 1, "rate": 30, "seconds": 8, "warmup": 1}, {"members": 50, "seconds": 0.5, "warmup": 0.1},
                 (disk(), Entry(LIMIT, Limit("single"), frame_of=MEMORY), *chatds(LIMIT, LIMIT), *peer_entries("rate", LIMIT)),
                 LATENCY, (Plot("delivery_us.p50", "p50, microseconds", True), Plot("delivery_us.p99", "p99, microseconds", True)), 1, members),
        Scenario("durable", "durable messages/s into 100 rooms", "Whole server: 100 senders, 32 messages of each on the way until acknowledged, one reader a room.",
                 "fanout", {"members": 1, "senders": 1, "window": 32, "until": "ack", "seconds": 5, "warmup": 1}, {"seconds": 0.4, "warmup": 0.1, "window": 4},
                 tuple(durable()), ("messages", "messages_cpu", "ack50", "ack99", "server_cpu", "rss", "switches", "database", "database_each", "remarks"),
                 (Plot("messages_per_s", "messages a second"),), 100, members),
        Scenario("ack", "acknowledgement at 1,000 durable messages/s", "1,000 messages/s into 100 rooms, open loop; from the moment each should have been sent.",
                 "fanout", {"members": 1, "senders": 1, "rate": 1000, "seconds": 6, "warmup": 1}, {"seconds": 0.5, "warmup": 0.1},
                 tuple(durable()), ("ack50", "ack99", "ack999", "p50", "p99", "messages", "server_cpu", "database", "remarks"),
                 (Plot("ack_us.p50", "p50, microseconds", True), Plot("ack_us.p99", "p99, microseconds", True)), 100, members),
        Scenario("idle", "10,000 idle connections", "RSS of the server with and without them, spread over 100 rooms, a user each. It has served 200 clients before.", "idle",
                 {"connections": 10_000, "settle": 5}, {"connections": 200, "settle": 0.3},
                 (*chatds(databases=("memory", "sqlite")), Entry(f"{SQLITE}, realtime JSON", Chatd("sqlite", "realtime")), *peer_entries("idle")), ("each", "connect", "rss", "remarks"),
                 (Plot("rss_bytes_each", "bytes of RSS a connection"),), 100, lambda options, rooms: options["connections"],
                 before=("fanout", {"members": 1, "senders": 1, "window": 1, "count": 2})),
        Scenario("storm", "10,000 clients come back at once", "Each resumes 50 messages behind, at most 500 handshakes unfinished at a time.", "storm",
                 {"clients": 10_000, "missed": 50, "burst": 500}, {"clients": 100, "missed": 5}, storms(), ("served", "served99", "share_served", "rss_peak", "database", "remarks"),
                 (Plot("served_s", "seconds until all have been served"),), 1, lambda options, rooms: options["clients"]),
        Scenario("history", "reading among 10 thousand and 10 million messages", "Random pages of ten, and 50 events behind a random number: 500 requests/s, open loop.",
                 "rest", {"rate": 500, "connections": 32, "seconds": 5, "warmup": 1}, {"seconds": 0.3, "warmup": 0.1},
                 histories(large), ("response50", "response99", "response999", "requests", "server_cpu", "database", "remarks"),
                 (Plot("response_us.p99", "p99, microseconds", True),), 1, lambda options, rooms: options["connections"]),
        Scenario("shards", "one shard and two", "100 rooms of ten, four messages in flight; the second shard has a CPU of its own only where there are three or more.",
                 "fanout", {"members": 10, "senders": 1, "window": 4, "seconds": 4, "warmup": 1}, {"members": 5, "seconds": 0.3, "warmup": 0.1},
                 (Entry("one shard", Chatd("memory")), Entry("two shards", Chatd("memory", shards=2))), ("per_cpu", "per_s", "server_cpu", "p50", "p99", "switches", "remarks"),
                 (PER_CPU,), 100, members),
        Scenario("churn", "100 clients come and go each second", "In a room of 100 that talks, 100 join each second and leave after one.", "churn",
                 {"members": 100, "senders": 1, "rate": 100, "churn": 100, "stay": 1, "seconds": 6}, {"members": 10, "seconds": 1, "churn": 20, "stay": 0.2},
                 tuple(chatds()), ("joined50", "joined99", "p50", "p99", "server_cpu", "rss", "database", "remarks"),
                 (Plot("joined_us.p99", "p99 of joining, microseconds", True),), 1, lambda options, rooms: 300),
        mixed("mixed", "a mixed day, 20 seconds of it", 20, True),
        mixed("soak", "a mixed day, half an hour of it", 1800, False),
    )
    return {scenario.name: scenario for scenario in found}


def mixed(name, title, seconds, shown):
    return Scenario(name, title, "2,000 connections of which nine in ten are idle; messages, pages of history, typing.", "mixed",
                    {"connections": 2000, "rate": 50, "history-rate": 20, "typing-rate": 10, "seconds": seconds, "warmup": 5 if seconds < 60 else 120,
                     "sample": max(1, seconds // 60)},
                    {"connections": 100, "seconds": 2, "warmup": 0.3, "sample": 0.5}, tuple(chatds()),
                    ("p50", "p99", "p999", "page50", "page99", "server_cpu", "rss", "rss_drift", "database", "remarks"),
                    (Plot("delivery_us.p99", "p99 of delivery, microseconds", True),), 100, lambda options, rooms: options["connections"], shown,
                    1000 if shown else 1)
