"""Who may ask from where (docs/edge.md: WS-5, HTTP-6): any origin by default, those of a list once there is one."""

import json

import pytest

from support.http_table import Exchange, as_bytes, get
from support.servers import Chatd
from support.websocket import Refused

ORIGIN = "https://app.example"
LISTED = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization, content-type\r\n"


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    server = Chatd(tmp_path_factory.mktemp("origins"), {"ALLOWED_ORIGINS": f"{ORIGIN}, http://localhost:3000"}).start()
    server.user = server.api.user()
    server.room = server.api.room(server.user["token"])["id"]
    yield server
    assert server.stop() == 0


def ask(port, request):
    with Exchange(port) as wire:
        wire.send(as_bytes(request))
        status, headers, _ = wire.answer()
        return status, {name: ", ".join(values) for name, values in headers.items()}


def preflight(origin, path="/api/v1/rooms", more=LISTED):
    return get(path, f"Origin: {origin}\r\n{more}", method="OPTIONS")


@pytest.mark.parametrize("origin", [ORIGIN, "http://evil.example", "null", "", "https://app.example:444", "no origin at all"])
def test_any_origin_by_default(world, origin):
    status, headers = ask(world.port, get(fields=f"Origin: {origin}\r\n"))
    assert (status, headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in headers, "no cookies: nothing is ambient"
    assert "X-Request-Id" in headers["access-control-expose-headers"] and "Retry-After" in headers["access-control-expose-headers"]
    status, headers = ask(world.port, preflight(origin))
    assert (status, headers["access-control-allow-origin"]) == (204, "*")
    assert headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS" and headers["access-control-allow-headers"] == "authorization, content-type"
    assert "content-length" not in headers


def test_refusals_are_readable_from_another_origin_too(world):
    for request in (get("/nowhere", f"Origin: {ORIGIN}\r\n"), get("/api/v1/rooms", f"Origin: {ORIGIN}\r\n"),
        get("/api/v1/users", f"Origin: {ORIGIN}\r\n", method="POST"), get("/healthz", f"Origin: {ORIGIN}\r\n", method="DELETE")):
        status, headers = ask(world.port, request)
        assert status in (401, 404, 405, 422) and headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("fields, body, wanted", [
    ("Content-Length: 9999999\r\n", "", 413), ("Transfer-Encoding: chunked\r\n", "zz\r\n", 400),
    ("Transfer-Encoding: chunked\r\n", "999999\r\n", 413), ("Expect: x\r\n", "", 417),
    ("Upgrade: websocket\r\nConnection: Upgrade\r\n", "", 405),
], ids=["a length", "a malformed chunk", "a large chunk", "an expectation", "a handshake"])
def test_so_are_those_that_no_route_has_seen(world, listed, fields, body, wanted):
    request = get("/api/v1/users", f"Origin: {ORIGIN}\r\n{fields}", method="POST") + body
    status, headers = ask(world.port, request)
    assert (status, headers["access-control-allow-origin"]) == (wanted, "*")
    status, headers = ask(listed.port, request)
    assert (status, headers["access-control-allow-origin"], headers["vary"]) == (wanted, ORIGIN, "Origin")
    status, headers = ask(listed.port, request.replace("app.example", "evil.example"))
    assert status == wanted and "access-control-allow-origin" not in headers


def test_without_an_origin_nothing_is_said(world):
    assert not [name for name in ask(world.port, get())[1] if name.startswith("access-control")]
    assert not [name for name in ask(world.port, get(method="OPTIONS"))[1] if name.startswith("access-control")]


@pytest.mark.parametrize("asked, allowed", [
    ("authorization", "authorization"), ("X-Own, authorization", "X-Own, authorization"),
    ("x\x80y", "Authorization, Content-Type, X-Request-Id"), ("a;b", "Authorization, Content-Type, X-Request-Id"),
    ("x" * 1025, "Authorization, Content-Type, X-Request-Id"), ("", "Authorization, Content-Type, X-Request-Id"),
])
def test_a_preflights_list_is_given_back_only_if_it_is_one(world, asked, allowed):
    status, headers = ask(world.port, preflight(ORIGIN, more=f"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: {asked}\r\n"))
    assert (status, headers["access-control-allow-headers"]) == (204, allowed)


FOREIGN = ["http://app.example", "https://app.example:443", "https://app.example/", "https://app.example.evil.example",
    "https://evil.example?https://app.example", "null", "", "https://APP.example@evil.example", "https://app.example, https://app.example", "*"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_list_keeps_others_out(listed, origin):
    for request in (get(fields=f"Origin: {origin}\r\n"), preflight(origin)):
        status, headers = ask(listed.port, request)
        assert status in (200, 204) and "Origin" in headers["vary"].split(", ")
        assert not [name for name in headers if name.startswith("access-control")]
    with pytest.raises(Refused) as refusal:
        listed.api.socket(listed.room, listed.user["token"], headers=[("Origin", origin)])
    assert refusal.value.status == 403 and json.loads(refusal.value.body)["detail"]["error"] == "Forbidden"


def test_two_origins_are_none_of_the_list(listed):
    with pytest.raises(Refused) as refusal:
        listed.api.socket(listed.room, listed.user["token"], headers=[("Origin", ORIGIN), ("Origin", ORIGIN)])
    assert refusal.value.status == 403
    assert "access-control-allow-origin" not in ask(listed.port, get(fields=f"Origin: {ORIGIN}\r\nOrigin: {ORIGIN}\r\n"))[1]


@pytest.mark.parametrize("origin", [ORIGIN, "HTTPS://App.Example", "http://localhost:3000"])
def test_a_list_lets_its_members_in(listed, origin):
    status, headers = ask(listed.port, get(fields=f"Origin: {origin}\r\n"))
    assert (status, headers["access-control-allow-origin"]) == (200, origin) and "Origin" in headers["vary"].split(", ")
    assert ask(listed.port, preflight(origin))[1]["access-control-allow-origin"] == origin
    listed.api.socket(listed.room, listed.user["token"], headers=[("Origin", origin)]).close()


def test_who_is_no_browser_is_let_in(listed):
    status, headers = ask(listed.port, get())
    assert status == 200 and "Origin" in headers["vary"].split(", "), "caches must know that it depends"
    listed.api.socket(listed.room, listed.user["token"]).close()
