"""WebSockets that are dead, slow or many; what is malformed has its tables in edge/."""

import time

from support.websocket import PING, PONG, Closed, frame


def test_the_server_pings_and_cuts_the_dead(launch):
    server = launch("sqlite", {"PING_INTERVAL": "3s", "PONG_TIMEOUT": "2s"})
    user = server.api.user()
    room = server.api.room(user["token"])
    alive = server.api.socket(room["id"], user["token"], "&history=0")
    dead = server.api.socket(room["id"], user["token"], "&history=0")
    pings, dead_pings, dead_ended = 0, 0, False
    deadline = time.monotonic() + 30
    while (pings < 3 or not dead_ended) and time.monotonic() < deadline:
        try:
            opcode, payload, _ = alive.next_frame(0.2)
            if opcode == PING:
                pings += 1
                alive.send_raw(frame(payload, PONG))
        except TimeoutError:
            pass
        try:
            dead_pings += not dead_ended and dead.next_frame(0.2)[0] == PING
        except TimeoutError:
            pass
        except Closed:
            dead_ended = True
    assert pings >= 3 and dead_pings == 1 and dead_ended


def test_a_reader_that_falls_behind_is_closed_and_costs_little(launch):
    server = launch("sqlite")
    ada, grace = server.api.user("Ada"), server.api.user("Grace")
    room = server.api.room(ada["token"])
    sender = server.api.socket(room["id"], ada["token"], "&history=0")
    content = "x" * 60000
    seen = []

    def talk(name, messages):
        highest = 0
        for n in range(messages):
            sender.send({"content": content, "client_id": f"{name}{n}"})
            if n >= 8:
                seen.extend(sender.recv_until(lambda m: m.get("client_id") == f"{name}{n - 8}", 30))
            if n % 50 == 0:
                highest = max(highest, server.memory_bytes())
        for n in range(max(0, messages - 8), messages):
            seen.extend(sender.recv_until(lambda m: m.get("client_id") == f"{name}{n}", 30))
        return max(highest, server.memory_bytes())

    before = talk("warm", 200)  # the database's caches are no part of what a reader costs
    files = server.open_files()
    never = server.api.socket(room["id"], grace["token"], "&history=0", receive_buffer=4096)
    joined = time.monotonic()
    highest = talk("m", 1100)
    assert highest - before < 24 << 20, f"grew by {(highest - before) >> 20} MiB"
    # Only its end tells the others that it left: it may have come between the acknowledgements.
    if not any(m.get("type") == "leave" for m in seen):
        sender.recv_until(lambda m: m.get("type") == "leave", 75)
    while server.open_files() > files and time.monotonic() < joined + 75:
        time.sleep(0.05)
    assert server.open_files() <= files, "its connection is still there"
    # It was told why, behind what it had taken, or reset because it did not read even that.
    assert never.expect_close(10) in (1013, None)


def test_5000_connects_and_disconnects_leave_nothing(launch):
    server = launch("sqlite", {"JOIN_NOTICE_MAX_SOCKETS": "0"})
    user = server.api.user()
    room = server.api.room(user["token"])
    for _ in range(200):
        server.api.socket(room["id"], user["token"], "&history=0").abort()
    time.sleep(1)
    files, memory = server.open_files(), server.memory_bytes()
    for n in range(5000):
        socket = server.api.socket(room["id"], user["token"], "&history=0")
        socket.abort() if n % 2 else socket.close()
        socket.sock.close()
    deadline = time.monotonic() + 20
    while server.open_files() >= files + 30 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert server.open_files() < files + 30
    assert server.memory_bytes() - memory < 48 << 20
