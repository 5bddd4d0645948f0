"""Where a body ends: Content-Length, Transfer-Encoding and chunks (RFC 9112, 6 and 7; docs/edge.md: HTTP-1, HTTP-3, HTTP-4).

Behind many of these a request is hidden that a reader who measures the body in another way would serve: it would be
stored, and test_nothing_was_smuggled would find it.
"""

import pytest

from support.http_table import Answer, Exchange, answered, as_bytes, check, fill, get, names, refused, refused_at_once, run, several, unanswered

MESSAGE = b'{"content":"smuggled"}'
HIDDEN = as_bytes(get("/api/v1/rooms/$ROOM/messages", f"Authorization: Bearer $TOKEN\r\nContent-Length: {len(MESSAGE)}\r\n", method="POST")) + MESSAGE
CODING = "unsupported Transfer-Encoding"
LENGTH = "malformed Content-Length"
CHUNK = "malformed chunk"
CHUNKED = "Transfer-Encoding: chunked\r\n"
LIMIT = 1 << 20
NAME = b'{"name":""}'  # a body that is read, judged and stored nowhere
SEEN = [("string_too_short", ("body", "name"))]  # the answer to it: the body came as it was sent


def post(fields, body=b"", version="HTTP/1.1"):
    return as_bytes(get("/api/v1/rooms", "Authorization: Bearer $TOKEN\r\n" + fields, method="POST", version=version)) + as_bytes(body)


def chunked(body, fields=CHUNKED):
    return post(fields, body)


