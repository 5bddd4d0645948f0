"""Field lines, their sizes, and what Connection, Expect and Authorization say (RFC 9112, 5; RFC 9110, 10; docs/edge.md: HTTP-2, HTTP-3, HTTP-6)."""

import socket

import pytest

from support.http_table import AWAIT, PROBE, Answer, Exchange, answered, as_bytes, get, names, refused, run, several

MALFORMED = "malformed request"
TOO_LARGE = "request head too large"
HEAD_LIMIT = 16 * 1024


def head_of(size, version="HTTP/1.1"):
    """A whole head of that many bytes, in fields of a usual size."""
    empty = get(fields="", version=version)
    missing = size - len(empty)
    fields = ""
    while missing > 1200:
        fields += "X-A: " + "a" * 993 + "\r\n"
        missing -= 1000
    return get(fields=fields + "X-B: " + "b" * (missing - 7) + "\r\n", version=version)


def post(fields, body="", path="/api/v1/users"):
    return get(path, fields, method="POST") + body


SHAPE = [
    *(refused(name, get(fields=fields), 400, MALFORMED) for name, fields in {
        "obs-fold with a blank": "X-A: 1\r\n b\r\n", "obs-fold with a tab": "X-A: 1\r\n\tb\r\n", "obs-fold of nothing": "X-A: 1\r\n \r\n",
        "obs-fold before any field": " X-A: 1\r\n",
        "obs-fold that hides a coding": "X-A: 1\r\n Transfer-Encoding: chunked\r\n",
        "a blank before the colon": "X-A : 1\r\n", "a tab before the colon": "X-A\t: 1\r\n",
        "a blank before a length's colon": "Content-Length : 5\r\n", "a blank before a coding's colon": "Transfer-Encoding : chunked\r\n",
        "a blank inside a name": "X A: 1\r\n", "no colon": "X-A\r\n", "no colon, with a value": "X-A 1\r\n", "an empty name": ": 1\r\n",
        "a colon alone": ":\r\n",
        "bare LF behind a value": "X-A: 1\nX-B: 2\r\n", "bare LF that hides a coding": "X-A: 1\nTransfer-Encoding: chunked\r\n",
        "bare CR inside a value": "X-A: 1\rb\r\n", "bare CR behind a value": "X-A: 1\rX-B: 2\r\n", "CR CR LF": "X-A: 1\r\r\n",
        "bare CR inside a name": "X\rA: 1\r\n", "LF inside a name": "X\nA: 1\r\n", "NUL inside a value": "X-A: 1\0b\r\n",
        "NUL inside a name": "X\0A: 1\r\n", "NUL behind a coding": "Transfer-Encoding: chunked\0\r\n",
        "DEL inside a value": "X-A: \x7f\r\n", "an escape inside a value": "X-A: \x1b[31m\r\n", "a vertical tab inside a value": "X-A: 1\x0b\r\n",
        "a form feed before a value": "X-A:\x0c1\r\n", "a backspace": "X-A: 1\x08\r\n",
        "UTF-8 inside a name": "X-\xc3\xa9: 1\r\n", "Latin-1 inside a name": "X-\xe9: 1\r\n", "a parenthesis inside a name": "X(A): 1\r\n",
        "a slash inside a name": "X/A: 1\r\n", "quotes around a name": "\"X-A\": 1\r\n", "a comma inside a name": "X,A: 1\r\n",
        "brackets inside a name": "X[A]: 1\r\n", "an at sign inside a name": "X@A: 1\r\n", "a semicolon inside a name": "X;A: 1\r\n",
        "an equals sign inside a name": "X=A: 1\r\n"}.items()),
    refused("bare LF ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\n", 400, MALFORMED),
    refused("LF LF ends the head", "GET / HTTP/1.1\r\nHost: x\n\n", 400, MALFORMED),
    refused("CR X ends the head", "GET / HTTP/1.1\r\nHost: x\r\n\rX", 400, MALFORMED),
    *(answered(name, get(fields=fields), 200) for name, fields in {
        "an empty value": "X-A:\r\n", "a value of blanks": "X-A: \t \r\n", "no blank behind the colon": "X-A:1\r\n",
        "blanks around a value": "X-A: \t 1 \t \r\n", "a tab inside a value": "X-A: 1\t2\r\n", "colons inside a value": "X-A: 1:2::\r\n",
        "Latin-1 inside a value": "X-A: \xe9\r\n", "UTF-8 inside a value": "X-A: \xc3\xa9\r\n",
        "bytes that are no UTF-8 inside a value": "X-A: \xff\xfe\x80\r\n", "all characters of a name": "!#$%&'*+-.^_`|~09azAZ: 1\r\n",
        "a field twice": "X-A: 1\r\nX-A: 2\r\n", "a name of one character": "a: 1\r\n",
        "a field of two lengths' name, nearly": "Content_Length: 5\r\n", "a coding's name, nearly": "Transfer_Encoding: chunked\r\n"}.items()),
]

