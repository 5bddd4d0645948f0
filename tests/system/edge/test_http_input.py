"""What a request says, well framed: JSON, forms, types and parameters (docs/edge.md: JSON-1 to JSON-3, HTTP-3)."""

import json

import pytest

from support.http_table import Answer, answered, as_bytes, get, names, run, several
from support.websocket import WebSocket

USERS, ROOMS, MESSAGES, LOGIN = "/api/v1/users", "/api/v1/rooms", "/api/v1/rooms/$ROOM/messages", "/api/v1/auth/login"
JSON = "Content-Type: application/json\r\n"
BODY = ("body",)


def post(path, body, fields=JSON, token=True):
    body = as_bytes(body)
    # $ROOM and $TOKEN stand in heads only: their length is not the body's.
    auth = "Authorization: Bearer $TOKEN\r\n" if token else ""
    return as_bytes(get(path, f"{auth}{fields}Content-Length: {len(body)}\r\n", method="POST")) + body


def faulty(name, path, body, *faults, fields=JSON):
    return answered(name, post(path, body, fields), 422, list(faults))


def no_json(name, body, at):
    return faulty(f"no JSON: {name}", ROOMS, body, ("json_invalid", ("body", at)))


def room(name, member, kind, where=("body", "name")):
    return faulty(f"room: {name}", ROOMS, member if isinstance(member, bytes) else member.encode(), (kind, where))


GRAMMAR = [
    no_json("a brace", "{", 1), no_json("a bracket", "[", 1), no_json("nothing but blanks", "  ", 2), no_json("a word", "hello", 0),
    no_json("half a word", "nul", 0), no_json("another case", "NULL", 0), no_json("True", "True", 0),
    no_json("NaN", '{"name":NaN}', 8), no_json("Infinity", '{"name":Infinity}', 8), no_json("-Infinity", '{"name":-Infinity}', 8),
    no_json("undefined", '{"name":undefined}', 8), no_json("hexadecimal", '{"name":0x1}', 9),
    no_json("a leading zero", '{"name":01}', 9), no_json("a plus sign", '{"name":+1}', 8), no_json("a lonely minus", '{"name":-}', 8),
    no_json("a dot behind", '{"name":1.}', 9), no_json("a dot in front", '{"name":.1}', 8), no_json("an empty exponent", '{"name":1e}', 9),
    no_json("single quotes", "{'name':1}", 1), no_json("no quotes", "{name:1}", 1), no_json("a comma at the end", '{"name":"x",}', 12),
    no_json("two commas", '{"name":"x",,}', 12), no_json("a comma in front", '{,"name":"x"}', 1), no_json("no comma", '{"name":"x" "b":1}', 12),
    no_json("no colon", '{"name" "x"}', 8), no_json("a semicolon", '{"name";"x"}', 7), no_json("the wrong bracket", '{"name":"x"]', 11),
    no_json("a number for a key", '{1:2}', 1), no_json("a cut string", '{"name":"x', 8),
    no_json("a cut escape", '{"name":"\\', 8), no_json("an unknown escape", '{"name":"\\x41"}', 9), no_json("a cut \\u", '{"name":"\\u12"}', 10),
    no_json("a wrong \\u", '{"name":"\\u12G4"}', 10), no_json("an octal escape", '{"name":"\\0"}', 9),
    no_json("a line end inside a string", '{"name":"a\nb"}', 10), no_json("a tab inside a string", '{"name":"a\tb"}', 10),
    no_json("NUL inside a string", b'{"name":"a\0b"}', 10), no_json("NUL instead of a value", b'{"name":\0}', 8),
    no_json("NUL behind", b'{"name":"x"}\0', 12),
    no_json("bytes behind", '{"name":"x"} x', 13), no_json("a second value", '{"name":"x"}{"name":"y"}', 12),
    no_json("a second value on a line", '{"name":"x"}\n{"name":"y"}', 13), no_json("a bracket behind", '{"name":"x"}]', 12),
    no_json("a comment", '/* c */{"name":"x"}', 0), no_json("a comment inside", '{"name":"x",/**/"description":"y"}', 12),
    no_json("a line's comment", '{"name":"x"} // c', 13), no_json("a byte order mark and more", b'\xef\xbb\xbf{x}', 1),
    no_json("UTF-16", '{"name":"x"}'.encode("utf-16"), 0), no_json("UTF-16 without a mark", '{"name":"x"}'.encode("utf-16-le"), 1),
    no_json("a form", "name=x&description=y", 0), no_json("XML", "<name>x</name>", 0), no_json("form feed", '\x0c{"name":"x"}', 0),
    no_json("no-break space", b'\xc2\xa0{"name":"x"}', 0),
    no_json("a lone byte", b'{"name":"\xff"}', 9), no_json("cut UTF-8", b'{"name":"\xe2\x82"}', 9),
    no_json("overlong UTF-8", b'{"name":"\xc0\xaf"}', 9), no_json("a surrogate in UTF-8", b'{"name":"\xed\xa0\x80"}', 9),
    no_json("above U+10FFFF", b'{"name":"\xf4\x90\x80\x80"}', 9), no_json("no UTF-8 in a key", b'{"\xff":1}', 2),
    no_json("no UTF-8 in a field nobody reads", b'{"name":"","x":"\xc0\x80"}', 16), faulty("deep and broken", ROOMS, "[" * 40, ("value_error", BODY)),
    faulty("no body", ROOMS, "", ("missing", BODY)), faulty("null", ROOMS, "null", ("missing", BODY)),
]

