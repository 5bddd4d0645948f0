"""Tokens that are nearly good, through every way in (RFC 8725; docs/edge.md: AUTH-1)."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
import uuid

import pytest

from support.http_table import Answer, Exchange, as_bytes, check
from support.websocket import Closed, Refused, WebSocket

SECRET = b"a test's own secret key, long enough"  # of support/servers.py
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEADER = '{"alg":"HS256","typ":"JWT"}'


def b64(data):
    return base64.urlsafe_b64encode(as_utf8(data)).rstrip(b"=").decode()


def as_utf8(data):
    return data if isinstance(data, bytes) else data.encode()


def sign(signed, digest=hashlib.sha256, secret=SECRET):
    return base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), digest).digest()).rstrip(b"=").decode()


def token(header=HEADER, claims=None, digest=hashlib.sha256, secret=SECRET):
    """Claims are JSON as text: what is no JSON can be signed too."""
    signed = b64(header) + "." + b64(claims)
    return signed + "." + sign(signed, digest, secret)


def claims(user, drop=(), more="", **changed):
    """The claims of a good token, as JSON; a changed value is JSON too."""
    members = {"uid": json.dumps(user["id"]), "sub": json.dumps(user["username"]), "name": '"Ada"', "exp": str(int(time.time()) + 3600), **changed}
    return "{" + ",".join(f'"{k}":{v}' for k, v in members.items() if k not in drop) + more + "}"


def now(seconds):
    return str(int(time.time()) + seconds)


def headers(user):
    for header in ('{"alg":"none"}', '{"alg":"None","typ":"JWT"}', '{"alg":"NONE"}', '{"alg":"hs256"}', '{"alg":"HS384"}', '{"alg":"HS512"}',
        '{"alg":"RS256"}', '{"alg":"ES256"}', '{"alg":"PS256"}', '{"alg":"EdDSA"}', '{"alg":"dir"}',
                   '{"alg":"HS256 "}', '{"alg":"HS256\\u0000"}', '{"alg":["HS256"]}', '{"alg":null}', '{"alg":""}', '{"alg":256}', '{"typ":"JWT"}',
                   "{}", "[]", '"HS256"', "null", "", "{", '{"alg":"HS256"',
                   '{"alg":"HS256","alg":"HS256"}', '{"alg":"none","alg":"HS256"}', '{"alg":"HS256","alg":"none"}',
                   '{"alg":"HS256","\\u0061lg":"none"}', '{"alg":"HS256","crit":["exp"]}', '{"alg":"HS256","crit":[]}', '{"alg":"HS256","crit":null}',
                   '{"alg":"HS256","typ":"refresh+jwt"}', '{"alg":"HS256","typ":7}', '{"alg":"HS256","typ":""}', '{"alg":"HS256"}x',
                   '{"alg":"HS256",}', '{"alg":NaN}'):
        yield f"header {header}", token(header, claims(user))
    yield "header that is no UTF-8", token(b'{"alg":"HS256","x":"\xff"}', claims(user))
    yield "header in UTF-16", token('{"alg":"HS256"}'.encode("utf-16-le"), claims(user))


def signatures(user):
    good = token(claims=claims(user))
    head, body, signature = good.split(".")
    flipped = lambda text, at: text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1:]  # noqa: E731
    yield "no signature", f"{head}.{body}."
    yield "no third part", f"{head}.{body}"
    yield "alg none without a signature", b64('{"alg":"none"}') + f".{body}."
    yield "the first bit of the signature", f"{head}.{body}.{flipped(signature, 0)}"
    yield "the middle of the signature", f"{head}.{body}.{flipped(signature, 20)}"
    yield "a character less", good[:-1]
    yield "four characters more", good + "AAAA"
    yield "a stray bit at the end", good[:-1] + ALPHABET[ALPHABET.index(good[-1]) + 1]
    yield "a changed claim", f"{head}.{flipped(body, 10)}.{signature}"
    yield "a changed header", f"{flipped(head, 10)}.{body}.{signature}"
    yield "another key", token(claims=claims(user), secret=b"another key that is long enough too")
    yield "an empty key", token(claims=claims(user), secret=b"")
    yield "HS512 under HS256", token(claims=claims(user), digest=hashlib.sha512)
    yield "HS512 that says so", token('{"alg":"HS512"}', claims(user), digest=hashlib.sha512)
    yield "a plain hash", f"{head}.{body}." + base64.urlsafe_b64encode(hashlib.sha256(f"{head}.{body}".encode()).digest()).rstrip(b"=").decode()


def shapes(user):
    good = token(claims=claims(user))
    head, body, signature = good.split(".")
    for name, text in {"padding": good + "=", "padding inside": f"{head}=.{body}.{signature}", "five parts": f"{good}.x.y", "four parts": f"{good}.",
        "a dot in front": f".{good}", "dots": "..", "a dot": ".", "a word": "abc", "three words": "a.b.c",
                       "a comma": good.replace(".", ","), "twice": good + good, "in quotes": f'"{good}"', "URL escapes": good.replace(".", "%2E"),
                       "standard base64": f"{head}.{body[:5]}+{body[6:]}.{signature}", "another case": good.swapcase()}.items():
        yield name, text
    payload = claims(user)
    payload += " " * (1 + -len(payload) % 3)  # one byte more than a multiple of three: two signs of padding
    padded = b64(HEADER) + "." + base64.urlsafe_b64encode(payload.encode()).decode()
    assert padded.endswith("==")
    yield "a payload with padding, signed as it stands", f"{padded}.{sign(padded)}"
    yield "longer than 8 KiB", token(claims=claims(user, more=',"x":"' + "a" * 6200 + '"'))
    yield "a JWE", ".".join(["eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", "", "AAAAAAAAAAAAAAAA", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA"])
    yield "a token in JSON", json.dumps({"protected": head, "payload": body, "signature": signature}).replace(" ", "")


def identities(user):
    for drop in ("uid", "sub", "name", "exp"):
        yield f"no {drop}", token(claims=claims(user, drop=(drop,)))
    for claim, values in {"uid": ('""', "7", "null", '"7"', '"00000000-0000-0000-0000-000000000000"', json.dumps(str(uuid.uuid4())),
        f'["{user["id"]}"]', f'"{user["id"]} "', f'"{user["id"]}\\u0000"', '"*"'),
                          "sub": ('""', "7", "null", "[]", "{}", '"a\\u0000b"', '"\\ud800"'),
                          "name": ('""', "7", "null", '["Ada"]', '"a\\u0000b"', '"\\udc00"')}.items():
        for value in values:
            yield f"{claim} {value}", token(claims=claims(user, **{claim: value}))
    yield "no object", token(claims="[]")
    yield "no JSON", token(claims="exp=9999999999")
    yield "nothing", token(claims="")
    yield "no UTF-8", token(claims=claims(user, name='"?"').encode().replace(b"?", b"\xc0\xaf"))
    yield "something behind", token(claims=claims(user) + "x")
    yield "two objects", token(claims=claims(user) * 2)
    yield "deep", token(claims=claims(user, more=',"x":' + "[" * 1000 + "]" * 1000))
    for again in ('"exp":9999999999', f'"uid":"{user["id"]}"', '"\\u0073ub":"root"', '"name":"Ada"'):
        yield f"twice {again[:12]}", token(claims=claims(user, more="," + again))


EXPIRED = ("exp now", "exp a second ago", "exp half a minute ago", "exp 0")


def times(user):
    for name, seconds in zip(EXPIRED, (0, -1, -30)):  # nothing is forgiven
        yield name, token(claims=claims(user, exp=now(seconds)))
    yield "exp as text", token(claims=claims(user, exp=f'"{now(3600)}"'))
    for value in ("0", "-1", "1.5", "2e9", "9e18", "1e400", "null", "true", "[]", "9223372036854775808", "99999999999999999999", "253402300800",
        '""'):
        yield f"exp {value}", token(claims=claims(user, exp=value))
    for claim in ("nbf", "iat"):
        for value in (now(3600), '"1"', "1.5", "-1", "null"):
            yield f"{claim} {value if len(value) < 10 else 'to come'}", token(claims=claims(user, **{claim: value}))
    for more in ('"auth_time":"x"', '"auth_time":-1', '"ver":"0"', '"ver":-1', '"ver":1.0', '"ver":null', '"sid":7', '"typ":"refresh"', '"typ":null',
        '"typ":""', '"aud":"somebody else"', '"aud":[]', '"aud":"chatd"'):
        yield more, token(claims=claims(user, more="," + more))  # of another kind, or for somebody else


def good_tokens(user):
    yield "as PyJWT makes them", token(claims=claims(user))
    yield "without typ", token('{"alg":"HS256"}', claims(user))
    yield "another order, with blanks", token('{ "typ" : "JWT" , "alg" : "HS256" }', claims(user))
    yield "a key id is never a path or a query", token('{"alg":"HS256","kid":"../../etc/passwd\' OR 1=1 --"}', claims(user))
    yield "a key of its own is not used", token('{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://127.0.0.1:1/","x5u":"file:///dev/zero"}',
        claims(user))
    yield "at+jwt", token('{"alg":"HS256","typ":"at+jwt"}', claims(user))
    yield "nbf and iat just now, by a clock that is ahead", token(claims=claims(user, nbf=now(20), iat=now(20)))
    yield "claims nobody knows", token(claims=claims(user, more=',"iss":"x","roles":["a",{"b":1.5}],"jti":""'))
    yield "ver 0", token(claims=claims(user, more=',"ver":0'))
    yield "an access token that says so", token(claims=claims(user, more=',"typ":"access"'))
    yield "nearly 8 KiB", token(claims=claims(user, more=',"x":"' + "a" * 5700 + '"'))


KINDS = {"headers": headers, "signatures": signatures, "shapes": shapes, "identities": identities, "times": times}


def ask(world, text):
    """GET of the rooms: the answer's status, headers and body."""
    with Exchange(world.port) as wire:
        wire.send(as_bytes(f"GET /api/v1/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {text}\r\n\r\n"))
        return wire.answer()


