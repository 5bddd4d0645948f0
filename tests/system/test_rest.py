"""Every row of the contract's REST table, on the real binary and both databases."""

import pathlib
import re
import time
import uuid
import urllib.parse

import pytest

from support.api import PASSWORD

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
NOT_AUTHENTICATED = {"detail": "Not authenticated"}
NOT_VALIDATED = {"detail": "Could not validate credentials"}


def faults(answer):
    assert answer.status == 422, answer
    return [(f["type"], f["loc"]) for f in answer.json["detail"]]


def test_the_root_answers_json_to_programs_and_a_page_to_browsers(server):
    assert server.api.get("/").json == {"message": "/"}
    page = server.api.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")


def test_signing_up_and_logging_in(server):
    api = server.api
    name = f"{uuid.uuid4().hex}@example.com"
    made = api.post("/api/v1/users", {"name": "Ada Lovelace", "username": f"  {name}  ", "password": PASSWORD})
    assert made.status == 201
    assert made.json == {"id": made.json["id"], "name": "Ada Lovelace", "username": name}
    assert uuid.UUID(made.json["id"]).version == 7
    again = api.post("/api/v1/users", {"name": "x", "username": name.upper(), "password": PASSWORD})
    assert again.status == 409
    assert again.json == {"detail": {"error": "UserAlreadyExists", "message": f"User with username {name.upper()} already exists."}}

    answer = api.post("/api/v1/auth/login", {"username": name.upper(), "password": PASSWORD})
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json
    assert (body["id"], body["name"], body["username"], body["token_type"]) == (made.json["id"], "Ada Lovelace", name, "bearer")
    form = api.post("/api/v1/auth/login", urllib.parse.urlencode({"username": name, "password": PASSWORD, "grant_type": "password", "scope": ""}),
                    headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert form.status == 200 and form.json["id"] == made.json["id"]
    boundary = "b0undary"
    parts = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in [("username", name), ("password", PASSWORD)])
    multipart = api.post("/api/v1/auth/login", parts + f"--{boundary}--\r\n", headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert multipart.status == 200 and multipart.json["id"] == made.json["id"]
    other_grant = api.post("/api/v1/auth/login", urllib.parse.urlencode({"username": name, "password": PASSWORD, "grant_type": "client_credentials"}),
                           headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert other_grant.status == 422


def test_wrong_password_and_unknown_user_get_the_same_answer(server):
    user = server.api.sign_up()
    wanted = {"detail": {"error": "InvalidCredentials", "message": "Incorrect email or password"}}
    for username in (user["username"], "nobody@example.com"):
        answer = server.api.post("/api/v1/auth/login", {"username": username, "password": "not the password"})
        assert (answer.status, answer.json) == (401, wanted)


@pytest.mark.parametrize("body, wanted", [
    ({}, [("missing", ["body", "name"]), ("missing", ["body", "username"]), ("missing", ["body", "password"])]),
    ({"name": "", "username": "a@example.com", "password": PASSWORD}, [("string_too_short", ["body", "name"])]),
    ({"name": None, "username": "a@example.com", "password": PASSWORD}, [("string_type", ["body", "name"])]),
    ({"name": "x", "username": "no address", "password": PASSWORD}, [("value_error", ["body", "username"])]),
    ({"name": "x", "username": "a@example.com", "password": None}, [("string_type", ["body", "password"])]),
    ({"name": "x", "username": "a@example.com", "password": "short"}, [("string_too_short", ["body", "password"])]),
    ({"name": 7, "username": 7, "password": 7}, [("string_type", ["body", "name"]), ("string_type", ["body", "username"]), ("string_type", ["body", "password"])]),
])
def test_bad_sign_ups_name_every_fault(server, body, wanted):
    answer = server.api.post("/api/v1/users", body)
    assert faults(answer) == wanted
    assert "short" not in str([f.get("input") for f in answer.json["detail"]])


def test_bodies_that_are_no_json_or_of_another_type(server):
    post = server.api.post
    assert faults(post("/api/v1/users", "{", headers={"Content-Type": "application/json"}))[0][0] == "json_invalid"
    assert faults(post("/api/v1/users", "", headers={"Content-Type": "application/json"})) == [("missing", ["body"])]
    assert post("/api/v1/users", '{"name":"x"}', headers={"Content-Type": "text/plain"}).status == 422
    assert post("/api/v1/users", '{"name":"x\\u0000","username":"a@example.com","password":"long enough"}', headers={"Content-Type": "application/json"}).status == 422
    assert post("/api/v1/users", '{"name":"\\ud800","username":"a@example.com","password":"long enough"}', headers={"Content-Type": "application/json"}).status == 422


def test_refreshing_a_token(server):
    user = server.api.user()
    answer = server.api.post("/api/v1/auth/refresh_token", token=user["token"])
    assert answer.status == 200 and answer.json["id"] == user["id"] and answer.json["token_type"] == "bearer"
    assert server.api.get("/api/v1/rooms", answer.json["access_token"]).status == 200


@pytest.mark.parametrize("headers, body", [
    ({}, NOT_AUTHENTICATED),
    ({"Authorization": "Basic YTpi"}, NOT_AUTHENTICATED),
    ({"Authorization": "Bearer"}, NOT_AUTHENTICATED),
    ({"Authorization": "Bearer abc"}, NOT_VALIDATED),
    ({"Authorization": "bEaReR eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}, NOT_VALIDATED),
])
def test_refusals_of_tokens(server, headers, body):
    for method, path in (("GET", "/api/v1/rooms"), ("POST", "/api/v1/rooms"), ("POST", "/api/v1/auth/refresh_token"), ("GET", f"/api/v1/rooms/{uuid.uuid4()}/history"),
                         ("POST", f"/api/v1/rooms/{uuid.uuid4()}/messages"), ("GET", "/api/v1/users/me")):
        answer = server.api.request(method, path, headers=headers)
        assert (answer.status, answer.json, answer.headers["www-authenticate"]) == (401, body, "Bearer")


def test_rooms(server):
    user = server.api.user()
    name = f"Rust & C++ {uuid.uuid4().hex}"
    made = server.api.post("/api/v1/rooms", {"name": name}, user["token"])
    assert made.status == 201
    assert made.json == {"id": made.json["id"], "name": name, "creator_id": user["id"], "description": None}
    again = server.api.post("/api/v1/rooms", {"name": name, "description": "x"}, user["token"])
    assert (again.status, again.json) == (409, {"detail": {"error": "RoomAlreadyExists", "message": f"Room with name {name} already exists."}})
    assert made.json in server.api.get("/api/v1/rooms", user["token"]).json["rooms"]
    assert faults(server.api.post("/api/v1/rooms", {"name": "", "description": 5}, user["token"])) == [
        ("string_too_short", ["body", "name"]), ("string_type", ["body", "description"])]
    assert server.api.post("/api/v1/rooms/", {"name": name + "/"}, user["token"]).status == 201


def test_a_new_room_has_an_empty_history(server):
    user = server.api.user()
    room = server.api.room(user["token"])
    for path in (f"/api/v1/rooms/{room['id']}/history", f"/api/v1/rooms/{room['id']}/history/"):
        assert server.api.get(path, user["token"]).json == {
            "room_id": room["id"], "messages": [],
            "pagination": {"current_page": 1, "page_size": 10, "total_pages": 0, "total_messages": 0}}


def test_history_pages(server):
    user = server.api.user("Grace")
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    for n in range(23):
        socket.send({"content": f"message {n}", "client_id": str(n)})
    socket.recv_until(lambda m: m.get("client_id") == "22")
    pages = [server.api.history(room["id"], user["token"], page, 10) for page in (1, 2, 3, 4)]
    assert [len(p["messages"]) for p in pages] == [10, 10, 3, 0]
    assert all(p["pagination"]["total_pages"] == 3 and p["pagination"]["total_messages"] == 23 for p in pages)
    contents = [m["content"] for p in pages for m in p["messages"]]
    assert contents == [f"message {n}" for n in range(23)]
    first = pages[0]["messages"][0]
    assert first["user"] == {"id": user["id"], "name": "Grace"} and first["room_id"] == room["id"] and TIME.match(first["timestamp"])


def test_history_refuses_bad_questions_precisely(server):
    user = server.api.user()
    room = server.api.room(user["token"])
    path = f"/api/v1/rooms/{room['id']}/history"
    get = lambda p: server.api.get(p, user["token"])  # noqa: E731
    assert faults(get(path + "?page=0&size=101")) == [("greater_than_equal", ["query", "page"]), ("less_than_equal", ["query", "size"])]
    assert faults(get(path + "?page=x")) == [("int_parsing", ["query", "page"])]
    assert faults(get("/api/v1/rooms/nonsense/history")) == [("uuid_parsing", ["path", "room_id"])]
    unknown = str(uuid.uuid4())
    answer = get(f"/api/v1/rooms/{unknown}/history")
    assert (answer.status, answer.json) == (404, {"detail": {"error": "RoomNotFound", "message": f"Room with id {unknown} was not found."}})
    assert get(path + "?page=9223372036854775807&size=100").status in (200, 422)


def messages_of(room):
    return f"/api/v1/rooms/{room['id']}/messages"


def test_sending_a_message(server):
    user = server.api.user("Grace")
    room = server.api.room(user["token"])
    first = server.api.post(messages_of(room), {"content": " hi ", "client_id": "c-1", "metadata": {"mood": ["sunny"]}}, user["token"])
    assert first.status == 201
    assert first.json == {"id": first.json["id"], "seq": 1, "timestamp": first.json["timestamp"]}
    assert uuid.UUID(first.json["id"]).version == 7 and TIME.match(first.json["timestamp"])
    answer = server.api.post(messages_of(room) + "/", {"content": "and you?", "reply_to": first.json["id"]}, user["token"])
    assert (answer.status, answer.json["seq"]) == (201, 2)
    author = {"id": user["id"], "name": "Grace"}
    assert server.api.all_history(room["id"], user["token"]) == [
        {**first.json, "room_id": room["id"], "user": author, "content": " hi ", "metadata": {"mood": ["sunny"]}},
        {**answer.json, "room_id": room["id"], "user": author, "content": "and you?", "reply_to": first.json["id"]}]


def test_a_repeated_client_id_gets_the_first_answer(server):
    import concurrent.futures
    user, other = server.api.user(), server.api.user()
    room = server.api.room(user["token"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        at_once = list(pool.map(lambda n: server.api.post(messages_of(room), {"content": f"try {n}", "client_id": "same"}, user["token"]), range(8)))
    later = server.api.post(messages_of(room), {"content": "something else", "client_id": "same"}, user["token"])
    assert [a.status for a in at_once] == [201] * 8 and later.status == 201
    assert all(a.json == later.json for a in at_once)
    another = server.api.post(messages_of(room), {"content": "mine", "client_id": "same"}, other["token"])
    assert (another.status, another.json["seq"]) == (201, 2), "a client_id is its sender's own"
    assert server.api.post(messages_of(room), {"content": "twice"}, user["token"]).json["seq"] == 3
    assert server.api.post(messages_of(room), {"content": "twice"}, user["token"]).json["seq"] == 4
    assert len(server.api.all_history(room["id"], user["token"])) == 4


def test_what_is_sent_by_rest_is_seen_live_in_order(server):
    ada, grace = server.api.user("Ada"), server.api.user("Grace")
    room = server.api.room(ada["token"])
    watching, own = server.api.socket(room["id"], grace["token"]), server.api.socket(room["id"], ada["token"])
    sent = []
    for n in range(30):
        if n % 3 == 2:
            own.send({"content": f"m{n}", "client_id": str(n)})
            own.recv_until(lambda m: m.get("type") == "ack" and m["client_id"] == str(n))
        else:
            sent.append(server.api.post(messages_of(room), {"content": f"m{n}"}, ada["token"]).json)
    assert sent[0]["seq"] == 1 and [s["seq"] for s in sent] == [n + 1 for n in range(30) if n % 3 != 2]
    seen = [m for m in watching.recv_until(lambda m: m["content"] == "m29") if m["type"] == "message"]
    assert [(m["content"], m["seq"]) for m in seen] == [(f"m{n}", n + 1) for n in range(30)]
    assert {m["user_id"] for m in seen} == {ada["id"]}
    by_number = {m["seq"]: m["id"] for m in seen}
    assert all(by_number[s["seq"]] == s["id"] for s in sent)
    # His own socket sees what came another way; an ack stands for the rest.
    own.send({"content": "the end", "client_id": "end"})
    assert own.recv_until(lambda m: m.get("client_id") == "end")[-1]["seq"] == 31


def test_the_senders_own_sockets_see_what_he_sends_by_rest(server):
    user = server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    for n in range(3):
        assert server.api.post(messages_of(room), {"content": f"m{n}"}, user["token"]).status == 201
    assert [m["content"] for m in socket.recv_until(lambda m: m["content"] == "m2")] == ["m0", "m1", "m2"]


@pytest.mark.parametrize("body, wanted", [
    ({}, [("missing", ["body", "content"])]),
    ({"content": ""}, [("string_too_short", ["body", "content"])]),
    ({"content": 5, "client_id": "", "metadata": "x" * 9000, "reply_to": "7"},
     [("string_type", ["body", "content"]), ("string_too_short", ["body", "client_id"]), ("value_error", ["body", "metadata"]), ("uuid_parsing", ["body", "reply_to"])]),
    ({"content": "x", "client_id": "\u00e9" * 33}, [("string_too_long", ["body", "client_id"])]),
])
def test_bad_messages_name_every_fault(sqlite_server, body, wanted):
    user = sqlite_server.api.user()
    room = sqlite_server.api.room(user["token"])
    assert faults(sqlite_server.api.post(messages_of(room), body, user["token"])) == wanted
    both = sqlite_server.api.post("/api/v1/rooms/nonsense/messages", body, user["token"])
    assert faults(both) == [("uuid_parsing", ["path", "room_id"])] + wanted
    assert sqlite_server.api.all_history(room["id"], user["token"]) == []


def test_refusals_of_messages(launch, database, request):
    import sqlite3
    server = launch(database)
    ada, grace = server.api.user(), server.api.user()
    room = server.api.room(ada["token"])
    assert server.api.post(messages_of(room), {"content": "x"}).json == NOT_AUTHENTICATED
    unknown = {"id": str(uuid.uuid4())}
    answer = server.api.post(messages_of(unknown), {"content": "x"}, ada["token"])
    assert (answer.status, answer.json) == (404, {"detail": {"error": "RoomNotFound", "message": f"Room with id {unknown['id']} was not found."}})
    large = server.api.post(messages_of(room), {"content": "x" * (64 * 1024 + 1)}, ada["token"])
    assert (large.status, large.json["detail"]["error"]) == (413, "PayloadTooLarge")
    assert server.api.post(messages_of(room), {"content": "x" * (64 * 1024)}, ada["token"]).status == 201
    # There is no way yet to make a private room: the database is told.
    if database == "postgres":
        name = server.env["DATABASE_URL"].rsplit("/", 1)[1]
        request.getfixturevalue("postgres").sql(f"UPDATE rooms SET kind = 'private' WHERE id = '{room['id']}'", name)
    else:
        files = [f for f in (server.folder / "data").glob("*.db")]
        with sqlite3.connect(files[0], timeout=10) as connection:
            changed = connection.execute("UPDATE rooms SET kind = 'private' WHERE id = ?", (uuid.UUID(room["id"]).hex,)).rowcount
        connection.close()
        assert changed == 1
    refused = server.api.post(messages_of(room), {"content": "let me in"}, grace["token"])
    assert (refused.status, refused.json) == (403, {"detail": {"error": "Forbidden", "message": "You are not allowed to do this."}})
    assert server.api.post(messages_of(room), {"content": "still mine"}, ada["token"]).json["seq"] == 2


def test_a_users_rate_holds_for_sockets_and_requests_together(launch):
    server = launch("sqlite", env={"RATE_LIMITS": "on", "MESSAGES_PER_SECOND": "0.1", "MESSAGES_BURST": "4"})
    user, other = server.api.user(), server.api.user()
    room = server.api.room(user["token"])
    socket = server.api.socket(room["id"], user["token"])
    for n in range(2):
        socket.send({"content": "by socket", "client_id": str(n)})
    socket.recv_until(lambda m: m.get("client_id") == "1")
    answers = [server.api.post(messages_of(room), {"content": "by request"}, user["token"]) for _ in range(3)]
    assert [a.status for a in answers] == [201, 201, 429]
    assert answers[2].json["detail"]["error"] == "TooManyRequests"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60 and answers[2].headers["ratelimit-limit"] == "4"
    assert server.api.post(messages_of(room), {"content": "another's"}, other["token"]).status == 201


def test_who_am_i(server):
    user = server.api.user("Ada")
    answer = server.api.get("/api/v1/users/me", user["token"])
    assert (answer.status, answer.json) == (200, {"id": user["id"], "name": "Ada", "username": user["username"]})
    assert server.api.get("/api/v1/users/me").json == NOT_AUTHENTICATED


def test_unknown_paths_and_methods(server):
    assert (server.api.get("/nowhere").status, server.api.get("/nowhere").json) == (404, {"detail": "Not Found"})
    answer = server.api.request("DELETE", "/api/v1/rooms")
    assert (answer.status, answer.json) == (405, {"detail": "Method Not Allowed"})
    assert {"GET", "POST"} <= {m.strip() for m in answer.headers["allow"].split(",")}


def test_two_creations_at_once_give_one_of_each(server):
    import concurrent.futures
    user = server.api.user()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for attempt in range(5):
            name = f"race {uuid.uuid4().hex}"
            rooms = list(pool.map(lambda _: server.api.post("/api/v1/rooms", {"name": name}, user["token"]).status, range(8)))
            assert sorted(rooms) == [201] + [409] * 7
            address = f"{uuid.uuid4().hex}@example.com"
            users = list(pool.map(lambda _: server.api.post("/api/v1/users", {"name": "x", "username": address, "password": PASSWORD}).status, range(4)))
            assert sorted(users) == [201] + [409] * 3


def test_the_documentation_is_served_without_the_internet(sqlite_server):
    api = sqlite_server.api
    spec = api.get("/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    assert "/api/v1/rooms/{room_id}/history" in spec["paths"]
    page = api.get("/docs", headers={"Accept": "text/html"})
    assert page.status == 200 and b"https://" not in page.body.replace(b"https://www.w3.org", b"")


def test_health_and_metrics(server):
    assert server.api.get("/healthz").status == 200
    assert server.api.get("/readyz").status == 200
    metrics = server.api.get("/metrics")
    assert metrics.status == 200 and metrics.headers["content-type"].startswith("text/plain")
    assert b"process_resident_memory_bytes" in metrics.body
    names = set(re.findall(r"^# TYPE (chatd_\w+)", metrics.body.decode(), re.M))
    manual = (pathlib.Path(__file__).parents[2] / "docs/operating.md").read_text()
    assert len(names) > 10 and not [name for name in names if f"`{name}`" not in manual]


def test_no_token_or_password_is_ever_logged(server):
    user = server.api.user()
    room = server.api.room(user["token"])
    server.api.socket(room["id"], user["token"]).close()
    server.api.get(f"/api/v1/rooms?token={user['token']}", user["token"])
    server.api.post("/api/v1/auth/login", {"username": user["username"], "password": "a wrong password"})
    time.sleep(0.3)
    text = "\n".join(server.log)
    assert user["token"] not in text and user["token"].split(".")[2] not in text
    assert PASSWORD not in text and "a wrong password" not in text
    requests = [e for e in server.log_entries() if e.get("path") == "/api/v1/users"]
    assert requests and requests[0]["status"] == 201 and requests[0]["method"] == "POST" and requests[0]["request_id"]