SHAPES = [
    *(faulty(f"a body that is {name}", ROOMS, body, ("model_attributes_type", BODY)) for name, body in {"an array": "[]", "a string": '"x"',
        "a number": "7", "true": "true", "an array with one": '[{"name":"x"}]', "1e400": "1e400"}.items()),
    faulty("33 levels", ROOMS, '{"name":"x","a":' + "[" * 32 + "]" * 32 + "}", ("value_error", ("body", "a"))),
    faulty("33 levels under the name", ROOMS, '{"name":' + "[" * 32 + "]" * 32 + "}", ("value_error", ("body", "name"))),
    faulty("32 levels that nobody reads", ROOMS, '{"name":"","a":' + "[" * 31 + "]" * 31 + "}", ("string_too_short", ("body", "name"))),
    faulty("100,000 levels of objects", ROOMS, '{"a":' * 100000, ("value_error", ("body", "a"))),
    faulty("a field twice", ROOMS, '{"name":"x","name":"y"}', ("value_error", ("body", "name"))),
    faulty("a field twice, once escaped", ROOMS, '{"name":"x","\\u006eame":"y"}', ("value_error", ("body", "name"))),
    faulty("a field twice, then null", ROOMS, '{"name":"x","name":null}', ("value_error", ("body", "name"))),
    faulty("a field three times", ROOMS, '{"name":"x","name":"y","name":"z"}', *[("value_error", ("body", "name"))] * 2),
    faulty("another field twice", ROOMS, '{"name":"","description":null,"description":null}', ("string_too_short", ("body", "name")),
        ("value_error", ("body", "description"))),
    faulty("nothing", ROOMS, "{}", ("missing", ("body", "name"))),
    faulty("names are exact", ROOMS, '{"Name":"x","name ":"y","\\u0000name":"z"}', ("missing", ("body", "name"))),
    faulty("every field of a new account is named", USERS, "{}", *[("missing", ("body", f)) for f in ("name", "username", "password")]),
    faulty("every wrong type of a new account is named", USERS, '{"name":[],"username":{},"password":1e400}',
        *[("string_type", ("body", f)) for f in ("name", "username", "password")]),
    faulty("a byte order mark", ROOMS, b'\xef\xbb\xbf{"name":""}', ("string_too_short", ("body", "name"))),
    faulty("blanks around", ROOMS, ' \t\r\n{ "name" : "" }\r\n', ("string_too_short", ("body", "name"))),
]

