// Never a gap, never a double, never another order: across cuts, restarts, weeks away and databases that were restored.
import assert from 'node:assert/strict';
import {assertGapless, assertSame, random} from './support/checker.mjs';
import {scenario, shared} from './support/scenario.mjs';
import {Client, transports} from './support/sdk.mjs';
import {Wire} from './support/wire.mjs';
import {World} from './support/world.mjs';

const calm = shared(() => World.start({RECOVERY_EVENTS: '500'}));
const shaken = shared(() => World.start({RECOVERY_EVENTS: '5000', RECOVERY_BYTES: '4MiB', BACKLOG_BYTES: '16MiB'}));

// All of a room, from its first event, by pages of history.
async function pageThrough(client, room, from, limit = -1) {
  const all = [];
  let {epoch, offset: top} = await client.history(room, {limit: 0});
  for (let offset = from; offset < top;) {
    const page = await client.history(room, {limit, since: {offset, epoch}});
    assert.ok(page.publications.length > 0, `nothing after ${offset} of ${top}`);
    all.push(...page.publications);
    offset = all.at(-1).offset;
    top = page.offset;
  }
  return all;
}

const said = async (w, who, room, count, word = 'm') => Promise.all(Array.from({length: count}, (_, n) => w.send(who, room, `${word}${n}`)));

for (const transport of transports) {
  scenario(`cut in the middle of bursts, again and again: ${transport}`, async () => {
    const w = await shaken(), ada = await w.user('Ada'), grace = await w.user('Grace');
    const rooms = await Promise.all([1, 2, 3].map(() => w.room(ada)));
    const client = new Client(w, transport, grace);
    const channels = rooms.map((room) => client.room(room));
    await client.connect();
    await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length >= 1)));
    const next = random(7), counts = rooms.map(() => 0);
    for (let cut = 1; cut <= 5; ++cut) {
      const burst = Array.from({length: 120}, () => {
        const at = next(rooms.length);
        return w.send(ada, rooms[at], `${++counts[at]}`);
      });
      const before = channels[0].seen.length;
      await channels[0].until((c) => c.seen.length > before + next(10), 'a part of the burst');
      w.proxy.cut({refuse: cut % 2 === 0});
      await Promise.all(burst);
      w.proxy.mend();
      await client.connectedTimes(cut + 1);
    }
    for (const [at, channel] of channels.entries()) {
      await channel.until((c) => c.seen.length >= counts[at], () => `${counts[at]} events, not ${channel.seen.length}`);
      assertGapless(channel.seen, {to: counts[at]});
      assertSame(channel.seen, await pageThrough(client, rooms[at], 0));
      assert.ok(channel.of('subscribed').slice(1).every(({wasRecovering, recovered}) => wasRecovering && recovered));
    }
    client.close();
  });

  scenario(`a recovered reply has what was missed, and says from where: ${transport}`, async () => {
    const w = await calm(), ada = await w.user('Ada'), room = await w.room(ada), channel = `room:${room}`;
    for (let n = 1; n <= 5; ++n) await w.send(ada, room, `m${n}`);
    const wire = await Wire.enter(w, ada, transport);
    const {epoch} = (await wire.call({history: {channel}})).history;
    for (const asked of [{offset: 2, epoch}, {offset: 2}, {offset: 5, epoch}, {epoch}, {offset: 0}]) {
      const {subscribe} = await wire.call({subscribe: {channel, recover: true, ...asked}});
      const from = asked.offset ?? 0;
      assert.deepEqual({...subscribe, publications: undefined}, {
        recoverable: true, positioned: true, epoch, was_recovering: true, recovered: true, publications: undefined, ...(from ? {offset: from} : {}),
      });
      const list = subscribe.publications ?? [];
      assertGapless(list, {from: from + 1, to: 5});
      for (const {info, data} of list) assert.deepEqual([info.user, data.content], [ada.id, `m${data.seq}`]);
      await wire.call({unsubscribe: {channel}});
    }
    wire.close();
  });

  scenario(`beyond the cap nothing is recovered, and history brings every one: ${transport}`, async () => {
    const w = await calm(), ada = await w.user('Ada'), room = await w.room(ada);
    const client = new Client(w, transport, ada);
    await client.connect();
    const channel = await client.subscribed(room);
    await said(w, ada, room, 3);
    await channel.until((c) => c.seen.length === 3);
    channel.subscription.unsubscribe();
    await said(w, ada, room, 501);
    channel.subscription.subscribe();
    await channel.until((c) => c.of('subscribed').length === 2);
    const again = channel.of('subscribed')[1];
    assert.deepEqual([again.wasRecovering, again.recovered, again.streamPosition.offset], [true, false, 504]);
    const missed = await pageThrough(client, room, 3);
    assertGapless(missed, {from: 4, to: 504});
    await w.send(ada, room, 'live');
    await channel.until((c) => c.seen.length === 4);
    assert.equal(channel.seen[3].offset, 505);
    channel.subscription.unsubscribe();
    await said(w, ada, room, 500);  // as many as the cap: all of them come back
    channel.subscription.subscribe();
    await channel.until((c) => c.of('subscribed').length === 3);
    assert.equal(channel.of('subscribed')[2].recovered, true);
    await channel.until((c) => c.seen.length === 504);
    assertGapless(channel.seen.slice(3), {from: 505, to: 1005});
    client.close();
  });

  scenario(`beyond the cap of bytes likewise: ${transport}`, async () => {
    const w = await calm(), ada = await w.user('Ada'), room = await w.room(ada), channel = `room:${room}`;
    for (let n = 0; n < 12; ++n) await w.send(ada, room, `${n}`.padEnd(60000, 'x'));
    const wire = await Wire.enter(w, ada, transport);
    const {subscribe} = await wire.call({subscribe: {channel, recover: true}});
    assert.deepEqual([subscribe.was_recovering, subscribe.recovered, subscribe.publications, subscribe.offset], [true, undefined, undefined, 12]);
    await wire.call({unsubscribe: {channel}});
    assert.equal((await wire.call({subscribe: {channel, recover: true, flag: 2}})).error.code, 112);
    const few = (await wire.call({subscribe: {channel, recover: true, offset: 6}})).subscribe;
    assert.equal(few.publications.length, 6);
    let offset = 0;
    while (offset < 12) {
      const {history} = await wire.call({history: {channel, limit: -1, since: {offset, epoch: ''}}});
      assertGapless(history.publications, {from: offset + 1});
      offset = history.publications.at(-1).offset;
    }
    wire.close();
  });

  scenario(`getState: a position of one's own, refused when it cannot be recovered: ${transport}`, async () => {
    const w = await calm(), ada = await w.user('Ada'), room = await w.room(ada);
    await said(w, ada, room, 4);
    const client = new Client(w, transport, ada);
    await client.connect();
    let states = 0;
    const channel = client.room(room, {getState: async () => {
      ++states;
      const {offset, epoch} = await client.history(room, {limit: 0});
      return states === 1 ? {offset: 1, epoch: 'of another database'} : {offset: offset - 2, epoch};
    }});
    await channel.until((c) => c.seen.length === 2);
    assert.ok(states >= 2);
    assertGapless(channel.seen, {from: 3, to: 4});
    client.close();
  });
}

