"""What docs/realtime.md prints is what happens."""

import re
import subprocess
import uuid

from support.node import install_packages
from support.servers import ROOT

FOLDER = ROOT / "tests/system/realtime"
PAGE = (ROOT / "docs/realtime.md").read_text()


def block(language, first_line):
    for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.M | re.S):
        if name == language and text.startswith(first_line):
            return text
    raise AssertionError(f"docs/realtime.md has no {language} that begins with {first_line}")


def test_the_client_says_what_the_page_shows(sqlite_server):
    install_packages(FOLDER)
    program = FOLDER / f"talk-{uuid.uuid4().hex}.mjs"  # beside the packages that it imports
    program.write_text(block("js", "// talk.mjs").replace("'127.0.0.1:8000'", f"'127.0.0.1:{sqlite_server.port}'"))
    try:
        done = subprocess.run(["node", str(program)], stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=60)
    finally:
        program.unlink()
    lines = [line for line in done.stdout.splitlines() if line != "to me: unread"]
    shown = block("text", "connected as Ada").splitlines()
    assert (done.returncode, sorted(lines)) == (0, sorted(shown)), done
    # The answer to an rpc and the publication that it causes come in either order.
    assert [line for line in lines if not line.startswith("stored as")] == [line for line in shown if not line.startswith("stored as")]


def test_curl_follows_a_room(sqlite_server):
    api = sqlite_server.api
    ada = api.user("Ada")
    room = api.room(ada["token"])["id"]
    for content in ("one", "two"):
        assert api.post(f"/api/v1/rooms/{room}/messages", {"content": content}, ada["token"]).status == 201
    command = block("sh", 'curl -sN "$api/rooms/').replace("curl", "curl --max-time 1")
    variables = {"api": f"http://127.0.0.1:{sqlite_server.port}/api/v1", "token": ada["token"], "room": room}
    done = subprocess.run(["sh", "-c", command], env={"PATH": "/usr/bin:/bin", **variables}, text=True, capture_output=True, timeout=30)
    assert re.findall(r"^id: (\d+)$", done.stdout, re.M) == ["1", "2"] and '"content":"two"' in done.stdout, done


def test_every_setting_that_the_page_names_is_one():
    settings = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.M))
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", PAGE))
    assert len(named) > 10 and named - settings == set()


def test_the_tables_of_codes_are_those_of_the_document():
    document = (ROOT / "contract/asyncapi.yaml").read_text()
    rows = {}
    for kind, flag in (("error", "temporary"), ("close", "reconnect"), ("unsubscribe", "resubscribe")):
        part = document[document.index(f"\nx-{kind}-codes:"):]
        found = re.findall(rf"  - code: (\d+)\n    (?:message|reason): (.*)\n    {flag}: (\w+)\n    sent: (\w+)\n", re.split(r"\nx-", part[1:])[0] + "\n")
        rows[kind] = [(int(code), text, again == "true", sent == "true") for code, text, again, sent in found]
    page = {"error": "### Errors", "close": "### Closes", "unsubscribe": "### Unsubscribes"}
    for kind, title in page.items():
        section = re.split(r"\n##", PAGE[PAGE.index(title) + 3:])[0]
        shown = [(int(code), text, again == "yes", not when.startswith("not sent: "))
                 for code, text, again, when in re.findall(r"^\| (\d+) \| ([^|]*) \| ([^|]*?) ?\| ([^|]*) \|$", section, re.M)]
        assert [row for row in shown if row[0] != 1009] == rows[kind] and rows[kind]


def test_the_page_names_every_method_and_event():
    document = (ROOT / "contract/asyncapi.yaml").read_text()
    messages = document[document.index("\n  messages:\n    command:"):]
    names = re.findall(r"^    ([a-z_.]+):\n      name:", messages, re.M)
    methods = [name for name in names if "." in name and not name.endswith(".answer")]
    assert len(methods) >= 8 and [name for name in methods if f"| `{name}` |" not in PAGE] == []
    events = re.findall(r"const: ([a-z_]+)$", document, re.M)
    assert len(events) >= 15 and [name for name in events if name not in ("ack", "bearer") and f"`{name}`" not in PAGE] == []
