"""A report from a session made up here: the same figures must come out that went in."""

import json
import xml.etree.ElementTree as xml

import pytest

from harness import columns, report, results, scenarios, stats, targets

QUIET = {"others": 0.01, "steal": 0.0, "biggest": "sshd", "biggest_share": 0.01, "load_before": 0.1, "load_after": 0.2}
LOUD = {"others": 0.8, "steal": 0.1, "biggest": "cc1plus", "biggest_share": 0.7, "load_before": 1.0, "load_after": 2.0}


def answer(per_cpu, p50=100.0, limited=False, **more):
    return {"seconds": 4.0, "sent": 1000, "acked": 1000, "delivered": 1_000_000, "bytes_received": 200_200_000, "deliveries_per_s": per_cpu / 2, "deliveries_per_cpu_s": per_cpu,
            "user_us_per_delivery": 0.3, "delivery_us": {"p50": p50, "p99": 2 * p50, "p999": 3 * p50}, "generator_limited": limited,
            "processes": {"server": {"cpu_s": 2.0, "rss_kib_after": 20480, "voluntary_switches": 100, "involuntary_switches": 20}}, **more}


def run(scenario, number, entry, told=None, machine=QUIET, error=None, exact=None):
    made = {"at": 1767348600.0 + 60 * number, "scenario": scenario, "round": number, "entry": entry, "answer": told, "machine": machine, "exact": exact or {}}
    return made if error is None else {**made, "error": error, "machine": None}


def runs():
    """Round 2 was slow for everybody."""
    made = []
    for number, weather in enumerate((1.0, 0.5, 1.1, 0.9, 1.05)):
        made += [run("serial", number, "limit", answer(10e6 * weather)), run("serial", number, "socket.io", answer(1e6 * weather)),
                 run("serial", number, "chatd, memory", answer(9.6e6 * weather, limited=number == 2), LOUD if number == 1 else QUIET, exact={"sends_per_frame": 1.0})]
    made.append(run("serial", 0, "mosquitto", error="Traceback:\nlost one of room0"))
    database = {"server": {"cpu_s": 2.0}, "database": {"cpu_s": 1.0}}
    made.append(run("durable", 0, "chatd, PostgreSQL", answer(1e5, messages_per_s=14_000.0, ack_us={"p50": 900.0, "p99": 3000.0, "p999": 4000.0}, processes=database)))
    return made


def summary(**more):
    return {"date": "2026-01-02", "quick": False, "rounds": 5, "messages": scenarios.LARGE,
            "machine": {"cpu": "Some CPU", "cpus": 2, "kernel": "Linux 6", "architecture": "x86_64", "system": "Debian", "governor": "performance", "turbo": "off",
                        "virtual": True, "memory_mb": 24000},
            "cpus": {"server": 0, "generator": 1, "database": 1}, "storage": {"file_system": "ext4", "in_memory": False}, "versions": {"ws": "ws 8"},
            "missing": {"nats-server": "nats-server (tools/install bench)"}, "settings": {}, "runs": runs(), **more}


@pytest.fixture
def told():
    return results.Results(runs())


def test_shares_are_taken_round_by_round(told):
    share = told.ratio("serial", "chatd, memory", "limit", "deliveries_per_cpu_s")
    assert share.count == 5
    assert (share.low, share.median, share.high) == pytest.approx((0.96, 0.96, 0.96))


def test_what_the_generator_does_not_say_is_derived(told):
    assert told.spread("serial", "limit", "frame").median == 200
    assert told.spread("serial", "limit", "server_cpu").median == 0.5
    assert told.spread("serial", "limit", "rss_mib").median == 20
    assert told.spread("serial", "limit", "switches_per_s").median == 30
    assert told.spread("serial", "limit", "database_cpu") is None
    assert told.spread("durable", "chatd, PostgreSQL", "database_cpu").median == 0.25
    assert told.spread("durable", "chatd, PostgreSQL", "database_us_per_message").median == pytest.approx(1000)
    assert told.spread("serial", "chatd, memory", "exact.sends_per_frame").median == 1.0


