"""Who is measured. `open()` starts one afresh and gives what the generator must be told; leaving it stops it."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import tempfile

from . import chatd, peers, server

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Needs:
    """What a scenario wants of whoever runs it. `frame`: bytes of a delivery, learned from chatd, for the limit."""

    users: int
    rooms: int
    frame: int = 0


@dataclasses.dataclass
class Running:
    options: dict                       # of the generator
    counters: object = lambda: {}       # exact counts of the server's own, where it has them


class Subject:
    """`kind`: limit, ours or peer. `kept`: opened once for all rounds, because it takes long to make."""

    kind, kept = "ours", False

    def missing(self):
        """What has to be installed or built first, or None."""
        return None

    def version(self):
        return None


@dataclasses.dataclass(frozen=True)
class Chatd(Subject):
    database: str
    dialect: str = "room"
    shards: int = 1
    messages: int = 0
    env: tuple = ()

    @property
    def kept(self):
        return self.messages > 0

    def missing(self):
        return None if chatd.BINARY.exists() else f"{chatd.BINARY.relative_to(ROOT)} (tools/build release chatd)"

    @contextlib.contextmanager
    def open(self, session, needs):
        cpu = server.SERVER_CPU if self.shards == 1 else ",".join(map(str, server.CPUS[: self.shards]))
        world = chatd.World(self.database, needs.users, needs.rooms, session.cluster() if self.database == "postgres" else None, self.messages,
                            {"THREADS": str(self.shards), **dict(self.env)}, cpu)
        try:
            yield Running({"port": world.port, "dialect": self.dialect, "rooms": world.room_file, "tokens": world.token_file, "pid": world.processes()},
                          world.counters)
        finally:
            world.close()


@dataclasses.dataclass(frozen=True)
class Disk(Subject):
    """What an append and fdatasync cost where the databases are."""

    kind = "limit"

    @contextlib.contextmanager
    def open(self, session, needs):
        folder = tempfile.mkdtemp(prefix="chatd-bench-")
        try:
            yield Running({"folder": folder})
        finally:
            shutil.rmtree(folder)


@contextlib.contextmanager
def lines(**texts):
    """{name: file} of files with these lines, for the generator."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chatd-bench-"))
    try:
        for name, each in texts.items():
            (folder / name).write_text("".join(f"{line}\n" for line in each))
        yield {name: folder / name for name in texts}
    finally:
        shutil.rmtree(folder)


def room_names(count):
    """Of whoever makes rooms on demand. No blank, slash, '~' or wildcard: good as path, topic and subject."""
    return [f"room{n}" for n in range(count)]


@dataclasses.dataclass(frozen=True)
class Peer(Subject):
    name: str
    kind = "peer"

    @property
    def described(self):
        return peers.load(peers.FOLDER / self.name)

    def missing(self):
        return self.described.source.missing()

    def installed(self):
        return self.described.source.install(peers.FOLDER / self.name)

    def version(self):
        return self.described.version(self.installed())

    @contextlib.contextmanager
    def open(self, session, needs):
        peer, installed = self.described, self.installed()
        port = server.free_port()
        with server.Server(peer.title, peer.command(installed, port), port, peer.env(installed), peer.ready) as process:
            tokens, rooms = peer.world(process.port, needs.users, needs.rooms) if peer.world else ([], room_names(needs.rooms))
            with lines(rooms=rooms, **({"tokens": tokens} if tokens else {})) as files:
                yield Running({"port": process.port, "dialect": peer.dialect, "pid": [f"server={process.pid}"], **files})
