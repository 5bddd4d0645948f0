"""chatd as it is measured: a fresh server on a fresh database, with users and rooms made through its own API."""

import base64
import concurrent.futures
import contextlib
import hashlib
import hmac
import http.client
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from . import server

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from support.servers import Postgres, run_chatd  # noqa: E402

BINARY = ROOT / "build/release/chatd"
SECRET = "a benchmark's own secret key, long enough"
CONTENT = "a message of some one hundred and twenty bytes, as people write them to one another in rooms like this one, more or less."
FILLED_AT_ONCE = 250_000
NOW = "'2026-01-01 00:00:00.000000'"
PASSWORD = "a benchmark's own password"
# All that differs from what a fresh chatd does: no limits on one machine's ten thousand clients, cheap password hashes
# (users are made through the API), no notices of clients that come and go (peers have none), one arena for malloc.
SETTINGS = {"SECRET_KEY": SECRET, "LOG_LEVEL": "warn", "RATE_LIMITS": "off", "SOCKETS_PER_USER": "100000", "JOIN_NOTICE_MAX_SOCKETS": "0",
            "ARGON2_MEMORY_KIB": "1024", "ARGON2_PASSES": "1", "ARGON2_LANES": "1", "MALLOC_ARENA_MAX": "1"}


def version():
    """The commit of the working tree, and a warning where the binary cannot have been built from it."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return (done.stdout.strip() or "of a source archive") + ("" if is_built_from(ROOT / "src", BINARY) else ", **but the binary is older than its sources**")


def is_built_from(sources, binary):
    """No source was changed since the binary was made."""
    return binary.exists() and max(path.stat().st_mtime for path in sources.rglob("*") if path.is_file()) <= binary.stat().st_mtime


class Cluster(Postgres):
    """The session's PostgreSQL, as Debian configures it, on its own core where the machine has one for it."""

    def command(self, name, *args):
        return server.pinned(server.DATABASE_CPU, super().command(name, *args))


def mint(user_id, name, username):
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"uid": user_id, "name": name, "sub": username, "exp": int(time.time()) + 86400}
    body = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
    return (body + b"." + encode(hmac.digest(SECRET.encode(), body, hashlib.sha256))).decode()


def hex_id(uuid):
    """As SQLite keeps it."""
    return uuid.replace("-", "")


class Api:
    """REST over connections that are kept, one a thread."""

    def __init__(self, port):
        self.port, self.kept = port, threading.local()

    def post(self, path, body, token=None):
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        answer = self._ask("POST", path, json.dumps(body), headers)
        return json.loads(answer)

    def get(self, path):
        return self._ask("GET", path, None, {}).decode()

    def _ask(self, method, path, body, headers):
        if not hasattr(self.kept, "connection"):
            self.kept.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.kept.connection.request(method, path, body, headers)
        answer = self.kept.connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content


class World:
    """`database`: memory, sqlite or postgres. `messages`: that many in the first room, before the server is measured."""

    def __init__(self, database, users, rooms, cluster=None, messages=0, env=None, cpu=None):
        self.database, self.cluster, self.messages = database, cluster, messages
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chatd-bench-"))
        try:
            self._build(users, rooms, cpu, env or {})
        except BaseException:
            self.close()
            raise

    def _build(self, users, rooms, cpu, env):
        self.env = {**SETTINGS, "DATA_DIR": str(self.folder / "data"), "THREADS": "1", **env}
        self.env["DATABASE_URL"] = self._url()
        self.cpu = server.SERVER_CPU if cpu is None else cpu
        if self.database != "memory":
            done = run_chatd("migrate", env=self.env, binary=BINARY)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
        self._serve()
        self.tokens, self.user_ids = self._sign_up(users)
        self.rooms = self._make_rooms(rooms)
        if self.messages:
            self.server.stop()
            (self._fill_postgres if self.database == "postgres" else self._fill_sqlite)()
            self._serve()
        self.token_file, self.room_file = self.folder / "tokens", self.folder / "rooms"
        self.token_file.write_text("\n".join(self.tokens) + "\n")
        self.room_file.write_text("\n".join(self.rooms) + "\n")

    def _url(self):
        if self.database == "memory":
            return "memory:"
        if self.database == "sqlite":
            return f"sqlite:///{self.folder}/chat.db"
        self.database_name = self.cluster.new_database()
        return self.cluster.url(self.database_name)

    def _serve(self):
        port = server.free_port()
        self.server = server.Server(f"chatd on {self.database}", [BINARY, "serve"], port, {**self.env, "LISTEN": f"127.0.0.1:{port}"},
                                    cpu=self.cpu, cwd=self.folder).start()
        self.api = Api(self.server.port)

    def _sign_up(self, count):
        def one(n):
            name, username = f"user {n}", f"user{n}@example.com"
            told = self.api.post("/api/v1/users", {"name": name, "username": username, "password": PASSWORD})
            return mint(told["id"], name, username), told["id"]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            made = list(pool.map(one, range(count)))
        return [token for token, _ in made], [user for _, user in made]

    def _make_rooms(self, count):
        def one(n):
            return self.api.post("/api/v1/rooms", {"name": f"room {n}"}, self.tokens[0])["id"]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, range(count)))

    def _fill_sqlite(self):
        room, user = hex_id(self.rooms[0]), hex_id(self.user_ids[0])
        with contextlib.closing(sqlite3.connect(self.folder / "chat.db", isolation_level=None)) as db:
            for first in range(1, self.messages + 1, FILLED_AT_ONCE):  # so that the write-ahead log does not become as large as the table
                last = min(first + FILLED_AT_ONCE - 1, self.messages)
                db.execute(f"""WITH RECURSIVE count(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM count WHERE n < {last})
                    INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, content, "timestamp", created_at)
                    SELECT '{room}', n, n, printf('01900000000070008000%012x', n), 'text', '{user}', '{CONTENT}', {NOW}, {NOW} FROM count""")
            db.execute(f"UPDATE rooms SET last_seq = {self.messages}, message_count = {self.messages} WHERE id = '{room}'")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _fill_postgres(self):
        # Ids that grow with time, as those of real messages do.
        self.cluster.sql(f"""INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, content, "timestamp", created_at)
            SELECT '{self.rooms[0]}', n, n, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'text', '{self.user_ids[0]}', '{CONTENT}', now(), now()
            FROM generate_series(1, {self.messages}) n;
            UPDATE rooms SET last_seq = {self.messages}, message_count = {self.messages} WHERE id = '{self.rooms[0]}';
            VACUUM ANALYZE messages; CHECKPOINT""", self.database_name)

    @property
    def port(self):
        return self.server.port

    def processes(self):
        """What the generator is to measure: --pid's values."""
        database = [f"database={self.cluster.pid()}"] if self.database == "postgres" else []
        return [f"server={self.server.pid}", *database]

    def roots(self):
        """The processes that belong to the measurement."""
        return [self.server.pid, *([self.cluster.pid()] if self.database == "postgres" else [])]

    def counters(self):
        """The counters of /metrics without labels: exact counts of frames and sends."""
        return {name: float(value) for name, value in re.findall(r"^(chatd_[a-z_]+) ([0-9.e+]+)$", self.api.get("/metrics"), re.M)}

    def close(self):
        if hasattr(self, "server"):
            self.server.stop()
        if hasattr(self, "database_name"):
            self.cluster.sql(f"DROP DATABASE {self.database_name} WITH (FORCE)")
        shutil.rmtree(self.folder, ignore_errors=True)
