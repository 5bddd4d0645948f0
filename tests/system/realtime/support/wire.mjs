// A client that says anything: commands as objects, or bytes, over any transport; what comes back as it came.
//
//   const wire = await Wire.open(world, 'websocket json');
//   wire.send({id: 1, connect: {token}}, {id: 2, subscribe: {channel}});   // one frame
//   await wire.reply(1);
//   const {code, reason} = await wire.closed;
import {readFileSync} from 'node:fs';
import http from 'node:http';
import protobuf from 'protobufjs';
import WebSocket from 'ws';
import {Watched, within} from './wait.mjs';

const proto = new URL('../../../../src/protocol/centrifuge.proto', import.meta.url);
const schema = protobuf.parse(readFileSync(proto, 'utf8'), {keepCase: true}).root;
const [Command, Reply, EmulationRequest] = ['Command', 'Reply', 'EmulationRequest'].map((name) => schema.lookupType(`chat.wire.${name}`));

const toBytes = (value) => Buffer.from(JSON.stringify(value));
const map = (value, change) => {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((each) => map(each, change));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(key, each) ?? map(each, change)]));
};

export const json = {
  name: 'json',
  frame: (commands) => commands.map((command) => JSON.stringify(command)).join('\n'),
  replies: (bytes) => bytes.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line)),
};

export const binary = {
  name: 'protobuf',
  frame: (commands) => Buffer.concat(commands.map((command) => Command.encodeDelimited(Command.fromObject(
    map(command, (key, value) => (key === 'data' && !ArrayBuffer.isView(value) ? toBytes(value) : undefined)))).finish())),
  replies(bytes) {
    const reader = protobuf.Reader.create(bytes), all = [];
    while (reader.pos < reader.len) {
      const reply = Reply.toObject(Reply.decodeDelimited(reader), {longs: Number});
      all.push(map(reply, (key, value) => (ArrayBuffer.isView(value) ? JSON.parse(Buffer.from(value)) : undefined)));
    }
    return all;
  },
};

export class Wire extends Watched {
  static async open(world, transport = 'websocket json', options = {}) {
    const [kind, encoding] = transport.split(' ');
    const wire = new (kind === 'websocket' ? Socket : Emulated)();
    Object.assign(wire, {world, kind, transport, codec: encoding === 'protobuf' ? binary : json, replies: [], frames: 0, answersPings: true});
    wire.closed = new Promise((resolve) => { wire.end = resolve; });
    world.clients.add(wire);
    await wire.begin(options);
    return wire;
  }

  // Connected as `who`; the connect result is `welcome`.
  static async enter(world, who, transport, {connect = {}, ...options} = {}) {
    const wire = await Wire.open(world, transport, options);
    wire.send({id: 1, connect: {token: who.token, ...connect}});
    wire.welcome = (await wire.reply(1)).connect;
    wire.next = 1;
    return wire;
  }

  send(...commands) { this.sendRaw(this.codec.frame(commands)); }

  // A command with the next id; its reply.
  call(command) {
    const id = ++this.next;
    this.send({id, ...command});
    return this.reply(id);
  }

  got(reply) {
    if (Object.keys(reply).length === 0) {
      this.pings = (this.pings ?? 0) + 1;
      if (this.answersPings) this.send({});
    }
    this.replies.push(reply);
    this.changed();
  }

  received(bytes) {
    ++this.frames;
    for (const reply of this.codec.replies(bytes)) this.got(reply);
  }

  reply(id, milliseconds) {
    return this.until(() => this.replies.find((reply) => reply.id === id), () => `reply ${id} among ${JSON.stringify(this.replies).slice(-2000)}`, milliseconds);
  }

  async refused(id) { return (await this.reply(id)).error; }

  pushes(channel, kind) {
    return this.replies.filter(({push}) => push && (push.channel ?? '') === channel && push[kind]).map(({push}) => push[kind]);
  }

  closing(milliseconds = 15000) { return within(milliseconds, () => `a close after ${JSON.stringify(this.replies).slice(-500)}`, this.closed); }
}

