"""The conformance profile on the wire: what the SDKs' own suites rely on, and what they never send."""

import base64
import hashlib
import hmac
import http.client
import json
import struct
import time
import urllib.parse
import uuid

import pytest

from support.servers import Chatd, run_chatd
from support.websocket import BINARY, Closed, WebSocket, frame

KEY = {"X-API-Key": "test-api-key"}


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def token(secret=b"secret", **claims):
    body = encoded(b'{"alg":"HS256","typ":"JWT"}') + b"." + encoded(json.dumps(claims).encode())
    return (body + b"." + encoded(hmac.new(secret, body, hashlib.sha256).digest())).decode()


def soon(seconds):
    return int(time.time()) + seconds


def fresh(namespace=""):
    return namespace + uuid.uuid4().hex


class Client:
    """JSON over a WebSocket, command by command."""

    def __init__(self, port, connect=None, query="", **how):
        self.socket = WebSocket("127.0.0.1", port, "/connection/websocket" + query, **how)
        self.ids = 0
        self.pending = []  # objects of a frame that nobody has looked at
        if connect is not None:
            self.connected = self.call("connect", **connect)["connect"]

    def say(self, method, /, **fields):
        self.ids += 1
        self.socket.send({"id": self.ids, method: fields})
        return self.ids

    def recv(self):
        if not self.pending:
            self.pending = [json.loads(line) for line in self.socket.recv_text().split("\n")]
        return self.pending.pop(0)

    def call(self, method, /, **fields):
        """The reply; pushes before it are an error."""
        expected = self.say(method, **fields)
        reply = self.recv()
        assert reply.pop("id") == expected, reply
        return reply

    def error(self, method, /, **fields):
        return self.call(method, **fields)["error"]["code"]

    def push(self, channel):
        push = self.recv()["push"]
        assert push.pop("channel") == channel, push
        return push

    def subscribe(self, channel, **fields):
        return self.call("subscribe", channel=channel, **fields)["subscribe"]

    def silent(self):
        return not self.pending and self.socket.silent()

    def close_code(self):
        return self.socket.expect_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Chatd(tmp_path_factory.mktemp("conformance"), command="conformance",
                   args=["--listen", "127.0.0.1:0", "--expiry-grace", "1"]).start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def client(server):
    """client(), client({...}): a connected one; the fields of its `connect`."""
    return lambda connect=None: Client(server.port, connect or {})


def publish(server, channel, data):
    answer = server.api.post("/api/publish", {"channel": channel, "data": data}, headers=KEY)
    assert answer.status == 200, answer
    return answer.json["result"]["offset"]


# --- the command

@pytest.mark.parametrize("args, why", [
    (["--listen", "0.0.0.0:0"], "this machine only"), (["--listen", "[::]:0"], "this machine only"),
    (["--listen", "192.0.2.1:0"], "this machine only"), (["--listen", "what"], "127.0.0.1:8000"),
    (["--data-dir", "x"], "no setting but --listen"), (["--expiry-grace", "-1"], "a number of seconds"),
    (["--expiry-grace", "x"], "a number of seconds"), (["--what"], "--what"), (["word"], "word")])
def test_it_serves_this_machine_only_and_takes_nothing_else(args, why):
    done = run_chatd("conformance", *args)
    assert done.returncode == 64 and why in done.stderr and done.stdout == ""


def test_the_server_proper_offers_none_of_it(sqlite_server):
    for path in ("/api/publish", "/api/history"):
        assert sqlite_server.api.post(path, {"channel": "c", "data": 1}, headers=KEY).status == 404
    for connect in ({}, {"token": token(sub="1")}):
        with pytest.raises(Closed) as end:
            Client(sqlite_server.port, connect)
        assert end.value.code == 3500


# --- connections and tokens

def test_commands_glued_to_connect_are_answered_behind_it(server):
    c = Client(server.port, query="?unknown=1")
    c.socket.send_text('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"%s"}}\n{"id":3,"rpc":{"method":"m"}}\n' % fresh())
    replies = [c.recv() for _ in range(3)]
    assert [r["id"] for r in replies] == [1, 2, 3]
    assert replies[0]["connect"]["ping"] == 25 and replies[0]["connect"]["pong"] is True
    assert replies[1]["subscribe"]["recoverable"] and replies[1]["subscribe"]["positioned"]
    assert replies[2]["error"]["code"] == 108