TEXT = [
    *(room(name, '{"name":%s}' % value, kind) for name, value, kind in (
        ("null", "null", "string_type"), ("true", "true", "string_type"), ("0", "0", "string_type"), ("1.5", "1.5", "string_type"),
        ("1e400", "1e400", "string_type"), ("-1e400", "-1e400", "string_type"), ("a huge integer", "9" * 400, "string_type"),
        ("an array", "[]", "string_type"), ("an object", "{}", "string_type"), ("an array with a string", '["x"]', "string_type"),
        ("empty", '""', "string_too_short"), ("201 characters", '"' + "a" * 201 + '"', "string_too_long"),
        ("201 characters of four bytes", '"' + "😀" * 201 + '"', "string_too_long"), ("blanks", '"   "', "value_error"),
        ("nothing visible", '"\\u200b\\u2060\\u00ad"', "value_error"), ("a line end", '"\\n"', "value_error"),
        ("NUL", '"\\u0000"', "value_error"), ("NUL inside", '"a\\u0000b"', "value_error"), ("NUL at the end", '"abc\\u0000"', "value_error"),
        ("a lone high surrogate", '"\\ud800"', "string_unicode"), ("a lone low surrogate", '"\\udc00"', "string_unicode"),
        ("surrogates the wrong way round", '"\\ude00\\ud83d"', "string_unicode"), ("two high surrogates", '"\\ud83d\\ud83d"', "string_unicode"),
        ("a high surrogate and a letter", '"\\ud83dA"', "string_unicode"), ("a high surrogate and another escape", '"\\ud83d\\n"', "string_unicode"),
        ("a lone surrogate at the end", '"abc\\uDBFF"', "string_unicode"), ("a pair and a lone one", '"\\ud83d\\ude00\\ud83d"', "string_unicode"))),
    room("a description of a wrong type", '{"name":"x","description":7}', "string_type", ("body", "description")),
    room("a description with NUL", '{"name":"x","description":"\\u0000"}', "value_error", ("body", "description")),
    room("a description that is too long", '{"name":"x","description":"' + "a" * 4001 + '"}', "string_too_long", ("body", "description")),
    room("a description with a lone surrogate", '{"name":"x","description":"\\udfff"}', "string_unicode", ("body", "description")),
]

ACCOUNT = {"name": '"x"', "username": '"a@example.com"', "password": '"long enough"'}


def account(name, field, value, kind):
    members = {**ACCOUNT, field: value}
    return faulty(f"account: {name}", USERS, "{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}", (kind, ("body", field)))


ACCOUNTS = [
    *(account(f"username {value}", "username", value, "value_error") for value in ('""', '"a"', '"@"', '"a@"', '"@b.c"', '"a@b"', '"a b@c.de"',
        '"a@b..de"', '"a@.de"', '".a@b.de"', '"a.@b.de"', '"a..b@c.de"', '"a@b.de."', '"a@-b.de"', '"a@b-.de"', '"a@b_c.de"', '"a@[1.2.3.4]"',
        '"a@b.1"', '"\\"a\\"@b.de"', '"a@b@c.de"', '"a\\n@b.de"', '"a@b.de\\u0000"', '"a,b@c.de"')),
    account("a username that is too long", "username", '"' + "a" * 250 + '@example.com"', "value_error"),
    account("a label that is too long", "username", '"a@' + "b" * 64 + '.de"', "value_error"),
    account("a username that is no string", "username", "7", "string_type"), account("a username that is null", "username", "null", "string_type"),
    account("a username with a lone surrogate", "username", '"a\\ud800@b.de"', "string_unicode"),
    account("a password of 7 bytes", "password", '"1234567"', "string_too_short"),
    account("a password of 1025 bytes", "password", '"' + "a" * 1025 + '"', "string_too_long"),
    account("a password of 513 two-byte letters", "password", '"' + "\xc3\xa9" * 513 + '"', "string_too_long"),
    account("a password with NUL", "password", '"12345678\\u0000"', "value_error"),
    account("a password that is a number", "password", "12345678", "string_type"),
    account("a password that is an array", "password", '["12345678"]', "string_type"),
    account("a password with a lone surrogate", "password", '"12345678\\ud800"', "string_unicode"),
]

