"""nats-server, from Debian: a room is a subject. Core NATS, without JetStream."""

import subprocess

from harness.peers import FOLDER, Debian, Peer

PEER = Peer(
    title="nats-server", dialect="nats", source=Debian("nats-server", "nats-server"),
    command=lambda program, port: [program, "-c", FOLDER / "nats/nats-server.conf", "-p", port],
    env=lambda program: {"GOMAXPROCS": "1"},
    version=lambda program: subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip().replace(":", ""),
    ready=r"Server is ready",
    remark="NATS text protocol over TCP: no WebSocket, no acknowledgement, nothing stored; the sender subscribes too.",
)
