"""socket.io, from npm: rooms, and emit to a room, as its documentation has it. WebSocket only, no polling."""

from harness.peers import FOLDER, Npm, Peer, npm_version

PEER = Peer(
    title="socket.io", dialect="socketio", source=Npm(), version=npm_version("socket.io"),
    command=lambda packages, port: ["node", FOLDER / "socketio/server.js", port],
    env=lambda packages: {"NODE_PATH": str(packages), "NODE_ENV": "production"},
    ready=r"^listening$",
    remark="Engine.IO 4 over WebSocket, with bufferutil; stores nothing; the sender gets its own message back.",
)
