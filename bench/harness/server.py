"""One server process, pinned to a core, its output kept; and the cores themselves."""

import collections
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import threading
import time

from . import interrupts



def siblings(cpu):
    """The CPUs that share a core with this one, itself among them."""
    try:
        text = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text()
    except OSError:
        return {cpu}
    found = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def assign(cpus, siblings_of=siblings):
    """(server, generator, database): three cores if there are as many, two for the first two in any case if there are.

    The database shares the generator's where no third is left, never the server's.
    """
    chosen = []
    for cpu in cpus[:1] + cpus[:0:-1]:
        if len(chosen) < 3 and not any(cpu in siblings_of(other) for other in chosen):
            chosen.append(cpu)
    if len(chosen) == 1:
        chosen.append(cpus[-1])
    return chosen[0], chosen[1], chosen[-1]


CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU, DATABASE_CPU = assign(CPUS)


def pinned(cpu, command):
    """The command on these CPUs: a number, or several as '0,1'."""
    return ["taskset", "-c", str(cpu), *map(str, command)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def raise_open_files():
    """Ten thousand connections need as many descriptors: in the generator, and in each server. Children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


RUNNING = set()  # what a session stops at its end, if an interrupt came where nobody else could


class Server:
    """`start()` returns when `ready` matched a line of output, or, without it, when the port can be connected to."""

    def __init__(self, name, command, port, env=None, ready=None, cpu=SERVER_CPU, cwd=None):
        self.name, self.port, self.ready = name, port, re.compile(ready) if ready else None
        self.command, self.cwd = pinned(cpu, command), cwd
        self.env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8", **(env or {})}
        self.output, self.process, self._seen_ready = collections.deque(maxlen=200), None, threading.Event()

    def start(self, timeout=60):
        try:
            with interrupts.held():
                self.process = subprocess.Popen(self.command, env=self.env, cwd=self.cwd, stdin=subprocess.DEVNULL,
                                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
                RUNNING.add(self)
            reader = threading.Thread(target=self._read, daemon=True)
            reader.start()
            if not self._await(time.monotonic() + timeout):
                self.stop()
                reader.join(1)  # its last words
                raise RuntimeError(f"{self.name} did not start:\n" + "\n".join(self.output))
        except BaseException:
            self.stop()
            raise
        return self

    def _await(self, deadline):
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._is_ready():
                return True
            self._seen_ready.wait(0.02)
        return False

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()

    def _is_ready(self):
        if self.ready:
            return self._seen_ready.is_set()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line.rstrip("\n"))
            found = self.ready and self.ready.search(line)
            if found:
                if found.groups():
                    self.port = int(found[1])
                self._seen_ready.set()

    @property
    def pid(self):
        """taskset becomes the program it starts, so this is the server itself."""
        return self.process.pid

    def stop(self, timeout=15):
        RUNNING.discard(self)
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
