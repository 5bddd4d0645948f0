"""The tests of the realtime protocol are written in node, for the official SDK is: each of them is a case here, on each
database. A file's tests run together, in one process a database, when the first of them is asked for.

By hand: CHATD_BINARY=build/dev/chatd node talk.test.mjs, after npm ci in this folder.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from support.servers import BINARY, ROOT, Postgres

FOLDER = pathlib.Path(__file__).parent
DATABASES = ("sqlite", "postgres")
cluster = []  # the one PostgreSQL of all files, once one is wanted


def node(args, env, **kw):
    return subprocess.run(["node", *args], cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "CHATD_BINARY": str(pathlib.Path(BINARY).resolve()), **env}, **kw)


def install_packages():
    """node_modules as the lock file says; once per lock file."""
    wanted, have = FOLDER / "package-lock.json", FOLDER / "node_modules/.installed"
    if have.exists() and have.read_bytes() == wanted.read_bytes():
        return
    subprocess.run(["npm", "ci"], cwd=FOLDER, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.copyfile(wanted, have)


def pytest_collect_file(file_path, parent):
    if file_path.name.endswith(".test.mjs"):
        return NodeFile.from_parent(parent, path=file_path)
    return None


class NodeFile(pytest.File):
    def collect(self):
        install_packages()
        listed = node([str(self.path)], {"CHATD_LIST_TESTS": "1"}, timeout=60)
        if listed.returncode != 0:
            raise self.CollectError(listed.stderr)
        names = [json.loads(line) for line in listed.stdout.splitlines() if line.startswith('"')]
        assert names and len(set(names)) == len(names), names
        self.results = {}
        for database in DATABASES:
            for name in names:
                yield NodeTest.from_parent(self, name=f"{name}[{database}]", test=name, database=database)

    def result_of(self, item):
        if item.database not in self.results:
            self.results[item.database] = self.run_all(item)
        results, said = self.results[item.database]
        return results.get(item.test, {"passed": False, "error": f"it never ended; node said:\n{said}"})

    def run_all(self, item):
        wanted = [i.test for i in item.session.items if isinstance(i, NodeTest) and i.parent is self and i.database == item.database]
        env = {"CHATD_ONLY_TESTS": json.dumps(wanted)}
        if item.database == "postgres":
            if not cluster:
                cluster.append(Postgres())
            env["CHATD_TEST_POSTGRES_URL"] = cluster[0].url("postgres")
        try:
            done = node(["--test-reporter", "./reporter.mjs", "--test-reporter-destination", "stdout", str(self.path)], env, timeout=170)
            out, said = done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            out, said = ((text or b"").decode() for text in (late.stdout, late.stderr))
        results = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        # What belongs to no test (a server that ended badly) spoils the first.
        others = [r for r in results if r["name"] not in wanted and not r["passed"]]
        by_name = {r["name"]: r for r in results if r["name"] in wanted}
        if others and wanted[0] in by_name:
            by_name[wanted[0]] = {**others[0], "name": wanted[0]}
        return by_name, said[-4000:]


class NodeFailed(Exception):
    pass


class NodeTest(pytest.Item):
    def __init__(self, test, database, **kw):
        super().__init__(**kw)
        self.test, self.database = test, database

    def runtest(self):
        result = self.parent.result_of(self)
        if not result["passed"]:
            raise NodeFailed(result["error"])

    def repr_failure(self, excinfo):
        return str(excinfo.value) if isinstance(excinfo.value, NodeFailed) else super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, self.name


def pytest_sessionfinish():
    while cluster:
        cluster.pop().remove()
