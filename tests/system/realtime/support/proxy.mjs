// A TCP proxy that can be cut: what is on the way is lost, in both directions, as when a network goes away.
import net from 'node:net';

export class Proxy {
  static async start() {
    const proxy = new Proxy();
    proxy.pairs = new Set();
    proxy.server = net.createServer((client) => proxy.#join(client));
    await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  #join(client) {
    if (this.refusing || !this.target) return client.destroy();
    const server = net.connect(this.target, '127.0.0.1');
    const pair = {client, server};
    this.pairs.add(pair);
    const end = () => {
      client.destroy();
      server.destroy();
      this.pairs.delete(pair);
    };
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true);
      from.on('error', end);
      from.on('close', () => { to.end(); this.pairs.delete(pair); });
      from.pipe(to);
    }
  }

  // Cuts all connections; with `refuse`, new ones too, until `mend`.
  cut({refuse = false} = {}) {
    this.refusing = refuse;
    for (const {client, server} of this.pairs) {
      client.resetAndDestroy?.() ?? client.destroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  mend() { this.refusing = false; }

  close() {
    this.cut({refuse: true});
    this.server.close();
  }
}
