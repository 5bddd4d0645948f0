"""RFC 6455, sections 4 to 7, against the room socket: what is wrong gets its code, what is right works."""

import struct
import time

import pytest

from support.raw import Raw
from support.websocket import BINARY, CLOSE, PING, PONG, TEXT, Closed, WebSocket, frame

CONTINUATION = 0
HELLO = '{"content":"hello","client_id":"%d"}'


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    from support.servers import Chatd
    server = Chatd(tmp_path_factory.mktemp("edge")).start()
    server.user = server.api.user()
    server.room = server.api.room(server.user["token"])
    yield server
    assert server.stop() == 0


@pytest.fixture
def socket(world):
    return world.api.socket(world.room["id"], world.user["token"], "&history=0")


def close_frame(code, reason=b""):
    return frame(struct.pack(">H", code) + reason, CLOSE)


WRONG = {
    "unmasked": (frame("{}", masked=False), 1002),
    "rsv1": (frame("{}", rsv=4), 1002),
    "rsv2": (frame("{}", rsv=2), 1002),
    "rsv3": (frame("{}", rsv=1), 1002),
    **{f"opcode {op}": (frame("{}", op), 1002) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "fragmented ping": (frame("x", PING, fin=False), 1002),
    "fragmented close": (frame(b"\x03\xe8", CLOSE, fin=False), 1002),
    "long ping": (frame("x" * 126, PING), 1002),
    "long close": (frame(b"\x03\xe8" + b"x" * 124, CLOSE), 1002),
    "continuation of nothing": (frame("x", CONTINUATION), 1002),
    "text inside a text": (frame("{", TEXT, fin=False) + frame("}", TEXT), 1002),
    "binary inside a text": (frame("{", TEXT, fin=False) + frame("}", BINARY), 1002),
    "close of one byte": (frame(b"\x03", CLOSE), 1002),
    **{f"close {code}": (close_frame(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
    "close reason not UTF-8": (close_frame(1000, b"\xff"), 1007),
    "text not UTF-8": (frame(b"\xff"), 1007),
    "overlong UTF-8": (frame(b"\xc0\xaf"), 1007),
    "surrogate in UTF-8": (frame(b"\xed\xa0\x80"), 1007),
    "above U+10FFFF": (frame(b"\xf4\x90\x80\x80"), 1007),
    "cut UTF-8": (frame(b"\xe2\x82"), 1007),
    "UTF-8 bad across fragments": (frame(b"\xe2", TEXT, fin=False) + frame(b"\x28", CONTINUATION), 1007),
    "impossible byte before the end": (frame(b"\xff", length=1000), 1007),
    "over the limit": (frame("x" * 70000), 1009),
    "over the limit by its head alone": (frame("x", length=1 << 40), 1009),
    "over the limit in fragments": (frame("x" * 40000, TEXT, fin=False) + frame("x" * 40000, CONTINUATION), 1009),
    "top bit of the length": (frame("x", length=1 << 63), (1002, 1009)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_frames_end_with_their_code(socket, name):
    data, code = WRONG[name]
    socket.send_raw(data)
    assert socket.expect_close(5) in (code if isinstance(code, tuple) else (code,))


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
def test_registered_close_codes_are_answered_alike(socket, code):
    socket.send_raw(close_frame(code, "goodbye é".encode()))
    opcode, payload, _ = socket.next_frame(5)
    assert opcode == CLOSE and struct.unpack(">H", payload[:2])[0] == code


def test_an_empty_close_is_answered(socket):
    socket.send_raw(frame(b"", CLOSE))
    assert socket.next_frame(5)[0] == CLOSE


def acked(socket, client_id):
    return socket.recv_until(lambda m: m.get("client_id") == client_id)


def test_fragments_with_pings_between_them(socket):
    text = HELLO % 1
    socket.send_raw(frame(text[:5], TEXT, fin=False) + frame("p", PING) + frame(text[5:9], CONTINUATION, fin=False) + frame("", CONTINUATION, fin=False) + frame(text[9:], CONTINUATION))
    opcode, payload, _ = socket.next_frame()
    assert (opcode, payload) == (PONG, b"p")
    acked(socket, "1")


def test_pongs_out_of_the_blue_are_fine(socket):
    socket.send_raw(frame("x", PONG))
    socket.send_text(HELLO % 2)
    acked(socket, "2")


def test_a_frame_byte_by_byte(socket):
    for byte in frame(HELLO % 3):
        socket.send_raw(bytes([byte]))
    acked(socket, "3")


def test_many_frames_in_one_segment(socket):
    socket.send_raw(b"".join(frame(HELLO % (100 + n)) for n in range(50)))
    for n in range(50):
        assert socket.recv()["client_id"] == str(100 + n)


def test_bytes_glued_to_the_upgrade_belong_to_the_socket(world):
    glued = world.api.socket(world.room["id"], world.user["token"], "&history=0", glue=frame(HELLO % 4))
    acked(glued, "4")


@pytest.mark.parametrize("change, status", [
    ({"Sec-WebSocket-Version": "8"}, 426), ({"Sec-WebSocket-Version": None}, 426), ({"Sec-WebSocket-Key": "short"}, 400), ({"Sec-WebSocket-Key": None}, 400),
    ({"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA"}, 400), ({"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA="}, 400),
    ({"Upgrade": "h2c"}, 404), ({"Connection": "close"}, 404), ({"Upgrade": None}, 404),  # no handshake: a plain GET of a path that has none
])
def test_bad_handshakes(world, change, status):
    headers = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13", **change}
    request = f"GET /api/v1/chat/{world.room['id']}?token={world.user['token']} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items() if v is not None) + "\r\n"
    got, head, _ = Raw(world.port).send(request).answer()
    assert got in (status if isinstance(status, tuple) else (status,))
    if got == 426:
        assert head["sec-websocket-version"] == "13"


def test_compression_is_not_taken_up(world):
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    socket = world.api.socket(world.room["id"], world.user["token"], "&history=0", headers=offer)
    assert "sec-websocket-extensions" not in socket.headers
    socket.send_raw(frame(HELLO % 5, rsv=4))
    assert socket.expect_close() == 1002


def test_origins(launch):
    server = launch("sqlite", {"ALLOWED_ORIGINS": "https://app.example"})
    user = server.api.user()
    room = server.api.room(user["token"])
    server.api.socket(room["id"], user["token"], headers=[("Origin", "https://app.example")]).close()
    server.api.socket(room["id"], user["token"]).close()
    from support.websocket import Refused
    with pytest.raises(Refused) as refusal:
        server.api.socket(room["id"], user["token"], headers=[("Origin", "https://evil.example")])
    assert refusal.value.status == 403


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