@pytest.mark.parametrize("bad", ["garbage", token(b"other", sub="1"), token(sub=1), token(exp="x"), token(nbf=soon(600))])
def test_a_bad_token_ends_the_connection(server, bad):
    c = Client(server.port)
    c.say("connect", token=bad)
    assert c.close_code() == 3500


def test_an_expired_token_is_an_error_after_which_nothing_is_legal(server):
    c = Client(server.port)
    assert c.error("connect", token=token(sub="1", exp=soon(-1))) == 109
    c.say("rpc", data=1)
    assert c.close_code() == 3501


def test_a_token_may_lack_everything(client):
    connected = client({"token": token(iat=soon(-10))}).connected
    assert "expires" not in connected and "subs" not in connected


def test_a_token_ends_a_grace_after_its_time_unless_it_is_refreshed(client):
    c = client({"token": token(sub="7", exp=soon(1))})
    assert c.connected["expires"] and c.connected["ttl"] == 1
    c.recv()  # the join of its own channel
    renewed = c.call("refresh", token=token(sub="7", exp=soon(2)))["refresh"]
    assert renewed["client"] == c.connected["client"] and renewed["expires"] and 1 <= renewed["ttl"] <= 2
    assert c.close_code() == 3005


@pytest.mark.parametrize("claims, code", [({"sub": "8"}, 3500), ({"sub": "7", "exp": 1}, 3005)])
def test_a_refresh_must_be_good_and_of_the_same_user(client, claims, code):
    c = client({"token": token(sub="7", exp=soon(600))})
    c.say("refresh", token=token(**claims))
    assert c.close_code() == code


def test_send_is_not_offered(client):
    c = client()
    c.socket.send({"send": {"data": {}}})
    assert c.close_code() == 3508


# --- channels

def test_a_publication_comes_with_its_offset_and_its_author(client):
    channel, c = fresh(), client({"token": token(sub="42")})
    c.recv()
    c.subscribe(channel)
    c.say("publish", channel=channel, data={"a": [1, "\u2028", None]})
    assert c.push(channel)["pub"] == {"data": {"a": [1, "\u2028", None]}, "offset": 1,
                                      "info": {"user": "42", "client": c.connected["client"]}}
    assert c.recv()["publish"] == {}
    assert c.error("publish", channel=channel) == 107
    for data in (None, 0, "", [], False):
        c.say("publish", channel=channel, data=data)
        assert c.push(channel)["pub"]["data"] == data
        assert c.recv()["publish"] == {}


def test_namespaces_and_personal_channels(client):
    c = client({"token": token(sub="42")})
    c.recv()
    for channel in ("none:x", ":x", "recover:x", "Recovery:x"):
        assert c.error("subscribe", channel=channel) == 102
    assert c.error("subscribe", channel="#43") == 103
    assert c.error("publish", channel="#43", data=1) == 103
    assert c.error("subscribe", channel="#42") == 105
    for channel in ("recovery:x", "delta:x", "smallhistory:x", "x y", "ü"):
        assert c.subscribe(channel)["recoverable"]
        assert c.error("subscribe", channel=channel) == 105
        assert c.call("unsubscribe", channel=channel) == {"unsubscribe": {}}
    assert c.error("subscribe", channel="x" * 256) == 107
    assert c.error("subscribe", channel=fresh(), type=1) == 108


def test_the_personal_channel_is_subscribed_and_recovered_by_the_server(client, server):
    user = fresh()
    channel, me = "#" + user, {"token": token(sub=user)}
    first = client(me)
    position = first.connected["subs"][channel]
    assert position["recoverable"] and position["positioned"]
    assert first.push(channel)["join"]["info"] == {"user": user, "client": first.connected["client"]}
    first.socket.abort()
    assert publish(server, channel, {"n": 1}) == 1
    asked = {"recover": True, "offset": 0, "epoch": position["epoch"]}
    back = client({**me, "subs": {channel: asked}}).connected["subs"][channel]
    assert back["recovered"] and back["was_recovering"]
    assert [p["data"] for p in back["publications"]] == [{"n": 1}]


