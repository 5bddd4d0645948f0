"""The bare limit, bench/limit: it only sends ready-made bytes."""

import contextlib
import dataclasses
import pathlib

from . import server
from .subjects import Running, Subject, room_names

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/bench/bench/limit"


@dataclasses.dataclass(frozen=True)
class Limit(Subject):
    mode: str  # send: one `send` a receiver and message; coalesce: one a receiver and turn
    kind = "limit"

    def missing(self):
        return None if PROGRAM.exists() else f"{PROGRAM} (tools/build bench)"

    @contextlib.contextmanager
    def open(self, session, needs):
        port = server.free_port()
        with room_names(needs.rooms) as rooms:
            process = server.Server("limit", [PROGRAM, "--port", port, "--mode", self.mode], port).start()
            try:
                yield Running({"port": port, "dialect": f"limit:frame={needs.frame}", "rooms": rooms, "pid": [f"server={process.pid}"]})
            finally:
                process.stop()
