"""One server for all tables of malformed input: nothing that they send may cost it more than an answer."""

import json

import pytest

pytest.register_assert_rewrite("support.http_table", "support.ws_table")

from support.api import PASSWORD  # noqa: E402
from support.servers import Chatd  # noqa: E402

# What a client did wrong is no fault of the server's: neither is logged, 505 apart.
ALARMS = ("error", "fatal")


class World:
    def __init__(self, server):
        self.server = server
        self.port, self.api = server.port, server.api
        self.user = self.api.user("Ada")
        self.token = self.user["token"]
        self.room = self.api.room(self.token)["id"]
        self.guest = self.api.user("Grace")  # a member of no room


def assert_unharmed(server):
    """It lives, answered nothing with 5xx, and logged nothing that would wake an operator."""
    assert server.api.get("/healthz").status == 200
    entries = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    assert sum(entry["event"] == "request" for entry in entries) > 0
    broken = [e for e in entries if e["level"] in ALARMS or (e["event"] == "request" and e["status"] >= 500 and e["status"] != 505)]
    assert not broken, broken


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    # Joining and leaving are not announced: every exchange is alone with the server.
    server = Chatd(tmp_path_factory.mktemp("edge"), {"JOIN_NOTICE_MAX_SOCKETS": "0"}).start()
    made = World(server)
    yield made
    assert_unharmed(server)
    for secret in (made.token, made.guest["token"], PASSWORD):
        shown = [line for line in server.log if secret in line]
        assert not shown, shown[:3]
    assert server.stop() == 0, "\n".join(server.log[-30:])
    broken = [line for line in server.log if "Sanitizer" in line or "runtime error:" in line]
    assert not broken, "\n".join(server.log[-80:])
