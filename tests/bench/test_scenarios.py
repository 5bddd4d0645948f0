"""The tables of scenarios, targets, columns and peers agree with each other, and the generator's command line is what is meant."""

import json
import os
import pathlib
import re

import pytest

from harness import chatd, cli, columns, load, peers, scenarios, session, subjects, targets

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = scenarios.everything()


@pytest.mark.parametrize("scenario", ALL.values(), ids=list(ALL))
def test_a_scenario_names_only_what_there_is(scenario):
    names = [entry.name for entry in scenario.entries]
    assert len(set(names)) == len(names) > 0
    assert set(scenario.columns) <= set(columns.COLUMNS)
    for entry in scenario.entries:
        for other in (entry.limit, entry.frame_of):
            assert other is None or other in names, f"{entry.name}: there is no {other}"
        for quick in (False, True):
            users, rooms = scenario.needed(entry, quick)
            assert rooms >= 1 and (users > 0 or entry.load == "sync")
            assert scenario.options(entry, quick)


@pytest.mark.parametrize("target", targets.all_of_them(), ids=lambda target: f"{target.scenario}: {target.words}")
def test_a_target_asks_for_entries_of_its_scenario(target):
    names = {entry.name for entry in ALL[target.scenario].entries}
    assert {entry for entry, _ in target.terms} <= names
    assert (target.at_least is None) != (target.at_most is None)


def test_quick_options_are_shorter_ones_of_the_same_names():
    for scenario in ALL.values():
        assert set(scenario.quick) <= set(scenario.words), scenario.name
        for entry in scenario.entries:
            assert set(entry.quick) <= {*scenario.words, *entry.words}, entry.name


def test_every_round_begins_with_another_entry():
    assert [session.rotated("abc", number) for number in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]
    assert session.rotated([], 3) == []


def test_the_generator_is_told_options_as_words():
    told = load.command("fanout", {"members": 10, "bare": True, "quiet": False, "until": None, "pid": ["server=1", "database=2"]}, "load")
    assert told == ["load", "fanout", "--members", "10", "--bare", "--pid", "server=1", "--pid", "database=2"]


def test_a_figure_is_a_number_or_nothing():
    answer = {"a": {"p50": 2.5, "flag": True, "name": "x"}, "n": 3}
    assert load.figure(answer, "a.p50") == 2.5
    assert load.figure(answer, "n") == 3
    assert [load.figure(answer, path) for path in ("a", "a.flag", "a.name", "a.none", "n.p50", "b")] == [None] * 6


@pytest.mark.parametrize("script, words", [("echo lost one >&2; exit 1", "lost one"), ("exit 3", "status 3"), ("echo nonsense", "no JSON"), ("sleep 5", "within")])
def test_a_generator_that_fails_fails_the_run(tmp_path, script, words):
    program = tmp_path / "load"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(load.Failed, match=words):
        load.run("fanout", {}, timeout=0.5, program=program)


def test_a_generator_that_succeeds_is_read(tmp_path):
    program = tmp_path / "load"
    program.write_text("#!/bin/sh\necho '{\"scenario\": \"'$1'\", \"sent\": 7}'\n")
    program.chmod(0o755)
    assert load.run("rest", {}, program=program) == {"scenario": "rest", "sent": 7}


def test_handshakes_are_no_sends_of_frames():
    before = {"chatd_frames_sent_total": 100.0, "chatd_sends_total": 50.0, "chatd_accepted_total": 10.0}
    after = {"chatd_frames_sent_total": 300.0, "chatd_sends_total": 270.0, "chatd_accepted_total": 30.0}
    assert session.exact_counts(before, after) == {"frames": 200.0, "sends": 220.0, "sends_per_frame": 1.0}
    assert session.exact_counts(before, before) == {}
    assert session.exact_counts({}, {}) == {}


@pytest.mark.parametrize("name", sorted(peers.all_of_them()))
def test_a_peer_says_all_that_is_needed_to_start_it(name):
    peer = peers.all_of_them()[name]
    assert peer.title and peer.remark
    assert peer.can <= {"fanout", "rate", "idle"}
    assert peer.source.missing() is None or isinstance(peer.source.missing(), str)
    words = [str(word) for word in peer.command("/somewhere", 4711)]
    assert "4711" in words
    for word in words:
        assert not word.startswith(str(ROOT)) or pathlib.Path(word).exists(), word
    assert re.search(rf'Registered \w+{{"{peer.dialect}"', "".join(each.read_text() for each in (ROOT / "bench/load/dialects").glob("*.cpp")))


