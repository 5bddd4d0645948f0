"""The REST API as a client sees it; one persistent connection a thread is left to the caller."""

import http.client
import json
import urllib.parse
import uuid

from .websocket import WebSocket

PASSWORD = "correct horse battery"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Api:
    def __init__(self, port, host="127.0.0.1", timeout=30):
        self.host, self.port, self.timeout = host, port, timeout

    def request(self, method, path, body=None, token=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        head = dict(headers or {})
        if token is not None:
            head["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            head.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, head)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def get(self, path, token=None, **kw):
        return self.request("GET", path, token=token, **kw)

    def post(self, path, body=None, token=None, **kw):
        return self.request("POST", path, body, token, **kw)

    # --- the words tests are written in
    def sign_up(self, name="Ada", username=None, password=PASSWORD):
        username = username or f"{uuid.uuid4().hex}@example.com"
        answer = self.post("/api/v1/users", {"name": name, "username": username, "password": password})
        assert answer.status == 201, answer
        return answer.json

    def log_in(self, username, password=PASSWORD):
        answer = self.post("/api/v1/auth/login", {"username": username, "password": password})
        assert answer.status == 200, answer
        return answer.json["access_token"]

    def user(self, name="Ada"):
        """A new account, logged in: its answer to sign-up with `token` added."""
        made = self.sign_up(name)
        made["token"] = self.log_in(made["username"])
        return made

    def room(self, token, name=None, description=None):
        answer = self.post("/api/v1/rooms", {"name": name or f"room {uuid.uuid4().hex}", "description": description}, token)
        assert answer.status == 201, answer
        return answer.json

    def history(self, room_id, token, page=1, size=100):
        answer = self.get(f"/api/v1/rooms/{room_id}/history?page={page}&size={size}", token)
        assert answer.status == 200, answer
        return answer.json

    def all_history(self, room_id, token):
        first = self.history(room_id, token)
        messages = first["messages"]
        for page in range(2, first["pagination"]["total_pages"] + 1):
            messages += self.history(room_id, token, page)["messages"]
        return messages

    def socket(self, room_id, token, query="", **kw):
        path = f"/api/v1/chat/{room_id}?token={urllib.parse.quote(token)}{query}"
        return WebSocket(self.host, self.port, path, **kw)
