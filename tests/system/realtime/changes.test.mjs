// Edits, deletions, reactions, pins, membership: no operation makes them yet, so they are written through the ports while
// the server is down (chatd-feed-writer); who was connected before must get all of them after.
import assert from 'node:assert/strict';
import {assertGapless, assertSame, random} from './support/checker.mjs';
import {scenario} from './support/scenario.mjs';
import {Client, transports} from './support/sdk.mjs';
import {Wire} from './support/wire.mjs';
import {World} from './support/world.mjs';

async function inWorld(env, run) {
  const w = await World.start(env);
  try {
    await run(w);
  } finally {
    await w.stop();
  }
}

// Everybody's clients, each subscribed to the room.
async function present(w, who, room) {
  const clients = transports.map((transport) => new Client(w, transport, who));
  const channels = clients.map((client) => client.room(room));
  for (const client of clients) client.sdk.connect();
  await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
  return {clients, channels};
}

scenario('each kind of change in a room is recovered', () => inWorld({}, async (w) => {
  const ada = await w.user('Ada'), grace = await w.user('Grace'), room = await w.room(ada);
  const {channels} = await present(w, grace, room);
  const first = await w.send(ada, room, 'first'), second = await w.send(ada, room, 'second');
  await Promise.all(channels.map((channel) => channel.until((c) => c.seen.length === 2)));
  await w.end('SIGTERM');
  const base = {room, actor: ada};
  const done = w.write([
    {do: 'edit', ...base, message: first.id, content: 'first, corrected'},
    {do: 'react', room, actor: grace, message: first.id, reaction: '👍', present: true},
    {do: 'react', room, actor: grace, message: first.id, reaction: '👍', present: false},
    {do: 'pin', ...base, message: first.id, present: true},
    {do: 'pin', ...base, message: first.id, present: false},
    {do: 'delete', ...base, message: second.id},
    {do: 'add', ...base, user: grace.id, role: 'member'},
    {do: 'add', ...base, user: grace.id, role: 'moderator'},
    {do: 'remove', ...base, user: grace.id},
    {do: 'rename', ...base, name: 'another name'},
    {do: 'append', ...base, content: 'third'},
  ]);
  assert.deepEqual(done.map(({seq}) => seq), done.map((_, n) => n + 3));
  await w.up();
  const kinds = ['message', 'message', 'message_edited', 'reaction_added', 'reaction_removed', 'message_pinned', 'message_unpinned',
    'message_deleted', 'member_joined', 'member_role_changed', 'member_left', 'room_changed', 'message'];
  for (const channel of channels) {
    await channel.until((c) => c.seen.length === kinds.length);
    assertGapless(channel.seen, {to: kinds.length});
    assert.deepEqual(channel.seen.map(({data}) => data.type), kinds);
    assertSame(channel.seen, channels[0].seen);
    const by = Object.fromEntries(channel.seen.map(({data}) => [data.type, data]));
    assert.equal(by.message_edited.message_seq, 1);
    assert.equal(by.message_edited.payload.content, 'first, corrected');
    assert.equal(by.message_deleted.message_seq, 2);
    assert.equal(by.reaction_added.user.id, grace.id);
    channel.seen.slice(2).forEach(({data}, n) => assert.equal(data.id, done[n].id));
  }
  // Who reads from the first event sees a deleted message as a tombstone in its place.
  const reader = new Client(w, 'websocket json', ada);
  await reader.connect();
  const {publications} = await reader.history(room, {limit: -1, since: {offset: 0, epoch: ''}});
  assertGapless(publications, {to: kinds.length});
  assert.deepEqual([publications[1].data.content, publications[1].data.deleted], ['', true]);
}));

scenario('what a user is told of invitations and memberships is recovered', () => inWorld({}, async (w) => {
  const ada = await w.user('Ada'), grace = await w.user('Grace');
  const clients = transports.map((transport) => new Client(w, transport, grace));
  await Promise.all(clients.map((client) => client.connect()));
  await w.end('SIGTERM');
  const [{id: room}] = w.write([{do: 'room', creator: ada, name: 'private matters', kind: 'private'}]);
  w.write([
    {do: 'add', room, actor: ada, user: grace.id, role: 'member'},
    {do: 'add', room, actor: ada, user: grace.id, role: 'admin'},
    {do: 'remove', room, actor: ada, user: grace.id},
    {do: 'add', room, actor: ada, user: grace.id, role: 'member'},
  ]);
  await w.up();
  for (const client of clients) {
    await client.until(() => client.feed.length === 4, () => `4 events: ${JSON.stringify(client.events)}`);
    const told = client.feed;
    assert.deepEqual(told.map(({channel}) => channel), Array(4).fill(`user:${grace.id}`));
    assertGapless(told, {to: 4});
    assert.deepEqual(told.map(({data}) => data.type), ['invited', 'membership_changed', 'membership_ended', 'invited']);
    assert.deepEqual(told.map(({data}) => data.payload.room_id), Array(4).fill(room));
    assert.deepEqual([told[0].data.payload.room_name, told[0].data.payload.actor.id, told[2].data.payload.reason], ['private matters', ada.id, 'removed']);
    const again = client.of('subscribed').at(-1);
    assert.deepEqual([again.wasRecovering, again.recovered], [true, true]);
  }
  await w.restart();  // and once more nothing comes twice
  await Promise.all(clients.map((client) => client.connectedTimes(3)));
  for (const client of clients) assert.equal(client.feed.length, 4);
}));

