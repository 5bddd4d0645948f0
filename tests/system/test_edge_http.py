"""HTTP clients that are too many, hold too much or send noise; what is malformed, or slow, has its tables in edge/."""

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
