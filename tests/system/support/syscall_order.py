"""Power cuts on PostgreSQL, seen through the order of system calls.

A message may leave chatd's socket only after a sync of the write-ahead log that began after the message's record was
written. strace tells when each call began and ended, for the database's processes and for chatd.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
import uuid

_LINE = re.compile(r"^(\d+) +(\d+\.\d+) (.*)$")
_CALL = re.compile(r"^(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)$")


def _children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat").read()
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(entry))
    return found


class Trace:
    """strace on a set of processes (threads and later children too), its lines in a file."""

    def __init__(self, pids, calls, string_bytes):
        self.file = tempfile.NamedTemporaryFile(prefix="chatd-strace-", delete=False)
        attach = [word for pid in pids for word in ("-p", str(pid))]
        self.process = subprocess.Popen(["strace", "-f", "-ttt", "-T", "-s", str(string_bytes), "-e", f"trace={calls}", "-o", self.file.name, *attach],
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if all(int(re.search(r"TracerPid:\s*(\d+)", open(f"/proc/{p}/status").read()).group(1)) for p in pids):
                return
            time.sleep(0.05)
        raise RuntimeError("strace could not attach")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        lines = open(self.file.name, errors="replace").read().splitlines()
        os.unlink(self.file.name)
        return lines


def calls_of(lines):
    """(thread, name, arguments, began, ended) of each call that ended."""
    begun = {}
    for line in lines:
        parts = _LINE.match(line)
        if not parts:
            continue
        thread, at, rest = int(parts[1]), float(parts[2]), parts[3]
        call = _CALL.match(rest)
        if not call:
            continue
        if rest.endswith("<unfinished ...>"):
            begun[thread] = (call[1], call[2], at)
            continue
        took = re.search(r"<(\d+\.\d+)>$", rest)
        if rest.startswith("<... "):
            if thread in begun:
                name, arguments, start = begun.pop(thread)
                yield thread, name, arguments + call[2], start, start + float(took[1]) if took else at
        else:
            yield thread, call[1], call[2], at, at + (float(took[1]) if took else 0)


def sends_before_their_sync(server, postgres, room_id, token, messages):
    """Sends `messages` one by one with a socket listening; (faults, what was done)."""
    listener = server.api.socket(room_id, token, "&history=0")
    sender = server.api.socket(room_id, token, "&history=0")
    sender.send({"content": "warm", "client_id": uuid.uuid4().hex})
    sender.recv_until(lambda m: m.get("type") == "ack")
    database = Trace([postgres.pid(), *_children(postgres.pid())], "fdatasync,fsync,pwrite64,recvfrom", 65536)
    front = Trace([server.process.pid], "sendmsg,sendto,write,writev", 65536)
    marks = []
    for number in range(messages):
        mark = f"mark-{number}-{uuid.uuid4().hex}"
        marks.append(mark)
        sender.send({"content": mark, "client_id": mark})
        sender.recv_until(lambda m: m.get("type") == "ack" and m["client_id"] == mark, 30)
        listener.recv_until(lambda m: m.get("content") == mark, 30)
    time.sleep(0.2)
    front_calls, database_calls = list(calls_of(front.stop())), list(calls_of(database.stop()))
    syncs = [(began, ended) for _, name, _, began, ended in database_calls if name in ("fdatasync", "fsync")]
    faults = []
    for mark in marks:
        arrived = [ended for _, name, text, _, ended in database_calls if name == "recvfrom" and mark in text]
        # The client's frames hold the mark in JSON ("content" or "client_id"); the flight to the database does not look so.
        told = [began for _, _, text, began, _ in front_calls if f'\\":\\"{mark}\\"' in text]
        if not arrived or len(told) < 2:
            faults.append(f"{mark}: not seen in the traces (arrived {len(arrived)}, told {len(told)})")
        elif not any(arrived[0] <= began and ended <= min(told) for began, ended in syncs):
            faults.append(f"{mark}: left a socket before the database synced it")
    return faults, f"{messages} messages, {len(syncs)} syncs, each message's sends compared with its sync"