def room_socket(world, text):
    """The status that refuses it. In the query, or, where that would be too long, in its field."""
    try:
        if len(text) < 6000:
            world.api.socket(world.room, text, "&history=0", timeout=60).close()
        else:
            WebSocket("127.0.0.1", world.port, f"/api/v1/chat/{world.room}", [("Authorization", f"Bearer {text}")], timeout=60).close()
    except Refused as refusal:
        assert json.loads(refusal.body)["detail"]["error"] == "Forbidden"
        return refusal.status
    return 101


def realtime(world, text):
    """The close code, the error code, or 0 for a good connect."""
    socket = WebSocket("127.0.0.1", world.port, "/connection/websocket", timeout=60)
    socket.send({"id": 1, "connect": {"token": text}})
    try:
        reply = socket.recv()
    except Closed as end:
        return end.code
    socket.close()
    return reply["error"]["code"] if "error" in reply else 0


@pytest.mark.parametrize("kind", KINDS)
def test_bad_tokens_are_refused_everywhere(world, kind):
    bad = list(KINDS[kind](world.user))
    assert len({name for name, _ in bad}) == len(bad) > 10
    for name, text in bad:
        status, head, body = ask(world, text)
        assert status == 401, name
        check(Answer(401, "Could not validate credentials", {"www-authenticate": "Bearer"}), status, head, body)
        assert room_socket(world, text) == 403, name
        # An expired token with nothing else wrong is told so: its client fetches another one.
        assert realtime(world, text) == (109 if name in EXPIRED else 3500), name