MESSAGE = [
    *(faulty(f"message: {name}", MESSAGES, body, (kind, ("body", field))) for name, body, kind, field in (
        ("no content", "{}", "missing", "content"), ("content null", '{"content":null}', "string_type", "content"),
        ("content empty", '{"content":""}', "string_too_short", "content"), ("content with NUL", '{"content":"\\u0000"}', "value_error", "content"),
        ("content a lone surrogate", '{"content":"\\ud800"}', "string_unicode", "content"),
        ("content an object", '{"content":{"a":1}}', "string_type", "content"),
        ("client_id empty", '{"content":"x","client_id":""}', "string_too_short", "client_id"),
        ("client_id of 65 bytes", '{"content":"x","client_id":"' + "a" * 65 + '"}', "string_too_long", "client_id"),
        ("client_id a number", '{"content":"x","client_id":1}', "string_type", "client_id"),
        ("client_id with NUL", '{"content":"x","client_id":"\\u0000"}', "value_error", "client_id"),
        ("reply_to no UUID", '{"content":"x","reply_to":"7"}', "uuid_parsing", "reply_to"),
        ("reply_to a number", '{"content":"x","reply_to":7}', "uuid_type", "reply_to"),
        ("reply_to cut", '{"content":"x","reply_to":"0190a000-0000-7000-8000-00000000000"}', "uuid_parsing", "reply_to"),
        ("reply_to with NUL", '{"content":"x","reply_to":"\\u0000"}', "uuid_parsing", "reply_to"),
        ("metadata with a lone surrogate", '{"content":"x","metadata":{"a":"\\ud800"}}', "string_unicode", "metadata"),
        ("metadata with a lone surrogate for a key", '{"content":"x","metadata":{"\\ud800":1}}', "string_unicode", "metadata"),
        ("metadata with NUL", '{"content":"x","metadata":["\\u0000"]}', "value_error", "metadata"),
        ("metadata with a key twice", '{"content":"x","metadata":{"a":1,"a":2}}', "value_error", "metadata"),
        ("metadata of 8193 bytes", '{"content":"x","metadata":"' + "a" * 8191 + '"}', "value_error", "metadata"),
        ("metadata of 33 levels", '{"content":"x","metadata":' + "[" * 33 + "]" * 33 + "}", "value_error", "metadata"))),
    answered("message: content too large", post(MESSAGES, '{"content":"' + "a" * 65537 + '"}'), 413, {"PayloadTooLarge"}),
    answered("message: nowhere", post("/api/v1/rooms/00000000-0000-4000-8000-000000000000/messages", '{"content":"x"}'), 404, {"RoomNotFound"}),
    answered("message: in no room's id, with all other faults", post("/api/v1/rooms/7/messages", '{"content":7,"client_id":7}'), 422,
        [("uuid_parsing", ("path", "room_id")), ("string_type", ("body", "content")), ("string_type", ("body", "client_id"))]),
    several("message: nobody's", as_bytes(get(MESSAGES, f"{JSON}Content-Length: 1\r\n", method="POST")) + b"{", Answer(401, "Not authenticated")),
]


def parameter(name, path, *faults):
    return answered(f"parameter: {name}", get(path, "Authorization: Bearer $TOKEN\r\n"), 422, list(faults))


HISTORY, EVENTS = "/api/v1/rooms/$ROOM/history", "/api/v1/rooms/$ROOM/events"
WRONG_NUMBERS = [("0", "greater_than_equal"), ("-1", "greater_than_equal"), ("-9223372036854775809", "greater_than_equal"), ("x", "int_parsing"),
    ("", "int_parsing"), ("1.5", "int_parsing"), ("1e1", "int_parsing"), ("0x1", "int_parsing"), ("%201%20x", "int_parsing"), ("NaN", "int_parsing"),
    ("true", "int_parsing"), ("%EF%BC%91", "int_parsing"),
                 ("--1", "int_parsing"), ("1" * 4301, "int_parsing_size")]