def test_more_channels_than_allowed(client):
    c, one = client(), fresh()
    for i in range(128):
        c.subscribe(f"{one}{i}")
    assert c.error("subscribe", channel=fresh()) == 106
    c.call("unsubscribe", channel=f"{one}0")
    assert c.subscribe(fresh())["recoverable"]


def test_what_was_missed_comes_back_in_order(client, server):
    channel, c = fresh("recovery:"), client()
    epoch = c.subscribe(channel)["epoch"]
    c.call("unsubscribe", channel=channel)
    for n in range(1, 6):
        assert publish(server, channel, n) == n
    result = c.subscribe(channel, recover=True, offset=2, epoch=epoch)
    assert result["recovered"] and result["was_recovering"] and result["offset"] == 2
    assert [(p["offset"], p["data"]) for p in result["publications"]] == [(3, 3), (4, 4), (5, 5)]
    publish(server, channel, 6)
    assert c.push(channel)["pub"] == {"offset": 6, "data": 6}


@pytest.mark.parametrize("position", [{"offset": 1, "epoch": "other"}, {"offset": 99}, {"offset": 0}])
def test_what_cannot_be_recovered_is_said_so(client, server, position):
    channel, c = fresh("smallhistory:"), client()
    for n in range(1, 5):
        publish(server, channel, n)
    assert c.error("subscribe", channel=channel, recover=True, flag=2, **position) == 112
    result = c.subscribe(channel, recover=True, **position)
    assert result["was_recovering"] and result["offset"] == 4 and result["epoch"] != "other"
    assert "recovered" not in result and "publications" not in result
    publish(server, channel, 5)
    assert c.push(channel)["pub"]["offset"] == 5


def test_history_pages_both_ways(client, server):
    channel, c = fresh(), client()
    for n in range(1, 6):
        publish(server, channel, n)
    page = lambda **how: [p["offset"] for p in c.call("history", channel=channel, **how)["history"].get("publications", [])]
    assert page() == [] and page(limit=2) == [1, 2] and page(limit=-1) == [1, 2, 3, 4, 5]
    assert page(limit=2, reverse=True) == [5, 4]
    assert page(limit=2, since={"offset": 3}) == [4, 5] and page(limit=2, since={"offset": 3}, reverse=True) == [2, 1]
    assert c.error("history", channel=channel, limit=1, since={"offset": 0}, reverse=True) == 107
    assert c.error("history", channel=channel, limit=1, since={"offset": 1, "epoch": "other"}) == 112


def test_presence_and_who_hears_of_it(client):
    channel = fresh()
    a, b = client({"token": token(sub="a")}), client()
    a.recv()
    assert b.call("presence", channel=channel) == {"presence": {"presence": {}}}
    assert b.call("presence_stats", channel=channel) == {"presence_stats": {"num_clients": 0, "num_users": 0}}
    a.subscribe(channel, join_leave=True)
    assert a.push(channel)["join"]["info"]["client"] == a.connected["client"]
    b.subscribe(channel)  # did not ask
    newcomer = {"client": b.connected["client"]}
    assert a.push(channel) == {"join": {"info": newcomer}}
    assert b.silent()
    present = b.call("presence", channel=channel)["presence"]["presence"]
    assert present == {a.connected["client"]: {"user": "a", "client": a.connected["client"]}, newcomer["client"]: newcomer}
    assert b.call("presence_stats", channel=channel)["presence_stats"] == {"num_clients": 2, "num_users": 2}
    b.call("unsubscribe", channel=channel)
    assert a.push(channel) == {"leave": {"info": newcomer}}
    b.subscribe(channel)
    assert a.push(channel) == {"join": {"info": newcomer}}
    b.socket.abort()
    assert a.push(channel) == {"leave": {"info": newcomer}}