def test_good_tokens_are_taken_everywhere(world):
    for name, text in good_tokens(world.user):
        assert ask(world, text)[0] == 200, name
        assert room_socket(world, text) == 101, name
        assert realtime(world, text) == 0, name


AUTHORIZATION = {
    "none": ("", "Not authenticated"), "empty": ("Authorization:\r\n", "Not authenticated"),
    "Basic": ("Authorization: Basic YTpi\r\n", "Not authenticated"), "a scheme alone": ("Authorization: Bearer\r\n", "Not authenticated"),
    "a scheme and blanks": ("Authorization: Bearer   \r\n", "Not authenticated"),
    "the token alone": ("Authorization: $TOKEN\r\n", "Not authenticated"), "no blank": ("Authorization: Bearer$TOKEN\r\n", "Not authenticated"),
    "a colon": ("Authorization: Bearer: $TOKEN\r\n", "Not authenticated"),
    "a tab": ("Authorization: Bearer\t$TOKEN\r\n", "Not authenticated"), "another scheme": ("Authorization: Token $TOKEN\r\n", "Not authenticated"),
    "a list of two": ("Authorization: Bearer $TOKEN, Bearer $TOKEN\r\n", "Could not validate credentials"),
    "two fields": ("Authorization: Bearer $TOKEN\r\nAuthorization: Bearer $TOKEN\r\n", "Could not validate credentials"),
    "two that differ": ("Authorization: Basic YTpi\r\nAuthorization: Bearer $TOKEN\r\n", "Could not validate credentials"),
    "a token in the query": ("Cookie: token=$TOKEN\r\nX-Authorization: Bearer $TOKEN\r\n", "Not authenticated"),
    "something behind": ("Authorization: Bearer $TOKEN x\r\n", "Could not validate credentials"),
    "quotes": ('Authorization: Bearer "$TOKEN"\r\n', "Could not validate credentials"),
    "a large field": ("Authorization: Bearer " + "a" * 15000 + "\r\n", "Could not validate credentials"),
    "bytes that are no UTF-8": ("Authorization: Bearer \xff\xfe\r\n", "Could not validate credentials"),
}


@pytest.mark.parametrize("name", AUTHORIZATION)
def test_fields_that_hold_a_token(world, name):
    fields, detail = AUTHORIZATION[name]
    with Exchange(world.port) as wire:
        wire.send(as_bytes(f"GET /api/v1/rooms?token={urllib.parse.quote(world.token)} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".replace("$TOKEN",
            world.token)))
        check(Answer(401, detail), *wire.answer())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
@pytest.mark.parametrize("blanks", [" ", "   "])
def test_the_scheme_is_known_in_any_case(world, scheme, blanks):
    with Exchange(world.port) as wire:
        wire.send(as_bytes(f"GET /api/v1/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme}{blanks}{world.token}\r\n\r\n"))
        assert wire.answer()[0] == 200


def test_answers_that_hold_a_token_are_never_stored(world):
    refreshed = world.api.post("/api/v1/auth/refresh_token", token=world.token)
    assert refreshed.headers["cache-control"] == "no-store" and refreshed.json["access_token"]
    logged_in = world.api.post("/api/v1/auth/login", {"username": world.user["username"], "password": "correct horse battery"})
    assert logged_in.headers["cache-control"] == "no-store" and logged_in.json["access_token"]
