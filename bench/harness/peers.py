"""The peers: bench/peers/<name>/peer.py says all about one, as `PEER = Peer(...)`. A new folder is a new peer."""

import dataclasses
import fcntl
import hashlib
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "bench/peers"
INSTALLED = ROOT / "build/peers"


@dataclasses.dataclass(frozen=True)
class Npm:
    """Packages of the peer's package-lock.json, installed by `npm ci` under build/peers/, once per lock file."""

    needs = "node and npm (tools/install web)"

    def install(self, folder):
        files = [folder / name for name in ("package.json", "package-lock.json", ".npmrc")]
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
        target = INSTALLED / f"{folder.name}-{digest}"
        INSTALLED.mkdir(parents=True, exist_ok=True)
        with open(INSTALLED / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():  # the finished folder appears in one step
                new = target.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                new.mkdir()
                for file in files:
                    shutil.copy(file, new)
                subprocess.run(["npm", "ci"], cwd=new, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
                new.rename(target)
        return target / "node_modules"

    def missing(self):
        return None if shutil.which("npm") and shutil.which("node") else self.needs


@dataclasses.dataclass(frozen=True)
class Debian:
    """A program of a Debian package that tools/packages/bench names."""

    program: str
    package: str

    def find(self):
        return shutil.which(self.program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")

    def install(self, folder):
        return self.find()

    def missing(self):
        return None if self.find() else f"{self.program} (Debian's {self.package}: tools/install bench)"


@dataclasses.dataclass(frozen=True)
class Built:
    """A program of this repository: tools/build bench makes it."""

    path: str

    def install(self, folder):
        return ROOT / self.path

    def missing(self):
        return None if (ROOT / self.path).exists() else f"{self.path} (tools/build bench {pathlib.Path(self.path).name})"


@dataclasses.dataclass(frozen=True)
class Peer:
    """One program that does what chatd does, or part of it.

    `source.install()` gives `installed`; `command(installed, port)` is its command line on 127.0.0.1:port, on which it
    is pinned to one core; `version(installed)` is what the report calls it. `ready` is a regular expression on a line
    of its output; without one it is ready when its port can be connected to. Rooms are called room0, room1, ... unless
    `world` makes others.
    """

    title: str
    dialect: str            # what the generator speaks with it: bench/load/dialects/
    source: object          # Npm(), Debian(...), Built(...), or anything with missing() and install(folder)
    command: object
    version: object
    can: frozenset = frozenset({"fanout", "rate", "idle"})
    env: object = lambda installed: {}
    ready: str = None
    remark: str = ""        # what a reader must know to judge the comparison
    # For a server with accounts: world(port, users, rooms) makes them and gives (tokens, rooms), lists of text.
    world: object = None


def load(folder):
    """The Peer of a folder; its name is the folder's."""
    spec = importlib.util.spec_from_file_location(f"peer_{folder.name}", folder / "peer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not isinstance(getattr(module, "PEER", None), Peer):
        raise TypeError(f"{folder / 'peer.py'} has no PEER = Peer(...)")
    return module.PEER


def all_of_them():
    """{name: Peer}, in the order of their names."""
    return {path.parent.name: load(path.parent) for path in sorted(FOLDER.glob("*/peer.py"))}


def npm_version(package):
    def of(installed):
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return f"{package} {json.loads((installed / package / 'package.json').read_text())['version']}, node {node}"
    return of
