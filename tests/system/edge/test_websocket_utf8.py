"""Text that is UTF-8 and text that is not (RFC 6455, 8.1; Autobahn's section 6; docs/edge.md: WS-2), over both kinds of socket.

Refused as soon as the first impossible byte has arrived, and not before: a ping between the fragments in front of it is
still answered.
"""

import pytest

from support.websocket import TEXT, frame
from support.ws_table import CONTINUATION, WAYS, Pong, Refusal, Said, fails, names, part, ping, run, works

NOT_UTF8 = 1007

KOSME = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
VALID = {
    "kosme": KOSME, "the first of one byte": b" ", "the last of one byte": b"\x7f", "the first of two": b"\xc2\x80", "the last of two": b"\xdf\xbf",
    "the first of three": b"\xe0\xa0\x80", "the last of three": b"\xef\xbf\xbf",
    "the first of four": b"\xf0\x90\x80\x80", "the last of four": b"\xf4\x8f\xbf\xbf", "before the surrogates": b"\xed\x9f\xbf",
    "behind the surrogates": b"\xee\x80\x80", "the replacement character": b"\xef\xbf\xbd",
    "U+FFFE": b"\xef\xbf\xbe", "U+1FFFE": b"\xf0\x9f\xbf\xbe", "U+2FFFF": b"\xf0\xaf\xbf\xbf", "U+8FFFF": b"\xf2\x8f\xbf\xbf",
    "U+FFFFE": b"\xf3\xbf\xbf\xbe", "U+10FFFE": b"\xf4\x8f\xbf\xbe", "U+FDD0": b"\xef\xb7\x90",
    "specials": b"\xef\xbf\xb9\xef\xbf\xba\xef\xbf\xbb\xef\xbf\xbc",
    "a byte order mark": b"\xef\xbb\xbf", "each lead of two": bytes(b for lead in range(0xC2, 0xE0) for b in (lead, 0x80)),
    "each lead of three": b"\xe0\xa0\x80" + bytes(b for lead in range(0xE1, 0xF0) for b in (lead, 0x80, 0x80)),
    "each lead of four": b"\xf0\x90\x80\x80\xf1\x80\x80\x80\xf2\x80\x80\x80\xf3\x80\x80\x80\xf4\x80\x80\x80",
    "all lengths together": b"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", "combining": "e\u0301\u202e\u200d".encode(),
    "eight letters, then two bytes": b"abcdefgh\xc3\xa9", "seven letters, then four bytes": b"abcdefg\xf0\x9f\x98\x80",
}

# The bytes, and where the first of them stands that no valid text can go on with.
INVALID = {
    "kosme with a surrogate": (KOSME + b"\xed\xa0\x80edited", 12), "kosme above U+10FFFF": (KOSME + b"\xf4\x90\x80\x80edited", 12),
    "0x80": (b"\x80", 0), "0xbf": (b"\xbf", 0), "two continuations": (b"\x80\xbf", 0), "a continuation behind a letter": (b"a\x80", 1),
    "a continuation behind a character": (b"\xc3\xa9\x80", 2), "all continuations": (bytes(range(0x80, 0xC0)), 0),
    "a continuation behind eight letters": (b"abcdefgh\x80", 8), "a continuation behind seven": (b"abcdefg\x80", 7),
    "0xfe": (b"\xfe", 0), "0xff": (b"\xff", 0), "0xfe 0xff": (b"\xfe\xfe\xff\xff", 0), "0xff behind letters": (b"hello\xff", 5),
    "five bytes": (b"\xf8\x88\x80\x80\x80", 0), "six bytes": (b"\xfc\x84\x80\x80\x80\x80", 0),
    "the last of four in ISO 10646": (b"\xf7\xbf\xbf\xbf", 0), "the last of five": (b"\xfb\xbf\xbf\xbf\xbf", 0),
    "the last of six": (b"\xfd\xbf\xbf\xbf\xbf\xbf", 0), "0xf5": (b"\xf5\x80\x80\x80", 0), "0xc0": (b"\xc0\x80", 0), "0xc1": (b"\xc1\xbf", 0),
    "above U+10FFFF": (b"\xf4\x90\x80\x80", 1), "far above it": (b"\xf4\xbf\xbf\xbf", 1),
    "/ in two bytes": (b"\xc0\xaf", 0), "/ in three": (b"\xe0\x80\xaf", 1), "/ in four": (b"\xf0\x80\x80\xaf", 1),
    "/ in five": (b"\xf8\x80\x80\x80\xaf", 0), "/ in six": (b"\xfc\x80\x80\x80\x80\xaf", 0), "NUL in two bytes": (b"\xc0\x80", 0),
    "NUL in three": (b"\xe0\x80\x80", 1), "NUL in four": (b"\xf0\x80\x80\x80", 1), "the largest of two in three": (b"\xe0\x9f\xbf", 1),
    "the largest of three in four": (b"\xf0\x8f\xbf\xbf", 1), "the largest of four in five": (b"\xf8\x87\xbf\xbf\xbf", 0),
    **{f"surrogate {code:04X}": (bytes([0xED, 0xA0 | (code >> 6 & 0x1F), 0x80 | (code & 0x3F)]), 1) for code in (0xD800, 0xDB7F, 0xDB80, 0xDBFF,
        0xDC00, 0xDF80, 0xDFFF)},
    "a pair of surrogates": (b"\xed\xa0\xbd\xed\xb8\x80", 1), "the last pair": (b"\xed\xaf\xbf\xed\xbf\xbf", 1),
    "two bytes, then a letter": (b"\xc3a", 1), "two bytes, then a lead": (b"\xc3\xc3", 1), "three bytes, then a letter": (b"\xe2\x82a", 2),
    "three bytes, then a lead": (b"\xe2\x82\xe2", 2), "three bytes, cut after one": (b"\xe2a", 1), "four bytes, cut after one": (b"\xf0a", 1),
    "four bytes, cut after two": (b"\xf0\x9fa", 2), "four bytes, cut after three": (b"\xf0\x9f\x98a", 3),
    "four bytes, then a lead": (b"\xf0\x9f\x98\xf0", 3),
    "a cut one, then a blank": (b"\xc3 ", 1), "many cut ones": (b"\xe0\xa0\xe0\xa0", 2), "Latin-1": (b"caf\xe9!", 4),
    "UTF-16": ("hi".encode("utf-16"), 0), "a good one, then a bad one": (b"\xf0\x9f\x98\x80\xf0\x9f\xff", 6),
}
CUT = {"one of two": b"\xc3", "one of three": b"\xe2", "two of three": b"\xe2\x82", "one of four": b"\xf0", "two of four": b"\xf0\x9f",
    "three of four": b"\xf0\x9f\x98", "behind a good one": b"\xc3\xa9\xc3", "behind letters": b"hello\xed\x9f"}