class Socket extends Wire {
  async begin({query = '', protocols, headers} = {}) {
    const offered = protocols ?? (this.codec === binary ? ['centrifuge-protobuf'] : []);
    this.socket = new WebSocket(`ws://${this.world.base}/connection/websocket${query}`, offered, {headers, perMessageDeflate: false, autoPong: this.autoPong ?? true});
    this.socket.on('message', (bytes, isBinary) => {
      this.lastWasBinary = isBinary;
      this.received(bytes);
    });
    this.socket.on('ping', () => { this.framePings = (this.framePings ?? 0) + 1; this.changed(); });
    this.socket.on('error', (error) => this.end({code: 1006, reason: error.message}));
    this.socket.on('close', (code, reason) => this.end({code, reason: reason.toString()}));
    await within(10000, 'the handshake', Promise.race([
      new Promise((resolve) => this.socket.on('open', resolve)),
      this.closed.then(({reason}) => { throw new Error(`no handshake: ${reason}`); }),
    ]));
  }

  sendRaw(bytes) { if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes); }

  drop() { this.socket.terminate(); }

  close() {
    this.world.clients.delete(this);
    this.socket.terminate();
  }
}

// The first frame opens the stream, all others go to /emulation, one after another (`post`: at once).
class Emulated extends Wire {
  begin() { this.sending = Promise.resolve(); this.open = false; }

  sendRaw(bytes) {
    if (!this.open) return this.#openStream(bytes);
    this.sending = this.sending.then(() => this.post(bytes));
  }

  #openStream(body) {
    this.open = true;
    const sse = this.kind === 'sse';
    const path = `/connection/${this.kind}` + (sse && !this.posts ? `?cf_connect=${encodeURIComponent(body)}` : '');
    const method = sse && !this.posts ? 'GET' : 'POST';
    const headers = this.codec === binary ? {'content-type': 'application/octet-stream'} : {'content-type': 'application/json'};
    this.request = http.request({host: '127.0.0.1', port: this.world.proxy.port, method, path, headers, agent: false}, (answer) => {
      this.answer = answer;
      this.changed();
      let rest = Buffer.alloc(0);
      answer.on('data', (bytes) => {
        rest = Buffer.concat([rest, bytes]);
        const whole = this.#whole(rest);
        if (whole > 0) this.received(rest.subarray(0, whole));
        rest = rest.subarray(whole);
      });
      answer.on('error', (error) => this.end({code: 1006, reason: error.message}));
      answer.on('close', () => this.end(this.goodbye ?? {code: 1006, reason: 'no disconnect push'}));
    });
    this.request.on('error', (error) => this.end({code: 1006, reason: error.message}));
    this.request.end(method === 'POST' ? body : undefined);
  }

  // Bytes that are complete replies.
  #whole(bytes) {
    if (this.kind === 'sse') return bytes.includes('\n\n') ? bytes.lastIndexOf('\n\n') + 2 : 0;
    if (this.codec === json) return bytes.lastIndexOf('\n') + 1;
    const reader = protobuf.Reader.create(bytes);
    let whole = 0;
    try {
      while (reader.pos < reader.len) {
        reader.skip(reader.uint32());
        whole = reader.pos;
      }
    } catch {}  // cut short
    return whole;
  }

  received(bytes) {
    if (this.kind !== 'sse') return super.received(bytes);
    ++this.frames;
    for (const line of bytes.toString().split(/\r?\n/)) {
      if (line.startsWith('data: ')) this.got(JSON.parse(line.slice(6)));
    }
  }

  got(reply) {
    if (reply.connect) this.session = {session: reply.connect.session, node: reply.connect.node};
    const {disconnect} = reply.push ?? {};
    if (disconnect) this.goodbye = {code: disconnect.code, reason: disconnect.reason ?? ''};
    super.got(reply);
  }

  // One request, whatever others are under way.
  async post(bytes) {
    const session = this.session;
    const protobuf = this.codec === binary;
    const body = protobuf ? Buffer.from(EmulationRequest.encode({...session, data: Buffer.from(bytes)}).finish()) : JSON.stringify({...session, data: bytes.toString()});
    const answer = await this.world.request('POST', '/emulation', {text: body, headers: {'content-type': protobuf ? 'application/octet-stream' : 'application/json'}}).catch((error) => ({status: error.message}));
    this.posted = answer.status;
    this.changed();
  }

  drop() { this.request.destroy(); }

  close() {
    this.world.clients.delete(this);
    this.request?.destroy();
  }
}
