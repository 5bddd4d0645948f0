"""Unread counts on the user's own channel, on the real binary and both databases, by a client of plain JSON."""

import json
import threading
import time

import pytest
from support.websocket import WebSocket


class Realtime:
    """One realtime connection: commands and pushes as they are on the wire."""

    def __init__(self, api, token):
        self.socket = WebSocket(api.host, api.port, "/connection/websocket")
        self.waiting = []
        self.socket.send({"id": 1, "connect": {"token": token}})
        frame = self.next(5)
        assert "connect" in frame, frame  # nothing comes before it
        self.connected = frame["connect"]

    def next(self, timeout):
        """The next reply or push; pings are answered."""
        deadline = time.monotonic() + timeout
        while True:
            while self.waiting:
                frame = json.loads(self.waiting.pop(0))
                if frame:
                    return frame
                self.socket.send_text("{}")
            opcode, payload, _ = self.socket.next_frame(max(deadline - time.monotonic(), 0.001))
            assert opcode == 1, (opcode, payload)
            self.waiting += [line for line in payload.decode().split("\n") if line]

    def unread(self, timeout=5):
        """The rooms of the next signal: {id: (unread, last_seq)}, and when it came."""
        while True:
            frame = self.next(timeout)
            data = frame.get("push", {}).get("pub", {}).get("data", {})
            if data.get("type") != "unread":
                continue
            assert "offset" not in frame["push"]["pub"], "it is no event of the feed"
            assert set(data) == {"type", "rooms"} and data["rooms"]
            self.channel = frame["push"]["channel"]
            rooms = {room["room_id"]: (room["unread"], room["last_seq"]) for room in data["rooms"]}
            assert len(rooms) == len(data["rooms"])
            return rooms, time.monotonic()

    def silent(self, seconds):
        try:
            return self.next(seconds) is None
        except TimeoutError:
            return True

    def close(self):
        self.socket.close()


@pytest.fixture
def world(server):
    class World:
        api = server.api
        ada, grace, eve = (server.api.user(name) for name in ("Ada", "Grace", "Eve"))

        def say(self, who, room, times=1):
            for _ in range(times):
                answer = self.api.post(f"/api/v1/rooms/{room}/messages", {"content": "hello"}, who["token"])
                assert answer.status == 201, answer

        def room(self, who):
            return self.api.room(who["token"])["id"]

        def enter(self, who):
            return Realtime(self.api, who["token"])
    return World()


def test_a_session_is_told_what_came_while_it_was_away(world):
    busy, quiet, read = (world.room(world.ada) for _ in range(3))
    theirs = world.room(world.grace)
    world.say(world.grace, busy, 3)
    world.say(world.eve, quiet)
    world.say(world.grace, theirs)
    ada = world.enter(world.ada)
    rooms, _ = ada.unread()
    assert rooms == {busy: (3, 3), quiet: (1, 1)}, "neither what is read nor rooms of others"
    assert ada.channel == f"user:{world.ada['id']}"
    assert read not in rooms and ada.silent(1.5), "told once"
    own = list(ada.connected["subs"].values())[0]
    assert own.get("offset", 0) == 0, "nothing of it is stored"


def test_members_are_told_while_they_are_connected_and_guests_are_not(world):
    room = world.room(world.ada)
    ada, eve = world.enter(world.ada), world.enter(world.eve)
    world.say(world.grace, room)
    assert ada.unread()[0] == {room: (1, 1)}
    world.say(world.grace, room)
    assert ada.unread()[0] == {room: (2, 2)}
    assert eve.silent(1.2), "a public room, but she is no member"
    again = world.enter(world.ada)
    assert again.unread()[0] == {room: (2, 2)}, "a session that comes later"


def test_a_room_made_while_connected_counts_from_then_on(world):
    ada = world.enter(world.ada)
    room = world.room(world.ada)
    world.say(world.grace, room, 2)
    rooms = {}
    while rooms.get(room, (0, 0))[0] < 2:
        rooms, _ = ada.unread()
    assert rooms == {room: (2, 2)}


def test_ones_own_message_alone_is_no_news(world):
    room = world.room(world.ada)
    ada = world.enter(world.ada)
    world.say(world.ada, room, 3)
    assert ada.silent(1.5)
    world.say(world.grace, room)
    assert room in ada.unread()[0]


def test_at_most_one_a_second_and_the_last_one_is_true(world):
    rooms = [world.room(world.ada) for _ in range(3)]
    ada = world.enter(world.ada)
    start = time.monotonic()
    writers = [threading.Thread(target=lambda room=room: [world.say(world.grace, room) or time.sleep(0.02) for _ in range(40)])
               for room in rooms]
    for writer in writers:
        writer.start()
    shown, times = {}, []
    while shown != {room: (40, 40) for room in rooms}:
        assert time.monotonic() - start < 30, shown
        told, at = ada.unread()
        for room, (unread, last_seq) in told.items():
            assert unread == last_seq >= shown.get(room, (0, 0))[0]
        shown.update(told)
        times.append(at)
    for writer in writers:
        writer.join()
    assert all(b - a > 0.95 for a, b in zip(times, times[1:])), times
    assert times[0] - start < 1, "the first at once"
    assert ada.silent(1.5)


def test_an_operator_sees_how_many_were_pushed(world):
    room = world.room(world.ada)
    ada = world.enter(world.ada)
    world.say(world.grace, room)
    ada.unread()
    metrics = world.api.get("/metrics").body.decode()
    assert "\nchatd_unread_signals_total 1\n" in metrics
    assert "\nchatd_unread_reads_failed_total 0\n" in metrics
