"""Medians, spreads, ratios, the machine's accounts: what every number of a report goes through."""

import pytest

from harness import machine, server, stats


def test_the_median_of_an_even_count_lies_between_the_two_in_the_middle():
    assert stats.median([9, 1, 5]) == 5
    assert stats.median([4, 1, 3, 2]) == 2.5
    with pytest.raises(ValueError):
        stats.median([])


def test_a_spread_leaves_out_what_was_not_measured():
    assert stats.spread([3.0, None, 1.0, 2.0]) == stats.Spread(2.0, 1.0, 3.0, 3)
    assert stats.spread([None]) is None


def test_a_ratio_is_taken_within_each_round():
    # Round 2 was slow for both: the ratio does not notice, a ratio of medians would.
    ours = {0: 100.0, 1: 10.0, 2: 120.0}
    theirs = {0: 50.0, 1: 5.0, 2: 60.0}
    assert stats.ratios(ours, theirs) == stats.Spread(2.0, 2.0, 2.0, 3)


def test_a_round_that_one_of_both_has_not_gives_no_ratio():
    assert stats.ratios({0: 1.0, 1: 4.0, 2: None}, {1: 2.0, 2: 3.0}).count == 1
    assert stats.ratios({0: 1.0}, {1: 1.0}) is None
    assert stats.ratios({0: 1.0}, {0: 0.0}) is None


@pytest.mark.parametrize("value, text", [(None, "-"), (0, "0"), (0.98321, "0.983"), (7, "7"), (7.0, "7"), (1234, "1234"), (9999, "9999"), (12345, "12.3 k"),
                                         (1234567, "1.23 M"), (40_000_000, "40 M"), (100, "100"), (2.5e9, "2.5 G"), (0.0123456, "0.0123"), (-5.25, "-5.25")])
def test_numbers_are_written_as_people_read_them(value, text):
    assert stats.number(value) == text


def test_a_spread_is_written_with_its_least_and_its_most():
    assert stats.with_spread(stats.Spread(2.0, 1.0, 3.0, 5)) == "2 (1-3)"
    assert stats.with_spread(stats.Spread(2.0, 2.0, 2.0, 1)) == "2"
    assert stats.with_spread(None) == "-"


STAT = "{} ({}) S {} 1 1 0 -1 4194560 0 0 0 0 {} {} {} {} 20 0 1 0 0"


def test_a_process_name_may_have_anything_in_it():
    process = machine.parse_stat(STAT.format(42, "a) b (c", 7, 100, 50, 20, 5))
    assert (process.pid, process.parent, process.name) == (42, 7, "a) b (c")
    assert process.own == pytest.approx(150 / machine.TICK)
    assert process.reaped == pytest.approx(25 / machine.TICK)


def world(*rows):
    """(pid, parent, name, own, reaped) -> {pid: Process}"""
    return {row[0]: machine.Process(*row) for row in rows}


def snapshots(before, after, busy, took=10.0, steal=0.0):
    return machine.Snapshot(100.0, 0.0, 0.0, before, 0.5), machine.Snapshot(100.0 + took, busy, steal, after, 0.7)


def test_what_belongs_to_the_measurement_is_no_stranger():
    before = world((1, 0, "init", 0, 0), (10, 1, "run", 1, 0), (11, 10, "server", 0, 0), (2, 0, "kthreadd", 0, 0), (30, 2, "kworker", 0, 0))
    after = world((1, 0, "init", 0, 0), (10, 1, "run", 2, 5), (11, 10, "server", 8, 0), (2, 0, "kthreadd", 0, 0), (30, 2, "kworker", 0.5, 0))
    # 1 of our own, 5 of a child that came and went, 8 of the server, 0.5 of the kernel's thread.
    seen = machine.others(*snapshots(before, after, busy=14.6), [10])
    assert seen["others"] == pytest.approx(0.01)
    assert not machine.disturbed(seen)
    assert (seen["load_before"], seen["load_after"]) == (0.5, 0.7)


