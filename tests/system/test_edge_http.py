"""Malformed, hostile and merely unusual HTTP/1.1 (RFC 9112), with the exact answer to each."""

import json
import threading
import time

import pytest

from support.raw import Raw

HOST = "Host: x\r\n"
GET = f"GET / HTTP/1.1\r\n{HOST}\r\n"


@pytest.fixture
def port(sqlite_server):
    return sqlite_server.port


def post(headers, body=""):
    return f"POST /api/v1/users HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n{headers}\r\n{body}"


REFUSED = {
    # transfer coding: request smuggling
    "two codings": (post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400),
    "unknown coding": (post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400),
    "identity": (post("Transfer-Encoding: identity\r\n"), 400),
    "quoted coding": (post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n"), 400),
    "coding twice": (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
    "coding and length": (post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400),
    "coding in 1.0": (f"POST /api/v1/users HTTP/1.0\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400),
    "length list": (post("Content-Length: 2, 2\r\n", "{}"), 400),
    "negative length": (post("Content-Length: -1\r\n"), 400),
    "length plus": (post("Content-Length: +2\r\n", "{}"), 400),
    "length no number": (post("Content-Length: two\r\n"), 400),
    "length overflow": (post("Content-Length: 99999999999999999999999\r\n"), 400),
    "bad chunk size": (post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"), 400),
    "negative chunk": (post("Transfer-Encoding: chunked\r\n", "-1\r\n{}\r\n0\r\n\r\n"), 400),
    # hosts and targets
    "no host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "host with blank": ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "host with path": ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "host bad port": ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400),
    "connect": (f"CONNECT example.com:443 HTTP/1.1\r\n{HOST}\r\n", 400),
    "absolute form elsewhere": (f"GET http://example.com/ HTTP/1.1\r\n{HOST}\r\n", 400),
    "fragment": (f"GET /#x HTTP/1.1\r\n{HOST}\r\n", 400),
    "NUL escape": (f"GET /api/v1/rooms/%00 HTTP/1.1\r\n{HOST}\r\n", (400, 404)),
    "bad escape": (f"GET /%zz HTTP/1.1\r\n{HOST}\r\n", (400, 404)),
    "cut escape": (f"GET /%4 HTTP/1.1\r\n{HOST}\r\n", (400, 404)),
    "not UTF-8": (f"GET /%ff%fe HTTP/1.1\r\n{HOST}\r\n", (400, 404)),
    "raw high bytes": (f"GET /\xff HTTP/1.1\r\n{HOST}\r\n", 400),
    "no slash": (f"GET nowhere HTTP/1.1\r\n{HOST}\r\n", 400),
    "long target": (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414),
    # headers
    "obs-fold": (f"GET / HTTP/1.1\r\n{HOST}X-A: 1\r\n b\r\n\r\n", 400),
    "bare CR": (f"GET / HTTP/1.1\r\n{HOST}X-A: 1\rb\r\n\r\n", 400),
    "NUL": (f"GET / HTTP/1.1\r\n{HOST}X-A: 1\0b\r\n\r\n", 400),
    "blank before colon": (f"GET / HTTP/1.1\r\n{HOST}X-A : 1\r\n\r\n", 400),
    "no colon": (f"GET / HTTP/1.1\r\n{HOST}X-A\r\n\r\n", 400),
    "empty name": (f"GET / HTTP/1.1\r\n{HOST}: 1\r\n\r\n", 400),
    "many headers": (f"GET / HTTP/1.1\r\n{HOST}" + "".join(f"X-{n}: {'v' * 90}\r\n" for n in range(300)) + "\r\n", 431),
    "one huge header": (f"GET / HTTP/1.1\r\n{HOST}X-A: {'a' * 20000}\r\n\r\n", 431),
    # first lines
    "version 2": (f"GET / HTTP/2.0\r\n{HOST}\r\n", 505),
    "version 1.9": (f"GET / HTTP/1.9\r\n{HOST}\r\n", 505),
    "lower case version": (f"GET / http/1.1\r\n{HOST}\r\n", 400),
    "no version": ("GET /\r\n\r\n", 400),
    "three blanks": (f"GET   / HTTP/1.1\r\n{HOST}\r\n", 400),
    "TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "noise": (b"\x00\x01\x02\x03\r\n\r\n", 400),
    "bare LF": ("GET / HTTP/1.1\nHost: x\n\n", 400),
    # bodies
    "body too large": (post("Content-Length: 2000000\r\n"), 413),
    "chunked too large": (post("Transfer-Encoding: chunked\r\n", "200000\r\n"), 413),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_once_and_the_connection_ends(port, name):
    request, wanted = REFUSED[name]
    raw = Raw(port).send(request)
    started = time.monotonic()
    status, headers, body = raw.answer()
    assert status in (wanted if isinstance(wanted, tuple) else (wanted,))
    assert time.monotonic() - started < 5, "refused at once, not after a time limit"
    assert headers["x-content-type-options"] == "nosniff"
    assert "detail" in json.loads(body)
    if status not in (404,):
        assert headers["connection"] == "close" and raw.closed()
    assert Raw(port).send(GET).answer()[0] == 200


def test_a_smuggled_request_is_never_served(port):
    raw = Raw(port).send(post("Transfer-Encoding: xchunked\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert raw.answer()[0] == 400
    assert raw.closed() and b"HTTP/1.1" not in raw.buffer


def test_pipelined_requests_are_answered_in_order(port):
    raw = Raw(port).send(GET + f"GET /nowhere HTTP/1.1\r\n{HOST}\r\n" + f"GET /healthz HTTP/1.1\r\n{HOST}\r\n" + GET)
    assert [raw.answer()[0] for _ in range(4)] == [200, 404, 200, 200]


def test_head_options_and_http_1_0(port):
    raw = Raw(port).send(f"HEAD / HTTP/1.1\r\n{HOST}\r\n" + GET)
    status, headers, _ = raw.answer(head_only=True)
    assert status == 200 and int(headers["content-length"]) > 0
    assert raw.answer()[2] == b'{"message":"/"}'
    status, headers, _ = Raw(port).send(f"OPTIONS /api/v1/rooms HTTP/1.1\r\n{HOST}\r\n").answer()
    assert status in (200, 204) and "POST" in headers["allow"]
    status, headers, _ = Raw(port).send(f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n").answer()
    assert status == 204 and "POST" in headers["allow"]
    status, headers, _ = Raw(port).send(f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n").answer()
    assert status == 204 and "GET" in headers["allow"], "the server as a whole (RFC 9110, 9.3.7)"
    raw = Raw(port).send("GET / HTTP/1.0\r\n\r\n")
    assert raw.answer()[0] == 200 and raw.closed()
    raw = Raw(port).send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert raw.answer()[0] == 200
    raw = Raw(port).send(f"GET / HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n")
    assert raw.answer()[1]["connection"] == "close" and raw.closed()


def test_cross_origin_requests(launch):
    any_origin = launch("sqlite")
    preflight = f"OPTIONS /api/v1/rooms HTTP/1.1\r\n{HOST}Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization, content-type\r\n\r\n"
    status, headers, _ = Raw(any_origin.port).send(preflight).answer()
    assert status in (200, 204) and headers["access-control-allow-origin"] in ("*", "https://app.example")
    assert "authorization" in headers["access-control-allow-headers"].lower() and "POST" in headers["access-control-allow-methods"]
    listed = launch("sqlite", {"ALLOWED_ORIGINS": "https://app.example"})
    get = lambda origin: Raw(listed.port).send(f"GET / HTTP/1.1\r\n{HOST}Origin: {origin}\r\n\r\n").answer()[1]  # noqa: E731
    assert get("https://app.example")["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in get("https://evil.example")


def test_expect_100_continue(port):
    raw = Raw(port).send(post("Content-Length: 2\r\nExpect: 100-continue\r\n"))
    assert raw.answer()[0] == 100
    raw.send("{}")
    assert raw.answer()[0] == 422


def test_chunked_bodies_with_extensions_and_trailers(port):
    raw = Raw(port).send(post("Transfer-Encoding: chunked\r\n", "1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX-T: 1\r\n\r\n"))
    assert raw.answer()[0] == 422
    assert raw.send(GET).answer()[0] == 200
    raw = Raw(port).send(post("Transfer-Encoding: chunked\r\n", f"1;{'a' * 40000}\r\n"))
    assert raw.answer()[0] in (400, 413, 431)


def test_a_request_byte_by_byte(port):
    raw = Raw(port)
    for byte in GET.encode():
        raw.send(bytes([byte]))
    assert raw.answer()[0] == 200


def test_a_client_that_has_closed_its_side_still_gets_its_answer(port):
    import socket
    raw = Raw(port).send(GET)
    raw.sock.shutdown(socket.SHUT_WR)
    assert raw.answer()[0] == 200 and raw.closed()


def test_an_encoded_slash_never_separates(sqlite_server):
    user = sqlite_server.api.user()
    assert sqlite_server.api.get("/api/v1%2Frooms", user["token"]).status == 404
    assert sqlite_server.api.get("/api/v1/%72ooms", user["token"]).status == 200


def test_slow_senders_lose_their_connection(launch):
    server = launch("sqlite", {"HEADER_TIMEOUT": "2s", "BODY_TIMEOUT": "2s", "KEEP_ALIVE_TIMEOUT": "2s"})
    slow_head = Raw(server.port).send("GET / HT")
    slow_body = Raw(server.port).send(post("Content-Length: 10\r\n", "{"))
    idle = Raw(server.port).send(GET)
    idle.answer()
    started = time.monotonic()
    assert slow_head.closed(8) and slow_body.closed(8) and idle.closed(8)
    assert time.monotonic() - started < 8


def test_600_stalled_clients_leave_the_others_below_2_seconds(port):
    stalled = [Raw(port).send("GET / HTTP/1.1\r\nHost:") for _ in range(600)]
    slowest = 0
    for _ in range(20):
        started = time.monotonic()
        assert Raw(port).send(GET).answer()[0] == 200
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 2
    assert stalled


def test_unfinished_bodies_together_are_bounded(sqlite_server):
    server = sqlite_server
    large = post("Content-Length: 1048576\r\n", '{"name":"' + "a" * 1048000)
    before = server.memory_bytes()
    held = []
    for _ in range(400):
        raw = Raw(server.port)
        held.append(raw)
        try:
            raw.send(large)
        except OSError:
            pass  # refused while it was still sending
    assert server.memory_bytes() - before < 160 << 20, "400 bodies of 1 MiB would be 400"
    # Each loop has less room than one of those bodies: a few smaller ones fill it.
    answers = []
    while not answers and len(held) < 420:
        held.append(Raw(server.port, timeout=0.5).send(post("Content-Length: 200000\r\n", "a" * 199999)))
        try:
            answers.append(held[-1].answer())
        except TimeoutError:
            pass  # taken: the server waits for its end
    status, headers, _ = answers[0]
    assert status == 503 and int(headers["retry-after"]) >= 1
    assert server.api.sign_up()["id"], "what is small is served as ever"
    for raw in held:
        raw.sock.close()
    deadline = time.monotonic() + 10
    while server.memory_bytes() - before > 48 << 20 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert server.memory_bytes() - before < 48 << 20


def test_a_storm_of_garbage_leaves_the_server_whole(port):
    import random
    rng = random.Random(7)

    def storm():
        for _ in range(60):
            raw = Raw(port)
            try:
                raw.send(rng.randbytes(rng.randint(1, 3000)))
                raw.sock.close()
            except OSError:
                pass
    threads = [threading.Thread(target=storm) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert Raw(port).send(GET).answer()[0] == 200
