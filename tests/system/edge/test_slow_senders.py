"""Time limits (docs/edge.md: HTTP-5): who sends too slowly is told so and loses his connection, however he drips.

No case asserts how long it took: only that the server did not wait for the rest, which never comes.
"""

import concurrent.futures
import select

import pytest

from support.http_table import Answer, Exchange, as_bytes, check, get
from support.servers import Chatd

LIMITS = {"HEADER_TIMEOUT": "1s", "BODY_TIMEOUT": "1s", "KEEP_ALIVE_TIMEOUT": "1s"}
SLOW = Answer(408, "the request took too long")
POST = as_bytes(get("/api/v1/users", "Content-Length: 100000\r\n", method="POST"))
CHUNKED = as_bytes(get("/api/v1/users", "Transfer-Encoding: chunked\r\n", method="POST"))

# What is sent at once; what is dripped then, a byte each tenth of a second; the answers before the end.
CASES = {
    "nothing": (b"", b"", []),
    "an empty line": (b"\r\n", b"", []),
    "half a request line": (b"GET / HT", b"", [SLOW]),
    "a method": (b"G", b"", [SLOW]),
    "half a head": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"", [SLOW]),
    "all but the last byte of a head": (as_bytes(get())[:-1], b"", [SLOW]),
    "a head that drips": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"a" * 10000, [SLOW]),
    "a request line that drips": (b"GET /", b"a" * 8000, [SLOW]),
    "fields that drip": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a:b\r\n" * 90, [SLOW]),
    "HEAD that is slow has no body either": (b"HEAD / HTTP/1.1\r\nHos", b"", [Answer(408, head=True)]),
    "no body": (POST, b"", [SLOW]),
    "half a body": (POST + b"{" * 500, b"", [SLOW]),
    "a body that drips": (POST, b"{" * 99999, [SLOW]),
    "no chunk": (CHUNKED, b"", [SLOW]),
    "half a chunk": (CHUNKED + b"10\r\n{", b"", [SLOW]),
    "chunks that drip": (CHUNKED, b"1\r\n{\r\n" * 10000, [SLOW]),
    "a trailer that drips": (CHUNKED + b"0\r\n", b"X-A: " + b"a" * 4000, [SLOW]),
    "a body that was asked for": (as_bytes(get("/api/v1/users", "Expect: 100-continue\r\nContent-Length: 5\r\n", method="POST")), b"",
        [Answer(100), SLOW]),
    "idle behind a request": (as_bytes(get()), b"", [Answer(200)]),
    "idle behind a refusal": (as_bytes(get("/nowhere")), b"", [Answer(404)]),
    "an empty line behind a request": (as_bytes(get()) + b"\r\n", b"", [Answer(200)]),
    "half a request behind another": (as_bytes(get()) + b"GET / HT", b"", [Answer(200), SLOW]),
    "a body behind a request": (as_bytes(get()) + POST, b"", [Answer(200), SLOW]),
    "a head that drips behind a request": (as_bytes(get()), b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 10000, [Answer(200), SLOW]),
}


def exchange(port, case):
    at_once, dripped, answers = case
    with Exchange(port) as wire:
        wire.send(at_once)
        first = len(answers) - 1 if dripped else 0
        got = [wire.answer(wanted.head) for wanted in answers[:first]]
        for at in range(len(dripped)):
            if select.select([wire.sock], [], [], 0.1)[0]:
                break
            wire.send(dripped[at:at + 1])
        else:
            assert not dripped, "the server waited for all of it"
        got += [wire.answer(wanted.head) for wanted in answers[first:]]
        return got, wire.end()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """All at the same time: they wait for the same second."""
    server = Chatd(tmp_path_factory.mktemp("slow"), LIMITS).start()
    with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
        running = {name: pool.submit(exchange, server.port, case) for name, case in CASES.items()}
    yield running
    assert server.api.get("/healthz").status == 200
    assert server.stop() == 0


@pytest.mark.parametrize("name", CASES)
def test_slow_senders(outcomes, name):
    wanted = CASES[name][2]
    got, rest = outcomes[name].result()
    assert rest == b"" and len(got) == len(wanted)
    for one, answer in zip(wanted, got):
        check(one, *answer)
    if wanted and wanted[-1].status == 408:
        assert got[-1][1]["connection"] == ["close"]