PARAMETERS = [
    *(parameter(f"page={value[:24]}", f"{HISTORY}?page={value}", (kind, ("query", "page"))) for value, kind in WRONG_NUMBERS),
    *(parameter(f"size={value[:24]}", f"{HISTORY}?size={value}", (kind, ("query", "size"))) for value, kind in WRONG_NUMBERS),
    parameter("size=101", f"{HISTORY}?size=101", ("less_than_equal", ("query", "size"))),
    parameter("size=99999999999999999999", f"{HISTORY}?size=99999999999999999999", ("less_than_equal", ("query", "size"))),
    parameter("page=9223372036854775808", f"{HISTORY}?page=9223372036854775808", ("less_than_equal", ("query", "page"))),
    parameter("page twice", f"{HISTORY}?page=1&page=2", ("value_error", ("query", "page"))),
    parameter("page twice alike", f"{HISTORY}?page=1&page=1", ("value_error", ("query", "page"))),
    parameter("page twice, once escaped", f"{HISTORY}?page=1&%70age=1", ("value_error", ("query", "page"))),
    parameter("page without a value", f"{HISTORY}?page", ("int_parsing", ("query", "page"))),
    parameter("both, and the path", "/api/v1/rooms/7/history?page=0&size=x", ("uuid_parsing", ("path", "room_id")),
        ("greater_than_equal", ("query", "page")), ("int_parsing", ("query", "size"))),
    *(parameter(f"after={value[:24]}", f"{EVENTS}?after={value}", (kind, ("query", "after"))) for value, kind in WRONG_NUMBERS[1:]),
    *(parameter(f"limit={value[:24]}", f"{EVENTS}?limit={value}", (kind, ("query", "limit"))) for value, kind in WRONG_NUMBERS),
    parameter("limit=501", f"{EVENTS}?limit=501", ("less_than_equal", ("query", "limit"))),
    *(parameter(f"room_id {value}", f"/api/v1/rooms/{value}/history", ("uuid_parsing", ("path", "room_id"))) for value in ("7", "%20", "x" * 36,
        "0190a000-0000-7000-8000-00000000000", "0190a000-0000-7000-8000-0000000000000", "0190a000_0000_7000_8000_000000000000", "..", "%2F", "*",
        "0190a000-0000-7000-8000-00000000000g", "'or'1'='1", "%F0%9F%98%80")),
    *(answered(f"parameter: good {query}", get(f"{HISTORY}?{query}", "Authorization: Bearer $TOKEN\r\n"),
        200) for query in ("page=9223372036854775807&size=100", "page=%2B1", "page=1_0", "page=01", "page=%201%20", "page=1.0", "x=y", "PAGE=0",
        "size=1&sizes=2")),
    answered("parameter: an id in braces", get("/api/v1/rooms/%7B$ROOM%7D/history", "Authorization: Bearer $TOKEN\r\n"), 200),
    answered("parameter: a room that is not there",
        get("/api/v1/rooms/00000000-0000-4000-8000-000000000000/history", "Authorization: Bearer $TOKEN\r\n"), 404, {"RoomNotFound"}),
    *(answered(f"parameter: Last-Event-ID {value!r}",
        get(EVENTS, f"Authorization: Bearer $TOKEN\r\nAccept: text/event-stream\r\nLast-Event-ID: {value}\r\n"), 422,
        [("int_parsing", ("header", "last-event-id"))]) for value in ("x", "-1", "1.5", "1 2", "+1", "0x1", "9223372036854775808")),
]

WRONG_TYPE = ("model_attributes_type", BODY)
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = "Content-Type: multipart/form-data; boundary=b\r\n"
PART = '--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def login(name, body, *faults, fields=FORM):
    return faulty(f"login: {name}", LOGIN, body, *faults, fields=fields)