@pytest.mark.parametrize("name", ["ws", "socketio"])
def test_packages_are_pinned_to_one_version_each(name):
    wanted = json.loads((peers.FOLDER / name / "package.json").read_text())
    locked = json.loads((peers.FOLDER / name / "package-lock.json").read_text())["packages"]
    for package, version in {**wanted["dependencies"], **wanted["optionalDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert locked[f"node_modules/{package}"]["version"] == version


def test_rooms_of_peers_are_good_as_path_topic_and_subject():
    with subjects.lines(rooms=subjects.room_names(3)) as files:
        names = files["rooms"].read_text().split()
        assert len(set(names)) == 3 and all(re.fullmatch(r"[a-z0-9]+", name) for name in names)
    assert not files["rooms"].exists()


def test_a_peer_with_accounts_makes_its_own_rooms_and_tokens(tmp_path, monkeypatch):
    """A peer of one file, as bench/README.md tells: started, asked for its world, stopped."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/peer.py").write_text(f"""
from harness.peers import Built, Peer
PEER = Peer(title="mine", dialect="ws", source=Built({__file__!r}), command=lambda program, port: ["sh", "-c", f"echo on {{port}}; exec sleep 60"],
            version=lambda program: "1", ready=r"^on (\\d+)$", remark="sleeps", world=lambda port, users, rooms: (["t"] * users, [f"r{{port}}"] * rooms))
""")
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    assert list(peers.all_of_them()) == ["mine"]
    peer = subjects.Peer("mine")
    assert peer.missing() is None and peer.version() == "1"
    with peer.open(None, subjects.Needs(users=2, rooms=1)) as running:
        port = running.options["port"]
        assert running.options["tokens"].read_text() == "t\nt\n"
        assert running.options["rooms"].read_text() == f"r{port}\n"
        process = int(running.options["pid"][0].removeprefix("server="))
        assert pathlib.Path(f"/proc/{process}").exists()
    assert not pathlib.Path(f"/proc/{process}").exists()


@pytest.mark.parametrize("words, whole", [([], True), (["serial"], False), (["--quick"], False), (["--entries", "chatd"], False)])
def test_only_a_whole_session_is_kept_in_the_repository(words, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(scenarios, "ROOT", tmp_path)
    parser, options = cli.parse(words)
    path = cli.destination(options, not (options.scenarios or options.quick or options.entries), {"cpu": "Some CPU"}, "2026-01-02")
    assert path == tmp_path / ("bench/results" if whole else "build/bench/results") / "2026-01-02-some-cpu.md"
    path.parent.mkdir(parents=True)
    path.write_text("")
    again = cli.destination(options, whole, {"cpu": "Some CPU"}, "2026-01-02")
    assert again.name == "2026-01-02-some-cpu-2.md"


def test_five_rounds_are_the_rule_and_one_the_quick_exception():
    assert cli.parse([])[1].rounds == 5
    assert cli.parse(["--quick"])[1].rounds == 1
    assert cli.parse(["--rounds", "7"])[1].rounds == 7
    for wrong in (["--rounds", "0"], ["--messages", "5"], ["--seconds", "0"]):
        with pytest.raises(SystemExit):
            cli.parse(wrong)


def test_without_a_generator_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "PROGRAM", tmp_path / "none")
    with pytest.raises(SystemExit, match="the load generator is not built"):
        cli.main(["serial", "--quick", "--out", str(tmp_path / "x.md")])
    assert not list(tmp_path.iterdir())


def test_a_time_of_ones_own_replaces_only_times():
    made = session.Session(1, False, seconds=2.0)
    serial, storm = ALL["serial"], ALL["storm"]
    assert made.options(serial, serial.entries[0]) == {**serial.words, "seconds": 2.0}
    assert "seconds" not in made.options(storm, storm.entries[0])
    assert session.Session(1, False).options(serial, serial.entries[0]) == serial.words


def test_an_unknown_scenario_is_refused():
    parser, options = cli.parse(["nonsense"])
    with pytest.raises(SystemExit):
        cli.chosen(parser, options)
    parser, options = cli.parse([])
    assert "soak" not in [scenario.name for scenario in cli.chosen(parser, options)]
    parser, options = cli.parse(["serial", "--entries", "ws|socket"])
    assert [entry.name for entry in cli.chosen(parser, options)[0].entries] == ["socket.io", "ws"]


def test_a_binary_that_is_older_than_its_sources_is_told_of(tmp_path):
    (tmp_path / "src/deep").mkdir(parents=True)
    source, binary = tmp_path / "src/deep/a.cpp", tmp_path / "chatd"
    source.write_text("")
    assert not chatd.is_built_from(tmp_path / "src", binary)
    binary.write_text("")
    os.utime(source, (1000, 1000))
    os.utime(binary, (2000, 2000))
    assert chatd.is_built_from(tmp_path / "src", binary)
    os.utime(source, (3000, 3000))
    assert not chatd.is_built_from(tmp_path / "src", binary)
