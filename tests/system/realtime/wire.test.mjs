// What no SDK sends, byte by byte: every error and close code of the protocol's tables that a client can bring about.
import assert from 'node:assert/strict';
import net from 'node:net';
import {scenario, shared} from './support/scenario.mjs';
import {transports} from './support/sdk.mjs';
import {Wire} from './support/wire.mjs';
import {within} from './support/wait.mjs';
import {World} from './support/world.mjs';

const world = shared(() => World.start({REALTIME_CHANNELS: '4', REALTIME_MESSAGE_BYTES: '128KiB', REALTIME_CONNECT_TIMEOUT: '1s'}));
const nowhere = 'room:00000000-0000-4000-8000-000000000000';

async function fresh() {
  const w = await world(), ada = await w.user();
  return {w, ada, room: `room:${await w.room(ada)}`};
}

// The server has come to no harm, and knows what it knew.
async function unharmed({w, ada, room}, transport) {
  const wire = await Wire.enter(w, ada, transport);
  assert.deepEqual((await wire.call({publish: {channel: room, data: {content: 'still here'}}})).publish, {});
  wire.close();
}

const long = (n) => 'x'.repeat(n);
const violations = {
  'a command before connect': [{id: 1, rpc: {method: 'user.me', data: {}}}],
  'a pong before connect': [{}],
  'an unsubscribe before connect': [{id: 1, unsubscribe: {channel: nowhere}}],
};
const violationsInside = {
  'a second connect': ({ada}) => ({id: 9, connect: {token: ada.token}}),
  'no id': ({room}) => ({publish: {channel: room, data: {content: 'x'}}}),
  'no known method': () => ({id: 9}),
  'a subscribe without its channel': () => ({id: 9, subscribe: {}}),
  'an unsubscribe without its channel': () => ({id: 9, unsubscribe: {}}),
  'a publish without its channel': () => ({id: 9, publish: {data: {content: 'x'}}}),
  'a history without its channel': () => ({id: 9, history: {limit: 1}}),
  'a presence without its channel': () => ({id: 9, presence: {}}),
  'a presence_stats without its channel': () => ({id: 9, presence_stats: {}}),
};
const refusals = {
  'a channel that there is not': [() => ({subscribe: {channel: nowhere}}), 102],
  'a channel of no known kind': [() => ({subscribe: {channel: 'news'}}), 102],
  "another one's user channel": [({other}) => ({subscribe: {channel: `user:${other.id}`}}), 103],
  "the history of another one's user channel": [({other}) => ({history: {channel: `user:${other.id}`, limit: 1}}), 103],
  "the presence of another one's user channel": [({other}) => ({presence: {channel: `user:${other.id}`}}), 103],
  'one\'s own user channel, which the server subscribed': [({ada}) => ({subscribe: {channel: `user:${ada.id}`}}), 105],
  'publishing in a user channel': [({ada}) => ({publish: {channel: `user:${ada.id}`, data: {content: 'x'}}}), 103],
  'a name of 256 bytes': [() => ({subscribe: {channel: long(256)}}), 107],
  'a name of 255 bytes': [() => ({subscribe: {channel: long(255)}}), 102],
  'publishing under a name of 256 bytes': [() => ({publish: {channel: long(256), data: {content: 'x'}}}), 107],
  'a map subscription': [({room}) => ({subscribe: {channel: room, type: 1}}), 108],
  'a shared poll subscription': [({room}) => ({subscribe: {channel: room, type: 2}}), 108],
  'a map publication': [({room}) => ({publish: {channel: room, type: 1, data: {content: 'x'}}}), 108],
  'ping': [() => ({ping: {}}), 108],
  'sub_refresh': [({room}) => ({sub_refresh: {channel: room, token: 'x'}}), 108],
  'an unknown rpc': [() => ({rpc: {method: 'no.such', data: {}}}), 104],
  'an rpc without a method': [() => ({rpc: {data: {}}}), 104],
  'history of no room': [() => ({history: {channel: nowhere, limit: 1}}), 102],
  'presence of no room': [() => ({presence: {channel: nowhere}}), 102],
  'presence_stats of no room': [() => ({presence_stats: {channel: nowhere}}), 102],
  'publishing in no room': [() => ({publish: {channel: nowhere, data: {content: 'x'}}}), 102],
  'publishing null': [({room}) => ({publish: {channel: room, data: null}}), 107],
  'publishing too much text': [({room}) => ({publish: {channel: room, data: {content: long(66000)}}}), 107],
  'backwards from offset 0': [({room}) => ({history: {channel: room, limit: 1, reverse: true, since: {offset: 0, epoch: ''}}}), 107],
  'history since a foreign epoch': [({room}) => ({history: {channel: room, limit: 1, since: {offset: 0, epoch: 'elsewhere'}}}), 112],
  'insisting on a foreign epoch': [({room}) => ({subscribe: {channel: room, recover: true, offset: 0, epoch: 'elsewhere', flag: 2}}), 112],
  'insisting on an offset to come': [({room}) => ({subscribe: {channel: room, recover: true, offset: 7, flag: 2}}), 112],
  'insisting on the last offset that there can be': [({room}) => ({subscribe: {channel: room, recover: true, offset: Number.MAX_SAFE_INTEGER, flag: 2}}), 112],
};