scenario('a private room is for its members', () => inWorld({}, async (w) => {
  const ada = await w.user('Ada'), grace = await w.user('Grace'), eve = await w.user('Eve');
  await w.end('SIGTERM');
  const [{id: room}] = w.write([{do: 'room', creator: ada, name: 'ours', kind: 'private'}]);
  w.write([{do: 'add', room, actor: ada, user: grace.id, role: 'member'}]);
  await w.up();
  const channel = `room:${room}`;
  for (const transport of transports) {
    const outside = await Wire.enter(w, eve, transport);
    for (const command of [{subscribe: {channel}}, {subscribe: {channel, recover: true}}, {publish: {channel, data: {content: 'x'}}}, {history: {channel, limit: 1}},
      {presence: {channel}}, {presence_stats: {channel}}, {rpc: {method: 'message.send', data: {room_id: room, content: 'x'}}},
      {rpc: {method: 'room.history', data: {room_id: room}}}, {rpc: {method: 'room.events', data: {room_id: room}}}]) {
      assert.equal((await outside.call(command)).error?.code, 103, JSON.stringify(command));
    }
    for (const path of ['history', 'events']) {  // over REST such a room is not even there
      assert.equal((await w.request('GET', `/api/v1/rooms/${room}/${path}`, {token: eve.token, headers: {accept: 'application/json'}})).status, 404, path);
    }
    assert.deepEqual((await outside.call({unsubscribe: {channel}})).unsubscribe, {});
    outside.close();
    const inside = await Wire.enter(w, grace, transport);
    assert.ok((await inside.call({subscribe: {channel}})).subscribe);
    assert.deepEqual((await inside.call({publish: {channel, data: {content: 'hello'}}})).publish, {});
    inside.close();
  }
  const typing = await Wire.enter(w, eve, 'websocket json');  // once: a repeat is not even looked at
  assert.equal((await typing.call({rpc: {method: 'room.typing', data: {room_id: room}}})).error.code, 103);
  typing.close();
  // A member no longer: what happened while he was away he does not get.
  const client = new Client(w, 'websocket json', grace);
  await client.connect();
  const subscription = await client.subscribed(room);
  await w.end('SIGTERM');
  w.write([{do: 'remove', room, actor: ada, user: grace.id}, {do: 'append', room, actor: ada, content: 'among ourselves'}]);
  await w.up();
  await subscription.until((c) => c.of('unsubscribed').length === 1);
  assert.equal(subscription.of('unsubscribed')[0].code, 103);
  assert.deepEqual(subscription.seen, []);
}));

scenario('thousands of random changes in five rooms, over restarts and cuts', () => inWorld({RECOVERY_EVENTS: '5000', RECOVERY_BYTES: '4MiB', BACKLOG_BYTES: '16MiB'}, async (w) => {
  const people = await Promise.all(['Ada', 'Grace', 'Eve'].map((name) => w.user(name)));
  const [ada] = people;
  const rooms = await Promise.all([1, 2, 3, 4, 5].map(() => w.room(ada)));
  const clients = transports.map((transport) => new Client(w, transport, people[1]));
  const channels = clients.map((client) => rooms.map((room) => client.room(room)));
  for (const client of clients) client.sdk.connect();
  await Promise.all(channels.flat().map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
  const next = random(2027), messages = rooms.map(() => []);
  for (let round = 0; round < 3; ++round) {
    await w.end(round % 2 ? 'SIGTERM' : 'SIGKILL');
    const commands = Array.from({length: 700}, (_, n) => {
      const at = next(rooms.length), room = rooms[at], actor = people[next(3)], known = messages[at];
      const message = known.length ? known[next(known.length)] : undefined;
      const kind = message ? next(10) : 0;
      if (kind < 4) return {at, do: 'append', room, actor, content: `${round}.${n}`};
      if (kind < 6) return {do: 'react', room, actor, message, reaction: ['👍', '❤', '🎉'][next(3)], present: next(3) > 0};
      if (kind === 9 && next(3) === 0) return {do: 'delete', room, actor: ada, message};
      if (kind === 6) return {do: 'edit', room, actor: ada, message, content: `edited ${n}`};
      if (kind === 7) return {do: 'pin', room, actor, message, present: next(2) > 0};
      if (kind === 8) return next(2) ? {do: 'add', room, actor: ada, user: people[1 + next(2)].id, role: ['member', 'moderator'][next(2)]} : {do: 'rename', room, actor, name: `name ${round}.${n}.${at}`};
      return {at, do: 'append', room, actor, content: 'x'.repeat(next(300) + 1)};
    });
    const answers = w.write(commands, {mayFail: true});  // who may do what is not the question here
    answers.forEach(({id}, n) => { if (id && commands[n].at !== undefined) messages[commands[n].at].push(id); });
    await w.up();
    await Promise.all(clients.map((client) => client.connectedTimes(round + 2)));
    const live = Promise.all(Array.from({length: 100}, (_, n) => w.send(people[n % 3], rooms[n % 5], `live ${round}.${n}`)));
    w.proxy.cut();
    await live;
    await Promise.all(clients.map((client) => client.until(() => client.sdk.state === 'connected')));
  }
  let events = 0;
  for (const [at, room] of rooms.entries()) {
    const {last_seq: top} = await w.rest('GET', `/api/v1/rooms/${room}/events?after=0&limit=1`, {token: ada.token, headers: {accept: 'application/json'}});
    events += top;
    for (const mine of channels) {
      await mine[at].until((c) => c.seen.length >= top, () => `${top} events, not ${mine[at].seen.length}`);
      assertGapless(mine[at].seen, {to: top});
      // Which events they are: a message that is replayed comes as it is now, edited or deleted.
      const which = (channel) => channel.seen.map(({data}) => `${data.seq} ${data.type} ${data.id}`);
      assert.deepEqual(which(mine[at]), which(channels[0][at]));
      assert.ok(mine[at].of('subscribed').slice(1).every(({recovered}) => recovered));
    }
  }
  assert.ok(events > 1500, `${events}`);
}));
