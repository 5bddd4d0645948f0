// More than anybody needs: too many messages, too many connections that say nothing, connections that come and go. The
// server answers as its tables say, keeps its memory, and others do not notice.
import assert from 'node:assert/strict';
import {scenario, shared} from './support/scenario.mjs';
import {transports} from './support/sdk.mjs';
import {inBatches, pause} from './support/wait.mjs';
import {Wire} from './support/wire.mjs';
import {sanitized, World} from './support/world.mjs';

const MiB = 1 << 20;
const strict = shared(() => World.start({RATE_LIMITS: 'on', MESSAGES_PER_SECOND: '50', MESSAGES_BURST: '300', SIGNUPS_PER_SECOND: '1000', REALTIME_CONNECT_TIMEOUT: '2s'}));
const calm = shared(() => World.start());
const numbers = (count, from = 0) => Array.from({length: count}, (_, n) => n + from);

// What others see meanwhile: how long the slowest of many calls took, in milliseconds.
async function watched(wire, work) {
  let over = false, slowest = 0;
  const looking = (async () => {
    while (!over) {
      const asked = Date.now();
      assert.equal((await wire.call({ping: {}})).error.code, 108);
      slowest = Math.max(slowest, Date.now() - asked);
      await pause(20);
    }
  })();
  const result = await work();
  over = true;
  await looking;
  return {result, slowest};
}

function assertGrewLessThan(megabytes, before, after) {
  if (!sanitized) assert.ok(after - before < megabytes * MiB, `${((after - before) / MiB).toFixed(1)} MiB more`);
}

for (const transport of transports) {
  const emulated = !transport.startsWith('websocket');
  // Not one after the other, as a client would: all at once.
  const send = (wire, commands) => (emulated ? wire.post(wire.codec.frame(commands)) : wire.send(...commands));

  scenario(`a flood of messages: so many are stored, all others are 111: ${transport}`, async () => {
    const w = await strict(), ada = await w.user(), channel = `room:${await w.room(ada)}`;
    const wire = await Wire.enter(w, ada, transport), other = await Wire.enter(w, await w.user('Grace'), 'websocket json');
    const before = w.resident();
    const ids = numbers(3000, 100);
    const {slowest} = await watched(other, async () => {
      await Promise.all(numbers(30).map((n) => send(wire, ids.slice(n * 100, n * 100 + 100).map((id) => ({id, publish: {channel, data: {content: `${id}`}}})))));
      await wire.until(() => wire.replies.filter(({id}) => id >= 100).length >= ids.length, () => `${wire.replies.length} replies`, 30000);
    });
    assertGrewLessThan(48, before, w.resident());
    const replies = wire.replies.filter(({id}) => id >= 100);
    assert.deepEqual(replies.map(({id}) => id).sort((a, b) => a - b), ids, 'each is answered once');
    const stored = replies.filter(({publish}) => publish).length;
    assert.ok(stored >= 300 && stored < 3000, `${stored} stored`);
    for (const {error} of replies.filter((reply) => !reply.publish)) assert.deepEqual([error?.code, error?.temporary], [111, true]);
    assert.equal((await wire.call({history: {channel}})).history.offset, stored);
    assert.ok(slowest < 2000, `another client waited ${slowest} ms`);
    wire.close();
    other.close();
  });
}

for (const transport of transports.filter((each) => !each.startsWith('websocket'))) {
  scenario(`3013 for requests that come faster than they are carried out: ${transport}`, async () => {
    const w = await strict(), ada = await w.user(), channel = `room:${await w.room(ada)}`;
    const wire = await Wire.enter(w, ada, transport), other = await Wire.enter(w, await w.user('Grace'), 'websocket json');
    const before = w.resident();
    const body = wire.codec.frame(numbers(64, 100).map((id) => ({id, publish: {channel, data: {content: 'x'.repeat(14000)}}})));
    const {slowest} = await watched(other, () => Promise.all(numbers(16).map(() => wire.post(body))));
    assert.deepEqual(await wire.closing(), {code: 3013, reason: 'too many requests'});
    assertGrewLessThan(64, before, w.resident());
    assert.ok(slowest < 2000, `another client waited ${slowest} ms`);
    wire.close();
    const again = await Wire.enter(w, ada, transport);  // as SDKs do
    assert.ok((await again.call({history: {channel, limit: 1}})).history);
    again.close();
    other.close();
  });
}

scenario('3502 for hundreds of connections that say nothing, half a thing or a token that has ended', async () => {
  const w = await strict(), ada = await w.user();
  const other = await Wire.enter(w, await w.user('Grace'), 'websocket json');
  const before = w.resident();
  const {result: silent, slowest} = await watched(other, async () => {
    const opened = await inBatches(50, numbers(300), async (n) => {
      const wire = await Wire.open(w, 'websocket json');
      if (n % 3 === 1) wire.socket._socket.write(Buffer.from([0x81, 0xfe, 0x80, 0, 1, 2, 3, 4, 0x7a]));  // of a frame of 32 KiB
      if (n % 3 === 2) wire.send({id: 1, connect: {token: w.token(ada, -100)}});
      return wire;
    });
    const ends = await Promise.all(opened.map((wire) => wire.closing()));
    assert.deepEqual(ends, opened.map(() => ({code: 3502, reason: 'stale'})));
    return opened;
  });
  assertGrewLessThan(32, before, w.resident());
  assert.ok(slowest < 2000, `another client waited ${slowest} ms`);
  for (const wire of [...silent, other]) wire.close();
});

for (const transport of ['websocket json', 'websocket protobuf', 'http_stream json']) {
  scenario(`500 connections that come and go leave nothing behind: ${transport}`, async () => {
    const w = await calm(), ada = await w.user(), channel = `room:${await w.room(ada)}`;
    const visit = async (n) => {
      const wire = await Wire.enter(w, ada, transport);
      assert.ok((await wire.call({subscribe: {channel, join_leave: true}})).subscribe);
      if (n % 2) assert.ok((await wire.call({publish: {channel, data: {content: 'x'.repeat(1000)}}})).publish);
      wire.close();
    };
    const gone = async (wire) => {
      const count = async () => (await wire.call({presence_stats: {channel}})).presence_stats.num_clients ?? 0;
      for (let rest = await count(); rest > 0; rest = await count()) await pause(20);
    };
    const wire = await Wire.enter(w, ada, 'websocket json');
    await inBatches(10, numbers(100), visit);  // until caches, pools and rings are as full as they get
    await gone(wire);
    const before = w.resident();
    await inBatches(10, numbers(500), visit);
    await gone(wire);
    assertGrewLessThan(6, before, w.resident());
    wire.close();
  });
}
