"""What an operator meets at 3 a.m.: stops, restarts, floods, databases that go away."""

import base64
import contextlib
import os
import shutil
import subprocess
import threading
import time
import uuid

import pytest

from support.servers import Postgres, run_chatd
from support.websocket import Closed, WebSocket


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


def test_a_failover_that_lost_commits_closes_sockets_and_begins_anew(launch, own_postgres, tmp_path):
    database = own_postgres.new_database()
    url = own_postgres.url(database)
    assert run_chatd("migrate", env={"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "d")}).returncode == 0
    server = launch("sqlite", {"DATABASE_URL": url})
    user, other = server.api.user("Ada"), server.api.user("Grace")
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    reader = server.api.socket(room["id"], other["token"])
    def realtime(**position):
        session = WebSocket(server.api.host, server.api.port, "/connection/websocket")
        session.send({"id": 1, "connect": {"token": other["token"]}})
        session.send({"id": 2, "subscribe": {"channel": f"room:{room['id']}", **position}})
        return session, session.recv_until(lambda m: m.get("id") == 2)[-1]["subscribe"]

    session, subscribed = realtime()
    epoch = subscribed["epoch"]
    for n in range(5):
        socket.send({"content": f"m{n}", "client_id": f"m{n}"})
    reader.recv_until(lambda m: m.get("content") == "m4")
    session.recv_until(lambda m: m.get("push", {}).get("pub", {}).get("offset") == 5)
    # Another server, promoted with the last three commits missing.
    own_postgres.sql("DELETE FROM messages WHERE seq > 2; UPDATE rooms SET last_seq = 2, message_count = 2; "
                     "UPDATE database_info SET system_identifier = 'the standby'; "
                     "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
                     database)
    server.api.room(user["token"])
    for gone, code in ((socket, 1012), (reader, 1012), (session, 3014)):
        with pytest.raises(Closed) as end:
            while True:
                gone.recv(15)
        assert (end.value.code, end.value.reason) == (code, "state invalidated")
    assert [e for e in server.log_entries() if e.get("msg") == "epoch_changed" or e.get("event") == "epoch_changed"], server.log[-5:]
    reader = server.api.socket(room["id"], other["token"])
    socket = server.api.socket(room["id"], user["token"], "&history=0")
    socket.send({"content": "new", "client_id": "new"})
    ack = socket.recv_until(lambda m: m.get("type") == "ack", 15)[-1]
    assert ack["seq"] == 3
    got = [m["content"] for m in reader.recv_until(lambda m: m.get("content") == "new", 15) if m["type"] == "message"]
    assert got == ["m0", "m1", "new"]
    # Of the numbers from before nobody can say what they were of.
    assert epoch != realtime()[1]["epoch"]
    stale = realtime(recover=True, offset=2, epoch=epoch)[1]
    assert stale["was_recovering"] and not stale.get("recovered") and stale["offset"] == 3


@contextlib.contextmanager
def small_disk(folder, megabytes):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("a disk of its own takes the right to mount: " + done.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Takes every byte that is left; answers how to give them back."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        for block in (1 << 16, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * block)
    return path.unlink


def full_disk(server, disk):
    """A conversation through a disk that fills up and is given space again."""
    user = server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"], "&history=0")
    contents = [f"{n} " + base64.b64encode(os.urandom(30000)).decode() for n in range(60)]  # that no database packs smaller
    acks = []

    def collect():
        while len(acks) < len(contents):
            message = socket.recv(60)
            if message.get("type") == "ack":
                acks.append(message)

    collector = threading.Thread(target=collect)
    collector.start()

    def say(some):
        for content in some:
            socket.send({"content": content, "client_id": content.split()[0]})

    say(contents[:5])
    deadline = time.monotonic() + 20
    while len(acks) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(acks) == 5
    release = fill(disk)
    sender = threading.Thread(target=say, args=(contents[5:],))
    sender.start()
    deadline = time.monotonic() + 30
    while server.api.get("/readyz").status == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    stored = len(acks)
    assert stored < len(contents)
    seen = set()
    until = time.monotonic() + 4
    while time.monotonic() < until:
        seen.add(server.api.get("/readyz").status)
        time.sleep(0.02)
    assert seen == {503}, "readiness must not flap"
    assert server.api.get("/healthz").status == 200
    assert len(acks) == stored
    acknowledged = {a["id"] for a in acks}
    assert acknowledged <= {m["id"] for m in server.api.all_history(room["id"], user["token"])}, "reading goes on"
    return user, room, acks, contents, collector, sender, release


def heals(server, user, room, acks, contents, collector, sender):
    collector.join(60)
    sender.join(10)
    assert not collector.is_alive() and not sender.is_alive()
    assert [a["client_id"] for a in acks] == [str(n) for n in range(len(contents))]
    deadline = time.monotonic() + 20
    while server.api.get("/readyz").status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.api.get("/readyz").status == 200
    history = server.api.all_history(room["id"], user["token"])
    assert [m["content"] for m in history] == contents
    assert [m["id"] for m in history] == [a["id"] for a in acks]


def test_a_full_disk_refuses_heals_and_loses_nothing(launch, tmp_path):
    with small_disk(tmp_path / "disk", 24) as disk:
        server = launch("sqlite", {"DATA_DIR": str(disk / "data")})
        user, room, acks, contents, collector, sender, release = full_disk(server, disk)
        refused = server.api.post("/api/v1/rooms", {"name": uuid.uuid4().hex}, user["token"])
        assert refused.status == 503 and 1 <= int(refused.headers["retry-after"]) <= 60
        release()
        heals(server, user, room, acks, contents, collector, sender)
        server.kill()
        server.start()
        assert [m["id"] for m in server.api.all_history(room["id"], user["token"])] == [a["id"] for a in acks]
        assert server.stop() == 0


def test_postgres_with_a_full_disk_is_not_ready_until_it_has_space(launch, own_postgres, tmp_path):
    with small_disk(tmp_path / "disk", 32) as disk:
        os.chmod(disk, 0o777)
        tablespace = disk / "tables"
        tablespace.mkdir()
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            os.chmod(folder, os.stat(folder).st_mode | 0o055)
        if own_postgres.user:
            shutil.chown(tablespace, own_postgres.user, own_postgres.user)
        own_postgres.sql(f"CREATE TABLESPACE small LOCATION '{tablespace}'")
        own_postgres.sql("CREATE DATABASE small TABLESPACE small")
        url = own_postgres.url("small")
        assert run_chatd("migrate", env={"DATABASE_URL": url, "DATA_DIR": str(tmp_path / "d")}).returncode == 0
        server = launch("sqlite", {"DATABASE_URL": url})
        user, room, acks, contents, collector, sender, release = full_disk(server, disk)
        release()
        heals(server, user, room, acks, contents, collector, sender)
        assert server.stop() == 0
        own_postgres.stop("immediate")


def test_limits_count_for_the_address_that_a_trusted_proxy_names(launch):
    server = launch("sqlite", {"RATE_LIMITS": "on", "LOGIN_FAILURES_PER_ADDRESS": "3", "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})

    def log_in(*forwarded):
        body = {"username": f"{uuid.uuid4().hex}@example.com", "password": "not the password"}
        return server.api.post("/api/v1/auth/login", body, headers={"X-Forwarded-For": ", ".join(forwarded)} if forwarded else {}).status

    assert [log_in("203.0.113.7") for _ in range(4)] == [401] * 3 + [429]
    assert log_in("203.0.113.8") == 401
    # What the client wrote itself stands before what the proxies saw, and counts for nothing.
    assert log_in("198.51.100.1", "203.0.113.7") == 429
    assert log_in("203.0.113.7", "10.1.2.3") == 429
    assert log_in("203.0.113.7", "203.0.113.9") == 401
    # One /64 is one address.
    assert [log_in(f"2001:db8:1:2::{n}") for n in range(4)] == [401] * 3 + [429]
    assert log_in("2001:db8:1:3::1") == 401


def test_whoever_is_no_trusted_proxy_names_no_address(launch):
    server = launch("sqlite", {"RATE_LIMITS": "on", "LOGIN_FAILURES_PER_ADDRESS": "3"})
    statuses = []
    for n in range(4):
        body = {"username": f"{uuid.uuid4().hex}@example.com", "password": "not the password"}
        statuses.append(server.api.post("/api/v1/auth/login", body, headers={"X-Forwarded-For": f"203.0.113.{n}"}).status)
    assert statuses == [401] * 3 + [429]


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
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