LENGTHS = [
    *(refused(f"Content-Length:{value!r}", post(f"Content-Length:{value}\r\n", HIDDEN), 400, LENGTH) for value in (
        "", " ", " -1", " +11", " 0x0b", " 11.0", " 1e1", " 1_1", " 11,", " ,11", " 11, 11", " 11,11", " 11;x", " 1 1", " \t1\t1", ' "11"', " eleven",
        " 11\xa0", " \xb9", " \xd9\xa1", " -0", " 99999999999999999999999",
        " 9223372036854775808", " 18446744073709551615", " 18446744073709551616", " 18446744073709551627", " 4294967307000000000",
        " " + "0" * 30 + "11", " " + "1" * 1000)),
    refused("a list of two", post("Content-Length: 11, 12\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("two equal", post("Content-Length: 11\r\nContent-Length: 11\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("two different", post("Content-Length: 11\r\nContent-Length: 0\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("two different, the other way round", post("Content-Length: 0\r\nContent-Length: 11\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("two in different case", post("Content-Length: 11\r\nCONTENT-LENGTH: 11\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("two, apart", post("Content-Length: 11\r\nX-A: 1\r\nContent-Length: 11\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    refused("one and an empty one", post("Content-Length: 11\r\nContent-Length:\r\n", NAME + HIDDEN), 400, "several Content-Length"),
    answered("one", post("Content-Length: 11\r\n", NAME), 422, SEEN), answered("one without a blank", post("Content-Length:11\r\n", NAME), 422, SEEN),
    answered("one between blanks", post("Content-Length: \t 11 \t\r\n", NAME), 422, SEEN),
    answered("leading zeros", post("Content-Length: 0000000000011\r\n", NAME), 422, SEEN),
    answered("in lower case", post("content-length: 11\r\n", NAME), 422, SEEN),
    answered("nothing", post("Content-Length: 0\r\n"), 422, [("missing", ("body",))]),
    answered("no length and no coding is no body", post(""), 422, [("missing", ("body",))]),
    answered("a body in two pieces", [post("Content-Length: 11\r\n", NAME[:5]), NAME[5:]], 422, SEEN),
    answered("a body as large as allowed", post(f"Content-Length: {LIMIT}\r\n", b'{"name":""' + b" " * (LIMIT - 11) + b"}"), 422, SEEN),
    refused("a body one byte too large", post(f"Content-Length: {LIMIT + 1}\r\n"), 413, {"PayloadTooLarge"}),
    refused("a body one byte too large, and there", post(f"Content-Length: {LIMIT + 1}\r\n", b" " * 100000), 413, {"PayloadTooLarge"}),
    refused("the largest length that is a number", post("Content-Length: 999999999999999999\r\n"), 413, {"PayloadTooLarge"}),
    refused("too large elsewhere", get("/nowhere", f"Content-Length: {LIMIT + 1}\r\n", method="POST"), 413, {"PayloadTooLarge"}),
    refused("too large for a method that there is not", get("/healthz", f"Content-Length: {LIMIT + 1}\r\n", method="DELETE"), 413,
        {"PayloadTooLarge"}),
    refused("too large for HEAD", get("/", f"Content-Length: {LIMIT + 1}\r\n", method="HEAD"), 413, head=True),
    refused("too large for emulation", get("/emulation", f"Content-Length: {LIMIT + 1}\r\n", method="POST"), 413, {"PayloadTooLarge"}),
    unanswered("a body that is cut off", post("Content-Length: 100\r\n", NAME)),
    unanswered("a body that never begins", post("Content-Length: 100\r\n")),
    unanswered("a head that is cut off", "POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\nContent-Le"),
    unanswered("a request line that is cut off", "GET / HT"), unanswered("nothing at all", b""), unanswered("an empty line", "\r\n"),
]

CODINGS = [
    *(refused(f"Transfer-Encoding:{value!r}", post(f"Transfer-Encoding:{value}\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING) for value in (
        "", " xchunked", " chunkedx", " identity", ' "chunked"', " 'chunked'", " chunked, gzip", " gzip, chunked", " gzip", " deflate",
        " chunked, chunked", " chunked,", " ,chunked", " chunked, identity", " identity, chunked",
        " chunked;q=1", " chunked; q=0", " chunked ;", " chun ked", " chunk", " chunked\x80", " \xa0chunked", " chunked\xa0", " chunked\tx",
        " ch\xfcnked", " (chunked)", " chunked\\", " x, chunked", " *", " trailers")),
    refused("twice", post(CHUNKED * 2, b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("twice in different case", post(CHUNKED + "transfer-encoding: chunked\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("chunked and identity", post(CHUNKED + "Transfer-Encoding: identity\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("identity and chunked", post("Transfer-Encoding: identity\r\n" + CHUNKED, b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("chunked and an empty one", post(CHUNKED + "Transfer-Encoding:\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("gzip, and apart from it chunked", post("Transfer-Encoding: gzip\r\nX-A: 1\r\n" + CHUNKED, b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("a length and a coding", post("Content-Length: 5\r\n" + CHUNKED, b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("a coding and a length", post(CHUNKED + f"Content-Length: {len(HIDDEN)}\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("a coding and a length of nothing", post(CHUNKED + "Content-Length: 0\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("a coding and a malformed length", post(CHUNKED + "Content-Length: x\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("a malformed coding and a length", post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + HIDDEN), 400, CODING),
    refused("in HTTP/1.0", post(CHUNKED, b"0\r\n\r\n" + HIDDEN, version="HTTP/1.0"), 400, CODING),
    refused("in HTTP/1.0 that is kept", post(CHUNKED + "Connection: keep-alive\r\n", b"0\r\n\r\n" + HIDDEN, version="HTTP/1.0"), 400, CODING),
    refused("identity on a GET", as_bytes(get(fields="Transfer-Encoding: identity\r\n")) + HIDDEN, 400, CODING),
    refused("unknown on a HEAD", as_bytes(get(method="HEAD", fields="Transfer-Encoding: x\r\n")) + HIDDEN, 400, head=True),
    *(answered(f"{value!r} is chunked", post(f"Transfer-Encoding:{value}\r\n", b"b\r\n" + NAME + b"\r\n0\r\n\r\n"), 422,
        SEEN) for value in (" chunked", "chunked", " Chunked", " CHUNKED", "\tchunked\t ")),
    answered("chunked on a GET", get("/healthz", CHUNKED) + "3\r\nabc\r\n0\r\n\r\n", 200),
    answered("TE is no coding", get(fields="TE: trailers, deflate;q=0.5\r\nConnection: TE\r\n"), 200),
    answered("Content-Encoding is nobody's business here", post("Content-Encoding: gzip\r\nContent-Length: 11\r\n", NAME), 422, SEEN),
]

CHUNKS = [
    *(refused(f"chunk {start[:24]!r}", chunked(start + b"\r\n" + HIDDEN), 400, CHUNK) for start in (
        b"", b"x", b"zz", b"g", b"-1", b"-0", b"+1", b"0x1", b"0X1", b" 1", b"\t1", b"1 ", b"1\t", b"1 ;a", b"1.0", b"1,1", b"1_0", b"\"1\"", b"\xb9",
        b"\xef\xbc\x91", b";", b";a=b", b"1\0", b"1;a\0", b"1;a\x7f", b"1;\x01",
        b"10000000000000000", b"ffffffffffffffffffff", b"00000000000000001", b"1\rX", b"1;a\rX", b"1;" + b"a" * 5000)),
    refused("a bare LF behind a size", chunked(b"1\nx\r\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("a bare LF behind an extension", chunked(b"1;a\nx\r\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("a bare LF behind the data", chunked(b"1\r\nx\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("a bare CR behind the data", chunked(b"1\r\nx\r0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("data longer than its size", chunked(b"1\r\nxy\r\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("data shorter than its size", chunked(b"4\r\nxy\r\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("no line end behind the data", chunked(b"1\r\nx0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("an empty line between chunks", chunked(b"1\r\nx\r\n\r\n0\r\n\r\n" + HIDDEN), 400, CHUNK),
    refused("a bare LF behind the last size", chunked(b"0\n\n" + HIDDEN), 400, CHUNK),
    refused("a bare LF at the end", chunked(b"0\r\n\n" + HIDDEN), 400, CHUNK),
    refused("a bare CR at the end", chunked(b"0\r\n\rX" + HIDDEN), 400, CHUNK),
    refused("the body without any size", chunked(NAME + b"\r\n" + HIDDEN), 400, CHUNK),
    *(refused(f"trailer {name}", chunked(b"b\r\n" + NAME + b"\r\n0\r\n" + line + b"\r\n\r\n" + HIDDEN), 400, CHUNK) for name, line in {
        "that is folded": b"X-A: 1\r\n b", "with a blank in front": b" X-A: 1", "with a blank before the colon": b"X-A : 1", "without a name": b": 1",
        "without a colon": b"X-A", "with NUL": b"X-A: \0", "with a bare CR": b"X-A: 1\rb",
        "with a bare LF": b"X-A: 1\nX-B: 2", "with DEL": b"X-A: \x7f", "with UTF-8 in its name": b"X-\xc3\xa9: 1",
        "that is too long": b"X-A: " + b"a" * 5000, "with too long a name": b"a" * 5000}.items()),
    refused("trailers that are too many", chunked(b"b\r\n" + NAME + b"\r\n0\r\n" + b"X-A: 1\r\n" * 1000 + b"\r\n" + HIDDEN), 400, CHUNK),
    refused("extensions that are too many together", chunked(b"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n \r\n" * 200 + b"0\r\n\r\n" + HIDDEN),
        400, CHUNK),
    *(answered(f"good: {name}", chunked(body), 422, SEEN) for name, body in {
        "one chunk": b"b\r\n" + NAME + b"\r\n0\r\n\r\n", "an upper-case size": b"B\r\n" + NAME + b"\r\n0\r\n\r\n",
        "leading zeros": b"000000000000000b\r\n" + NAME + b"\r\n0000\r\n\r\n",
        "a chunk a byte": b"".join(b"1\r\n%c\r\n" % c for c in NAME) + b"0\r\n\r\n",
        "extensions": b'b;a=b;c="d e";f\r\n' + NAME + b"\r\n0;g=h\r\n\r\n", "an empty extension": b"b;\r\n" + NAME + b"\r\n0;;\r\n\r\n",
        "a quoted line end is no line end": b'b;a=";"\r\n' + NAME + b"\r\n0\r\n\r\n",
        "trailers": b"b\r\n" + NAME + b"\r\n0\r\nX-A: 1\r\nX-B:\r\n\r\n",
        "trailers that are no fields of the request": b"b\r\n" + NAME + b"\r\n0\r\nContent-Length: 99\r\nHost: y\r\nTransfer-Encoding: x\r\nAuthorization: Bearer x\r\n\r\n"}.items()),
    answered("good: in pieces",
        [chunked(b""), b"5;", b"a\r", b"\n" + NAME[:3], NAME[3:5] + b"\r", b"\n6\r\n", NAME[5:] + b"\r\n0\r", b"\nX-A", b": 1\r\n\r", b"\n"], 422,
        SEEN),
    answered("good: nothing", chunked(b"0\r\n\r\n"), 422, [("missing", ("body",))]),
    several("good: two of them", chunked(b"b\r\n" + NAME + b"\r\n0\r\n\r\n") + chunked(b"0\r\n\r\n"), Answer(422, SEEN),
        Answer(422, [("missing", ("body",))])),
    answered("as large as allowed",
        chunked(b'b\r\n{"name":"" \r\n' + f"{LIMIT - 12:x}\r\n".encode() + b" " * (LIMIT - 12) + b"\r\n1\r\n}\r\n0\r\n\r\n"), 422, SEEN),
    refused("one byte too large, by its size alone", chunked(f"{LIMIT + 1:x}\r\n"), 413, {"PayloadTooLarge"}),
    refused("too large in the second chunk", chunked(b"b\r\n" + NAME + f"\r\n{LIMIT:x}\r\n".encode()), 413, {"PayloadTooLarge"}),
    refused("the largest size that is a number", chunked(b"ffffffffffffffff\r\n" + HIDDEN), 413, {"PayloadTooLarge"}),
    refused("nearly the largest", chunked(b"7fffffffffffffff\r\n" + HIDDEN), 413, {"PayloadTooLarge"}),
    refused("a size that would wrap around", chunked(b"b\r\n" + NAME + b"\r\nfffffffffffffff5\r\n" + HIDDEN), 413, {"PayloadTooLarge"}),
    *(unanswered(f"cut off: {name}", chunked(body)) for name, body in {
        "before a size": b"", "inside a size": b"b", "behind a size": b"b\r\n", "inside the data": b"b\r\n{", "behind the data": b"b\r\n" + NAME,
        "before the last": b"b\r\n" + NAME + b"\r\n", "inside the last": b"b\r\n" + NAME + b"\r\n0\r\n",
        "inside a trailer": b"b\r\n" + NAME + b"\r\n0\r\nX-A", "before the last line end": b"b\r\n" + NAME + b"\r\n0\r\n\r"}.items()),
]

AT_ONCE = [
    refused_at_once("at once: a length that is too large", post(f"Content-Length: {LIMIT + 1}\r\n"), 413, {"PayloadTooLarge"}),
    refused_at_once("at once: two codings", post("Transfer-Encoding: gzip, chunked\r\n"), 400, CODING),
    refused_at_once("at once: no size", chunked(b"g"), 400, CHUNK), refused_at_once("at once: a size's blank", chunked(b"1 "), 400, CHUNK),
    refused_at_once("at once: a size without digits", chunked(b"\r"), 400, CHUNK), refused_at_once("at once: a bare LF", chunked(b"1\n"), 400, CHUNK),
    refused_at_once("at once: 17 digits", chunked(b"0" * 17), 400, CHUNK),
    refused_at_once("at once: an extension's NUL", chunked(b"1;\0"), 400, CHUNK),
    refused_at_once("at once: a size that is too large", chunked(f"{LIMIT + 1:x}\r".encode()), 413, {"PayloadTooLarge"}),
    refused_at_once("at once: data that is too long", chunked(b"1\r\nxy"), 400, CHUNK),
    refused_at_once("at once: a trailer's blank", chunked(b"0\r\n "), 400, CHUNK),
    refused_at_once("at once: a trailer's NUL", chunked(b"0\r\nX: \0"), 400, CHUNK),
]

CASES = LENGTHS + CODINGS + CHUNKS + AT_ONCE


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_bodies(world, case):
    run(case, world)


def test_nothing_was_smuggled(world):
    assert "smuggled" not in str(world.api.all_history(world.room, world.token))
    # The hidden request is a good one: asked openly, it is served.
    room = world.api.room(world.token)["id"]
    raw = HIDDEN.replace(b"$ROOM", room.encode())
    run(answered("the hidden request", raw, 201), world)
    assert world.api.all_history(room, world.token)[0]["content"] == "smuggled"


# HTTP-4: who sends a few times too much before he reads, as most clients do, still learns why.
@pytest.mark.parametrize("size", [LIMIT + 1, 2 * LIMIT, 5 * LIMIT])
@pytest.mark.parametrize("how", ["length", "chunks"])
def test_who_sends_too_much_reads_why(world, size, how):
    with Exchange(world.port) as wire:
        if how == "length":
            wire.send(fill(post(f"Content-Length: {size}\r\n"), world) + b" " * size)
        else:
            wire.send(fill(post(CHUNKED), world) + b"%x\r\n" % size + b" " * size + b"\r\n0\r\n\r\n")
        status, headers, body = wire.answer()
        check(Answer(413, {"PayloadTooLarge"}, {"connection": "close"}), status, headers, body)
        assert wire.end() == b""


def test_what_is_read_after_a_refusal_is_bounded(world):
    with Exchange(world.port) as wire:
        wire.send(fill(post("Content-Length: 99999999999\r\n"), world))
        sent = 0
        with pytest.raises(OSError):
            while sent < 200 * LIMIT:
                wire.send(b" " * 65536)
                sent += 65536
        assert sent < 100 * LIMIT, "far more than the kernel's buffers and what is drained"