// --- what needs a server of one's own

for (const signal of ['SIGTERM', 'SIGKILL']) {
  scenario(`the server ends by ${signal} while everybody talks, and comes back`, async () => {
    const w = await World.start({RECOVERY_EVENTS: '5000', RECOVERY_BYTES: '4MiB', BACKLOG_BYTES: '16MiB'});
    try {
      const ada = await w.user('Ada'), room = await w.room(ada);
      const clients = transports.map((transport) => new Client(w, transport, ada));
      const channels = clients.map((client) => client.room(room));
      for (const client of clients) client.sdk.connect();
      await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
      const acknowledged = new Map();
      let talking = true, number = 0;
      const talk = clients.map(async (client) => {  // each says one thing after another, again when no answer came
        while (talking) {
          const key = `k${++number}`;
          for (let answered = false; !answered;) {
            try {
              acknowledged.set(key, await client.rpc('message.send', {room_id: room, content: key, client_id: key}));
              answered = true;
            } catch {
              await client.sdk.ready(10000);
            }
          }
        }
      });
      for (let time = 1; time <= 2; ++time) {
        const before = channels[0].seen.length;
        await channels[0].until((c) => c.seen.length > before + 100);
        await w.end(signal);
        await w.up();
        await Promise.all(clients.map((client) => client.connectedTimes(time + 1)));
        if (signal === 'SIGTERM') assert.ok(clients.every((client) => client.of('connecting').slice(1).every(({code}) => [3001, 1, 2].includes(code))), JSON.stringify(clients.map((c) => c.of('connecting'))));
      }
      talking = false;
      await Promise.all(talk);
      const all = await pageThrough(clients[0], room, 0);
      assertGapless(all);
      const stored = new Map(all.map(({data}) => [data.client_id, data]));
      assert.equal(stored.size, all.length, 'a client_id is stored twice');
      assert.equal(acknowledged.size, number);
      for (const [key, answer] of acknowledged) assert.deepEqual([stored.get(key).id, stored.get(key).seq], [answer.id, answer.seq]);
      for (const channel of channels) {
        await channel.until((c) => c.seen.length >= all.length, () => `${all.length} events, not ${channel.seen.length}`);
        assertGapless(channel.seen, {to: all.length});
        assertSame(channel.seen, all);
      }
    } finally {
      await w.stop();
    }
  });
}

scenario('SIGTERM says 3001 to every transport', async () => {
  const w = await World.start();
  const ada = await w.user();
  const wires = await Promise.all(transports.map((transport) => Wire.enter(w, ada, transport)));
  const ends = Promise.all(wires.map((wire) => wire.closing()));
  await w.end('SIGTERM');
  assert.deepEqual(await ends, transports.map(() => ({code: 3001, reason: 'shutdown'})));
  await w.up();
  await w.stop();
});

scenario('back after 100,000 events', async () => {
  const w = await World.start();
  try {
    const ada = await w.user('Ada'), room = await w.room(ada);
    const clients = ['websocket json', 'websocket protobuf', 'http_stream json'].map((transport) => new Client(w, transport, ada));
    const channels = clients.map((client) => client.room(room));
    for (const client of clients) client.sdk.connect();
    await w.send(ada, room, 'one');
    await w.send(ada, room, 'two');
    await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
    const from = Object.fromEntries(await Promise.all(clients.map(async (client, n) => [n, (await client.history(room, {limit: 0})).offset])));
    await w.end('SIGTERM');
    w.write([{do: 'append', room, actor: ada, content: 'm', count: 100000}]);
    await w.up();
    for (const [n, client] of clients.entries()) {
      await channels[n].until((c) => c.of('subscribed').length === 2);
      const again = channels[n].of('subscribed')[1];
      assert.deepEqual([again.wasRecovering, again.recovered, again.streamPosition.offset], [true, false, 100002]);
      const missed = await pageThrough(client, room, from[n], 10000);
      assertGapless(missed, {from: from[n] + 1, to: 100002});
      assert.equal(missed.at(-1).data.content, 'm100000');
    }
    await w.send(ada, room, 'live');
    for (const channel of channels) await channel.until((c) => c.seen.at(-1)?.offset === 100003);
  } finally {
    await w.stop();
  }
});