NEITHER = [("missing", ("body", "username")), ("missing", ("body", "password"))]
TYPES = [
    *(faulty(f"type: {value}", ROOMS, '{"name":""}', WRONG_TYPE, fields=f"Content-Type: {value}\r\n") for value in ("text/plain",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json+x", "application/xml", "text/json",
        "application/jsonx", "json", "*/*", "application/json, text/plain", "application", "/", ";", "a b")),
    faulty("type: two", ROOMS, '{"name":""}', WRONG_TYPE, fields=JSON + JSON),
    faulty("type: two that differ", ROOMS, '{"name":""}', WRONG_TYPE, fields=JSON + "Content-Type: text/plain\r\n"),
    *(faulty(f"type: good {value!r}", ROOMS, '{"name":""}', ("string_too_short", ("body", "name")),
        fields=f"Content-Type:{value}\r\n") for value in (" application/json", " Application/JSON", " application/json; charset=utf-8",
        " application/json;charset=latin1", ' application/json ; a="b;c"', " application/json;", "", " ")),
    faulty("type: none", ROOMS, '{"name":""}', ("string_too_short", ("body", "name")), fields=""),
    faulty("type: of no body", ROOMS, "", ("missing", BODY), fields="Content-Type: text/plain\r\n"),
    login("an empty form", "", *NEITHER), login("separators", "&&=&=&", *NEITHER), login("empty values are none", "username=&password=", *NEITHER),
    login("names are exact", "Username=a&PASSWORD=b&%20username=c", *NEITHER),
    login("another grant", "grant_type=refresh_token&username=a&password=b", ("string_pattern_mismatch", ("body", "grant_type"))),
    login("a username twice", "username=a&username=b&password=c", ("value_error", ("body", "username"))),
    login("a password twice", "username=a&password=b&password=b", ("value_error", ("body", "password"))),
    login("NUL", "username=a%00b&password=c", ("value_error", ("body", "username"))),
    login("no UTF-8", "username=%ff&password=c", ("string_unicode", ("body", "username"))),
    login("a surrogate", "username=%ed%a0%80&password=%ff", ("string_unicode", ("body", "username")), ("string_unicode", ("body", "password"))),
    login("raw bytes that are no UTF-8", b"username=\xff&password=c", ("string_unicode", ("body", "username"))),
    *(login(f"multipart: {name}", body, ("value_error", BODY), fields=fields) for name, body, fields in (
        ("no boundary", PART % ("username", "a") + "--b--", "Content-Type: multipart/form-data\r\n"),
        ("an empty boundary", PART % ("username", "a") + "--b--", "Content-Type: multipart/form-data; boundary=\r\n"),
        ("a boundary that is too long", "--" + "b" * 71 + "--", f"Content-Type: multipart/form-data; boundary={'b' * 71}\r\n"),
        ("another boundary", PART % ("username", "a") + "--b--", "Content-Type: multipart/form-data; boundary=c\r\n"),
        ("no end", PART % ("username", "a"), PARTS), ("nothing", "", PARTS),
        ("bare LF", (PART % ("username", "a") + "--b--").replace("\r\n", "\n"), PARTS),
        ("a part without an empty line", "--b\r\nA: b\r\n--b--", PARTS),
        ("something behind the boundary", "--bx\r\n\r\nx\r\n--b--", PARTS), ("too many parts", (PART % ("x", "a")) * 101 + "--b--", PARTS))),
    login("multipart: no fields", "--b--", *NEITHER, fields=PARTS),
    login("multipart: files only", '--b\r\nContent-Disposition: form-data; name="username"; filename="x"\r\n\r\na\r\n--b--', *NEITHER, fields=PARTS),
    login("multipart: no name", "--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--", *NEITHER, fields=PARTS),
    login("multipart: a username twice", PART % ("username", "a") + PART % ("username", "b") + PART % ("password", "c") + "--b--",
        ("value_error", ("body", "username")), fields=PARTS),
    login("multipart: no UTF-8", (PART % ("username", "\xff") + PART % ("password", "c") + "--b--").encode("latin-1"),
        ("string_unicode", ("body", "username")), fields=PARTS),
    answered("login: nobody", post(LOGIN, json.dumps({"username": "nobody@example.com", "password": "x" * 2000})), 401, {"InvalidCredentials"}),
    answered("login: an empty password", post(LOGIN, '{"username":"a","password":""}'), 401, {"InvalidCredentials"}),
    answered("emulation: of nobody", post("/emulation", "{}"), 404, "There is no such session here: connect again."),
    answered("emulation: no request", post("/emulation", "7"), 400, "The body is no emulation request: {\"session\", \"node\", \"data\"}."),
    answered("emulation: no JSON", post("/emulation", "["), 400), answered("emulation: nothing", post("/emulation", ""), 400),
    answered("emulation: a wrong type", post("/emulation", '{"session":1,"node":2,"data":3}'), 400),
    answered("emulation: nobody's session", post("/emulation", '{"session":"x","node":"y","data":"{}"}'), 404),
    answered("emulation: by GET", get("/emulation"), 405, "Method Not Allowed", headers={"allow": "POST, OPTIONS"}),
    answered("realtime without an upgrade", get("/connection/websocket"), 404, "Not Found"),
    answered("a room's socket without an upgrade", get("/api/v1/chat/$ROOM?token=$TOKEN"), 404, "Not Found"),
    answered("a stream by GET", get("/connection/http_stream"), 405, "Method Not Allowed"),
]

CASES = GRAMMAR + SHAPES + TEXT + ACCOUNTS + MESSAGE + PARAMETERS + TYPES


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_input(world, case):
    run(case, world)


