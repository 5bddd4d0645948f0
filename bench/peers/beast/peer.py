"""A chat as one writes it from Boost.Beast's examples: one file, one thread, a queue of writes for each connection."""

from harness.peers import Built, Peer

PEER = Peer(
    title="Beast, naive", dialect="ws", source=Built("build/bench/bench/peer_beast"),
    command=lambda program, port: [program, port],
    version=lambda program: "ours, bench/peers/beast",
    ready=r"^listening on (\d+)$",
    remark="Relays what came without reading it, stores nothing; a write for each message and receiver; the sender gets its own message back.",
)