SIZES = [
    answered("a head of 16384 bytes", head_of(HEAD_LIMIT), 200),
    refused("a head of 16385 bytes", head_of(HEAD_LIMIT + 1), 431, TOO_LARGE),
    several("empty lines in front do not count", "\r\n\r\n" + head_of(HEAD_LIMIT), Answer(200)),
    several("two large heads", head_of(HEAD_LIMIT) + head_of(HEAD_LIMIT), Answer(200), Answer(200)),
    several("a head that is too large behind another", head_of(HEAD_LIMIT) + head_of(HEAD_LIMIT + 1), Answer(200), Answer(431, TOO_LARGE), ends=True),
    refused("one huge field", get(fields="X-A: " + "a" * 20000 + "\r\n"), 431, TOO_LARGE),
    refused("a value without end", "GET / HTTP/1.1\r\nHost: x\r\nX-A: " + "a" * 20000, 431, TOO_LARGE),
    refused("a name without end", "GET / HTTP/1.1\r\nHost: x\r\n" + "a" * 20000, 431, TOO_LARGE),
    refused("fields without end", "GET / HTTP/1.1\r\nHost: x\r\n" + "X-A: 1\r\n" * 5000, 431, TOO_LARGE),
    answered("100 fields", get(fields="".join(f"X-{n}: v\r\n" for n in range(99))), 200),
    refused("101 fields", get(fields="".join(f"X-{n}: v\r\n" for n in range(100))), 431, TOO_LARGE),
    refused("101 equal fields", get(fields="a:\r\n" * 100), 431, TOO_LARGE),
    refused("a large cookie", get(fields="Cookie: " + "a=b; " * 4000 + "\r\n"), 431, TOO_LARGE),
]

