"""The load generator, bench/load: its command line, and the one JSON object that it answers."""

import json
import pathlib
import subprocess

from . import server

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/bench/bench/load"


class Failed(RuntimeError):
    """The generator ended the run: something was lost, came twice, out of order, or not at all."""


def command(scenario, options, program=PROGRAM):
    """{'members': 10, 'bare': True, 'pid': ['server=1']} -> its words; None and False say nothing."""
    words = [str(program), scenario]
    for name, value in options.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if each is True:
                words.append(f"--{name}")
            elif each is not None and each is not False:
                words += [f"--{name}", str(each)]
    return words


def run(scenario, options, timeout=600, program=PROGRAM):
    """The answer of one run, on the generator's own core."""
    options = {"core": server.LOAD_CPU, **options}
    try:
        done = subprocess.run(command(scenario, options, program), capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer within {timeout} s") from None
    if done.returncode != 0:
        raise Failed(done.stderr.strip()[-400:] or f"status {done.returncode}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Failed(f"no JSON: {done.stdout[:200]!r}") from None


def dialects(program=PROGRAM):
    return set(subprocess.run([str(program), "dialects"], capture_output=True, text=True, check=True).stdout.split())


def figure(answer, path):
    """'delivery_us.p99' of an answer; None where there is none."""
    for name in path.split("."):
        if not isinstance(answer, dict) or name not in answer:
            return None
        answer = answer[name]
    return answer if isinstance(answer, (int, float)) and not isinstance(answer, bool) else None
