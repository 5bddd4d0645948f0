"""What an operator meets at 3 a.m.: stops, restarts, floods, databases that go away."""

import threading
import time
import uuid

import pytest

from support.servers import Postgres, run_chatd
from support.websocket import Closed


def test_sigterm_drains_and_exits_0(server):
    user = server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    for n in range(300):
        socket.send({"content": f"m{n}", "client_id": str(n)})
    stopped = {}
    stopper = threading.Thread(target=lambda: stopped.update(code=server.stop(), took=time.monotonic()))
    started = time.monotonic()
    stopper.start()
    acked = []
    code = None
    try:
        while True:
            message = socket.recv(15)
            if message.get("type") == "ack":
                acked.append(message)
    except Closed as end:
        code = end.code
    stopper.join()
    assert stopped["code"] == 0 and stopped["took"] - started < 10
    assert code in (1001, 1012)
    server.start()
    stored = server.api.all_history(room["id"], user["token"])
    assert len({m["id"] for m in stored}) == len(stored)
    assert {a["id"] for a in acked} <= {m["id"] for m in stored}
    assert [m["content"] for m in stored] == [f"m{n}" for n in range(len(stored))]


def test_nobody_is_said_to_leave_when_the_server_stops(server):
    ada, grace = server.api.user("Ada"), server.api.user("Grace")
    room = server.api.room(ada["token"])
    one = server.api.socket(room["id"], ada["token"])
    two = server.api.socket(room["id"], grace["token"])
    one.recv()
    assert server.stop() == 0
    seen = []
    with pytest.raises(Closed):
        while True:
            seen.append(one.recv(5))
    assert not [m for m in seen if m.get("type") == "leave"]
    assert two


@pytest.fixture
def own_postgres():
    cluster = Postgres()
    yield cluster
    cluster.remove()


def test_postgres_goes_away_and_comes_back(launch, own_postgres, tmp_path):
    url = own_postgres.url(own_postgres.new_database())
    assert run_chatd("migrate", env={"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "d")}).returncode == 0
    server = launch("sqlite", {"DATABASE_URL": url})
    user, other = server.api.user("Ada"), server.api.user("Grace")
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    reader = server.api.socket(room["id"], other["token"])
    socket.send({"content": "before", "client_id": "before"})
    assert socket.recv_until(lambda m: m.get("type") == "ack")
    own_postgres.stop("immediate")
    for n in range(40):
        socket.send({"content": f"away {n}", "client_id": f"away {n}"})
    time.sleep(2.5)
    started = time.monotonic()
    answer = server.api.get(f"/api/v1/rooms/{room['id']}/history", user["token"])
    assert answer.status == 503 and 1 <= int(answer.headers["retry-after"]) <= 60
    assert server.api.post("/api/v1/rooms", {"name": uuid.uuid4().hex}, user["token"]).status == 503
    assert time.monotonic() - started < 20
    assert server.api.get("/readyz").status == 503
    assert server.api.get("/healthz").status == 200
    own_postgres.start()
    acks = []
    while len(acks) < 40:
        message = socket.recv(40)
        if message.get("type") == "ack":
            acks.append(message)
    assert [a["client_id"] for a in acks] == [f"away {n}" for n in range(40)]
    deadline = time.monotonic() + 20
    while server.api.get("/readyz").status != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.api.get("/readyz").status == 200
    contents = [m["content"] for m in server.api.all_history(room["id"], user["token"])]
    assert contents == ["before"] + [f"away {n}" for n in range(40)]
    got = reader.recv_until(lambda m: m.get("content") == "away 39", 20)
    assert [m["content"] for m in got if m["type"] == "message"] == contents


def test_the_limits_answer_429_and_say_when_to_come_back(launch):
    server = launch("sqlite", {"RATE_LIMITS": "on", "ROOMS_PER_SECOND": "1", "ROOMS_BURST": "3"})
    user = server.api.user()
    answers = [server.api.post("/api/v1/rooms", {"name": uuid.uuid4().hex}, user["token"]) for _ in range(5)]
    assert [a.status for a in answers[:3]] == [201, 201, 201] and answers[-1].status == 429
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60 and "error" in refused.json["detail"]
    assert any(h.startswith("ratelimit") for h in refused.headers)
    wrong = [server.api.post("/api/v1/auth/login", {"username": user["username"], "password": "not the password"}).status for _ in range(11)]
    assert wrong == [401] * 10 + [429]


def test_sockets_of_one_user_are_bounded(launch):
    server = launch("sqlite", {"SOCKETS_PER_USER": "5"})
    user = server.api.user()
    room = server.api.room(user["token"])
    sockets = [server.api.socket(room["id"], user["token"]) for _ in range(5)]
    from support.websocket import Refused
    with pytest.raises(Refused) as refusal:
        server.api.socket(room["id"], user["token"])
    assert refusal.value.status == 429
    sockets[0].close()
    sockets[0].expect_close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            server.api.socket(room["id"], user["token"])
            return
        except Refused:
            time.sleep(0.05)
    raise AssertionError("the place of a closed socket was not given back")


def test_60_logins_at_once_leave_memory_and_messages_alone(launch):
    server = launch("sqlite", {"HASH_QUEUE_PER_ADDRESS": "100"})
    user = server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"], "&history=0")
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(server.api.post("/api/v1/auth/login", {"username": user["username"], "password": "wrong wrong"}).status))
               for _ in range(60)]
    [t.start() for t in threads]
    slowest = highest = 0
    n = 0
    while any(t.is_alive() for t in threads):
        n += 1
        started = time.monotonic()
        socket.send({"content": "x", "client_id": str(n)})
        socket.recv(10)
        slowest = max(slowest, time.monotonic() - started)
        highest = max(highest, server.memory_bytes())
        time.sleep(0.05)
    [t.join() for t in threads]
    assert slowest < 2 and highest < 1 << 30
    assert set(statuses) <= {401, 503}


def test_running_out_of_descriptors_pauses_and_heals(launch):
    server = launch("sqlite", wrap=["prlimit", "--nofile=80:80"])
    from support.raw import Raw
    held = []
    for _ in range(150):
        try:
            held.append(Raw(server.port, timeout=2))
        except OSError:
            break
    time.sleep(1.5)
    spent = _cpu(server)
    time.sleep(1)
    assert _cpu(server) - spent < 0.5, "the accept loop spins"
    for raw in held:
        raw.sock.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if server.api.get("/healthz").status == 200:
                break
        except OSError:
            time.sleep(0.1)
    assert server.api.get("/healthz").status == 200


def _cpu(server):
    import os
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
