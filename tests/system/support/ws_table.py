"""WebSocket exchanges as bytes beside the exact answer: the tables of tests/system/edge/ are made of these words.

An exchange is a list of steps: bytes that are sent, and things that must come next. Nothing else may come in between or
behind. It ends with the server's close frame and FIN (never a reset, or the code might not arrive), or, when all is well,
with the client's close, which is answered alike.
"""

import itertools
import json
import os
import struct
from dataclasses import dataclass
from socket import SHUT_WR

from .websocket import CLOSE, PING, PONG, TEXT, WebSocket, frame, mask

CONTINUATION = 0
PATIENCE = 60


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple
    ends: object = None  # the code that the server closes with; None: all is well


@dataclass(frozen=True)
class Pong:
    payload: bytes = b""


@dataclass(frozen=True)
class Said:
    """Message `n` of Way.message was understood."""

    n: int


class Refusal:
    """A room's {"error": ...}: what came was text, and no message."""


@dataclass(frozen=True)
class Echo:
    """The server's answer to a close; its code, or None for an empty one."""

    code: object


HANG_UP = object()  # the client ends its sending side, without a word; the server ends too, and says nothing

REASONS = {1002: "protocol error", 1007: "text is not UTF-8", 1009: "message too big", 3501: "bad request"}


def fails(name, code, *steps):
    return Case(name, steps, code)


def works(name, *steps):
    return Case(name, steps)


def ping(payload=b"", **how):
    return frame(payload, PING, **how)


def pong(payload=b"", **how):
    return frame(payload, PONG, **how)


def close(code=None, reason=b"", **how):
    return frame(b"" if code is None else struct.pack(">H", code) + reason, CLOSE, **how)


def part(payload, opcode=CONTINUATION, fin=False, **how):
    return frame(payload, opcode, fin=fin, **how)


def stretched(payload, opcode=TEXT, width=2, fin=True):
    """A frame whose length takes more bytes than it needs."""
    key = os.urandom(4)
    head = bytes([(0x80 if fin else 0) | opcode, 0x80 | (126 if width == 2 else 127)]) + len(payload).to_bytes(width, "big")
    return head + key + mask(payload, key)


def byte_by_byte(data):
    return tuple(data[i:i + 1] for i in range(len(data)))


class Room:
    """The room socket: a message is acknowledged. One object an exchange."""

    name = "room"
    limit = 64 * 1024
    exchanges = itertools.count(10_000_000)

    def __init__(self):
        self.own = next(self.exchanges)  # a client_id that comes again is answered from memory, out of turn

    def open(self, world, **how):
        return WebSocket("127.0.0.1", world.port, f"/api/v1/chat/{world.room}?token={world.token}&history=0", timeout=PATIENCE, **how)

    def message(self, n, text="hello"):
        return b'{"content":"%s","client_id":"%d-%d"}' % (text if isinstance(text, bytes) else text.encode(), self.own, n)

    def is_answer(self, message, n):
        return message.get("type") == "ack" and message["client_id"] == f"{self.own}-{n}"


class Realtime:
    """The realtime endpoint, connected: a call is answered. As a user of no room: nobody tells him anything."""

    name = "realtime"
    limit = 1 << 20

    def open(self, world, **how):
        socket = WebSocket("127.0.0.1", world.port, "/connection/websocket", timeout=PATIENCE, **how)
        socket.send({"id": 1_000_000, "connect": {"token": world.guest["token"]}})
        assert socket.recv()["connect"]["client"]
        return socket

    def message(self, n, text="hello"):
        return b'{"id":%d,"rpc":{"method":"user.me","data":{"x":"%s"}}}' % (n, text if isinstance(text, bytes) else text.encode())

    def is_answer(self, message, n):
        return message.get("id") == n and "data" in message.get("rpc", {})


WAYS = [Room, Realtime]


def say(n, text="hello"):
    """A step: message n, whole, as each way writes it."""
    return lambda way: frame(way.message(n, text))


def pieces(n, *cuts, text="hello"):
    """A step: message n in fragments, cut at these places of its bytes (negative ones count from the end)."""
    def build(way):
        data = way.message(n, text)
        places = [0, *(c if c >= 0 else len(data) + c for c in cuts), len(data)]
        parts = [data[a:b] for a, b in zip(places, places[1:])]
        return b"".join(part(p, TEXT if i == 0 else CONTINUATION, i + 1 == len(parts)) for i, p in enumerate(parts))
    return build


def take(socket, way, step):
    opcode, payload, fin = socket.next_frame(PATIENCE)
    assert fin, "this server never fragments"
    if isinstance(step, Pong):
        assert (opcode, payload) == (PONG, step.payload)
    elif isinstance(step, Echo):
        assert (opcode, payload) == (CLOSE, b"" if step.code is None else struct.pack(">H", step.code))
    else:
        assert opcode == TEXT, (opcode, payload)
        message = json.loads(payload)
        if isinstance(step, Said):
            assert way.is_answer(message, step.n), message
        else:
            assert message == {"error": "Invalid message format."}


def expect_end(socket, code):
    """The close frame with that code and a reason, then FIN and nothing else."""
    opcode, payload, _ = socket.next_frame(PATIENCE)
    assert opcode == CLOSE, (opcode, payload)
    assert struct.unpack(">H", payload[:2])[0] == code, (struct.unpack(">H", payload[:2])[0], payload[2:])
    assert payload[2:].decode() == REASONS[code]
    expect_fin(socket)


def expect_fin(socket):
    socket.sock.settimeout(PATIENCE)
    rest = socket.buffer
    while data := socket.sock.recv(65536):  # ConnectionResetError would be a failure
        rest += data
    assert rest == b"", "something came behind the end"


def run(case, way, world):
    way = way()
    socket = way.open(world)
    try:
        for step in case.steps:
            if callable(step):
                step = step(way)
            if isinstance(step, bytes):
                socket.send_raw(step)
            elif step is HANG_UP:
                socket.sock.shutdown(SHUT_WR)
                return expect_fin(socket)
            else:
                take(socket, way, step)
        if case.ends is not None:
            return expect_end(socket, case.ends)
        if isinstance(case.steps[-1], Echo):
            return expect_fin(socket)
        socket.send_raw(close(1000))
        take(socket, way, Echo(1000))
        expect_fin(socket)
    finally:
        socket.sock.close()


def names(cases):
    found = [case.name for case in cases]
    assert len(set(found)) == len(found), sorted(n for n in found if found.count(n) > 1)
    return found