for (const transport of transports) {
  const isJson = transport.endsWith('json'), socket = transport.startsWith('websocket');

  for (const [what, commands] of Object.entries(violations)) {
    scenario(`3501 for ${what}: ${transport}`, async () => {
      const wire = await Wire.open(await world(), transport);
      if (!socket && !isJson && what.startsWith('a pong')) wire.sendRaw(Buffer.from([0]));
      else wire.send(...commands);
      assert.equal((await wire.closing()).code, 3501);
    });
  }

  scenario(`107 says which field it is about: ${transport}`, async () => {
    const scene = await fresh(), {room} = scene;
    const wire = await Wire.enter(scene.w, scene.ada, transport);
    const told = async (command) => (await wire.call(command)).error.message;
    assert.equal(await told({publish: {channel: room, data: {content: long(66000)}}}), 'content: at most 65536 bytes');
    assert.equal(await told({rpc: {method: 'message.send', data: {room_id: room.slice('room:'.length), content: long(66000)}}}), 'content: at most 65536 bytes');
    assert.match(await told({publish: {channel: room, data: null}}), /^data: /);
    assert.match(await told({publish: {channel: room, data: 'text'}}), /^data: /);
    assert.match(await told({publish: {channel: room, data: {client_id: 'k'}}}), /^content: /);
    wire.close();
  });

  scenario(`3501 for each command that breaks the rules: ${transport}`, async () => {
    const scene = await fresh();
    for (const [what, command] of Object.entries(violationsInside)) {
      const wire = await Wire.enter(scene.w, scene.ada, transport);
      wire.send(command(scene));
      const {code, reason} = await wire.closing();
      assert.equal(code, 3501, what);
      assert.equal(reason, 'bad request', what);
      wire.close();
    }
    await unharmed(scene, transport);
  });

  scenario(`3501 for bytes that are no commands: ${transport}`, async () => {
    const scene = await fresh();
    const bytes = isJson
      ? ['{', 'nonsense', '[]', '7', 'null', '"text"', '{"id":2,"rpc":{"method":"user.me"}}}', '{"id":-1,"ping":{}}', '{"id":"2","ping":{}}',
        '{"id":4294967296,"ping":{}}', '{"id":2,"subscribe":[]}', '{"id":2,"subscribe":{"channel":7}}', '{"id":2,"rpc":{"method":"user.me","data":{]}}',
        '{"id":2,"ping":{}}\n\n{"id":3,"ping":{}}', '{"id":2,"subscribe":{"channel":"room:\\ud800"}}', ...(socket ? ['', '\n'] : ['\n'])]
      : [Buffer.from([0x7f]), Buffer.from([5, 1, 2]), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        Buffer.from([2, 0x22, 0x7f]), Buffer.from([1, 0x0f]), Buffer.from('{"id":1}'), ...(socket ? [Buffer.alloc(0)] : [])];
    for (const each of bytes) {
      const wire = await Wire.enter(scene.w, scene.ada, transport);
      wire.sendRaw(each);
      const {code} = await wire.closing().catch((error) => ({code: `${error.message} after ${JSON.stringify(each)}`}));
      assert.equal(code, 3501, JSON.stringify(each));
      wire.close();
    }
    await unharmed(scene, transport);
  });

  scenario(`what is refused by an error, and leaves the connection as it was: ${transport}`, async () => {
    const scene = await fresh();
    scene.other = await scene.w.user('Grace');
    const wire = await Wire.enter(scene.w, scene.ada, transport);
    for (const [what, [command, code]] of Object.entries(refusals)) {
      const {error} = await wire.call(command(scene));
      assert.equal(error?.code, code, `${what}: ${JSON.stringify(error)}`);
      assert.ok(error.message.length > 0);
      assert.equal(error.temporary, undefined, what);
    }
    assert.deepEqual((await wire.call({publish: {channel: scene.room, data: {content: 'fine'}}})).publish, {});
    wire.close();
  });

  // More than may be in flight: what waits is started when others are answered, also by the subscription's own answer.
  scenario(`each of a thousand subscribes and unsubscribes in one frame is answered once: ${transport}`, async () => {
    const scene = await fresh();
    const wire = await Wire.enter(scene.w, scene.ada, transport);
    const ids = Array.from({length: 1000}, (_, n) => n + 2);
    wire.send(...ids.map((id) => ({id, [id % 2 ? 'unsubscribe' : 'subscribe']: {channel: scene.room, join_leave: true}})));
    await wire.until(() => wire.replies.filter(({id}) => id > 1).length >= ids.length, () => `${wire.replies.length} replies`);
    assert.deepEqual(wire.replies.map(({id}) => id).filter((id) => id > 1).sort((a, b) => a - b), ids);
    for (const reply of wire.replies.filter(({id}) => id > 1)) {
      if (reply.id % 2) assert.ok(reply.unsubscribe, JSON.stringify(reply));
      else assert.ok(reply.subscribe || reply.error?.code === 105, JSON.stringify(reply));
    }
    wire.close();
    await unharmed(scene, transport);
  });

  scenario(`105 for a second subscribe, 106 beyond the limit of channels: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    const wire = await Wire.enter(w, ada, transport);
    assert.ok((await wire.call({subscribe: {channel: room}})).subscribe.recoverable);
    assert.equal((await wire.call({subscribe: {channel: room}})).error.code, 105);
    wire.send({id: 50, unsubscribe: {channel: room}}, {id: 51, subscribe: {channel: room}}, {id: 52, subscribe: {channel: room}});
    assert.deepEqual((await wire.reply(50)).unsubscribe, {});
    assert.ok((await wire.reply(51)).subscribe);
    assert.equal((await wire.reply(52)).error.code, 105);
    const codes = [];
    for (let n = 0; n < 5; ++n) codes.push((await wire.call({subscribe: {channel: `room:${await w.room(ada)}`}})).error?.code ?? 0);
    assert.ok(codes.includes(106) && codes.indexOf(106) >= 2 && codes.slice(codes.indexOf(106)).every((code) => code === 106), `${codes}`);
    assert.deepEqual((await wire.call({unsubscribe: {channel: room}})).unsubscribe, {});
    assert.ok((await wire.call({subscribe: {channel: room}})).subscribe, 'a place is free again');
    wire.close();
  });

  scenario(`an unsubscribe is never an error: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    const wire = await Wire.enter(w, ada, transport);
    for (const channel of [room, nowhere, 'nonsense', room, `user:${ada.id.replace(/^./, '0')}`]) {
      assert.deepEqual((await wire.call({unsubscribe: {channel}})).unsubscribe, {}, channel);
    }
    wire.send({id: 60, subscribe: {channel: room}}, {id: 61, unsubscribe: {channel: room}}, {id: 62, publish: {channel: room, data: {content: 'x'}}});
    await Promise.all([60, 61, 62].map((id) => wire.reply(id)));
    await wire.call({history: {channel: room}});
    const left = wire.replies.findIndex(({id}) => id === 61);
    assert.equal(wire.replies.slice(left).filter(({push}) => push?.channel === room).length, 0, 'pushes after the unsubscribe');
    wire.close();
  });

  scenario(`3508 for send: ${transport}`, async () => {
    const {w, ada} = await fresh();
    const wire = await Wire.enter(w, ada, transport);
    wire.send({send: {data: {any: 'thing'}}});
    assert.equal((await wire.closing()).code, 3508);
  });

  scenario(`3502 without a connect: ${transport}`, {skip: !socket}, async () => {
    const wire = await Wire.open(await world(), transport);
    assert.deepEqual(await wire.closing(), {code: 3502, reason: 'stale'});
  });

  scenario(`an offset that was never given is not recovered from: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    await w.send(ada, room.slice(5), 'one');
    let top = 1;
    for (const [offset, epoch] of [[9, undefined], [Number.MAX_SAFE_INTEGER, undefined], [1, 'elsewhere'], [0, '_']]) {
      const wire = await Wire.enter(w, ada, transport);
      const {subscribe} = await wire.call({subscribe: {channel: room, recover: true, offset, ...(epoch ? {epoch} : {})}});
      assert.equal(subscribe.was_recovering, true);
      assert.equal(subscribe.recovered, undefined, `${offset} ${epoch}`);
      assert.equal(subscribe.publications, undefined);
      assert.equal(subscribe.offset, top++);
      assert.equal(subscribe.epoch, wire.welcome.subs[`user:${ada.id}`].epoch);
      await wire.call({publish: {channel: room, data: {content: 'live'}}});
      await wire.until(() => wire.pushes(room, 'pub').length === 1);
      wire.close();
    }
  });

  scenario(`the position of a server-side subscription, forged: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    const other = await w.user('Grace');
    const subs = {[`user:${ada.id}`]: {recover: true, offset: 99, epoch: 'elsewhere'}, [`user:${other.id}`]: {recover: true, offset: 0}, [room]: {recover: true}};
    const wire = await Wire.enter(w, ada, transport, {connect: {subs}});
    assert.deepEqual(Object.keys(wire.welcome.subs), [`user:${ada.id}`]);
    const own = wire.welcome.subs[`user:${ada.id}`];
    assert.equal(own.was_recovering, true);
    assert.equal(own.recovered, undefined);
    wire.close();
  });

  scenario(`what a client need not know is ignored: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    const wire = await Wire.enter(w, ada, transport, {connect: {flag: 1}});
    const {subscribe} = await wire.call({subscribe: {channel: room, token: 'whatever', delta: 'fossil', flag: 1, positioned: true, recoverable: true, data: {x: 1}}});
    assert.ok(subscribe.recoverable && subscribe.positioned);
    assert.equal(subscribe.delta, undefined);
    if (isJson) {
      wire.sendRaw(JSON.stringify({id: 70, later: {}, history: {channel: room, limit: 1, later: [1, {}]}, also: null}));
      assert.ok((await wire.reply(70)).history);
      wire.sendRaw(`${JSON.stringify({id: 71, ping: {}})}\n`);  // one line break at the end is legal
      assert.equal((await wire.refused(71)).code, 108);
    }
    wire.close();
  });

  scenario(`a channel left before it was joined, and joined again in the same breath: ${transport}`, async () => {
    const {w, ada, room: channel} = await fresh();
    const wire = await Wire.enter(w, ada, transport);
    wire.send({id: 81, subscribe: {channel}}, {id: 82, unsubscribe: {channel}}, {id: 83, subscribe: {channel}},
              {id: 84, unsubscribe: {channel}}, {id: 85, subscribe: {channel}}, {id: 86, subscribe: {channel}});
    for (const id of [81, 82, 83, 84, 85]) assert.equal((await wire.reply(id)).error, undefined, `command ${id}`);
    assert.equal((await wire.refused(86)).code, 105);
    wire.close();
  });

  scenario(`after an error to connect the connection is dead: ${transport}`, async () => {
    const {w, ada} = await fresh();
    const wire = await Wire.open(w, transport);
    wire.send({id: 1, connect: {token: w.token(ada, -100)}});
    assert.equal((await wire.refused(1)).code, 109);
    if (!socket) return wire.close();  // it was told no session
    wire.send({id: 2, connect: {token: ada.token}});
    assert.equal((await wire.closing()).code, 3501);
  });

  // As an SDK's app may have it do while it waits; no SDK says anything else before it is connected.
  scenario(`a subscribe and an unsubscribe that were under way when connect was refused are dropped: ${transport}`, async () => {
    const {w, ada, room: channel} = await fresh();
    const wire = await Wire.open(w, transport);
    wire.send({id: 1, connect: {token: w.token(ada, -100)}});
    if (!socket) return wire.close();  // they need a session, which comes with the answer
    wire.send({id: 2, subscribe: {channel}});
    wire.send({id: 3, unsubscribe: {channel}}, {id: 4, subscribe: {channel}});
    assert.equal((await wire.refused(1)).code, 109);
    wire.send({id: 5, subscribe: {channel}});
    assert.equal((await wire.closing()).code, 3502);
    assert.equal(wire.replies.length, 1);
    const again = await Wire.open(w, transport);
    again.send({id: 1, connect: {token: w.token(ada, -100)}});
    assert.equal((await again.refused(1)).code, 109);
    again.send({id: 2, rpc: {method: 'user.me', data: {}}});
    assert.equal((await again.closing()).code, 3501);
  });

  scenario(`what is glued behind a connect that fails is dropped: ${transport}`, async () => {
    const {w, ada, room} = await fresh();
    const wire = await Wire.open(w, transport);
    wire.send({id: 1, connect: {token: w.token(ada, -100)}}, {id: 2, publish: {channel: room, data: {content: 'x'}}}, {id: 3, rpc: {method: 'user.me', data: {}}});
    assert.equal((await wire.refused(1)).code, 109);
    assert.equal((await wire.closing()).code, 3502);  // not 3501, from which no SDK returns: it said nothing after the answer
    assert.deepEqual(wire.replies.filter(({id}) => id > 1), []);
    const {pagination} = await w.rest('GET', `/api/v1/rooms/${room.slice(5)}/history`, {token: ada.token});
    assert.equal(pagination.total_messages, 0);
  });
}

// --- WebSockets alone

scenario('1009 for a giant frame', async () => {
  const {w, ada, room} = await fresh();
  const wire = await Wire.enter(w, ada, 'websocket json');
  assert.equal((await wire.call({publish: {channel: room, data: {content: long(70000), client_id: 'k'}}})).error.code, 107);
  wire.sendRaw(JSON.stringify({id: 9, rpc: {method: 'user.me', data: {x: long(130 * 1024)}}}));
  assert.equal((await wire.closing()).code, 1009);
});

scenario('a text frame on a Protobuf connection, a binary one on a JSON connection: 3501', async () => {
  const {w, ada} = await fresh();
  const binary = await Wire.enter(w, ada, 'websocket protobuf');
  binary.socket.send('{"id":2,"ping":{}}', {binary: false});
  assert.equal((await binary.closing()).code, 3501);
  const text = await Wire.enter(w, ada, 'websocket json');
  text.socket.send(Buffer.from('{"id":2,"ping":{}}'), {binary: true});
  assert.equal((await text.closing()).code, 3501);
});

for (const [what, options, encoding, chosen] of [
  ['no subprotocol', {protocols: []}, 'json', ''],
  ['centrifuge-json', {protocols: ['centrifuge-json']}, 'json', 'centrifuge-json'],
  ['centrifuge-protobuf', {protocols: ['centrifuge-protobuf']}, 'protobuf', 'centrifuge-protobuf'],
  ['an unknown one before a known one', {protocols: ['chat', 'centrifuge-json']}, 'json', 'centrifuge-json'],
  ['?cf_protocol=protobuf', {protocols: [], query: '?cf_protocol=protobuf'}, 'protobuf', ''],
  ['?format=protobuf', {protocols: [], query: '?format=protobuf&cf_protocol_version=v2&other=1'}, 'protobuf', ''],
  ['parameters that say nothing', {protocols: [], query: '?cf_protocol_version=v2&x=y'}, 'json', ''],
]) {
  scenario(`the encoding is agreed on: ${what}`, async () => {
    const {w, ada} = await fresh();
    const wire = await Wire.enter(w, ada, `websocket ${encoding}`, options);
    assert.equal(wire.socket.protocol, chosen);
    assert.equal(wire.lastWasBinary, encoding === 'protobuf');
    assert.equal((await wire.call({rpc: {method: 'user.me', data: {}}})).rpc.data.id, ada.id);
    wire.close();
  });
}

scenario('an empty Sec-WebSocket-Protocol header, as the Python SDK sends it', async () => {
  const w = await world();
  const socket = net.connect(w.proxy.port, '127.0.0.1');
  socket.write('GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: \r\n\r\n');
  const head = await within(5000, 'the answer', new Promise((resolve) => socket.once('data', resolve)));
  socket.destroy();
  assert.match(head.toString(), /^HTTP\/1\.1 101 /);
  assert.doesNotMatch(head.toString(), /sec-websocket-protocol/i);
});

scenario('a WebSocket ping is answered', async () => {
  const {w, ada} = await fresh();
  const wire = await Wire.enter(w, ada, 'websocket json');
  const pong = new Promise((resolve) => wire.socket.once('pong', resolve));
  wire.socket.ping('are you there');
  assert.equal((await within(5000, 'a pong', pong)).toString(), 'are you there');
  wire.close();
});

scenario('a pong that nobody asked for does no harm', async () => {
  const {w, ada} = await fresh();
  const wire = await Wire.enter(w, ada, 'websocket json');
  wire.send({}, {}, {id: 2, ping: {}});
  assert.equal((await wire.refused(2)).code, 108);
  wire.close();
});
