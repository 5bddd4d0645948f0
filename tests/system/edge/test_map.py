"""docs/edge.md names, for each line of what holds at the edge, the tests that prove it: they are there."""

import pathlib
import re

import pytest

from support.servers import ROOT

HERE = pathlib.Path(__file__).parent
ROW = re.compile(r"^\| ([A-Z]+-\d+) \| (.+) \| (.+) \|$", re.M)
ROWS = ROW.findall((ROOT / "docs/edge.md").read_text())
CPP = "\n".join(path.read_text() for folder in ("unit", "contract") for path in (ROOT / "tests" / folder).rglob("*.cpp"))


def there_is(proof):
    """`edge/x[::test]`, `x.py::test`, `Suite.Test` or `realtime/x "part of a scenario's name"`."""
    if found := re.fullmatch(r'(realtime/\w+) "(.+)"', proof):
        path, name = ROOT / f"tests/system/{found[1]}.test.mjs", found[2]
        return path.exists() and any(name in line.replace("\\'", "'") for line in path.read_text().splitlines() if "scenario(" in line)
    if found := re.fullmatch(r"edge/(\w+)(?:::(test_\w+))?", proof):
        path, name = HERE / f"test_{found[1]}.py", found[2] or r"test_\w+"
    elif found := re.fullmatch(r"(test_\w+\.py)::(test_\w+)", proof):
        path, name = ROOT / "tests/system" / found[1], found[2]
    elif found := re.fullmatch(r"(\w+)\.(\w+)", proof):
        return re.search(rf"^TEST\w*\({found[1]}, {found[2]}\)", CPP, re.M) is not None
    else:
        return False
    return path.exists() and re.search(rf"^def {name}\(", path.read_text(), re.M) is not None


@pytest.mark.parametrize("line, proofs", [(row[0], row[2]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_line_is_proved(line, proofs):
    listed = re.findall(r"`([^`]+)`", proofs)
    assert listed, f"{line}: nothing proves it"
    assert ", ".join(f"`{proof}`" for proof in listed) == proofs
    missing = [proof for proof in listed if not there_is(proof)]
    assert not missing, missing


def test_the_lines_are_numbered_without_a_gap():
    groups = {}
    for line, _, _ in ROWS:
        group, number = line.split("-")
        groups.setdefault(group, []).append(int(number))
    assert list(groups) == ["HTTP", "JSON", "WS", "AUTH", "PROC"]
    for group, numbers in groups.items():
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] == (0 if group == "HTTP" else 1)


def test_every_file_here_says_which_lines_it_proves():
    known, told = {row[0] for row in ROWS}, "\n".join(row[2] for row in ROWS)
    for path in HERE.glob("test_*.py"):
        if path == pathlib.Path(__file__):
            continue
        says = path.read_text().split('"""')[1]
        lines = set(re.findall(r"\b(?:HTTP|JSON|WS|AUTH|PROC)-\d+\b", says))
        assert "docs/edge.md" in says and lines and lines <= known, (path.name, lines - known)
        assert f"edge/{path.stem.removeprefix('test_')}" in told, f"no line of docs/edge.md names {path.name}"


@pytest.mark.parametrize("proof",
    ["edge/nothing", "edge/http_bodies::test_nothing", "test_rest.py::test_nothing", "test_none.py::test_x", "Jwt.Nothing",
        "realtime/wire \"nothing\"", "HTTP", ""])
def test_what_is_not_there_is_found_missing(proof):
    assert not there_is(proof)