def test_a_stranger_is_named_with_what_its_children_used():
    before = world((1, 0, "init", 0, 0), (10, 1, "run", 0, 0), (20, 1, "ninja", 0, 1), (21, 1, "shell", 3, 0))
    after = world((1, 0, "init", 0, 0), (10, 1, "run", 1, 0), (20, 1, "ninja", 0, 5), (21, 1, "shell", 4, 0), (22, 20, "cc1plus", 2, 0))
    seen = machine.others(*snapshots(before, after, busy=8.0), [10])
    assert (seen["biggest"], seen["biggest_share"]) == ("ninja", pytest.approx(0.4))
    assert seen["others"] == pytest.approx(0.7)
    assert machine.disturbed(seen)


def test_what_a_process_had_used_before_it_ended_is_not_laid_at_its_parents_door():
    before = world((1, 0, "init", 0, 0), (10, 1, "run", 0, 0), (20, 1, "make", 0, 1), (21, 20, "sh", 0, 2), (22, 21, "cc1plus", 90, 0))
    after = world((1, 0, "init", 0, 0), (10, 1, "run", 1, 0), (20, 1, "make", 0, 96))
    seen = machine.others(*snapshots(before, after, busy=4.0), [10])
    assert (seen["biggest"], seen["biggest_share"]) == ("make", pytest.approx(0.3))


def test_what_the_hypervisor_took_disturbs_too():
    nothing = world((1, 0, "init", 0, 0), (10, 1, "run", 0, 0))
    seen = machine.others(*snapshots(nothing, nothing, busy=0.0, steal=0.8), [10])
    assert seen["steal"] == pytest.approx(0.08)
    assert seen["biggest"] == ""
    assert machine.disturbed(seen)


def test_a_second_process_that_is_no_kernel_is_a_stranger():
    before = world((1, 0, "init", 0, 0), (2, 1, "shell", 0, 0), (10, 1, "run", 0, 0))
    after = world((1, 0, "init", 0, 0), (2, 1, "shell", 5, 0), (10, 1, "run", 1, 0))
    seen = machine.others(*snapshots(before, after, busy=6.0), [10])
    assert (seen["others"], seen["biggest"]) == (pytest.approx(0.5), "shell")


def test_a_file_is_named_after_the_cpu():
    assert machine.slug("Intel(R) Xeon(R) Processor @ 2.60GHz") == "intel-xeon-processor-2-60ghz"
    assert machine.slug("??") == "unknown"
    assert machine.cpu_model("processor\t: 0\nmodel name\t: AMD EPYC 7763\n") == "AMD EPYC 7763"


def test_the_accounts_of_this_machine_can_be_read():
    import os
    seen = machine.others(machine.snapshot(), machine.snapshot(), [os.getpid()])
    assert set(seen) == {"others", "steal", "biggest", "biggest_share", "load_before", "load_after"}
    told = machine.describe()
    assert told["cpus"] >= 1 and told["kernel"].startswith("Linux")


@pytest.mark.parametrize("cpus, cores, chosen", [
    ([0], [{0}], (0, 0, 0)), ([0, 1], [{0}, {1}], (0, 1, 1)), ([0, 1], [{0, 1}], (0, 1, 1)), ([0, 1, 2, 3], [{0, 2}, {1, 3}], (0, 3, 3)),
    ([0, 1, 2, 3], [{0}, {1}, {2}, {3}], (0, 3, 2)), ([4, 5, 6, 7], [{4, 5}, {6, 7}], (4, 7, 7)), ([0, 1, 2, 3, 4, 5], [{0, 3}, {1, 4}, {2, 5}], (0, 5, 4))])
def test_server_and_generator_have_cores_of_their_own_where_there_are_two(cpus, cores, chosen):
    assert server.assign(cpus, lambda cpu: next(core for core in cores if cpu in core)) == chosen
