"""What a password costs, and what is refused before it costs anything (docs/edge.md: AUTH-2, AUTH-3)."""

import concurrent.futures
import os

import pytest

from support.servers import Chatd


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """One hash waits while one is computed."""
    server = Chatd(tmp_path_factory.mktemp("passwords"), {"HASH_THREADS": "1", "HASH_QUEUE": "1"}).start()
    server.user = server.api.user()
    yield server
    assert server.stop() == 0


def at_once(server, count, body, path="/api/v1/auth/login"):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda n: server.api.post(path, body(n)), range(count)))


@pytest.mark.parametrize("path, body, served", [
    ("/api/v1/auth/login", lambda n: {"username": f"nobody{n}@example.com", "password": "wrong wrong"}, 401),
    ("/api/v1/users", lambda n: {"name": "x", "username": f"a{n}-{os.urandom(8).hex()}@example.com", "password": "long enough"}, 201),
])
def test_a_full_queue_is_503_and_says_when_to_come_again(small, path, body, served):
    answers = at_once(small, 24, body, path)
    assert {a.status for a in answers} == {served, 503}
    for refused in (a for a in answers if a.status == 503):
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json["detail"]["error"] == "ServiceUnavailable"
    # It was busy, not broken.
    assert small.api.log_in(small.user["username"])


def test_lengths_are_judged_before_the_queue_is_asked(small):
    """What can be no password is answered while the queue is full, and never with 503."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        busy = [pool.submit(small.api.post, "/api/v1/auth/login", {"username": "x@example.com", "password": "wrong wrong"}) for _ in range(12)]
        long = [small.api.post("/api/v1/auth/login", {"username": small.user["username"], "password": "x" * 1025}).status for _ in range(5)]
        short = [small.api.post("/api/v1/users", {"name": "x", "username": "y@example.com", "password": "short"}).status for _ in range(5)]
    assert long == [401] * 5 and short == [422] * 5
    assert {one.result().status for one in busy} == {401, 503}


def test_hashing_has_as_many_threads_as_it_was_given_and_a_low_priority(launch):
    server = launch("sqlite", {"HASH_THREADS": "3"})
    nice = {True: [], False: []}  # of threads that hash, and of others
    for task in os.listdir(f"/proc/{server.process.pid}/task"):
        name, fields = open(f"/proc/{server.process.pid}/task/{task}/stat").read().split("(", 1)[1].rsplit(")", 1)
        nice[name == "hashing"].append(int(fields.split()[16]))
    assert len(nice[True]) == 3 and len(nice[False]) > 2
    assert min(nice[True]) >= 10 and max(nice[False]) == os.nice(0)


def test_limits_that_are_off_are_said_to_be_at_every_start(launch):
    server = launch("sqlite", {"RATE_LIMITS": "off"})
    warned = lambda: sum("RATE_LIMITS is off" in str(entry) and entry["level"] == "warn" for entry in server.log_entries())  # noqa: E731
    assert warned() == 1
    assert server.stop() == 0
    server.start()
    assert warned() == 2
    quiet = launch("sqlite", {"RATE_LIMITS": "on"})
    assert not any("RATE_LIMITS" in str(entry) for entry in quiet.log_entries())
