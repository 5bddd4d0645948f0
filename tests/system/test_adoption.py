"""A database of the FastAPI service, adopted in place by `chatd migrate`, and its clients going on."""

import sqlite3
import uuid

import pytest

from support.servers import Chatd, run_chatd

# Made by the original's hasher (argon2-cffi's defaults) for the password "correct horse battery".
SCHEMA = """
CREATE TABLE users (id {uuid} PRIMARY KEY, name VARCHAR NOT NULL, username VARCHAR NOT NULL UNIQUE, password VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL);
CREATE TABLE rooms (id {uuid} PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, description VARCHAR, created_at TIMESTAMP NOT NULL, creator_id {uuid} NOT NULL REFERENCES users(id));
CREATE TABLE messages (id {uuid} PRIMARY KEY, content VARCHAR NOT NULL, timestamp TIMESTAMP NOT NULL, created_at TIMESTAMP NOT NULL, room_id {uuid} REFERENCES rooms(id), user_id {uuid} NOT NULL REFERENCES users(id));
CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('b71ab88295b1');
"""


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Original:
    """Writes what the FastAPI service would have written."""

    def __init__(self, database, tmp_path, postgres):
        self.sqlite = database == "sqlite"
        if self.sqlite:
            self.path = tmp_path / "original.db"
            self.url = f"sqlite:///{self.path}"
            self.execute = lambda text: sqlite3.connect(self.path).executescript(text)
        else:
            name = postgres.new_database()
            self.url = postgres.url(name)
            self.execute = lambda text: postgres.sql(text, name)
        self.execute(SCHEMA.format(uuid="CHAR(32)" if self.sqlite else "UUID"))

    def id(self, value):
        return f"'{value.hex}'" if self.sqlite else f"'{value}'"

    def user(self, name, username, password_hash, at="2024-01-02 03:04:05.678901"):
        user = uuid.uuid4()
        self.execute(f"INSERT INTO users VALUES ({self.id(user)}, {quoted(name)}, {quoted(username)}, {quoted(password_hash)}, '{at}');")
        return user

    def room(self, name, creator, at="2024-01-02 03:04:06"):
        room = uuid.uuid4()
        self.execute(f"INSERT INTO rooms VALUES ({self.id(room)}, {quoted(name)}, NULL, '{at}', {self.id(creator)});")
        return room

    def messages(self, room, author, contents, at="2024-05-06 07:08:09.000001"):
        ids = [uuid.uuid4() for _ in contents]
        for start in range(0, len(contents), 5000):
            rows = ",".join(f"({self.id(i)}, {quoted(c)}, '{at}', '{at}', {self.id(room) if room else 'NULL'}, {self.id(author)})"
                            for i, c in list(zip(ids, contents))[start:start + 5000])
            self.execute(f"INSERT INTO messages VALUES {rows};")
        return ids


@pytest.fixture
def password_hash():
    import subprocess
    # Debian's python3-argon2 is the very library that the original hashes with.
    done = subprocess.run(["/usr/bin/python3", "-c", "import argon2; print(argon2.PasswordHasher().hash('correct horse battery'))"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def original(database, tmp_path, request):
    return Original(database, tmp_path, request.getfixturevalue("postgres") if database == "postgres" else None)


def test_everything_is_still_there_and_old_passwords_work(original, tmp_path, password_hash):
    ada = original.user("Ada", "Ada@example.com", password_hash)
    twin = original.user("Twin", "ada@example.com", password_hash)
    lobby = original.room("Lobby '\" 🦀", ada)
    contents = [f"message {n} 'quoted' ünïcode" for n in range(100_000)]
    ids = original.messages(lobby, ada, contents)
    original.messages(None, twin, ["of no room"])
    env = {"DATABASE_URL": original.url, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "a test's own secret key, long enough"}
    dry = run_chatd("migrate", "--dry-run", env=env)
    assert dry.returncode == 0 and "100001" in dry.stdout.replace(",", "").replace(" ", ""), dry.stdout + dry.stderr
    done = run_chatd("migrate", env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    server = Chatd(tmp_path, env).start()
    try:
        for username, wanted in (("Ada@example.com", ada), ("ada@example.com", twin)):
            answer = server.api.post("/api/v1/auth/login", {"username": username, "password": "correct horse battery"})
            assert answer.status == 200 and answer.json["id"] == str(wanted)
        token = server.api.log_in("Ada@example.com")
        rooms = server.api.get("/api/v1/rooms", token).json["rooms"]
        assert [r["name"] for r in rooms] == ["Lobby '\" 🦀"]
        page = server.api.history(lobby, token, 1, 100)
        assert page["pagination"]["total_messages"] == 100_000
        assert page["messages"][0]["timestamp"] == "2024-05-06T07:08:09.000001Z"
        # All at one instant: the order is that of the ids.
        by_id = dict(sorted(zip((i.bytes for i in ids), contents)))
        assert [m["content"] for m in page["messages"]] == list(by_id.values())[:100]
        last = server.api.history(lobby, token, 1000, 100)["messages"]
        assert [m["content"] for m in last] == list(by_id.values())[-100:]
        socket = server.api.socket(lobby, token, "&history=1")
        assert socket.recv()["seq"] == 100_000
        socket.send({"content": "and on it goes", "client_id": "1"})
        assert socket.recv_until(lambda m: m.get("type") == "ack")[-1]["seq"] == 100_001
    finally:
        assert server.stop() == 0


def test_a_source_timezone_moves_the_instants(original, tmp_path, password_hash):
    ada = original.user("Ada", "ada@example.com", password_hash)
    lobby = original.room("Lobby", ada)
    original.messages(lobby, ada, ["x"], at="2024-07-01 12:00:00")
    env = {"DATABASE_URL": original.url, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "a test's own secret key, long enough"}
    done = run_chatd("migrate", "--source-timezone", "America/Sao_Paulo", env=env)
    assert done.returncode == 0, done.stderr
    server = Chatd(tmp_path, env).start()
    try:
        token = server.api.log_in("ada@example.com")
        assert server.api.history(lobby, token)["messages"][0]["timestamp"] == "2024-07-01T15:00:00.000000Z"
    finally:
        assert server.stop() == 0


def test_another_revision_is_refused_and_untouched(original, tmp_path):
    original.execute("UPDATE alembic_version SET version_num = 'deadbeef0000';")
    env = {"DATABASE_URL": original.url, "DATA_DIR": str(tmp_path / "data")}
    done = run_chatd("migrate", env=env)
    assert done.returncode != 0 and "deadbeef0000" in done.stderr
    original.execute("UPDATE alembic_version SET version_num = 'b71ab88295b1';")
    assert run_chatd("migrate", env=env).returncode == 0
