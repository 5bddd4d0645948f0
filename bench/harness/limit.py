"""The bare limit, bench/limit: it only sends ready-made bytes."""

import contextlib
import dataclasses
import pathlib

from . import server
from .subjects import Running, Subject, lines, room_names

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/bench/bench/limit"


@dataclasses.dataclass(frozen=True)
class Limit(Subject):
    mode: str  # single: a `send` for each receiver and message; coalesced: one for each receiver and turn of its loop
    kind = "limit"

    def missing(self):
        return None if PROGRAM.exists() else f"{PROGRAM.relative_to(ROOT)} (tools/build bench limit)"

    @contextlib.contextmanager
    def open(self, session, needs):
        command = [PROGRAM, "--port", 0, "--mode", self.mode, "--frame", needs.frame]
        with server.Server("limit", command, None, ready=r"^listening on (\d+)$") as process, lines(rooms=room_names(needs.rooms)) as files:
            yield Running({"port": process.port, "dialect": f"limit:frame={needs.frame}", "pid": [f"server={process.pid}"], **files})
