"""Closing (RFC 6455, 5.5.1 and 7; Autobahn's section 7; docs/edge.md: WS-2), over both kinds of socket.

A close is answered with its own code and no reason, and ends with FIN. What is wrong about one is answered with 1002 or
1007 instead. After either nothing that comes is answered.
"""

import pytest

from support.websocket import BINARY, CLOSE, TEXT, frame
from support.ws_table import HANG_UP, WAYS, Echo, Pong, Said, byte_by_byte, close, fails, names, part, ping, pong, run, say, works

VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3500, 3999, 4000, 4500, 4999)
INVALID = (0, 1, 125, 500, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1500, 1999, 2000, 2500, 2999, 5000, 5001, 9999, 32768, 65534, 65535)

CASES = [
    *(works(f"code {code}", close(code), Echo(code)) for code in VALID),
    *(works(f"code {code} with a reason", close(code, "goodbye é".encode()), Echo(code)) for code in VALID),
    *(fails(f"code {code}", 1002, close(code)) for code in INVALID),
    *(fails(f"code {code} with a reason", 1002, close(code, b"goodbye")) for code in INVALID),
    works("empty", close(), Echo(None)), fails("one byte", 1002, frame(b"\x03", CLOSE)), fails("one byte of zero", 1002, frame(b"\0", CLOSE)),
    works("no reason", close(1000), Echo(1000)),
    works("a reason of 1 byte", close(1000, b"x"), Echo(1000)), works("a reason of 122 bytes", close(1000, b"x" * 122), Echo(1000)),
    works("a reason of 123 bytes", close(1000, b"x" * 123), Echo(1000)),
    works("a reason of 123 bytes of UTF-8", close(1000, "€".encode() * 41), Echo(1000)),
    fails("a reason of 124 bytes", 1002, close(1000, b"x" * 124)), fails("a reason of 125 bytes", 1002, close(1000, b"x" * 125)),
    fails("a reason of 1000 bytes", 1002, close(1000, b"x" * 1000)), fails("a reason of 65536 bytes", 1002, close(1000, b"x" * 65536)),
    fails("126 bytes, by its head alone", 1002, b"\x88\xfe"),
    *(fails(f"a reason that is no UTF-8: {reason.hex()}", 1007, close(1000, reason)) for reason in (b"\xff", b"\x80", b"hello\xfe", b"\xc0\xaf",
        b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"caf\xe9",
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", b"x" * 122 + b"\xc3")),
    fails("a code that is invalid and a reason that is no UTF-8", 1002, close(5000, b"\xff")),
    works("a reason with NUL", close(1000, b"\0"), Echo(1000)), works("a reason that is JSON", close(1000, b'{"reconnect":false}'), Echo(1000)),
    fails("fragmented", 1002, close(1000, fin=False)), fails("fragmented, with its end", 1002, close(1000, fin=False) + part(b"x", fin=True)),
    fails("fragmented and empty", 1002, close(fin=False)), fails("fragmented, by its first byte alone", 1002, b"\x08"),
    fails("not masked", 1002, close(1000, masked=False)), fails("empty and not masked", 1002, close(masked=False)),
    *(fails(f"reserved bits {rsv}", 1002, close(1000, rsv=rsv)) for rsv in range(1, 8)),
    works("byte by byte", *byte_by_byte(close(3000, b"goodbye")), Echo(3000)), works("behind a message", say(1), Said(1), close(1000), Echo(1000)),
    works("twice", close(1000) + close(1001), Echo(1000)), works("ten times", close(1000) * 10, Echo(1000)),
    works("a ping behind it", close(1000) + ping(b"x"), Echo(1000)), works("a pong behind it", close(1000) + pong(b"x"), Echo(1000)),
    works("a message behind it", lambda way: close(1000) + frame(way.message(1)), Echo(1000)),
    works("an invalid one behind it", close(1000) + close(5000), Echo(1000)),
    works("a reserved opcode behind it", close(1000) + frame(b"", 3), Echo(1000)),
    works("text that is no UTF-8 behind it", close(1000) + frame(b"\xff"), Echo(1000)),
    works("one that is too large behind it", close(1000) + frame(b"", length=1 << 40), Echo(1000)),
    works("256 KiB behind it", close(1000) + frame(b"x" * 60000) * 4 + b"x" * 20000, Echo(1000)),
    works("no frames behind it", close(1000) + b"\0" * 1000, Echo(1000)),
    works("a ping in front of it", ping(b"x") + close(1001), Pong(b"x"), Echo(1001)),
    works("inside a fragmented message", part(b"{", TEXT) + close(1000), Echo(1000)),
    works("inside a fragmented binary message", part(b"{", BINARY) + close(1001), Echo(1001)),
    works("inside a character", part(b"\xe2\x82", TEXT) + close(1000), Echo(1000)),
    fails("what is wrong, then a close", 1002, frame(b"", 3) + close(1000)), fails("two things that are wrong", 1002, frame(b"", 3) + frame(b"\xff")),
    fails("what is wrong, then good messages", 1007, lambda way: frame(b"\xff") + frame(way.message(1)) + ping()),
    fails("what is wrong, then 200 KiB", 1002, frame(b"", 3) + frame(b"x" * 50000) * 4),
    fails("what is wrong, then no frames", 1002, frame(b"", 3) + b"\xff" * 1000),
    works("hung up", HANG_UP), works("hung up inside a frame", frame(b"hello")[:4], HANG_UP),
    works("hung up inside a message", part(b"{", TEXT), HANG_UP), works("hung up behind a message", say(1), Said(1), HANG_UP),
    works("hung up inside a head", b"\x81", HANG_UP), works("hung up inside a long one", frame(b"x" * 60000)[:30000], HANG_UP),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_closing(world, way, case):
    run(case, way, world)