def whole(text):
    return lambda way: frame(way.message(1, text))


def fragment_a_byte(text, stop=None):
    """Fragments of one byte, each followed by a ping that is answered; the last one is the byte at `stop`."""
    steps = []
    for at, byte in enumerate(text if stop is None else text[:stop + 1]):
        steps.append(part(bytes([byte]), TEXT if at == 0 else CONTINUATION))
        if at != stop:
            steps += [ping(b"%d" % at), Pong(b"%d" % at)]
    return steps


def message_a_byte(text):
    """Message 1 whose text comes in fragments of a byte, pings between them."""
    around = lambda way: way.message(1, b"\0").split(b"\0")  # noqa: E731
    steps = [lambda way: part(around(way)[0], TEXT)]
    for at, byte in enumerate(text):
        steps += [part(bytes([byte])), ping(b"%d" % at), Pong(b"%d" % at)]
    return [*steps, lambda way: part(around(way)[1], fin=True), Said(1)]


CASES = [
    *(works(f"valid, whole: {name}", whole(text), Said(1)) for name, text in VALID.items()),
    *(works(f"valid, split at every byte: {name}", *message_a_byte(text)) for name, text in VALID.items()),
    *(fails(f"invalid, whole: {name}", NOT_UTF8, frame(text)) for name, (text, _) in INVALID.items()),
    *(fails(f"invalid, inside a good message: {name}", NOT_UTF8, whole(text)) for name, (text, _) in INVALID.items()),
    *(fails(f"invalid, at its first impossible fragment: {name}", NOT_UTF8, *fragment_a_byte(text, at)) for name, (text, at) in INVALID.items()),
    *(fails(f"invalid, at its first impossible byte: {name}", NOT_UTF8, frame(text[:at + 1], length=1000)) for name, (text, at) in INVALID.items()),
    *(fails(f"cut, whole: {name}", NOT_UTF8, frame(text)) for name, text in CUT.items()),
    *(fails(f"cut, in fragments: {name}", NOT_UTF8, *fragment_a_byte(text), part(b"", fin=True)) for name, text in CUT.items()),
    fails("fragments are one text: cut, then ASCII", NOT_UTF8, part(b"\xe2\x82", TEXT), ping(b"p"), Pong(b"p"), part(b"a", fin=True)),
    fails("fragments are one text: the second is wrong at once", NOT_UTF8, part(b"hello", TEXT), part(b"\xff", length=1000)),
    works("a message begins anew", whole("é"), Said(1), lambda way: frame(way.message(2, "€")), Said(2)),
    works("pings and pongs are no text", ping(b"\xff\xfe"), Pong(b"\xff\xfe"), whole("é"), Said(1)),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_utf8(world, way, case):
    run(case, way, world)


# UTF-8 it is, and no message: what is said to it is not the framing's business.
NO_MESSAGES = {"nothing": b"", "three empty fragments": None, "NUL": b"\0", "a control character": b'{"content":"\x01"}', "no JSON": b"hello",
    "a lone surrogate, escaped": b'{"content":"\\ud800","id":"\\ud800"}', "an array": b"[]", "a number": b"1e400",
    "NUL, escaped": b'{"content":"\\u0000","id":"\\u0000"}',
               "a key twice": b'{"content":"x","content":"y","id":1,"id":2}', "a byte order mark": b'\xef\xbb\xbf{"content":"x"}',
               "deep": b'{"content":' + b"[" * 100, "a blank": b" "}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("name", NO_MESSAGES)
def test_text_that_is_no_message(world, way, name):
    sent = NO_MESSAGES[name]
    step = part(b"", TEXT) + part(b"") + part(b"", fin=True) if sent is None else frame(sent)
    if way.name == "room":
        run(works(name, step, Refusal(), whole("x"), Said(1)), way, world)
    else:
        run(fails(name, 3501, step), way, world)
