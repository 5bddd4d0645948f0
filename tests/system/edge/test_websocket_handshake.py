"""Opening handshakes (RFC 6455, 4; docs/edge.md: WS-1, WS-5, WS-6): what is no handshake, what is a bad one, and what odd ones are good.

A refused handshake is an ordinary answer: the connection goes on, and the request behind it is answered.
"""

import base64
import hashlib
import struct

import pytest

from support.http_table import Answer, Exchange, answered, as_bytes, fill, names, refused, run, several
from support.websocket import TEXT, WebSocket, frame
from support.ws_table import CONTINUATION, PATIENCE, Room, close, expect_end, expect_fin, part, ping

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
USUAL = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}
ROOM, REALTIME = "/api/v1/chat/$ROOM?token=$TOKEN&history=0", "/connection/websocket"


def handshake(path=ROOM, method="GET", version="HTTP/1.1", more="", body="", **changes):
    """The usual handshake with some fields changed (`Sec_WebSocket_Key=...`); None leaves one out, a list repeats it."""
    fields = {**USUAL, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = "".join(f"{name}: {one}\r\n" for name, value in fields.items() if value is not None for one in (value if isinstance(value,
        list) else [value]))
    return f"{method} {path} {version}\r\n{lines}{more}\r\n{body}"


def bad(name, status, detail="not a valid WebSocket handshake", headers=None, **how):
    return answered(name, handshake(**how), status, detail, headers=headers or {})


UPGRADE = {"sec-websocket-version": "13", "upgrade": "websocket", "connection": "Upgrade"}
NO_HANDSHAKE = [  # a plain GET of a path that has none
    *(bad(f"Upgrade: {value!r}", 404, "Not Found", Upgrade=value) for value in (None, "", "h2c", "websockets", "web socket", "websocket/13",
        "TLS/1.0", '"websocket"', "h2c, foo")),
    *(bad(f"Connection: {value!r}", 404, "Not Found", Connection=value) for value in (None, "keep-alive", "upgraded", "websocket",
        "Upgrade-Insecure-Requests")),
    several("closing", handshake(Connection="close"), Answer(404, "Not Found"), ends=True),
    several("HTTP/1.0", handshake(version="HTTP/1.0"), Answer(404, "Not Found"), ends=True),
    several("HTTP/1.0, kept", handshake(version="HTTP/1.0", Connection="keep-alive, Upgrade"), Answer(404, "Not Found")),
]
VERSIONS = [bad(f"version {value!r}", 426, headers=UPGRADE, Sec_WebSocket_Version=value) for value in (None, "", "0", "7", "8", "12", "14", "130",
    "013", "13.0", "+13", "-13", "0x0d", "13, 8", "8, 13", "13,13", '"13"', "thirteen", ["13", "13"], ["8", "13"])]
KEYS = [bad(f"key {value!r}", 400, Sec_WebSocket_Key=value) for value in (
    None, "", "short", "=" * 24, KEY[:-1], KEY[:-2], KEY + "=", KEY + "==", KEY[1:] + "=", KEY[:-3] + "===", "A" * 24, "A" * 23 + "=",
    "A" * 22 + "=A", base64.b64encode(b"x" * 15).decode(), base64.b64encode(b"x" * 17).decode(), base64.b64encode(b"x" * 18).decode(),
    base64.b64encode(b"x" * 32).decode(),
    KEY.replace("G", "-"), KEY.replace("G", "_"), KEY.replace("G", "*"), KEY.replace("G", " "), KEY.replace("G", "\xe9"), f'"{KEY}"', f"{KEY}, {KEY}",
    f"{KEY};x", [KEY, KEY], [KEY, ""])]
METHODS = [
    *(bad(method, 405, headers={"allow": "GET"}, method=method) for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW")),
    answered("HEAD", handshake(method="HEAD"), 405, head=True, headers={"allow": "GET"}),
    bad("with a body", 400, more="Content-Length: 5\r\n", body="hello"),
    bad("with a chunked body", 400, more="Transfer-Encoding: chunked\r\n", body="0\r\n\r\n"),
    refused("a body of two lengths", handshake(more="Content-Length: 1\r\nContent-Length: 1\r\n", body="x"), 400, "several Content-Length"),
    refused("no Host", handshake(Host=None), 400, "exactly one Host is needed"),
    refused("two Hosts", handshake(Host=["x", "y"]), 400, "exactly one Host is needed"), refused("HTTP/2.0", handshake(version="HTTP/2.0"), 505),
    refused("a malformed field", handshake(more="X-A : 1\r\n"), 400, "malformed request"),
    refused("a fragment", handshake("/connection/websocket#x"), 400, "malformed request"),
    bad("elsewhere", 404, "Not Found", path="/nowhere"), bad("where there is REST", 404, "Not Found", path="/api/v1/rooms"),
    bad("a path and more", 404, "Not Found", path="/connection/websocket/x"), bad("another case", 404, "Not Found", path="/Connection/WebSocket"),
    bad("an encoded slash", 404, "Not Found", path="/connection%2Fwebsocket"),
]
FORBIDDEN = {"Forbidden"}
ENTRIES = [
    bad("no token", 403, FORBIDDEN, path="/api/v1/chat/$ROOM"), bad("an empty token", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?token="),
    bad("a bad token", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?token=x"),
    bad("a scheme without a token", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?token=Bearer%20"),
    bad("another parameter", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?Token=$TOKEN"),
    bad("two tokens", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?token=$TOKEN&token=$TOKEN"),
    bad("two that differ", 403, FORBIDDEN, path="/api/v1/chat/$ROOM?token=$TOKEN&token=x"),
    bad("another one in a field", 403, FORBIDDEN, Authorization="Bearer x"),
    bad("another one as a subprotocol", 403, FORBIDDEN, Sec_WebSocket_Protocol="bearer, x"),
    bad("two fields", 403, FORBIDDEN, Authorization=["Bearer $TOKEN", "Bearer $TOKEN"]),
    bad("bearer without a token", 403, FORBIDDEN, path="/api/v1/chat/$ROOM", Sec_WebSocket_Protocol="bearer"),
    bad("a token that is no subprotocol of bearer's", 403, FORBIDDEN, path="/api/v1/chat/$ROOM", Sec_WebSocket_Protocol="$TOKEN, bearer"),
    bad("the token is judged first", 403, FORBIDDEN, path="/api/v1/chat/7?token=x&history=-1"),
    *(bad(f"room {room}", 404, "Not Found", path=f"/api/v1/chat/{room}?token=$TOKEN") for room in ("7", "lobby",
        "00000000-0000-4000-8000-00000000000", "00000000-0000-4000-8000-00000000000g", "%2e%2e", "%F0%9F%98%80")),
    *(bad(f"history={value}", 422, [(kind, ("query", "history"))],
        path=f"/api/v1/chat/$ROOM?token=$TOKEN&history={value}") for value, kind in (("-1", "greater_than_equal"), ("1001", "less_than_equal"),
        ("x", "int_parsing"), ("", "int_parsing"), ("1.5", "int_parsing"), ("99999999999999999999", "less_than_equal"))),
    *(bad(f"after={value}", 422, [(kind, ("query", "after"))],
        path=f"/api/v1/chat/$ROOM?token=$TOKEN&after={value}") for value, kind in (("-1", "greater_than_equal"), ("x", "int_parsing"),
        ("9223372036854775808", "less_than_equal"))),
    bad("events=some", 422, [("value_error", ("query", "events"))], path="/api/v1/chat/$ROOM?token=$TOKEN&events=some"),
    bad("history twice", 422, [("value_error", ("query", "history"))], path="/api/v1/chat/$ROOM?token=$TOKEN&history=1&history=1"),
    bad("everything", 422, [("greater_than_equal", ("query", "history")), ("int_parsing", ("query", "after"))],
        path="/api/v1/chat/$ROOM?token=$TOKEN&history=-1&after=x"),
]
CASES = NO_HANDSHAKE + VERSIONS + KEYS + METHODS + ENTRIES


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_bad_handshakes(world, case):
    run(case, world)


EXTENSIONS = ("permessage-deflate", "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover", "permessage-deflate; server_max_window_bits=7",
    "x-webkit-deflate-frame", "permessage-bzip2, permessage-deflate", "bbf-usp-protocol", "", ",", "; ;", "permessage-deflate; =",
              "permessage-deflate; client_max_window_bits=" + "1" * 200, '"permessage-deflate"')
# What is asked for, and the subprotocol that is chosen.
GOOD = {
    "as browsers ask": (handshake(Connection="keep-alive, Upgrade", Origin="https://app.example"), None),
    "in another case": (handshake(Upgrade="WebSocket", Connection="UPGRADE"), None),
    "a list of upgrades": (handshake(Upgrade="foo/1, websocket"), None), "two fields of upgrades": (handshake(Upgrade=["foo/1", "websocket"]), None),
    "two fields of Connection": (handshake(Connection=["keep-alive", "Upgrade"]), None),
    "a key of zeros": (handshake(Sec_WebSocket_Key="A" * 22 + "=="), None),
    "a key of all characters": (handshake(Sec_WebSocket_Key="+/+/+/+/+/+/+/+/+/+/+w=="), None),
    "a length of nothing": (handshake(more="Content-Length: 0\r\n"), None), "an expectation": (handshake(more="Expect: 100-continue\r\n"), None),
    "a slash behind": (handshake("/api/v1/chat/$ROOM/?token=$TOKEN&history=0"), None), "absolute-form": (handshake("http://x" + ROOM), None),
    "an empty line in front": ("\r\n" + handshake(), None),
    "no origin": (handshake(), None), "an origin of null": (handshake(Origin="null"), None),
    "any origin": (handshake(Origin="https://evil.example"), None),
    "one hundred fields": (handshake(more="".join(f"X-{n}: v\r\n" for n in range(95))), None),
    "the token in a field": (handshake("/api/v1/chat/$ROOM?history=0", Authorization="Bearer $TOKEN"), None),
    "the token twice alike": (handshake(Authorization="bearer $TOKEN"), None),
    "the original's way": (handshake("/api/v1/chat/$ROOM?token=Bearer%20$TOKEN&history=0"), None),
    "a plus for a blank": (handshake("/api/v1/chat/$ROOM?token=Bearer+$TOKEN&history=0"), None),
    "a name escaped": (handshake("/api/v1/chat/$ROOM?%74oken=$TOKEN&history=0"), None),
    "no subprotocol": (handshake(Sec_WebSocket_Protocol=None), None), "an empty subprotocol": (handshake(Sec_WebSocket_Protocol=""), None),
    "blanks for a subprotocol": (handshake(Sec_WebSocket_Protocol=" \t "), None),
    "commas for a subprotocol": (handshake(Sec_WebSocket_Protocol=", ,"), None),
    "one nobody knows": (handshake(Sec_WebSocket_Protocol="chat, superchat"), None),
    "no token at all": (handshake(Sec_WebSocket_Protocol='a b, "c", (d)'), None),
    "another case of one": (handshake(Sec_WebSocket_Protocol="Bearer"), None),
    "a hundred": (handshake(Sec_WebSocket_Protocol=", ".join(f"p{n}" for n in range(100))), None),
    "bearer and the token": (handshake("/api/v1/chat/$ROOM?history=0", Sec_WebSocket_Protocol="bearer, $TOKEN"), "bearer"),
    "bearer and the token in two fields": (handshake("/api/v1/chat/$ROOM?history=0", Sec_WebSocket_Protocol=["bearer", "$TOKEN"]), "bearer"),
    "others in front": (handshake("/api/v1/chat/$ROOM?history=0", Sec_WebSocket_Protocol="chat, bearer,$TOKEN , x"), "bearer"),
    "bearer beside a token": (handshake(Sec_WebSocket_Protocol="bearer"), "bearer"),
    "realtime: none": (handshake(REALTIME), None), "realtime: an empty one": (handshake(REALTIME, Sec_WebSocket_Protocol=""), None),
    "realtime: JSON": (handshake(REALTIME, Sec_WebSocket_Protocol="centrifuge-json"), "centrifuge-json"),
    "realtime: Protobuf": (handshake(REALTIME, Sec_WebSocket_Protocol="centrifuge-protobuf"), "centrifuge-protobuf"),
    "realtime: both": (handshake(REALTIME, Sec_WebSocket_Protocol="x, centrifuge-protobuf, centrifuge-json"), "centrifuge-protobuf"),
    "realtime: unknown": (handshake(REALTIME, Sec_WebSocket_Protocol="centrifuge-xml"), None),
    "realtime: by its parameter": (handshake(REALTIME + "?cf_protocol=protobuf"), None),
    "realtime: parameters nobody knows": (handshake(REALTIME + "?cf_protocol_version=v2&x=%F0%9F%98%80"), None),
    "realtime: a slash behind": (handshake(REALTIME + "/"), None),
    **{f"extension {offer[:40]!r}": (handshake(Sec_WebSocket_Extensions=offer), None) for offer in EXTENSIONS},
    "two fields of extensions": (handshake(Sec_WebSocket_Extensions=["permessage-deflate", "x"]), None),
}


@pytest.mark.parametrize("name", GOOD)
def test_odd_handshakes_that_are_good(world, name):
    request, subprotocol = GOOD[name]
    with Exchange(world.port) as wire:
        wire.send(fill(request, world))
        status, headers, _ = wire.answer()
        assert status == 101
        key = next(line.split(": ")[1] for line in request.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        assert headers["sec-websocket-accept"] == [base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()]
        assert (headers["upgrade"], headers["connection"]) == (["websocket"], ["Upgrade"])
        assert headers.get("sec-websocket-protocol") == (subprotocol and [subprotocol])
        assert "sec-websocket-extensions" not in headers, "no extension is ever taken up"
        assert headers["x-content-type-options"] == ["nosniff"] and headers["server"] == ["chatd"] and "content-length" not in headers
        wire.send(ping(b"x") + close(1000))
        assert wire.end() == b"\x8a\x01x\x88\x02\x03\xe8"


def test_rooms_that_are_not_there_open_to_say_so(world):
    socket = WebSocket("127.0.0.1", world.port, f"/api/v1/chat/00000000-0000-4000-8000-000000000000?token={world.token}", timeout=PATIENCE)
    assert socket.recv() == {"error": "Room with id 00000000-0000-4000-8000-000000000000 was not found."}
    opcode, payload, _ = socket.next_frame(PATIENCE)
    assert (opcode, struct.unpack(">H", payload[:2])[0]) == (8, 1008)
    expect_fin(socket)


def unmasked(way):
    """Message 1 under a mask of zeros: twice the same bytes."""
    data = way.message(1)
    return bytes([0x81, 0x80 | len(data)]) + b"\0\0\0\0" + data


# Glued to the upgrade, in one segment: what belongs to the WebSocket. What follows; how many messages are answered; the
# code of the end.
GLUED = {
    "a message": (lambda way: frame(way.message(1)), b"", 1, None),
    "three messages": (lambda way: b"".join(frame(way.message(n)) for n in (1, 2, 3)), b"", 3, None),
    "a large message": (lambda way: frame(way.message(1, "x" * 40000)), b"", 1, None),
    "half a message": (lambda way: part(way.message(1)[:9], TEXT), lambda way: part(way.message(1)[9:], fin=True), 1, None),
    "the first byte of one": (lambda way: b"\x81", lambda way: frame(way.message(1))[1:], 1, None),
    "the head of one": (lambda way: unmasked(way)[:6], lambda way: unmasked(way)[6:], 1, None),
    "a message and the beginning of the next": (lambda way: frame(way.message(1)) + part(way.message(2)[:7], TEXT),
        lambda way: part(way.message(2)[7:], fin=True), 2, None),
    "a reserved opcode": (lambda way: frame(b"", 3), b"", 0, 1002),
    "text that is no UTF-8": (lambda way: frame(b"\xff"), b"", 0, 1007),
    "one that is too large": (lambda way: frame(b"", length=1 << 40), b"", 0, 1009),
    "a frame that is not masked": (lambda way: frame(b"x", masked=False), b"", 0, 1002),
    "a continuation of nothing": (lambda way: part(b"x", CONTINUATION), b"", 0, 1002),
    "another request": (lambda way: as_bytes(handshake()), b"", 0, 1002),
    "a line end": (lambda way: b"\r\n", b"", 0, 1002),
}


@pytest.mark.parametrize("name", GLUED)
def test_bytes_glued_to_the_upgrade_belong_to_the_websocket(world, name):
    glue, rest, answers, code = GLUED[name]
    way = Room()
    socket = way.open(world, glue=glue(way))
    try:
        socket.send_raw(rest(way) if rest else b"")
        for n in range(1, answers + 1):
            assert way.is_answer(socket.recv(), n)
        if code is not None:
            return expect_end(socket, code)
        socket.send_raw(close(1000))
        assert socket.next_frame(PATIENCE) == (8, struct.pack(">H", 1000), True)
        expect_fin(socket)
    finally:
        socket.sock.close()


def test_a_close_glued_to_the_upgrade_is_answered(world):
    socket = Room().open(world, glue=close(3000, b"goodbye"))
    assert socket.next_frame(PATIENCE) == (8, struct.pack(">H", 3000), True)
    expect_fin(socket)
