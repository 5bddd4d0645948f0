"""Real servers for the tests: chatd itself, and a throw-away PostgreSQL with fsync on."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid

from .api import Api

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("CHATD_BINARY", ROOT / "build/release/chatd"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Chatd:
    """One chatd process. `log` is every line it wrote so far; `env` is all the settings it gets."""

    def __init__(self, folder, env=None, args=(), binary=None, command="serve", wrap=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.env = {"DATA_DIR": str(self.folder / "data"), "LISTEN": "127.0.0.1:0", "SECRET_KEY": "a test's own secret key, long enough",
                    "LOG_FORMAT": "json", "RATE_LIMITS": "off", "PATH": os.environ["PATH"]}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        if "CHATD_TEST_THREADS" in os.environ:  # shards: more of them for the race detectors
            self.env["THREADS"] = os.environ["CHATD_TEST_THREADS"]
        self.env.update(env or {})
        self.args, self.binary, self.command, self.wrap = list(args), str(binary or BINARY), command, list(wrap)
        self.process, self.log, self.port = None, [], self._fixed_port()

    def start(self, timeout=60):
        self.process = subprocess.Popen([*self.wrap, self.binary, self.command, *self.args], cwd=self.folder, env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.port = self._fixed_port()
        self.started_at = len(self.log)
        threading.Thread(target=self._read_log, args=(self.process,), daemon=True).start()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.port is None:
                self.port = self._announced_port()
            if self.port is not None:
                try:
                    if self.api.get("/healthz").status == 200:
                        return self
                except OSError:
                    pass
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        time.sleep(0.1)
        raise RuntimeError("chatd did not start:\n" + "\n".join(self.log[-40:]))

    def _read_log(self, process):
        for line in process.stdout:
            self.log.append(line.decode("utf-8", "replace").rstrip("\n"))

    def _fixed_port(self):
        return int(self.env["LISTEN"].rsplit(":", 1)[1]) or None

    def _announced_port(self):
        for line in reversed(self.log[self.started_at:]):
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                return int(found.group(1))
        return None

    @property
    def api(self):
        return Api(self.port)

    def log_entries(self):
        return [json.loads(line) for line in self.log if line.startswith("{")]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=30):
        """SIGTERM, then its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def memory_bytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Postgres:
    """A cluster of its own in a temporary folder, on loopback; it can be stopped, killed and started again."""

    def __init__(self, settings=None):
        self.bin = self._find_bin()
        self.folder = tempfile.mkdtemp(prefix="chatd-pg-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.settings = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "max_connections": "100",
                         **(settings or {})}
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        # A free port may be taken by somebody's outgoing connection before the server has it.
        for attempts_left in (2, 1, 0):
            try:
                return self.start()
            except RuntimeError:
                log = open(os.path.join(self.folder, "log")).read()
                if not attempts_left or "could not bind" not in log:
                    raise RuntimeError(f"postgres did not start:\n{log[-2000:]}") from None
                self.port = free_port()

    @staticmethod
    def _find_bin():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise RuntimeError("PostgreSQL's server is not installed (Debian: postgresql-15)")
        return str(found[-1].parent)

    def command(self, name, *args):
        line = [os.path.join(self.bin, name), *args]
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *line] if self.user else line

    def _run(self, name, *args):
        done = subprocess.run(self.command(name, *args), cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        for name, value in self.settings.items():
            options += f" -c {name}={value}"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-o", options, "-l", os.path.join(self.folder, "log"), "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def pid(self):
        return int(open(os.path.join(self.data, "postmaster.pid")).readline())

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, statement, database="postgres"):
        done = subprocess.run(self.command("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
                                           "-U", "postgres", "-d", database, "-f", "-"),
                              input=statement, capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def new_database(self):
        name = f"chat_{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def remove(self):
        try:
            self.stop("immediate")
        except RuntimeError:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)


def run_chatd(*args, env=None, input=None, binary=None, cwd=None, timeout=120):
    """A command of chatd, run to its end."""
    return subprocess.run([str(binary or BINARY), *args], input=input, capture_output=True, text=True, timeout=timeout, cwd=cwd,
                          env={"PATH": os.environ["PATH"], **(env or {})})