def test_rounds_that_failed_or_were_disturbed_are_counted(told):
    assert told.count("serial", "chatd, memory") == {"rounds": 5, "failed": 0, "limited": 1, "disturbed": 1}
    assert told.count("serial", "mosquitto") == {"rounds": 1, "failed": 1, "limited": 0, "disturbed": 0}
    entry = next(entry for entry in scenarios.everything()["serial"].entries if entry.name == "chatd, memory")
    assert columns.remarks(told, scenarios.everything()["serial"], entry) == "1 of 5 disturbed, 1 of 5 generator-limited"


def test_a_target_is_met_or_openly_missed(told):
    by_words = {(target.scenario, target.words): target for target in targets.all_of_them()}
    share = by_words["serial", "chatd, memory: of the limit's deliveries per CPU-second"]
    assert share.met(share.spread(told))
    assert not share.met(stats.Spread(0.94, 0.94, 0.94, 1))
    durable = by_words["durable", "chatd, PostgreSQL: messages/s"]
    assert not durable.met(durable.spread(told))
    assert by_words["window", "chatd, memory: of the limit's deliveries per CPU-second"].spread(told) is None
    assert by_words["serial", "chatd, memory: user time a delivery, us"].met(stats.Spread(0.4, 0.4, 0.4, 1))


def test_the_report_says_what_was_measured_and_what_was_not():
    text, plots = report.render(summary(), "session")
    assert "| serial | chatd, memory: of the limit's deliveries per CPU-second | >= 0.95 | 0.96 (0.96-0.96) | met |" in text
    assert "| durable | chatd, PostgreSQL: messages/s | >= 15 k | 14 k | **missed** |" in text
    assert "| socket.io | 9.6 (9.6-9.6) |" in text
    assert "- socket.io: Engine.IO 4" in text and "- ws:" not in text
    assert "1 of 5 disturbed, 1 of 5 generator-limited" in text
    assert "nats-server (tools/install bench)" in text
    assert "- serial, round 1, mosquitto: lost one of room0" in text
    assert "| serial | 2 | chatd, memory | 80% | cc1plus 70% | 10% | 1.00 -> 2.00 |" in text
    assert "PostgreSQL on the generator's core. 5 rounds, interleaved, 10:10 to 10:14 UTC." in text
    assert "quick" not in text and "in memory:" not in text
    for name in plots:
        assert f"](session/{name})" in text
        xml.fromstring(plots[name])
    assert set(plots) == {"serial-deliveries-per-cpu-s.svg", "durable-messages-per-s.svg"}


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    width = None
    for line in report.render(summary(), "session")[0].splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = line.count("|")
        assert width in (None, cells), line
        width = cells


def test_a_reader_is_warned_of_figures_that_mean_nothing():
    text, _ = report.render(summary(quick=True, storage={"file_system": "tmpfs", "in_memory": True}, cpus={"server": 0, "generator": 0, "database": 0}), "x")
    assert "A quick run" in text and "file system in memory" in text and "all on one core" in text


def test_targets_that_need_more_cpus_are_not_judged_here():
    shards = [run("shards", 0, name, answer(1e6)) for name in ("one shard", "two shards")]
    assert "not judged: needs 4 CPUs" in report.render(summary(runs=shards), "x")[0]
    four = {**summary()["machine"], "cpus": 4}
    assert "not judged" not in report.render(summary(runs=shards, machine=four), "x")[0]


def test_a_report_can_be_made_again_from_its_session(tmp_path):
    report.write(summary(), tmp_path / "first.md")
    session = json.loads((tmp_path / "first/session.json").read_text())
    report.write(session, tmp_path / "again.md")
    assert (tmp_path / "again.md").read_text() == (tmp_path / "first.md").read_text().replace("(first/", "(again/")
    assert sorted(each.name for each in (tmp_path / "first").iterdir()) == ["durable-messages-per-s.svg", "serial-deliveries-per-cpu-s.svg", "session.json"]


def test_a_session_without_a_single_good_run_still_has_a_report():
    text, plots = report.render(summary(runs=[run("serial", 0, "limit", error="no server")]), "x")
    assert "no server" in text and plots == {}


def test_a_session_that_was_ended_early_says_so():
    text, _ = report.render(summary(planned=["serial", "durable", "storm"], seconds=2.0), "x")
    assert "ended early.** Not measured: storm." in text and "; 2 s measured in each run." in text
    assert "ended early" not in report.render(summary(planned=["serial", "durable"]), "x")[0]
