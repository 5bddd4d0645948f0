"""The tail of a room's log: GET /api/v1/rooms/{id}/events, as a list and as a stream."""

import http.client
import json
import uuid

import pytest
from support.servers import run_chatd


class Tail:
    """A reader of server-sent events: (id, data) one by one, until the server ends the stream."""

    def __init__(self, api, path, token, **headers):
        self.connection = http.client.HTTPConnection(api.host, api.port, timeout=15)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream", "Authorization": f"Bearer {token}", **headers})
        self.answer = self.connection.getresponse()

    def next(self):
        event = {}
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            if line == "\n" and event:
                return int(event["id"]), json.loads(event["data"])
            if line != "\n" and not line.startswith(":"):
                name, _, value = line.rstrip("\n").partition(": ")
                event[name] = value

    def take(self, count):
        return [self.next() for _ in range(count)]


@pytest.fixture
def room(server):
    user = server.api.user("Ada")
    room = server.api.room(user["token"])
    return user, f"/api/v1/rooms/{room['id']}/events", lambda text: server.api.post(f"/api/v1/rooms/{room['id']}/messages", {"content": text}, user["token"])


def test_begins_behind_a_number_and_goes_on_as_things_happen(server, room):
    user, path, say = room
    for n in range(1, 6):
        assert say(f"m{n}").status == 201
    tail = Tail(server.api, path + "?after=2", user["token"])
    assert tail.answer.status == 200 and tail.answer.headers["content-type"] == "text/event-stream"
    assert tail.answer.headers["cache-control"] == "no-cache" and tail.answer.headers["x-accel-buffering"] == "no"
    before = tail.take(3)
    assert [(i, d["seq"], d["content"], d["type"]) for i, d in before] == [(n, n, f"m{n}", "message") for n in (3, 4, 5)]
    say("live")
    assert tail.next()[1]["content"] == "live"
    listed = json.loads(server.api.get(path + "?after=2", user["token"]).body)
    assert listed["events"][:3] == [d for _, d in before], "the list has the same bytes' worth"


def test_who_comes_back_says_where_he_was(server, room):
    user, path, say = room
    for n in range(1, 5):
        say(f"m{n}")
    assert Tail(server.api, path + "?after=0", user["token"], **{"Last-Event-ID": "3"}).next()[0] == 4
    for bad in ("x", "-1", "1.5", "99999999999999999999"):
        refused = Tail(server.api, path, user["token"], **{"Last-Event-ID": bad}).answer
        assert refused.status == 422, bad
        assert json.loads(refused.read())["detail"][0]["loc"] == ["header", "last-event-id"]


def test_the_list_is_paged_to_its_end(server, room):
    user, path, say = room
    for n in range(1, 12):
        say(f"m{n}")
    got, after = [], 0
    while True:
        page = json.loads(server.api.get(f"{path}?after={after}&limit=4", user["token"]).body)
        assert page["last_seq"] == 11 and len(page["events"]) <= 4
        got += [e["seq"] for e in page["events"]]
        if after == page["last_seq"]:
            break
        after = got[-1]
    assert got == list(range(1, 12))
    assert server.api.get(f"{path}?after=-1", user["token"]).status == 422
    assert server.api.get(f"{path}?limit=501", user["token"]).status == 422


def test_who_may_not_is_told_so_before_it_begins(server, room):
    user, path, _ = room
    assert Tail(server.api, f"/api/v1/rooms/{uuid.uuid4()}/events", user["token"]).answer.status == 404
    assert Tail(server.api, "/api/v1/rooms/none/events", user["token"]).answer.status == 422
    assert Tail(server.api, path, "garbage").answer.status == 401


def test_ends_when_its_user_is_disabled(server, room):
    user, path, say = room
    say("m1")
    tail = Tail(server.api, path, user["token"])
    assert tail.next()[0] == 1
    assert run_chatd("user", "disable", user["username"], env=server.env).returncode == 0
    assert tail.next() is None
