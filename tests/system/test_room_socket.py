"""The room socket's section of the contract, on the real binary and both databases."""

import re
import threading
import time
import uuid

import pytest

from support.servers import run_chatd
from support.websocket import BINARY, Closed, Refused, frame

SOCKET_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")


@pytest.fixture
def world(server):
    class World:
        api = server.api
        ada, grace = server.api.user("Ada"), server.api.user("Grace")
        room = server.api.room(ada["token"])

        def socket(self, user, query="", **kw):
            return self.api.socket(self.room["id"], user["token"], query, **kw)
    world = World()
    world.server = server
    return world


def say(socket, *contents):
    """Sends and waits for all acks; the acks."""
    for content in contents:
        socket.send({"content": content, "client_id": uuid.uuid4().hex})
    acks = []
    while len(acks) < len(contents):
        message = socket.recv()
        if message.get("type") == "ack":
            acks.append(message)
    return acks


def test_a_talk_of_two(world):
    ada = world.socket(world.ada)
    grace = world.socket(world.grace)
    joined = ada.recv()
    assert joined["content"] == "User Grace has joined the chat." and joined["user"] == "Grace" and joined["type"] == "join"
    assert joined["user_id"] == world.grace["id"] and SOCKET_TIME.match(joined["timestamp"])
    assert "id" not in joined and "seq" not in joined
    ada.send({"content": "Hello, Grace"})
    got = grace.recv()
    assert (got["content"], got["user"], got["type"], got["user_id"], got["seq"]) == ("Hello, Grace", "Ada", "message", world.ada["id"], 1)
    assert SOCKET_TIME.match(got["timestamp"]) and uuid.UUID(got["id"])
    assert ada.silent(), "the sender's own socket gets no echo"
    grace.close()
    left = ada.recv()
    assert left["content"] == "User Grace has left the chat." and left["type"] == "leave"


def test_the_senders_other_sockets_get_the_message(world):
    first, second = world.socket(world.ada), world.socket(world.ada)
    first.recv_until(lambda m: m["type"] == "join")
    first.send({"content": "to myself"})
    assert second.recv()["content"] == "to myself"


@pytest.mark.parametrize("how", ["close", "abort", "shutdown"])
def test_everyone_hears_of_any_kind_of_end(world, how):
    ada, grace = world.socket(world.ada), world.socket(world.grace)
    ada.recv()
    {"close": grace.close, "abort": grace.abort, "shutdown": lambda: grace.sock.close()}[how]()
    assert ada.recv()["content"] == "User Grace has left the chat."


def test_history_on_joining(world):
    ada = world.socket(world.ada)
    say(ada, *[f"m{n}" for n in range(60)])
    grace = world.socket(world.grace)
    assert [grace.recv()["content"] for _ in range(50)] == [f"m{n}" for n in range(10, 60)]
    assert grace.silent(0.2)
    few = world.socket(world.grace, "&history=2")
    assert [few.recv()["content"] for _ in range(2)] == ["m58", "m59"]
    none = world.socket(world.grace, "&history=0")
    assert none.silent(0.2)


def test_a_page_of_history_says_where_to_resume(world):
    ada = world.socket(world.ada)
    say(ada, "m1", "m2", "m3")
    page = world.api.history(world.room["id"], world.ada["token"])["messages"]
    assert [m["seq"] for m in page] == [1, 2, 3]
    late = world.socket(world.grace, f"&after={page[1]['seq']}")
    assert late.recv()["content"] == "m3"


def test_resuming_after_any_number(world):
    ada = world.socket(world.ada)
    say(ada, *[f"m{n}" for n in range(1, 1201)])
    grace = world.socket(world.grace, "&after=0")
    got = [grace.recv() for _ in range(1200)]
    assert [m["seq"] for m in got] == list(range(1, 1201)) and got[0]["content"] == "m1"
    late = world.socket(world.grace, "&after=1198")
    assert [late.recv()["content"] for _ in range(2)] == ["m1199", "m1200"]
    ahead = world.socket(world.grace, "&after=1200")
    largest = world.socket(world.grace, f"&after={2**63 - 1}")
    say(ada, "next")
    assert ahead.recv_until(lambda m: m["type"] == "message")[-1]["seq"] == 1201
    assert largest.recv_until(lambda m: m["type"] == "message")[-1]["seq"] == 1201


