"""mosquitto, from Debian: a room is a topic. It has one thread."""

import re
import subprocess

from harness.peers import FOLDER, Debian, Peer

PEER = Peer(
    title="mosquitto", dialect="mqtt", source=Debian("mosquitto", "mosquitto"),
    # -p sets the default listener, which without a configured one is on the loopback only.
    command=lambda program, port: [program, "-c", FOLDER / "mosquitto/mosquitto.conf", "-p", port],
    version=lambda program: re.search(r"mosquitto version \S+", subprocess.run([program, "-h"], capture_output=True, text=True).stdout)[0],
    remark="MQTT 3.1.1 over TCP, QoS 0: no WebSocket, no acknowledgement, nothing stored; the sender subscribes too.",
)