@pytest.mark.parametrize("name",
    ["x", "a" * 200, "😀" * 200, " x ", "\x7f", "é", "e\u0301", "\u202e", "'; DROP TABLE rooms; --", "<script>", "\\u0000", "%00", "\ufffd",
        "\U0010ffff", "{}", "null"], ids=lambda name: ascii(name[:20]))
def test_text_comes_back_exactly(world, name):
    import uuid
    unique = uuid.uuid4().hex
    name = name if len(name) == 200 else name + unique
    for escaped in (True, False):
        wanted = name if len(name) < 200 else name[:167] + ("1" if escaped else "2") + unique
        wanted = wanted + ("1" if escaped else "2") if len(wanted) < 200 else wanted
        made = world.api.post("/api/v1/rooms", json.dumps({"name": wanted, "description": name}, ensure_ascii=escaped).encode(), world.token)
        assert made.status == 201 and made.json["name"] == wanted and made.json["description"] == name, made


# Nothing lies beyond the largest number, whatever way it is asked for; it once wrapped around to the beginning.
LARGEST = 2**63 - 1


@pytest.fixture(scope="module")
def three(world):
    room = world.api.room(world.token)["id"]
    for n in range(3):
        assert world.api.post(f"/api/v1/rooms/{room}/messages", {"content": f"m{n}"}, world.token).status == 201
    return room


@pytest.mark.parametrize("after", [LARGEST, LARGEST - 1, 3, 2])
def test_events_after_a_number(world, three, after):
    wanted = [3] if after == 2 else []
    answer = world.api.get(f"/api/v1/rooms/{three}/events?after={after}&limit=500", world.token).json
    assert ([event["seq"] for event in answer["events"]], answer["last_seq"]) == (wanted, 3)
    socket = WebSocket("127.0.0.1", world.port, "/connection/websocket", timeout=60)
    socket.send({"id": 1, "connect": {"token": world.guest["token"]}})
    socket.recv()
    channel = f"room:{three}"
    for method, data in (("room.events", {"room_id": three, "after": after}),):
        socket.send({"id": 2, "rpc": {"method": method, "data": data}})
        assert [event["seq"] for event in socket.recv()["rpc"]["data"]["events"]] == wanted
    for offset in (after, 2**64 - 1 if after == LARGEST else after):
        socket.send({"id": 3, "history": {"channel": channel, "limit": -1, "since": {"offset": offset, "epoch": ""}}})
        history = socket.recv()["history"]
        assert ([one["offset"] for one in history.get("publications", [])], history["offset"]) == (wanted, 3)
        socket.send({"id": 4, "subscribe": {"channel": channel, "recover": True, "offset": offset}})
        subscribed = socket.recv()["subscribe"]
        assert subscribed.get("recovered", False) == (offset <= 3) and [one["offset"] for one in subscribed.get("publications", [])] == wanted
        socket.send({"id": 5, "unsubscribe": {"channel": channel}})
        assert socket.recv()["unsubscribe"] == {}
    socket.send({"id": 6, "history": {"channel": channel, "limit": 9, "reverse": True, "since": {"offset": LARGEST, "epoch": ""}}})
    assert [one["offset"] for one in socket.recv()["history"]["publications"]] == [3, 2, 1]
    socket.close()


@pytest.mark.parametrize("page, size, wanted",
    [(LARGEST, 100, []), (LARGEST // 100 + 1, 100, []), (LARGEST, 1, []), (2, 2, ["m2"]), (3, 1, ["m2"]), (4, 1, [])])
def test_pages_as_far_as_numbers_go(world, three, page, size, wanted):
    answer = world.api.history(three, world.token, page, size)
    assert [message["content"] for message in answer["messages"]] == wanted
    assert answer["pagination"] == {"current_page": page, "page_size": size, "total_pages": -(-3 // size), "total_messages": 3}


def test_a_room_socket_after_the_largest_number(world, three):
    socket = WebSocket("127.0.0.1", world.port, f"/api/v1/chat/{three}?token={world.token}&after={LARGEST}", timeout=60)
    socket.send({"content": "m3", "client_id": "largest"})
    message = socket.recv()
    assert (message["type"], message["client_id"], message["seq"]) == ("ack", "largest", 4), "nothing was replayed before it"
    socket.close()
