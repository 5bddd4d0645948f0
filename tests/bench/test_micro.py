"""The micro-benchmarks run, each for a moment: no figure is judged."""

import pathlib
import subprocess

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "build/bench/bench"


@pytest.mark.parametrize("what", ["auth", "codec", "fanout", "history"])
def test_every_benchmark_runs(what):
    done = subprocess.run([BENCH / f"bench_{what}", "--benchmark_min_time=0.001", "--benchmark_format=csv"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith('"')]
    assert rows
    assert not [row for row in rows if "true" in row], "some benchmark says that it failed"


def test_the_journals_benchmark_runs(tmp_path):
    done = subprocess.run([BENCH / "bench_journal", "1"], capture_output=True, text=True, timeout=300, env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(", 0 failed") == 2, done.stdout  # memory and SQLite
