// Many rooms on one connection, many connections in one room.
import assert from 'node:assert/strict';
import {assertGapless} from './support/checker.mjs';
import {scenario, shared} from './support/scenario.mjs';
import {Client, transports} from './support/sdk.mjs';
import {inBatches, pause} from './support/wait.mjs';
import {Wire} from './support/wire.mjs';
import {World} from './support/world.mjs';

const world = shared(() => World.start());
const numbers = (count) => Array.from({length: count}, (_, n) => n);

// Rooms enough for a connection that is in as many channels as it may be, its own among them; and one more.
const most = 127;
let made;
const rooms = () => (made ??= (async () => {
  const w = await world(), ada = await w.user('Ada');
  return {ada, ids: await inBatches(16, numbers(most + 1), () => w.room(ada))};
})());

for (const transport of transports) {
  scenario(`as many rooms as a connection may have, and 106 for one more: ${transport}`, async () => {
    const w = await world(), {ada, ids} = await rooms(), grace = await w.user('Grace');
    const client = new Client(w, transport, grace);
    const channels = ids.slice(0, most).map((id) => client.room(id));
    await client.connect();
    await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
    const begins = channels.map((channel) => channel.of('subscribed')[0].streamPosition.offset);
    const last = client.room(ids[most]);
    await last.until((c) => c.of('unsubscribed').length === 1);
    assert.equal(last.of('unsubscribed')[0].code, 106);
    await inBatches(32, numbers(most * 3), (n) => w.send(ada, ids[n % most], `${n}`));
    await Promise.all(channels.map((channel) => channel.until((c) => c.seen.length === 3)));
    // All of them are recovered together, each from where it was.
    w.proxy.cut({refuse: true});
    await inBatches(32, numbers(most * 2), (n) => w.send(ada, ids[n % most], `missed ${n}`));
    w.proxy.mend();
    await client.connectedTimes(2);
    for (const [n, channel] of channels.entries()) {
      await channel.until((c) => c.seen.length === 5);
      assertGapless(channel.seen, {from: begins[n] + 1, to: begins[n] + 5});
      assert.equal(channel.of('subscribed')[1].recovered, true);
    }
    channels[0].subscription.unsubscribe();  // a place is free again
    last.subscription.subscribe();
    await last.until((c) => c.of('subscribed').length === 1);
    client.close();
  });
}

scenario('presence in a room of three hundred connections', async () => {
  const w = await world(), people = await Promise.all(['Ada', 'Grace', 'Eve'].map((name) => w.user(name)));
  const channel = `room:${await w.room(people[0])}`;
  const asks = await Wire.enter(w, people[0], 'websocket json');
  const crowd = await inBatches(25, numbers(300), async (n) => {
    const wire = await Wire.enter(w, people[n % 3], transports[n % 2]);
    assert.ok((await wire.call({subscribe: {channel}})).subscribe);
    return wire;
  });
  assert.deepEqual((await asks.call({presence_stats: {channel}})).presence_stats, {num_clients: 300, num_users: 3});
  const {presence} = (await asks.call({presence: {channel}})).presence;
  assert.deepEqual(Object.keys(presence).sort(), crowd.map(({welcome}) => welcome.client).sort());
  for (const [n, {welcome}] of crowd.entries()) {
    const {client, user, conn_info} = presence[welcome.client];
    assert.deepEqual([client, user, conn_info], [welcome.client, people[n % 3].id, {name: people[n % 3].name}]);
  }
  // Many who ask for all of it at once are all answered.
  const lists = await Promise.all(crowd.slice(0, 40).map(async (wire) => (await wire.call({presence: {channel}})).presence.presence));
  for (const list of lists) assert.equal(Object.keys(list).length, 300);
  for (const wire of crowd.splice(0, 200)) wire.close();
  const left = async () => (await asks.call({presence_stats: {channel}})).presence_stats.num_clients;
  for (let now = await left(), n = 0; now !== 100; now = await left()) {
    assert.ok(++n < 200, `${now} are there still`);
    await pause(20);
  }
  assert.equal(Object.keys((await asks.call({presence: {channel}})).presence.presence).length, 100);
  for (const wire of [...crowd, asks]) wire.close();
});