CONNECTION = [
    several("close", get(fields="Connection: close\r\n"), Answer(200), ends=True),
    several("Close", get(fields="Connection: Close\r\n"), Answer(200), ends=True),
    several("close in a list", get(fields="Connection: foo , close,bar\r\n"), Answer(200), ends=True),
    several("close in a second field", get(fields="Connection: keep-alive\r\nConnection: close\r\n"), Answer(200), ends=True),
    several("close on a refusal of its own", get("/nowhere", fields="Connection: close\r\n"), Answer(404), ends=True),
    several("close on the second of two", get() + get(fields="Connection: close\r\n"), Answer(200), Answer(200), ends=True),
    several("close on HEAD", get(method="HEAD", fields="Connection: close\r\n"), Answer(200, head=True), ends=True),
    several("close on a 204", get("/healthz", method="OPTIONS", fields="Connection: close\r\n"), Answer(204), ends=True),
    answered("keep-alive", get(fields="Connection: keep-alive\r\n"), 200),
    answered("an empty list", get(fields="Connection: ,\r\n"), 200),
    answered("closed is not close", get(fields="Connection: closed\r\n"), 200),
    refused("quotes are no token", get(fields='Connection: "close"\r\n'), 400, MALFORMED),
    refused("a Connection that is no list", get(fields="Connection: close close\r\n"), 400, MALFORMED),
    answered("an upgrade to something else",
        get(fields="Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), 200),
    answered("an upgrade to TLS", get(fields="Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n"), 200),
    answered("a Connection that names a field of the message", get(fields="Connection: host, authorization\r\n"), 200),
    several("sixty-four requests in one piece", get("/nowhere") * 63 + get(), *[Answer(404)] * 63, Answer(200)),
    several("HEAD, GET, OPTIONS, HEAD", get(method="HEAD") + get() + get(method="OPTIONS") + get("/nowhere", method="HEAD"), Answer(200, head=True),
        Answer(200, body=b'{"message":"/"}'), Answer(204), Answer(404, head=True)),
    several("what stands behind a malformed request is not served", get() + get(fields="X-A : 1\r\n") + get("/healthz"), Answer(200),
        Answer(400, MALFORMED), ends=True),
    several("a body, then the next", post("Content-Length: 2\r\n", "{}") + get(), Answer(422), Answer(200)),
    several("a body that looks like a request", post(f"Content-Length: {len(get('/healthz'))}\r\n", get("/healthz")) + get(),
        Answer(422, [("json_invalid", ("body", 0))]), Answer(200, body=b'{"message":"/"}')),
    several("two requests byte by byte", [bytes([b]) for b in (get() + post("Content-Length: 2\r\n", "{}")).encode()], Answer(200), Answer(422)),
    several("chunks byte by byte", [bytes([b]) for b in post("Transfer-Encoding: chunked\r\n", "2;a=b\r\n{}\r\n0\r\nX-A: 1\r\n\r\n").encode()],
        Answer(422)),
    several("a GET with a body", get("/healthz", f"Content-Length: {len(PROBE)}\r\n") + PROBE.decode(), Answer(200, body=b'{"status":"alive"}')),
]

CONTINUE = "Expect: 100-continue\r\n"
EXPECT = [
    several("100-continue", [post(CONTINUE + "Content-Length: 2\r\n"), AWAIT, "{}"], Answer(100), Answer(422)),
    several("100-Continue", [post("Expect: 100-Continue\r\nContent-Length: 2\r\n"), AWAIT, "{}"], Answer(100), Answer(422)),
    several("100-continue twice", [post(CONTINUE * 2 + "Content-Length: 2\r\n"), AWAIT, "{}"], Answer(100), Answer(422)),
    several("100-continue, chunked", [post(CONTINUE + "Transfer-Encoding: chunked\r\n"), AWAIT, "2\r\n{}\r\n0\r\n\r\n"], Answer(100), Answer(422)),
    answered("100-continue when the body is there already", post(CONTINUE + "Content-Length: 2\r\n", "{}"), 422),
    answered("100-continue without a body", get(fields=CONTINUE), 200),
    answered("100-continue with a body of nothing", post(CONTINUE + "Content-Length: 0\r\n"), 422, [("missing", ("body",))]),
    answered("an empty expectation", get(fields="Expect:\r\n"), 200),
    refused("100-continue of a body that is too large", post(CONTINUE + "Content-Length: 1048577\r\n"), 413, {"PayloadTooLarge"}),
    refused("100-continue of a malformed length", post(CONTINUE + "Content-Length: x\r\n"), 400, "malformed Content-Length"),
    refused("another expectation", post("Expect: 200-ok\r\nContent-Length: 2\r\n", "{}"), 417, "unknown expectation"),
    refused("another expectation beside it", post("Expect: 100-continue, x\r\nContent-Length: 2\r\n", "{}"), 417, "unknown expectation"),
    refused("an expectation with a value", get(fields="Expect: 100-continue=1\r\n"), 417, "unknown expectation"),
    refused("another expectation of a GET", get(fields="Expect: the-spanish-inquisition\r\n"), 417, "unknown expectation"),
    refused("another expectation of a HEAD", get(method="HEAD", fields="Expect: x\r\n"), 417, head=True),
]

HTML, PLAIN_ROOT = {"content-type": "text/html", "vary": "Accept"}, {"content-type": "application/json", "vary": "Accept"}
PREFERENCES = [
    *(answered(f"Accept: {value}", get(fields=f"Accept: {value}\r\n"), 200, headers=HTML) for value in (
        "text/html", "TEXT/HTML", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json;q=0.5, text/html;q=0.6", "text/html;level=1;q=0.1",
        "application/json, text/html")),
    *(answered(f"Accept: {value!r}", get(fields=f"Accept: {value}\r\n"), 200, headers=PLAIN_ROOT) for value in (
        "", "*/*", "application/json", "text/html;q=0", "text/html;q=0.5, application/json", "text/html;q=x", "text/html;q=", "text/htm", "html",
        ";;,,;q=1",
        "text/html;q=nan", "text/html;q=-1", "\xff", "a" * 10000)),
    *(answered(f"Accept-Encoding: {value!r}", get("/docs", f"Accept-Encoding: {value}\r\n"), 200, headers=headers) for value, headers in (
        ("gzip", {"content-encoding": "gzip"}), ("br, GZIP;q=0.1", {"content-encoding": "gzip"}), ("gzip;q=0", {"content-type": "text/html"}),
        ("*", {"content-type": "text/html"}), ("identity;q=0", {"content-type": "text/html"}), ("gzip;q=banana", {"content-type": "text/html"}),
        ("", {"content-type": "text/html"}))),
    *(answered(f"If-None-Match: {value!r}", get("/docs", f"If-None-Match: {value}\r\n"), status) for value, status in (
        ("*", 304), ('"x"', 200), ("", 200), ('W/"x", *', 304), ("**", 200), ('"', 200), ("x" * 5000, 200))),
    answered("If-None-Match of a HEAD", get("/docs", "If-None-Match: *\r\n", method="HEAD"), 304, head=True),
    answered("a range is not taken up", get("/docs", "Range: bytes=0-1\r\n"), 200),
    answered("nor a malformed one", get("/docs", "Range: bytes=9999999999999999999-,-\r\n"), 200),
    answered("a date that is none", get("/docs", "If-Modified-Since: yesterday\r\n"), 200),
]

CASES = SHAPE + SIZES + CONNECTION + EXPECT + PREFERENCES


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_fields(world, case):
    run(case, world)


LOGIN = '{"username":"nobody@example.com","password":"correct horse"}'
# HTTP-8: the client has ended its sending side before it is answered.
HALF_CLOSED = {
    "a request": (get(), [200]),
    "three requests": (get() + get("/nowhere") + get(), [200, 404, 200]),
    "a body": (post("Content-Length: 2\r\n", "{}"), [422]),
    "chunks": (post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), [422]),
    "a login, which takes a while": (post(f"Content-Length: {len(LOGIN)}\r\n", LOGIN, "/api/v1/auth/login"), [401]),
    "what is malformed": (get(fields="X-A : 1\r\n"), [400]),
    "a request and half of the next": (get() + "GET / HT", [200]),
    "HTTP/1.0": (get(version="HTTP/1.0"), [200]),
    "a request that closes": (get(fields="Connection: close\r\n"), [200]),
}


@pytest.mark.parametrize("name", HALF_CLOSED)
def test_who_has_closed_his_side_still_gets_his_answers(world, name):
    sent, statuses = HALF_CLOSED[name]
    with Exchange(world.port) as wire:
        wire.send(as_bytes(sent))
        wire.sock.shutdown(socket.SHUT_WR)
        assert [wire.answer()[0] for _ in statuses] == statuses
        assert wire.end() == b""
