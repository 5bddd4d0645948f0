"""The machine: what it is, and who used its CPUs while something was measured."""

import dataclasses
import os
import pathlib
import platform
import re
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05  # of one CPU, used by others (or taken by the hypervisor) while a run lasted


def read(path, default=""):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return default


def cpu_model(cpuinfo=None):
    for line in (cpuinfo or read("/proc/cpuinfo")).splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def slug(model):
    """'Intel(R) Xeon(R) Processor @ 2.60GHz' -> 'intel-xeon-processor-2-60ghz', for a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)", "", model.lower())).strip("-") or "unknown"


def describe():
    """What a reader needs in order to compare two results."""
    memory = re.search(r"MemTotal:\s+(\d+)", read("/proc/meminfo"))
    governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none visible")
    return {
        "cpu": cpu_model(), "cpus": len(os.sched_getaffinity(0)), "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(), "system": _release(), "governor": governor, "turbo": _turbo(),
        "virtual": "hypervisor" in read("/proc/cpuinfo"), "memory_mb": int(memory[1]) // 1024 if memory else 0,
    }


def _release():
    found = re.search(r'PRETTY_NAME="?([^"\n]*)', read("/etc/os-release"))
    return found[1] if found else "unknown"


def _turbo():
    no_turbo, boost = read("/sys/devices/system/cpu/intel_pstate/no_turbo"), read("/sys/devices/system/cpu/cpufreq/boost")
    return {"0": "on", "1": "off"}.get(no_turbo) or {"1": "on", "0": "off"}.get(boost, "not visible")


def storage():
    """Where the databases of a session are. A file system in memory makes durable figures worthless."""
    folder = tempfile.gettempdir()
    best = ("", "unknown")
    for line in read("/proc/mounts").splitlines():
        point, kind = line.split()[1:3]
        if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return {"file_system": best[1], "in_memory": best[1] in ("tmpfs", "ramfs")}


@dataclasses.dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    name: str
    own: float       # CPU-seconds
    reaped: float    # CPU-seconds of children that ended


def parse_stat(text):
    """One /proc/<pid>/stat; the name may have anything in it, parentheses and spaces too."""
    head, fields = text.rsplit(")", 1)
    pid, name = head.split(" (", 1)
    fields = fields.split()
    ticks = [int(value) / TICK for value in fields[11:15]]
    return Process(int(pid), int(fields[1]), name, ticks[0] + ticks[1], ticks[2] + ticks[3])


def processes():
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            text = read(f"/proc/{entry}/stat")
            if ")" in text:
                process = parse_stat(text)
                found[process.pid] = process
    return found


def family(found, roots):
    """The pids of these processes and of all that descend from them."""
    children = {}
    for process in found.values():
        children.setdefault(process.parent, []).append(process.pid)
    members, todo = set(), [root for root in roots if root in found]
    while todo:
        pid = todo.pop()
        if pid not in members:
            members.add(pid)
            todo += children.get(pid, [])
    return members


@dataclasses.dataclass
class Snapshot:
    """CPU time of everything, at one moment."""

    at: float
    busy: float       # CPU-seconds of programs and of the kernel for them, all CPUs
    steal: float      # CPU-seconds the hypervisor gave to others
    found: dict       # pid -> Process
    load: float       # the load average of a minute


def snapshot():
    cpu = [int(value) / TICK for value in read("/proc/stat").splitlines()[0].split()[1:]]
    return Snapshot(time.monotonic(), sum(cpu[0:3]), cpu[7] if len(cpu) > 7 else 0.0, processes(), os.getloadavg()[0])


def others(before, after, ours):
    """Who else ran between two snapshots: shares of one CPU.

    `ours` are the roots of what belongs to the measurement. Kernel threads are no strangers: they work for us too.
    """
    took = max(after.at - before.at, 1e-9)
    kernel = [2] if 2 in after.found and after.found[2].name == "kthreadd" else []  # in a container it may be anybody
    mine = family(before.found, [*ours, *kernel]) | family(after.found, [*ours, *kernel])
    used = sum(_grown(before, after, pid) for pid in mine)
    # What of ours ended in between is in its parent's account of reaped children, if its parent is ours.
    used += sum(_reaped(before, after, pid) for pid in ours if pid in after.found)
    used -= sum(before.found[pid].own for pid in mine if pid in before.found and pid not in after.found)
    strangers = {}
    for pid, process in after.found.items():
        if pid not in mine:
            strangers[process.name] = strangers.get(process.name, 0.0) + _grown(before, after, pid) + _reaped(before, after, pid)
    for pid, name in _heirs(before, after):  # what an ended process had used before is no use of this time
        if pid not in mine:
            strangers[name] = strangers.get(name, 0.0) - before.found[pid].own - before.found[pid].reaped
    biggest = max(strangers.items(), key=lambda item: item[1], default=("", 0.0))
    return {
        "others": round(max(0.0, after.busy - before.busy - used) / took, 4),
        "steal": round((after.steal - before.steal) / took, 4),
        "biggest": biggest[0] if biggest[1] > 0 else "", "biggest_share": round(biggest[1] / took, 4),
        "load_before": before.load, "load_after": after.load,
    }


def _grown(before, after, pid):
    if pid not in after.found:
        return 0.0
    return after.found[pid].own - (before.found[pid].own if pid in before.found else 0.0)


def _reaped(before, after, pid):
    return after.found[pid].reaped - (before.found[pid].reaped if pid in before.found else 0.0)


def _heirs(before, after):
    """(pid, name of its nearest ancestor that still lives) of each process that ended in between, if its parent reaped it."""
    for pid, process in before.found.items():
        if pid in after.found:
            continue
        heir = process.parent
        while heir in before.found and heir not in after.found:
            heir = before.found[heir].parent
        if heir in before.found:
            yield pid, before.found[heir].name


def disturbed(seen):
    return seen["others"] > DISTURBED or seen["steal"] > DISTURBED
