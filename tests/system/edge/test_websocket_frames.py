"""Framing, control frames, reserved bits, opcodes, fragments and limits (RFC 6455, 5; Autobahn's sections 1 to 5 and 9; docs/edge.md: WS-2, WS-6), over both kinds of socket.

A length that takes more bytes than it needs is 1002: RFC 6455, 5.2, wants the shortest form, and two spellings of one
frame help nobody but attackers.
"""

import pytest

from support.websocket import BINARY, TEXT, frame
from support.ws_table import WAYS, Pong, Said, byte_by_byte, fails, names, part, pieces, ping, pong, run, say, stretched, works

PROTOCOL_ERROR = 1002

LENGTHS = [
    works("a message byte by byte", lambda way: frame(way.message(1)), Said(1)),
    works("fifty messages in one piece", lambda way: b"".join(frame(way.message(n)) for n in range(1, 51)), *(Said(n) for n in range(1, 51))),
    # Sizes around each form of the length; `x` fills the message up.
    *(works(f"a message of {size} bytes", lambda way, size=size: frame(way.message(1, "x" * (size - len(way.message(1, ""))))),
        Said(1)) for size in (125, 126, 127, 128, 129, 255, 256, 1000, 32767, 32768, 65535, 65536)),
    *(works(f"a message of {size} bytes in two fragments", lambda way,
        size=size: (lambda d: part(d[:size // 2], TEXT) + part(d[size // 2:], fin=True))(way.message(1, "x" * (size - len(way.message(1, ""))))),
        Said(1)) for size in (126, 250, 252, 65535, 65536)),
    works("the mask is nothing", lambda way: (lambda d: bytes([0x81, 0x80 | len(d)]) + b"\0\0\0\0" + d)(way.message(1)), Said(1)),
    works("the mask is all ones", lambda way: (lambda d: bytes([0x81, 0x80 | len(d)]) + b"\xff" * 4 + bytes(b ^ 0xff for b in d))(way.message(1)),
        Said(1)),
    fails("16 bits for 0 bytes", PROTOCOL_ERROR, stretched(b"")), fails("16 bits for 5 bytes", PROTOCOL_ERROR, stretched(b"hello")),
    fails("16 bits for 125 bytes", PROTOCOL_ERROR, stretched(b"x" * 125)),
    fails("64 bits for 0 bytes", PROTOCOL_ERROR, stretched(b"", width=8)), fails("64 bits for 5 bytes", PROTOCOL_ERROR, stretched(b"hello", width=8)),
    fails("64 bits for 126 bytes", PROTOCOL_ERROR, stretched(b"x" * 126, width=8)),
    fails("64 bits for 65535 bytes", PROTOCOL_ERROR, stretched(b"x" * 65535, width=8)),
    fails("16 bits for 5 bytes, by its head alone", PROTOCOL_ERROR, b"\x81\xfe\x00\x05"),
    fails("64 bits for 65535 bytes, by its head alone", PROTOCOL_ERROR, b"\x81\xff\0\0\0\0\0\0\xff\xff"),
    fails("16 bits for a ping", PROTOCOL_ERROR, stretched(b"x", opcode=9)),
    fails("16 bits for an empty fragment", PROTOCOL_ERROR, part(b"x", TEXT), stretched(b"", opcode=0, fin=False)),
    fails("the top bit", PROTOCOL_ERROR, frame(b"x", length=1 << 63)),
    fails("the top bit and all others", PROTOCOL_ERROR, frame(b"x", length=(1 << 64) - 1)),
    fails("the top bit of a binary frame", PROTOCOL_ERROR, frame(b"x", BINARY, length=1 << 63)),
    fails("the top bit of a ping", PROTOCOL_ERROR, ping(b"x", length=1 << 63)),
    fails("the top bit of a continuation", PROTOCOL_ERROR, part(b"x", TEXT), part(b"x", length=1 << 63)),
    fails("the top bit, by its head alone", PROTOCOL_ERROR, b"\x81\xff\x80\0\0\0\0\0\0\0"),
]

LIMITS = [
    works("as large as allowed",
        lambda way: frame(way.message(1, "x" * (way.limit - 6000 if way.name == "realtime" else way.limit - len(way.message(1, ""))))), Said(1)),
    fails("one byte over the limit", 1009, lambda way: frame(b"x" * (way.limit + 1))),
    fails("one byte over the limit, by its head alone", 1009, lambda way: frame(b"", length=way.limit + 1)),
    fails("a binary frame over the limit", 1009, lambda way: frame(b"", BINARY, length=way.limit + 1)),
    fails("all but the top bit", 1009, frame(b"x", length=(1 << 63) - 1)), fails("a TiB", 1009, frame(b"x", length=1 << 40)),
    fails("4 GiB", 1009, frame(b"x", length=1 << 32)), fails("4 GiB and a bit", 1009, frame(b"x", length=(1 << 32) + 5)),
    fails("over the limit in two fragments", 1009, lambda way: part(b"x" * way.limit, TEXT) + part(b"x", fin=True)),
    fails("over the limit in the second's head", 1009, lambda way: part(b"x" * (way.limit - 10), TEXT), lambda way: part(b"", length=11)),
    fails("over the limit in many fragments", 1009, lambda way: part(b"", TEXT) + part(b"x" * (way.limit // 64)) * 65),
    fails("over the limit by a length that would wrap around", 1009, part(b"x" * 100, TEXT), part(b"", length=(1 << 63) - 50)),
    works("empty fragments are not over the limit", part(b"", TEXT) + part(b"") * 5000, lambda way: part(way.message(1), fin=True), Said(1)),
    works("the limit is a message's", lambda way: frame(way.message(1, "x" * (way.limit // 2))), Said(1),
        lambda way: frame(way.message(2, "x" * (way.limit // 2))), Said(2)),
    works("pings do not count", lambda way: part(way.message(1)[:5], TEXT), *[ping(b"x" * 125) * 20, *[Pong(b"x" * 125)] * 20] * 3,
        lambda way: part(way.message(1)[5:], fin=True), Said(1)),
]

PINGS = [
    works("empty", ping(), Pong()), works("text", ping(b"Hello, world!"), Pong(b"Hello, world!")),
    works("binary", ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), Pong(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff")),
    works("not UTF-8", ping(b"\xff"), Pong(b"\xff")),
    works("one byte", ping(b"x"), Pong(b"x")), works("124 bytes", ping(b"x" * 124), Pong(b"x" * 124)),
    works("125 bytes", ping(b"\xfe" * 125), Pong(b"\xfe" * 125)), works("125 bytes, byte by byte", *byte_by_byte(ping(b"y" * 125)), Pong(b"y" * 125)),
    works("ten", b"".join(ping(b"%d" % n) for n in range(10)), *(Pong(b"%d" % n) for n in range(10))),
    works("ten, byte by byte", *byte_by_byte(b"".join(ping(b"%d" % n) for n in range(10))), *(Pong(b"%d" % n) for n in range(10))),
    works("a pong out of the blue", pong(), say(1), Said(1)), works("a pong with a payload", pong(b"unsolicited"), say(1), Said(1)),
    works("a pong, then a ping", pong(b"x"), ping(b"y"), Pong(b"y")), works("a thousand pongs", pong(b"x" * 125) * 1000, say(1), Said(1)),
    works("a pong of 125 bytes", pong(b"x" * 125), say(1), Said(1)),
    works("between two messages", lambda way: frame(way.message(1)), Said(1), ping(b"p"), Pong(b"p"), lambda way: frame(way.message(2)), Said(2)),
    fails("126 bytes", PROTOCOL_ERROR, ping(b"x" * 126)), fails("127 bytes", PROTOCOL_ERROR, ping(b"x" * 127)),
    fails("65536 bytes", PROTOCOL_ERROR, ping(b"x" * 65536)), fails("126 bytes, by its head alone", PROTOCOL_ERROR, b"\x89\xfe"),
    fails("a pong of 126 bytes", PROTOCOL_ERROR, pong(b"x" * 126)), fails("a pong of 65536 bytes", PROTOCOL_ERROR, pong(b"x" * 65536)),
    fails("fragmented", PROTOCOL_ERROR, ping(b"x", fin=False)), fails("fragmented and empty", PROTOCOL_ERROR, ping(fin=False)),
    fails("fragmented, with its end", PROTOCOL_ERROR, ping(b"x", fin=False) + part(b"y", fin=True)),
    fails("a fragmented pong", PROTOCOL_ERROR, pong(b"x", fin=False)), fails("fragmented, by its first byte alone", PROTOCOL_ERROR, b"\x09"),
    fails("not masked", PROTOCOL_ERROR, ping(b"x", masked=False)), fails("a pong that is not masked", PROTOCOL_ERROR, pong(b"x", masked=False)),
    fails("not masked, by its second byte", PROTOCOL_ERROR, b"\x89\x01"),
]

BITS = [
    *(fails(f"reserved bits {rsv} on opcode {opcode}", PROTOCOL_ERROR,
        frame(b"\x03\xe8" if opcode == 8 else b"{}", opcode, rsv=rsv)) for rsv in range(1, 8) for opcode in (1, 2, 8, 9, 10)),
    *(fails(f"reserved bits {rsv} on a continuation", PROTOCOL_ERROR, part(b"x", TEXT), part(b"y", fin=True, rsv=rsv)) for rsv in (1, 2, 4)),
    *(fails(f"reserved bit {rsv} behind a message", PROTOCOL_ERROR, say(1), Said(1), frame(b"{}", rsv=rsv), ping()) for rsv in (1, 2, 4)),
    *(fails(f"reserved bit {rsv} between fragments", PROTOCOL_ERROR, part(b"x", TEXT), ping(rsv=rsv)) for rsv in (1, 2, 4)),
    fails("a reserved bit, by its first byte alone", PROTOCOL_ERROR, b"\xc1"),
    fails("a reserved bit, then a good message", PROTOCOL_ERROR, lambda way: frame(b"{}", rsv=4) + frame(way.message(1))),
    fails("reserved bits on a reserved opcode", PROTOCOL_ERROR, frame(b"", 3, rsv=7)),
]

RESERVED = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
OPCODES = [
    *(fails(f"opcode {opcode}", PROTOCOL_ERROR, frame(b"", opcode)) for opcode in RESERVED),
    *(fails(f"opcode {opcode} with a payload", PROTOCOL_ERROR, frame(b"reserved opcode payload", opcode)) for opcode in RESERVED),
    *(fails(f"opcode {opcode}, by its first byte alone", PROTOCOL_ERROR, bytes([0x80 | opcode])) for opcode in RESERVED),
    *(fails(f"opcode {opcode} behind a message", PROTOCOL_ERROR, say(1), Said(1), frame(b"", opcode), ping()) for opcode in RESERVED),
    *(fails(f"opcode {opcode} between fragments", PROTOCOL_ERROR, part(b"x", TEXT), frame(b"", opcode)) for opcode in (3, 7, 11, 15)),
    *(fails(f"opcode {opcode}, fragmented", PROTOCOL_ERROR, frame(b"", opcode, fin=False)) for opcode in (3, 11)),
    fails("text that is not masked", PROTOCOL_ERROR, lambda way: frame(way.message(1), masked=False)),
    fails("an empty text that is not masked", PROTOCOL_ERROR, frame(b"", masked=False)),
    fails("not masked, by its second byte alone", PROTOCOL_ERROR, b"\x81\x05"),
    fails("a close that is not masked", PROTOCOL_ERROR, frame(b"\x03\xe8", 8, masked=False)),
    fails("a fragment that is not masked", PROTOCOL_ERROR, part(b"x", TEXT), part(b"y", fin=True, masked=False)),
    fails("a good message, then one that is not masked", PROTOCOL_ERROR, say(1), Said(1), lambda way: frame(way.message(2), masked=False)),
    fails("HTTP", PROTOCOL_ERROR, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), fails("TLS", PROTOCOL_ERROR, b"\x16\x03\x01\x02\x00"),
    fails("zeros", PROTOCOL_ERROR, b"\0" * 100), fails("ones", PROTOCOL_ERROR, b"\xff" * 100),
    fails("text without frames", PROTOCOL_ERROR, b'{"content":"hello"}\n'),
]

FRAGMENTS = [
    works("two", pieces(1, 5), Said(1)), works("three", pieces(1, 5, 9), Said(1)), works("an empty one in front", pieces(1, 0), Said(1)),
    works("an empty one behind", lambda way: part(way.message(1), TEXT) + part(b"", fin=True), Said(1)),
    works("empty ones everywhere", lambda way: part(b"", TEXT) + part(b"") + part(way.message(1)) + part(b"") + part(b"", fin=True), Said(1)),
    works("a byte each", lambda way: part(b"", TEXT) + b"".join(part(bytes([b])) for b in way.message(1)) + part(b"", fin=True), Said(1)),
    works("four", pieces(1, 1, 2, 3), Said(1)),
    works("a ping between them", lambda way: part(way.message(1)[:5], TEXT), ping(b"p"), Pong(b"p"), lambda way: part(way.message(1)[5:], fin=True),
        Said(1)),
    works("a pong between them", lambda way: part(way.message(1)[:5], TEXT) + pong(b"p") + part(way.message(1)[5:], fin=True), Said(1)),
    works("pings between all of them",
        lambda way: part(way.message(1)[:2],
            TEXT) + ping(b"1") + part(way.message(1)[2:4]) + ping(b"2") + part(b"") + ping(b"3") + part(way.message(1)[4:], fin=True),
        Pong(b"1"), Pong(b"2"), Pong(b"3"), Said(1)),
    works("in one piece with the next message",
        lambda way: part(way.message(1)[:5], TEXT) + part(way.message(1)[5:], fin=True) + frame(way.message(2)), Said(1), Said(2)),
    works("two fragmented messages", lambda way: pieces(1, 3)(way) + pieces(2, 7, 8)(way), Said(1), Said(2)),
    fails("text inside a text", PROTOCOL_ERROR, part(b"{", TEXT) + frame(b"}")),
    fails("binary inside a text", PROTOCOL_ERROR, part(b"{", TEXT) + frame(b"}", BINARY)),
    fails("text inside a binary", PROTOCOL_ERROR, part(b"{", BINARY) + frame(b"}")),
    fails("binary inside a binary", PROTOCOL_ERROR, part(b"{", BINARY) + frame(b"}", BINARY)),
    fails("a second beginning", PROTOCOL_ERROR, part(b"{", TEXT) + part(b"}", TEXT)),
    fails("a second beginning, by its first byte alone", PROTOCOL_ERROR, part(b"{", TEXT) + b"\x81"),
    fails("a second beginning behind a ping", PROTOCOL_ERROR, part(b"{", TEXT), ping(b"x"), Pong(b"x"), frame(b"}")),
    fails("a continuation of nothing", PROTOCOL_ERROR, part(b"x")), fails("an end of nothing", PROTOCOL_ERROR, part(b"x", fin=True)),
    fails("an empty end of nothing", PROTOCOL_ERROR, part(b"", fin=True)),
    fails("a continuation of nothing, by its first byte alone", PROTOCOL_ERROR, b"\x80"),
    fails("a continuation of nothing behind a ping", PROTOCOL_ERROR, ping(b"x"), Pong(b"x"), part(b"x")),
    fails("a continuation behind a whole message", PROTOCOL_ERROR, say(1), Said(1), part(b"x", fin=True)),
    fails("a continuation behind a fragmented message", PROTOCOL_ERROR, pieces(1, 5), Said(1), part(b"x", fin=True)),
]

CASES = {"lengths": LENGTHS, "limits": LIMITS, "pings": PINGS, "bits": BITS, "opcodes": OPCODES, "fragments": FRAGMENTS}
ALL = [(f"{group}: {case.name}", case) for group, cases in CASES.items() for case, _ in zip(cases, names(cases))]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("case", [case for _, case in ALL], ids=[name for name, _ in ALL])
def test_frames(world, way, case):
    run(case, way, world)
