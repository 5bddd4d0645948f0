"""contract/asyncapi.yaml: what the official parser says of it, and whether a real server says what stands there."""

import http.client
import json
import pathlib
import subprocess

import pytest

from support.node import install_packages
from support.servers import ROOT, run_chatd
from support.websocket import WebSocket

FOLDER = pathlib.Path(__file__).parent / "asyncapi"
DOCUMENT = ROOT / "contract/asyncapi.yaml"


@pytest.fixture(scope="session")
def check():
    """check(payloads) -> what the parser found, the document's shape, a verdict on each (message, payload)."""
    install_packages(FOLDER)

    def run(payloads=()):
        lines = "".join(json.dumps({"message": message, "payload": payload}) + "\n" for message, payload in payloads)
        done = subprocess.run(["node", "check.mjs", str(DOCUMENT)], cwd=FOLDER, input=lines, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        return [s for s in said if "severity" in s], next(s for s in said if "channels" in s), [s for s in said if "valid" in s]

    return run


def test_the_official_parser_takes_it(check):
    found, shape, _ = check()
    # There is a newer AsyncAPI: no more than a hint.
    assert [f for f in found if f["code"] != "asyncapi-latest-version"] == []
    assert {"/connection/websocket", "/connection/http_stream", "/connection/sse", "/emulation", "room:{room_id}", "user:{user_id}",
            "/api/v1/chat/{room_id}", "/api/v1/rooms/{room_id}/events"} <= set(shape["channels"])
    assert {"message.send", "room.events", "room.typing", "auth.refresh_token", "take_messages", "tell_room", "tell_user"} <= set(shape["operations"])


def test_it_is_what_the_binary_prints(tmp_path):
    printed = run_chatd("asyncapi", env={"DATA_DIR": str(tmp_path)}, cwd=tmp_path)
    assert printed.returncode == 0 and printed.stdout == DOCUMENT.read_text()


class Talk:
    """A realtime connection, and all that passes over it, with the name that the document gives it."""

    def __init__(self, server, user):
        self.socket, self.seen, self.ids = WebSocket("127.0.0.1", server.port, "/connection/websocket"), [], 0
        self.replies, self.pushes = {}, []
        self.call("connect", token=user["token"])

    def call(self, command, /, **fields):
        self.ids += 1
        command = {"id": self.ids, command: fields}
        self.seen.append(("command", command))
        self.socket.send(command)
        while self.ids not in self.replies:
            self._take()
        return self.replies[self.ids]

    def until(self, wanted):
        while not any(wanted(push) for push in self.pushes):
            self._take()

    def rpc(self, method, data=None):
        """The answer's data, checked as the method's; or the error."""
        if data is not None:
            self.seen.append((method, data))
        reply = self.call("rpc", method=method, **({} if data is None else {"data": data}))
        if "error" in reply:
            self.seen.append(("error", reply["error"]))
            return reply["error"]
        self.seen.append((f"{method}.answer", reply["rpc"]["data"]))
        return reply["rpc"]["data"]

    def _take(self):
        for line in self.socket.recv_text().split("\n"):
            reply = json.loads(line)
            self.seen.append(("reply", reply))
            if "id" in reply:
                self.replies[reply["id"]] = reply
            push = reply.get("push", {})
            self.pushes.append(push)
            publications = [push["pub"]] if "pub" in push else []
            for result in (reply.get("history", {}), reply.get("subscribe", {})):
                publications += result.get("publications", [])
            self.seen += [(publication["data"]["type"], publication["data"]) for publication in publications]


def sse_events(server, room, token, count):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", f"/api/v1/rooms/{room}/events", headers={"Accept": "text/event-stream", "Authorization": f"Bearer {token}"})
    answer, events = connection.getresponse(), []
    assert answer.status == 200 and answer.getheader("Content-Type").startswith("text/event-stream")
    while len(events) < count:
        line = answer.readline().decode().rstrip("\n")
        if line.startswith("data: "):
            events.append(json.loads(line.removeprefix("data: ")))
    connection.close()
    return events


def test_a_server_says_what_stands_there(sqlite_server, check):
    server, api = sqlite_server, sqlite_server.api
    ada, grace = api.user("Ada"), api.user("Grace")
    room = api.room(ada["token"])["id"]
    talk, other = Talk(server, ada), Talk(server, grace)
    for one in (talk, other):
        assert "subscribe" in one.call("subscribe", channel=f"room:{room}", join_leave=True)
    spoken = {"content": "lunch?", "client_id": "k1", "metadata": {"mood": "sunny"}}
    assert "publish" in talk.call("publish", channel=f"room:{room}", data=spoken)
    first = talk.rpc("message.send", {"room_id": room, "content": "at noon"})
    talk.rpc("message.send", {"room_id": room, "content": "yes", "reply_to": first["id"]})
    talk.rpc("room.typing", {"room_id": room})
    other.until(lambda push: push.get("pub", {}).get("data", {}).get("type") == "typing")
    talk.rpc("room.create", {"name": "Hall", "description": "Talk."})
    talk.until(lambda push: push.get("pub", {}).get("data", {}).get("type") == "unread")
    talk.rpc("room.list")
    talk.rpc("room.history", {"room_id": room, "size": 2})
    talk.rpc("room.events", {"room_id": room, "after": 1})
    talk.rpc("user.me")
    talk.rpc("auth.refresh_token")
    assert talk.rpc("room.history", {"room_id": room[:-4] + "0000"})["code"] == 102
    assert len(talk.call("history", channel=f"room:{room}", limit=-1)["history"]["publications"]) == 3
    talk.call("presence", channel=f"room:{room}")
    talk.call("presence_stats", channel=f"room:{room}")
    seen = talk.seen + other.seen + [("publish", spoken)]

    mine = api.socket(room, ada["token"])
    theirs = api.socket(room, grace["token"])
    said = {"content": "by the plain socket", "client_id": "p1"}
    mine.send(said)
    mine.send_text("no message")
    frames = [mine.recv() for _ in range(6)] + [theirs.recv() for _ in range(4)]
    names = {"message": "room_socket_message", "ack": "room_socket_ack", "join": "room_socket_notice", None: "room_socket_error"}
    seen += [("room_socket_in", said)] + [(names[frame.get("type")], frame) for frame in frames]
    seen += [(event["type"], event) for event in sse_events(server, room, ada["token"], 4)]

    _, _, verdicts = check(seen)
    assert len(verdicts) == len(seen)
    assert [(v, seen[at]) for at, v in enumerate(verdicts) if not v["valid"]] == []
    assert {"command", "reply", "message", "typing", "unread", "publish", "error", *names.values()} <= {name for name, _ in seen}


@pytest.mark.parametrize("message, payload", [
    ("message", {"type": "message"}),
    ("typing", {"type": "unread", "room_id": "x", "user": {"id": "x", "name": "Ada"}}),
    ("invited", {"type": "invited", "id": "x", "seq": "1", "timestamp": "x", "payload": {}}),
    ("reply", {"id": 0}),
    ("reply", {"push": {"pub": {"offset": -1}}}),
    ("message.send", {"room_id": "x"}),
    ("room_socket_ack", {"type": "ack"}),
])
def test_what_does_not_fit_is_found(check, message, payload):
    _, _, (verdict,) = check([(message, payload)])
    assert not verdict["valid"] and verdict["errors"]
