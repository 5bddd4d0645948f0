import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from support.servers import Chatd, Postgres, run_chatd  # noqa: E402


@pytest.fixture(scope="session")
def postgres():
    """The session's PostgreSQL; tests that stop or break one make their own."""
    cluster = Postgres()
    yield cluster
    cluster.remove()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    return request.param


@pytest.fixture
def launch(tmp_path, request):
    """launch(database, env=..., ...) -> a running Chatd on a fresh database; stopped, and its end checked, afterwards."""
    running = []

    def start(database="sqlite", env=None, **kw):
        env = dict(env or {})
        if database == "postgres":
            cluster = request.getfixturevalue("postgres")
            env.setdefault("DATABASE_URL", cluster.url(cluster.new_database()))
            done = run_chatd("migrate", env={**env, "DATA_DIR": str(tmp_path / f"data{len(running)}")})
            assert done.returncode == 0, done.stderr
        server = Chatd(tmp_path / f"server{len(running)}", env, **kw)
        running.append(server)
        return server.start()

    yield start
    for server in running:
        if server.process is not None and server.process.poll() is None:
            assert server.stop() == 0, "\n".join(server.log[-30:])
        broken = [line for line in server.log if "Sanitizer" in line or "runtime error:" in line]
        assert not broken, "\n".join(server.log[-80:])


@pytest.fixture
def server(launch, database):
    return launch(database)


@pytest.fixture
def sqlite_server(launch):
    return launch("sqlite")