def test_everybody_hears_of_it_when_told_so(tmp_path):
    server = Chatd(tmp_path, command="conformance", args=["--listen", "127.0.0.1:0", "--always-join-leave"]).start()
    c, channel = Client(server.port, {}), fresh()
    c.subscribe(channel)
    assert c.push(channel)["join"]["info"]["client"] == c.connected["client"]
    assert server.stop() == 0


# --- tokens of subscriptions

@pytest.mark.parametrize("secret, claims, error", [(b"other", {}, 103), (b"secret", {"exp": 1}, 109)])
def test_a_subscription_token_is_refused(client, secret, claims, error):
    channel = fresh()
    assert client().error("subscribe", channel=channel, token=token(secret, channel=channel, **claims)) == error


@pytest.mark.parametrize("claims", [{}, {"channel": "other"}, {"sub": "43"}])
def test_a_subscription_token_of_something_else_ends_the_connection(client, claims):
    channel, c = fresh(), client()
    c.say("subscribe", channel=channel, token=token(**({"channel": channel} | claims if "sub" in claims else claims)))
    assert c.close_code() == 3500


def test_a_subscription_ends_a_grace_after_its_token_unless_it_is_refreshed(client, server):
    channel, c = fresh(), client()
    result = c.subscribe(channel, token=token(channel=channel, exp=soon(1)))
    assert result["expires"] and result["ttl"] == 1
    renewed = c.call("sub_refresh", channel=channel, token=token(channel=channel, exp=soon(2)))["sub_refresh"]
    assert renewed["expires"] and 1 <= renewed["ttl"] <= 2
    assert c.error("sub_refresh", channel=channel, token=token(channel=channel, exp=1)) == 110
    assert c.error("sub_refresh", channel=fresh(), token=token()) == 103
    assert c.push(channel)["unsubscribe"]["code"] == 2501
    publish(server, channel, 1)
    assert c.silent()
    c.say("sub_refresh", channel=c.subscribe(channel) and channel, token="garbage")
    assert c.close_code() == 3500


# --- deltas

def apply_delta(origin, delta):
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~".encode()
    at = 0

    def number():
        nonlocal at
        value = 0
        while delta[at] in digits:
            value, at = value * 64 + digits.index(delta[at]), at + 1
        at += 1
        return value, delta[at - 1:at]

    size, _ = number()
    target = b""
    while True:
        count, operator = number()
        if operator == b"@":
            offset, _ = number()
            target += origin[offset:offset + count]
        elif operator == b":":
            target, at = target + delta[at:at + count], at + count
        else:
            padded = target + bytes(-len(target) % 4)
            assert operator == b";" and len(target) == size
            assert sum(struct.unpack(f">{len(padded) // 4}I", padded)) % 2 ** 32 == count
            return target


def test_deltas_lead_from_each_publication_to_the_next(client, server):
    channel, c = fresh("delta:"), client()
    values = [{"text": "é" * 40 + end, "n": n} for n, end in enumerate("èéüé")] + [{"short": 1}]
    assert c.subscribe(channel, delta="fossil")["delta"] is True
    before, deltas = None, 0
    for value in values:
        publish(server, channel, value)
        pub = c.push(channel)["pub"]
        text = pub["data"].encode()
        if pub.get("delta"):
            text, deltas = apply_delta(before, text), deltas + 1
        assert json.loads(text) == value
        before = text
    assert deltas == 3  # the first and the shortest came whole
    c.call("unsubscribe", channel=channel)
    recovered = c.subscribe(channel, delta="fossil", recover=True, offset=1)["publications"]
    assert not recovered[0].get("delta") and recovered[1]["delta"]
    assert json.loads(apply_delta(recovered[0]["data"].encode(), recovered[1]["data"].encode())) == values[2]
    assert [json.loads(p["data"]) if type(p["data"]) is str else p["data"] for p in
            c.call("history", channel=channel, limit=-1)["history"]["publications"]] == values  # never coded


def test_deltas_of_an_unknown_kind_are_not_granted(client, server):
    channel, c = fresh(), client()
    assert "delta" not in c.subscribe(channel, delta="other")
    publish(server, channel, {"a": 1})
    assert c.push(channel)["pub"]["data"] == {"a": 1}


