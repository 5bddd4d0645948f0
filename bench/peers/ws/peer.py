"""ws, from npm: the broadcast of its README, with rooms."""

from harness.peers import FOLDER, Npm, Peer, npm_version

PEER = Peer(
    title="ws", dialect="ws", source=Npm(), version=npm_version("ws"),
    command=lambda packages, port: ["node", FOLDER / "ws/server.js", port],
    env=lambda packages: {"NODE_PATH": str(packages), "NODE_ENV": "production"},
    ready=r"^listening$",
    remark="With bufferutil; relays what came without reading it, stores nothing; the sender gets its own message back.",
)
