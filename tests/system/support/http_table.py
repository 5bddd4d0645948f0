"""Requests as bytes beside the exact answers to them: the tables of tests/system/edge/ are made of these words.

Behind every request stands another one, whole and innocent. Where the connection is to go on it is answered and nothing
else is; where it is to end, it is not answered: so nothing that belongs to a body is ever served as a request, and
nothing that was asked is lost. The connection then ends with FIN, never with a reset, or the answer might not arrive.
"""

import json
import re
import socket
from dataclasses import dataclass, field

PROBE = b"GET /healthz HTTP/1.1\r\nHost: probe\r\n\r\n"
PATIENCE = 60  # seconds; a busy machine under sanitizers is slow, an answer that never comes is a failure all the same
AWAIT = object()
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Answer:
    """`detail`: of the JSON body: a sentence; a domain code in braces, {"Forbidden"}; a list of (type, loc) of a 422."""

    status: int
    detail: object = None
    headers: dict = field(default_factory=dict)  # each holds at least this
    body: bytes = None
    head: bool = False  # to HEAD: no body follows


@dataclass(frozen=True)
class Case:
    name: str
    sent: object  # bytes, or a list of pieces that are sent one by one (AWAIT: not before the next answer has come)
    answers: tuple
    ends: bool  # the server ends the connection
    alone: bool = False  # nothing stands behind it: it must be answered as it is


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def refused(name, sent, status, detail=None, **more):
    """One answer, and the connection ends."""
    return Case(name, sent, (Answer(status, detail, **more),), True)


def refused_at_once(name, sent, status, detail=None):
    """As refused, without a byte behind it that could be waited for."""
    return Case(name, sent, (Answer(status, detail),), True, alone=True)


def answered(name, sent, status, detail=None, **more):
    """One answer, and the connection goes on."""
    return Case(name, sent, (Answer(status, detail, **more),), False)


def several(name, sent, *answers, ends=False):
    return Case(name, sent, answers, ends)


def unanswered(name, sent):
    """The connection ends without a word: the client has left in the middle of a request (it is sent without probe)."""
    return Case(name, sent, (), True)


def get(path="/", fields="", host="Host: x\r\n", method="GET", version="HTTP/1.1"):
    return f"{method} {path} {version}\r\n{host}{fields}\r\n"


class Exchange:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _more(self, doing):
        data = self.sock.recv(65536)
        assert data, f"the connection ended {doing}; unread: {self.buffer!r}"
        self.buffer += data

    def answer(self, head=False):
        while b"\r\n\r\n" not in self.buffer:
            self._more("before an answer's head was complete")
        top, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = top.decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers.setdefault(name.lower(), []).append(value.strip())
        status = int(status)
        bodiless = head or status < 200 or status in (204, 304)
        length = 0 if bodiless else int(headers["content-length"][0])
        while len(self.buffer) < length:
            self._more("inside an answer's body")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, headers, body

    def end(self):
        """What still comes until the server ends the connection; a reset is an error."""
        while True:
            data = self.sock.recv(65536)
            if not data:
                return self.buffer
            self.buffer += data


def check_every_answer(status, headers, body):
    """What edge-hardening asks of each answer, whatever it says (docs/edge.md, HTTP-9)."""
    if status < 200:
        return
    assert headers["x-content-type-options"] == ["nosniff"]
    assert headers["server"] == ["chatd"], "without a version"
    assert UUID.match(headers["x-request-id"][0])
    assert len(headers["date"]) == 1
    if status not in (204, 304):
        assert len(headers["content-length"]) == 1
    else:
        assert "content-length" not in headers
    if status >= 400 and body:
        assert headers["content-type"] == ["application/json"]
        assert set(json.loads(body)) == {"detail"}
    if status == 401:
        assert headers["www-authenticate"] == ["Bearer"] or json.loads(body)["detail"]["error"] == "InvalidCredentials"
    if status == 405:
        assert headers["allow"]
    if b"access_token" in body:
        assert headers["cache-control"] == ["no-store"]


def check(wanted, status, headers, body):
    assert status == wanted.status, f"{status} {body[:500]!r}"
    check_every_answer(status, headers, body)
    for name, value in wanted.headers.items():
        assert value in ", ".join(headers.get(name, [])), f"{name}: {headers.get(name)}"
    if wanted.body is not None:
        assert body == wanted.body
    if wanted.detail is None or wanted.head:
        return
    detail = json.loads(body)["detail"]
    if isinstance(wanted.detail, str):
        assert detail == wanted.detail
    elif isinstance(wanted.detail, set):
        assert {detail["error"]} == wanted.detail and detail["message"]
    else:
        assert [(fault["type"], fault["loc"]) for fault in detail] == [(kind, list(loc)) for kind, loc in wanted.detail]
        assert all(fault["msg"] for fault in detail)


def fill(data, world):
    """$TOKEN and $ROOM are put in."""
    return as_bytes(data).replace(b"$TOKEN", world.token.encode()).replace(b"$ROOM", world.room.encode())


def run(case, world):
    pieces = list(case.sent) if isinstance(case.sent, list) else [case.sent]
    answers = list(case.answers)
    with Exchange(world.port) as wire:
        def take_answer():
            wanted = answers.pop(0)
            status, headers, body = wire.answer(wanted.head)
            check(wanted, status, headers, body)
            return headers

        for at, piece in enumerate(pieces):
            if piece is AWAIT:
                take_answer()
            else:
                last = at + 1 == len(pieces) and answers and not case.alone
                wire.send(fill(piece, world) + (PROBE if last else b""))
        if not case.answers:
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.end() == b"", "half a request was answered"
            return
        while answers:
            headers = take_answer()
        closing = any("close" in value for value in headers.get("connection", []))
        assert closing == case.ends, f"Connection: {headers.get('connection')}"
        if not case.ends:
            status, headers, body = wire.answer()
            assert (status, body) == (200, b'{"status":"alive"}'), "the request behind it was not answered"
            wire.sock.shutdown(socket.SHUT_WR)
        assert wire.end() == b"", "something that nobody asked for was answered"


def names(cases):
    found = [case.name if len(case.name) <= 100 else f"{case.name[:80]}... {len(case.name)}" for case in cases]
    assert len(set(found)) == len(found), sorted(n for n in found if found.count(n) > 1)
    return found