def test_resuming_in_the_middle_of_a_storm_misses_and_repeats_nothing(world):
    total = 3000
    sender = world.socket(world.ada, "&history=0")

    def storm():
        for start in range(0, total, 100):
            say(sender, *[f"s{n}" for n in range(start, start + 100)])

    thread = threading.Thread(target=storm)
    thread.start()
    last = 0
    while last < total:
        reader = world.socket(world.grace, f"&after={last}")
        for _ in range(min(400, total - last)):
            message = reader.recv_until(lambda m: m["type"] == "message", 30)[-1]
            assert message["seq"] == last + 1 and message["content"] == f"s{last}"
            last += 1
        reader.abort()
    thread.join()


def test_a_repeated_client_id_gets_the_first_answer(world):
    ada, grace = world.socket(world.ada), world.socket(world.grace)
    ada.recv()
    ada.send({"content": "once", "client_id": "k1"})
    first = ada.recv()
    assert first == {"type": "ack", "client_id": "k1", "id": first["id"], "seq": 1, "timestamp": first["timestamp"]}
    ada.send({"content": "something else", "client_id": "k1"})
    assert ada.recv() == first
    assert grace.recv()["content"] == "once" and grace.silent()
    grace.send({"content": "another's key", "client_id": "k1"})
    assert grace.recv()["seq"] == 2


