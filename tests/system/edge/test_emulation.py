"""The realtime protocol over HTTP answers that do not end, and POSTs beside them (docs/edge.md: WS-2, HTTP-3, HTTP-6)."""

import json
import urllib.parse

import pytest

from support.http_table import Exchange, as_bytes, check_every_answer, get

LIMIT = 1 << 20
JSON = "Content-Type: application/json\r\n"
INVALID_TOKEN, BAD_REQUEST = {"code": 3500, "reason": "invalid token"}, {"code": 3501, "reason": "bad request"}


def over_http_stream(commands):
    return post("/connection/http_stream", commands)


def over_sse(commands):
    return as_bytes(get("/connection/sse?cf_connect=" + urllib.parse.quote(commands)))


def over_posted_sse(commands):
    return post("/connection/sse", commands)


def post(path, body, fields=JSON):
    body = as_bytes(body)
    return as_bytes(get(path, f"{fields}Content-Length: {len(body)}\r\n", method="POST")) + body


WAYS = {"http_stream": over_http_stream, "sse": over_sse, "sse by POST": over_posted_sse}


class Stream:
    """An answer that goes on: its chunks, and the objects in them."""

    def __init__(self, port, way, request):
        self.wire, self.way = Exchange(port), way
        self.wire.send(request)
        while b"\r\n\r\n" not in self.wire.buffer:
            self.wire._more("before an answer's head was complete")
        top, self.wire.buffer = self.wire.buffer.split(b"\r\n\r\n", 1)
        first, *lines = top.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        self.text = b""

    def chunk(self):
        """The next chunk's data; b"" is the end."""
        while b"\r\n" not in self.wire.buffer:
            self.wire._more("inside a chunk's head")
        size, rest = self.wire.buffer.split(b"\r\n", 1)
        size = int(size, 16)
        while len(rest) < size + 2:
            self.wire._more("inside a chunk")
            rest = self.wire.buffer.split(b"\r\n", 1)[1]
        data, self.wire.buffer = rest[:size], rest[size + 2:]
        assert rest[size:size + 2] == b"\r\n"
        return data

    def object(self):
        """The next JSON object; None at the end."""
        end = b"\n" if self.way == "http_stream" else b"\n\n"
        while end not in self.text.removeprefix(b"\r\n"):
            data = self.chunk()
            if not data:
                assert self.text.strip() == b""
                return None
            self.text += data
        one, self.text = self.text.removeprefix(b"\r\n").split(end, 1)
        return json.loads(one if self.way == "http_stream" else one.removeprefix(b"data: "))


# The first commands; the objects that come; each ends with the disconnect that says why.
ENDS = {
    "nothing": ("", BAD_REQUEST), "a line end": ("\n", BAD_REQUEST), "no JSON": ("{", BAD_REQUEST), "a word": ("hello", BAD_REQUEST),
    "an array": ("[]", BAD_REQUEST), "a number": ("7", BAD_REQUEST), "null": ("null", BAD_REQUEST), "a string": ('"x"', BAD_REQUEST),
    "a pong": ("{}", BAD_REQUEST), "no id": ('{"connect":{}}', BAD_REQUEST), "an id of 0": ('{"id":0,"connect":{}}', BAD_REQUEST),
    "a negative id": ('{"id":-1,"connect":{}}', BAD_REQUEST), "an id that is too large": ('{"id":4294967296,"connect":{}}', BAD_REQUEST),
    "an id that is text": ('{"id":"1","connect":{}}', BAD_REQUEST), "an id with a fraction": ('{"id":1.5,"connect":{}}', BAD_REQUEST),
    "another command": ('{"id":1,"rpc":{"method":"user.me"}}', BAD_REQUEST), "no known method": ('{"id":1,"conect":{}}', BAD_REQUEST),
    "connect is no object": ('{"id":1,"connect":[]}', BAD_REQUEST), "a token that is no text": ('{"id":1,"connect":{"token":7}}', BAD_REQUEST),
    "data that nobody reads, deep": ('{"id":1,"connect":{"data":' + "[" * 100 + "]" * 100 + "}}", INVALID_TOKEN),
    "a lone surrogate": ('{"id":1,"connect":{"token":"\\ud800"}}', BAD_REQUEST),
    "no token": ('{"id":1,"connect":{}}', INVALID_TOKEN), "an empty token": ('{"id":1,"connect":{"token":""}}', INVALID_TOKEN),
    "a token that is none": ('{"id":1,"connect":{"token":"x"}}', INVALID_TOKEN),
    "a long token that is none": ('{"id":1,"connect":{"token":"' + "x" * 5000 + '"}}', INVALID_TOKEN),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ENDS)
