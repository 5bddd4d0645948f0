"""bench/run itself, once and short, on everybody: what it starts, drives and writes must not rot. No figure is judged."""

import json
import pathlib
import subprocess
import xml.etree.ElementTree as xml

import pytest

from harness import load, machine, results, scenarios

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """(session.json, report, folder) of `bench/run serial --quick`."""
    assert load.PROGRAM.exists(), "build it first: tools/build bench load limit peer_beast load_tests; tools/build release chatd (./test bench does both)"
    path = tmp_path_factory.mktemp("bench") / "report.md"
    done = subprocess.run([ROOT / "bench/run", "serial", "--quick", "--out", path], capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((path.with_suffix("") / "session.json").read_text()), path.read_text(), path.parent


def test_everybody_took_part_and_nothing_was_lost(session):
    summary, text, _ = session
    assert summary["missing"] == {}
    runs = {run["entry"]: run for run in summary["runs"]}
    assert list(runs) == [entry.name for entry in scenarios.everything()["serial"].entries]
    for name, run in runs.items():
        assert run["answer"]["checked"] > 0, name
        assert run["answer"]["processes"]["server"]["rss_kib_after"] > 0, name
        assert f"| {name} |" in text
    assert "Failed runs" not in text and "A quick run" in text


def test_the_limit_sends_as_many_bytes_as_chatd(session):
    summary, _, _ = session
    runs = {run["entry"]: run for run in summary["runs"]}
    for limit, entry in ((scenarios.LIMIT, scenarios.MEMORY), (scenarios.LIMIT_REALTIME, scenarios.REALTIME)):
        theirs, ours = (results.DERIVED["frame"](runs[name]["answer"]) for name in (limit, entry))
        assert theirs == pytest.approx(runs[limit]["frame"], abs=0.5)
        assert ours == pytest.approx(theirs, rel=0.03)


def test_postgresql_is_told_as_a_cost_of_its_own(session):
    runs = {run["entry"]: run for run in session[0]["runs"]}
    assert runs[scenarios.POSTGRES]["answer"]["processes"]["database"]["cpu_s"] > 0
    assert "database" not in runs[scenarios.SQLITE]["answer"]["processes"]


def test_the_plots_are_pictures(session):
    _, text, folder = session
    plots = list(folder.glob("report/*.svg"))
    assert plots
    for each in plots:
        assert f"](report/{each.name})" in text
        xml.parse(each)


def test_a_session_that_is_told_to_end_leaves_no_server_behind(tmp_path):
    path = tmp_path / "report.md"
    process = subprocess.Popen([ROOT / "bench/run", "serial", "--quick", "--rounds", "1000", "--entries", "PostgreSQL|mosquitto", "--out", path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    children = set()
    for line in process.stderr:
        children |= machine.family(machine.processes(), [process.pid])
        if "mosquitto: " in line:
            break
    process.terminate()
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "ended early" in told
    assert path.exists()
    left = [machine.processes()[pid].name for pid in children if pid in machine.processes()]
    assert left == []


def test_every_dialect_of_a_peer_is_in_the_generator():
    from harness import peers
    assert {peer.dialect for peer in peers.all_of_them().values()} <= load.dialects()
