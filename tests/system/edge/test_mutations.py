"""Rows of all tables, damaged at random (docs/edge.md: HTTP-4, WS-2): whatever comes, the answers are whole and the server is too.

The seed is fixed: a failure comes again. MUTATIONS=100000 looks for longer, SEED=n elsewhere.
"""

import json
import os
import random
import socket

import pytest

import test_http_bodies
import test_http_fields
import test_http_input
import test_http_request_line
import test_websocket_close
import test_websocket_frames
import test_websocket_utf8
from support.http_table import Exchange, fill
from support.ws_table import WAYS

COUNT, SEED = int(os.environ.get("MUTATIONS", 1500)), int(os.environ.get("SEED", 1))
TOKENS = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"0", b"-1", b"ffffffff", b"chunked", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"%00", b"\xff", b"{", b'"', b"\\u0000"]


def damaged(rng, rows):
    """A row with some of its bytes changed, lost, doubled, moved, or replaced by a piece of another one."""
    data = bytearray(rng.choice(rows))
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        to = min(len(data), at + rng.choice((1, 1, 1, 2, 4, 16, 64)))
        how = rng.randrange(7)
        if how == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del data[at:to]
        elif how == 2:
            data[at:at] = data[at:to]
        elif how == 3:
            data[at:to] = rng.choice(TOKENS)
        elif how == 4:
            data[at:at] = rng.choice(TOKENS)
        elif how == 5:
            other = rng.choice(rows)
            cut = rng.randint(0, len(other))
            data[at:] = other[cut:]
        else:
            data[at:to] = rng.randbytes(to - at)
    return bytes(data[:100_000])


def send_all(wire, rng, data):
    """In one to three pieces, then the end. The server may have gone before all of it is sent."""
    cuts = sorted(rng.randint(0, len(data)) for _ in range(rng.randrange(3)))
    try:
        for a, b in zip([0, *cuts], [*cuts, len(data)]):
            wire.sendall(data[a:b])
        wire.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def read_all(wire):
    got = b""
    try:
        while data := wire.recv(65536):
            got += data
    except ConnectionResetError:
        return None  # it has been sent more than is drained: nothing can be said of what came
    return got


def assert_answers(got):
    """Whole answers and nothing else; of HEAD, and of a stream, the bodies have other ends."""
    while got:
        top, _, rest = got.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
        assert version == "HTTP/1.1" and (status < "500" or status == "505"), first
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        if status in ("100", "101"):
            got = rest if status == "100" else b""
            continue
        assert fields["x-content-type-options"] == "nosniff" and fields["x-request-id"]
        if fields.get("transfer-encoding") == "chunked":
            return  # a stream: it ends, within a chunk or not, when its client does
        length = int(fields.get("content-length", 0))
        if rest[:9] == b"HTTP/1.1 " or not rest:
            length = 0  # of HEAD
        assert len(rest) >= length
        got = rest[length:]


def http_rows():
    for module in (test_http_bodies, test_http_fields, test_http_input, test_http_request_line):
        for case in module.CASES:
            pieces = case.sent if isinstance(case.sent, list) else [case.sent]
            data = b"".join(p if isinstance(p, bytes) else p.encode("latin-1") for p in pieces if isinstance(p, (bytes, str)))
            if len(data) < 20_000:
                yield data


def test_damaged_requests(world):
    rng, rows = random.Random(SEED), [fill(row, world) for row in http_rows()]
    assert len(rows) > 300
    for n in range(COUNT):
        data = damaged(rng, rows)
        with Exchange(world.port) as wire:
            send_all(wire.sock, rng, data)
            got = read_all(wire.sock)
        try:
            assert_answers(got or b"")
        except Exception as e:
            raise AssertionError(f"SEED={SEED}, {n}: {data[:3000]!r} -> {got[:3000]!r}") from e
    assert world.api.get("/healthz").status == 200


def websocket_rows(way):
    for module in (test_websocket_close, test_websocket_utf8):
        yield from (b"".join(as_steps(case, way)) for case in module.CASES)
    yield from (b"".join(as_steps(case, way)) for _, case in test_websocket_frames.ALL)


def as_steps(case, way):
    for step in case.steps:
        step = step(way) if callable(step) else step
        if isinstance(step, bytes):
            yield step


def assert_frames(got):
    """Whole frames of a server, none behind a close."""
    at = 0
    while at < len(got):
        opcode, size = got[at] & 0x0F, got[at + 1]
        assert got[at] & 0xF0 == 0x80 and opcode in (1, 8, 10) and size < 128
        start = at + 2
        if size == 126:
            size, start = int.from_bytes(got[at + 2:at + 4], "big"), at + 4
        elif size == 127:
            size, start = int.from_bytes(got[at + 2:at + 10], "big"), at + 10
        payload = got[start:start + size]
        assert len(payload) == size
        if opcode == 1:
            for line in payload.decode().split("\n"):
                json.loads(line)
        at = start + size
        if opcode == 8:
            payload[2:].decode()
            assert at == len(got)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_damaged_frames(world, way):
    rng, way = random.Random(SEED), way()
    rows = [row for row in websocket_rows(way) if row and len(row) < 20_000]
    assert len(rows) > 150
    for n in range(COUNT // 3):
        data = damaged(rng, rows)
        socket_ = way.open(world)
        send_all(socket_.sock, rng, data)
        got = read_all(socket_.sock)
        got = None if got is None else socket_.buffer + got
        socket_.sock.close()
        try:
            assert_frames(got or b"")
        except Exception as e:
            raise AssertionError(f"SEED={SEED}, {n}: {data[:3000].hex()} -> {got[:3000]!r}") from e
    assert world.api.get("/healthz").status == 200