def test_what_is_no_connect_ends_the_stream(world, way, name):
    commands, disconnect = ENDS[name]
    stream = Stream(world.port, way, WAYS[way](commands) + as_bytes(get("/healthz")))
    assert stream.status == 200 and stream.headers["connection"] == "close" and stream.headers["cache-control"] == "no-cache"
    assert stream.headers["transfer-encoding"] == "chunked" and "content-length" not in stream.headers
    assert stream.headers["content-type"] == ("application/json" if way == "http_stream" else "text/event-stream")
    assert stream.object() == {"push": {"disconnect": disconnect}}
    assert stream.object() is None
    assert stream.wire.end() == b"", "what stands behind such a request is nobody's"
    stream.wire.sock.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_connect_and_what_is_posted_beside_it(world, way):
    stream = Stream(world.port, way, WAYS[way](json.dumps({"id": 1, "connect": {"token": world.guest["token"]}})))
    welcome = stream.object()["connect"]

    def emulate(data, session=welcome["session"], node=welcome["node"], fields=JSON):
        with Exchange(world.port) as wire:
            wire.send(post("/emulation", json.dumps({"session": session, "node": node, "data": data}), fields))
            status, headers, body = wire.answer()
            check_every_answer(status, headers, body)
            return status

    assert emulate('{"id":2,"rpc":{"method":"user.me"}}') == 204
    assert stream.object()["rpc"]["data"]["id"] == world.guest["id"]
    # A foreign session, a foreign node: nothing is told to anybody.
    for session, node in (("x", welcome["node"]), (welcome["session"], "x"), (welcome["session"][:-1], welcome["node"]),
        (welcome["session"] + "0", welcome["node"]), ("", "")):
        assert emulate("{", session, node) == 404
    # As large as allowed, and a byte more.
    command = '{"id":3,"rpc":{"method":"user.me"}}'
    room = LIMIT - len(json.dumps({"session": welcome["session"], "node": welcome["node"], "data": command}))
    assert emulate(command + " " * room) == 204
    assert stream.object()["id"] == 3
    assert emulate(command + " " * (room + 1)) == 413
    assert emulate('{"id":4,"rpc":{"method":"no.such"}}\n{"id":5,"rpc":{"method":"user.me"}}') == 204
    assert stream.object()["error"]["code"] == 104 and stream.object()["id"] == 5
    # What breaks the protocol ends the stream that it was said to; its session is gone.
    assert emulate("{") == 204
    assert stream.object() == {"push": {"disconnect": BAD_REQUEST}} and stream.object() is None
    assert stream.wire.end() == b""
    assert emulate("{}") == 404
    stream.wire.sock.close()


def test_content_over_its_limit_is_an_error_of_its_call(world):
    stream = Stream(world.port, "http_stream", over_http_stream(json.dumps({"id": 1, "connect": {"token": world.guest["token"]}})))
    welcome = stream.object()["connect"]
    publish = json.dumps({"id": 2, "publish": {"channel": f"room:{world.room}", "data": {"content": "x" * (64 * 1024 + 1)}}})
    with Exchange(world.port) as wire:
        wire.send(post("/emulation", json.dumps({"session": welcome["session"], "node": welcome["node"], "data": publish})))
        assert wire.answer()[0] == 204
    assert stream.object()["error"]["code"] == 107
    stream.wire.sock.close()


def disconnect_reply(code, reason):
    """Reply{push=4{disconnect=11{code=1, reason=2}}} of Centrifuge's schema, behind its length."""
    data = b"\x08" + bytes([code & 0x7F | 0x80, code >> 7]) + b"\x12" + bytes([len(reason)]) + reason
    for tag in (b"\x5a", b"\x22", b""):
        data = tag + bytes([len(data)]) + data
    return data


def test_protobuf_that_is_none_ends_the_stream(world):
    octets = "Content-Type: application/octet-stream\r\n"
    for body in (b"", b"\xff" * 20, b"\x05\x01\x02", b"\x00", b"{}"):
        stream = Stream(world.port, "http_stream", post("/connection/http_stream", body, octets))
        assert stream.headers["content-type"] == "application/octet-stream"
        assert stream.chunk() == disconnect_reply(3501, b"bad request")
        assert stream.chunk() == b"" and stream.wire.end() == b""
        stream.wire.sock.close()