# --- Protobuf

def field(number, value):
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def message(*commands):
    return b"".join(bytes([len(c)]) + c for c in commands)


def test_bytes_that_are_no_json_reach_protobuf_and_end_json(client, server):
    channel = fresh()
    watcher = client()
    watcher.subscribe(channel)
    socket = WebSocket("127.0.0.1", server.port, "/connection/websocket", subprotocols="centrifuge-protobuf")
    assert socket.headers["sec-websocket-protocol"] == "centrifuge-protobuf"
    commands = [b"\x08\x01" + field(4, b""), b"\x08\x02" + field(5, field(1, channel.encode())),
                b"\x08\x03" + field(7, field(1, channel.encode()) + field(2, b"\x00\xff{"))]
    socket.send_raw(frame(message(*commands), BINARY))
    seen = b""
    while b"\x08\x03" not in seen:
        opcode, payload, _ = socket.next_frame()
        assert opcode == BINARY
        seen += payload
    assert field(4, b"\x00\xff{") in seen  # Publication.data
    assert watcher.close_code() == 3506


# --- connections without a WebSocket

def lines_of(response):
    """The JSON objects of an endless answer, one a line."""
    while line := response.readline():
        if line.strip():
            yield json.loads(line.removeprefix(b"data: "))


@pytest.mark.parametrize("way", ["http_stream", "sse"])
def test_a_stream_and_its_commands(server, way):
    channel, first = fresh(), json.dumps({"id": 1, "connect": {}})
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    if way == "sse":
        connection.request("GET", "/connection/sse?cf_connect=" + urllib.parse.quote(first))
    else:
        connection.request("POST", "/connection/http_stream", first)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-cache"
    replies = lines_of(answer)
    connected = next(replies)["connect"]

    def say(*commands):
        body = {"session": connected["session"], "node": connected["node"], "data": "\n".join(map(json.dumps, commands))}
        return server.api.post("/emulation", body).status

    assert say({"id": 2, "subscribe": {"channel": channel}}, {"id": 3, "rpc": {"method": "m"}}) == 204
    assert next(replies)["subscribe"]["recoverable"] and next(replies)["error"]["code"] == 108
    publish(server, channel, "x")
    assert next(replies) == {"push": {"channel": channel, "pub": {"data": "x", "offset": 1}}}
    assert say({"send": {"data": 1}}) == 204
    assert next(replies)["push"]["disconnect"]["code"] == 3508
    assert list(replies) == []  # the body has ended
    assert say({"id": 4, "rpc": {"method": "m"}}) == 404
    connection.close()


# --- the back door

def test_the_servers_own_calls_want_the_key(server):
    body = {"channel": fresh(), "data": 1}
    for headers in ({}, {"X-API-Key": "other"}, {"X-API-Key": ""}):
        assert server.api.post("/api/publish", body, headers=headers).status == 401
    assert server.api.request("GET", "/api/publish", headers=KEY).status == 405
    assert server.api.post("/api/other", body, headers=KEY).status == 404


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"channel":"c"}', '{"data":1}', '{"channel":1,"data":1}', '{"channel":"c","data":1}x'])
def test_the_servers_own_calls_refuse_what_is_malformed(server, body):
    assert server.api.post("/api/publish", body, headers=KEY).status == 400


def test_the_servers_own_calls_answer_with_the_position(server):
    channel = fresh()
    assert server.api.post("/api/history", {"channel": channel}, headers=KEY).json["result"]["offset"] == 0
    assert publish(server, channel, {"a": 1}) == 1 and publish(server, channel, None) == 2
    result = server.api.post("/api/history", {"channel": channel, "limit": 1, "reverse": True}, headers=KEY).json["result"]
    assert result["offset"] == 2 and result["epoch"] and result["publications"] == [{"data": None, "offset": 2}]
    answer = server.api.post("/api/publish", {"channel": "none:x", "data": 1}, headers=KEY)
    assert answer.status == 200 and answer.json["error"]["code"] == 102
