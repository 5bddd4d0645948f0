"""JSON that belongs to the apps (docs/edge.md: JSON-3): checked, without white space, and otherwise byte for byte their own."""

import json

import pytest

from support.websocket import WebSocket

# What is sent, and what comes back on every way out.
METADATA = {
    "white space": (' { "a" : [ 1 , 2 ] ,\t"b" :\r\n{ } } ', '{"a":[1,2],"b":{}}'),
    "white space inside strings": ('{"a b":" c  d "}', '{"a b":" c  d "}'),
    "the order of members": ('{"z":1,"a":2,"M":3,"0":4}', '{"z":1,"a":2,"M":3,"0":4}'),
    "a number too large for any type": ('{"a":1e400,"b":-1E+999}', '{"a":1e400,"b":-1E+999}'),
    "a long integer": ('{"a":123456789012345678901234567890}', '{"a":123456789012345678901234567890}'),
    "a number's spelling": ("[1.0,1.50,-0,-0.0,1E5,1e+05,0.1e-9]", "[1.0,1.50,-0,-0.0,1E5,1e+05,0.1e-9]"),
    "escapes": (r'{"\u0061":"\/\b\u00e9\ud83d\ude00\"\\"}', r'{"\u0061":"\/\b\u00e9\ud83d\ude00\"\\"}'),
    "no escapes": ('{"é":"😀\u2028\x7f"}', '{"é":"😀\u2028\x7f"}'),
    "a string": (' "text" ', '"text"'), "a number": ("7", "7"), "false": ("false", "false"), "an empty string": ('""', '""'),
    "an empty list": ("[ ]", "[]"), "an empty name": ('{"":{"":[]}}', '{"":{"":[]}}'),
    "names that differ in case, or only as escapes do": (r'{"a":1,"A":2}', r'{"a":1,"A":2}'),
    "31 levels": ("[" * 31 + "]" * 31, "[" * 31 + "]" * 31),
    "8 KiB": ('"' + "a" * 8190 + '"', '"' + "a" * 8190 + '"'), "8 KiB and blanks": (" " * 500 + '"' + "a" * 8190 + '"', '"' + "a" * 8190 + '"'),
}


@pytest.fixture(scope="module")
def room(world):
    return world.api.room(world.token)["id"]


@pytest.mark.parametrize("name", METADATA)
def test_metadata_comes_back_as_its_own_bytes(world, room, name):
    sent, wanted = METADATA[name]
    body = b'{"content":"x","metadata":' + sent.encode() + b"}"
    made = world.api.post(f"/api/v1/rooms/{room}/messages", body, world.token, headers={"Content-Type": "application/json"})
    assert made.status == 201, made
    seq, wanted = made.json["seq"], b'"metadata":' + wanted.encode()
    last_page = world.api.get(f"/api/v1/rooms/{room}/history?page={seq}&size=1", world.token).body
    events = world.api.get(f"/api/v1/rooms/{room}/events?after={seq - 1}", world.token).body
    with_socket = WebSocket("127.0.0.1", world.port, f"/api/v1/chat/{room}?token={world.token}&after={seq - 1}", timeout=60)
    frame = with_socket.recv_text().encode()
    with_socket.close()
    realtime = WebSocket("127.0.0.1", world.port, "/connection/websocket", timeout=60)
    realtime.send({"id": 1, "connect": {"token": world.guest["token"]}})
    realtime.send({"id": 2, "history": {"channel": f"room:{room}", "limit": 1, "reverse": True}})
    reply = realtime.recv_text()
    while json.loads(reply).get("id") != 2:
        reply = realtime.recv_text()
    realtime.close()
    for way, text in {"history": last_page, "events": events, "room socket": frame, "realtime": reply.encode()}.items():
        at = text.find(wanted)
        assert at >= 0 and text[at + len(wanted):at + len(wanted) + 1] in (b",", b"}"), (way, text[:600])


def test_null_is_none(world, room):
    body = b'{"content":"x","metadata":null,"client_id":null,"reply_to":null}'
    made = world.api.post(f"/api/v1/rooms/{room}/messages", body, world.token, headers={"Content-Type": "application/json"})
    assert made.status == 201 and b"metadata" not in world.api.get(f"/api/v1/rooms/{room}/history?page={made.json['seq']}&size=1", world.token).body