def test_an_ack_never_overtakes_what_comes_before_it(world):
    sockets = [world.socket(u, "&history=0") for u in (world.ada, world.grace)]
    done = [False, False]

    def talk(n):
        mine, theirs, sent, acked = sockets[n], 0, 0, 0
        last = 0
        while acked < 500:
            while sent - acked < 20 and sent < 500:
                mine.send({"content": f"{n}-{sent}", "client_id": f"{n}-{sent}"})
                sent += 1
            message = mine.recv(30)
            if message["type"] in ("ack", "message"):
                assert message["seq"] == last + 1, f"{message} after {last}"
                last = message["seq"]
                acked += message["type"] == "ack"
        done[n] = True

    threads = [threading.Thread(target=talk, args=(n,)) for n in (0, 1)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all(done)


@pytest.mark.parametrize("bad", ["no json", "[]", "5", "{}", '{"content": 5}', '{"content": ""}', '{"content": null}', '{"content": "a\\u0000b"}',
                                 '{"content": "\\ud800"}', '{"content": "x", "client_id": 5}', '{"content": "x", "client_id": ""}', "{\"content\": \"x\"", "nul", "",
                                 '{"content":"x","client_id":"' + "k" * 65 + '"}'])
def test_bad_messages_are_answered_and_the_socket_lives(world, bad):
    ada = world.socket(world.ada)
    ada.send_text(bad)
    assert ada.recv() == {"error": "Invalid message format."}
    assert say(ada, "still here")[0]["seq"] == 1


def test_binary_frames_get_the_same_answer(world):
    ada = world.socket(world.ada)
    ada.send_raw(frame(b"\x00\x01", BINARY))
    assert ada.recv() == {"error": "Invalid message format."}
    assert say(ada, "still here")


def test_text_comes_back_exactly(world):
    ada, grace = world.socket(world.ada), world.socket(world.grace)
    ada.recv()
    texts = ["  spaces  ", "línea\nnova\t", "😀 👩‍👩‍👧", "\"quoted\" \\ / <script>", "\u2028\u2029\x7f\x01", "e\u0301 vs é", "0" * 20000]
    say(ada, *texts)
    assert [grace.recv()["content"] for _ in texts] == texts
    assert [m["content"] for m in world.api.history(world.room["id"], world.ada["token"])["messages"]] == texts


def test_the_places_of_a_token(world):
    token, room = world.ada["token"], world.room["id"]
    path = f"/api/v1/chat/{room}"
    from support.websocket import WebSocket
    connect = lambda query="", **kw: WebSocket("127.0.0.1", world.server.port, path + query, **kw)  # noqa: E731
    connect(f"?token={token}").close()
    connect(f"?token=Bearer%20{token}").close()
    connect(f"?token=Bearer+{token}").close()
    connect("", headers=[("Authorization", f"Bearer {token}")]).close()
    socket = connect("", subprotocols=f"bearer, {token}")
    assert socket.headers["sec-websocket-protocol"] == "bearer"
    for query, kw in (("", {}), ("?token=", {}), ("?token=abc", {}), (f"?token={token}x", {}), (f"?token={token}&token={token}", {}),
                      (f"?token={token}", {"headers": [("Authorization", f"Bearer {world.grace['token']}")]})):
        with pytest.raises(Refused) as refusal:
            connect(query, **kw)
        assert refusal.value.status == 403
        assert token not in str(refusal.value.headers) + refusal.value.body.decode()


def test_rooms_that_cannot_be_entered(world):
    with pytest.raises(Refused) as refusal:
        world.api.socket("nonsense", world.ada["token"])
    assert refusal.value.status == 404
    socket = world.api.socket(str(uuid.uuid4()), world.ada["token"])
    assert "error" in socket.recv()
    with pytest.raises(Closed) as end:
        socket.recv()
    assert end.value.code == 1008


def test_a_disabled_users_sockets_and_tokens_die(world, database):
    ada = world.socket(world.ada)
    env = {k: v for k, v in world.server.env.items() if k != "PATH"}
    done = run_chatd("user", "disable", world.ada["username"], env=env)
    assert done.returncode == 0, done.stderr
    started = time.monotonic()
    assert ada.expect_close(10) == 1008
    while world.api.get("/api/v1/rooms", world.ada["token"]).status != 401:
        assert time.monotonic() - started < 4, "a disabled user's token dies within 2 s"
        time.sleep(0.05)


def test_an_expired_token_ends_the_socket(launch, database):
    server = launch(database, {"ACCESS_TOKEN_EXPIRE_MINUTES": "1"})
    user = server.api.user()
    room = server.api.room(user["token"])
    import base64, hashlib, hmac, json  # noqa: E401
    encode = lambda b: base64.urlsafe_b64encode(b).rstrip(b"=")  # noqa: E731
    claims = {"uid": user["id"], "name": "Ada", "sub": user["username"], "exp": int(time.time()) + 3}
    body = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
    short = (body + b"." + encode(hmac.digest(server.env["SECRET_KEY"].encode(), body, hashlib.sha256))).decode()
    socket = server.api.socket(room["id"], short)
    assert socket.expect_close(15) == 1008
    with pytest.raises(Refused) as refusal:
        server.api.socket(room["id"], short)
    assert refusal.value.status == 403


def test_how_much_history_a_socket_gets_is_a_setting(launch):
    server = launch("sqlite", {"HISTORY_DEFAULT": "1", "HISTORY_MAX": "2"})
    user = server.api.user()
    room = server.api.room(user["token"])
    writer = server.api.socket(room["id"], user["token"])
    say(writer, "m1", "m2", "m3")
    assert server.api.socket(room["id"], user["token"]).recv()["content"] == "m3"
    assert server.api.socket(room["id"], user["token"], "&history=2").recv()["content"] == "m2"
    with pytest.raises(Refused) as refusal:
        server.api.socket(room["id"], user["token"], "&history=3")
    assert refusal.value.status == 422


def test_large_rooms_announce_nobody(launch):
    server = launch("sqlite", {"JOIN_NOTICE_MAX_SOCKETS": "3"})
    user = server.api.user()
    room = server.api.room(user["token"])
    sockets = [server.api.socket(room["id"], user["token"]) for _ in range(3)]
    assert sockets[0].recv()["type"] == "join" and sockets[0].recv()["type"] == "join"
    fourth = server.api.socket(room["id"], user["token"])
    assert sockets[0].silent()
    fourth.close()


def test_a_flood_is_throttled_and_nothing_of_it_is_lost(launch):
    server = launch("sqlite", {"RATE_LIMITS": "on", "MESSAGES_PER_SECOND": "100", "MESSAGES_BURST": "50"})
    user = server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    started = time.monotonic()
    acks = say(socket, *[f"flood {n}" for n in range(250)])
    assert [a["seq"] for a in acks] == list(range(1, 251))
    assert time.monotonic() - started > 1.5
