// Connecting, saying and hearing, over every transport, with the official SDK.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import {assertGapless, assertSame} from './support/checker.mjs';
import {scenario, shared} from './support/scenario.mjs';
import {Client, transports} from './support/sdk.mjs';
import {World} from './support/world.mjs';
import {Wire} from './support/wire.mjs';

const world = shared(() => World.start());
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

for (const transport of transports) {
  const open = async (who, options) => {
    const client = new Client(await world(), transport, who, options);
    await client.connect();
    return client;
  };

  scenario(`connects with a login token and is told who it is: ${transport}`, async () => {
    const w = await world(), ada = await w.user('Ada "the first"');
    const client = await open(ada);
    const [{client: id, data}] = client.of('connected');
    assert.ok(id);
    assert.deepEqual(data, {user: {id: ada.id, name: ada.name}});
    const [own] = client.of('subscribed');
    assert.equal(own.channel, `user:${ada.id}`);
    assert.ok(own.recoverable && own.positioned);
    assert.ok(own.streamPosition.epoch);
    client.close();
  });

  scenario(`everybody, its author too, hears what is published: ${transport}`, async () => {
    const w = await world(), ada = await w.user('Ada'), grace = await w.user('Grace');
    const room = await w.room(ada);
    const [one, two] = [await open(ada), await open(grace)];
    const [hers, other] = [await one.subscribed(room), await two.subscribed(room)];
    await one.publish(room, {content: 'lunch?', client_id: 'k1', metadata: {mood: 'sunny'}});
    for (const channel of [hers, other]) {
      await channel.until((c) => c.seen.length === 1);
      const [{offset, data, info, channel: name}] = channel.seen;
      assert.equal(name, `room:${room}`);
      assert.equal(offset, 1);
      assert.deepEqual(info.user, ada.id);
      assert.equal(info.client, one.of('connected')[0].client);
      assert.match(data.id, uuid);
      assert.match(data.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      assert.deepEqual({...data, id: 0, timestamp: 0}, {
        type: 'message', id: 0, seq: 1, room_id: room, user: {id: ada.id, name: 'Ada'}, content: 'lunch?', client_id: 'k1',
        metadata: {mood: 'sunny'}, timestamp: 0,
      });
    }
    assertSame(hers.seen, other.seen);
    const {messages: [stored]} = await w.rest('GET', `/api/v1/rooms/${room}/history`, {token: ada.token});
    assert.equal(stored.id, hers.seen[0].data.id);
    assert.equal(stored.timestamp, hers.seen[0].data.timestamp);
  });

  scenario(`the publish is answered when it is stored, and nothing else is published: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const room = await w.room(ada), client = await open(ada);
    await client.publish(room, {content: 'not subscribed'});
    assert.equal((await w.rest('GET', `/api/v1/rooms/${room}/history`, {token: ada.token})).messages[0].content, 'not subscribed');
    for (const wrong of [{}, {content: ''}, {content: 7}, null, [], 'text', {content: 'x', client_id: ''}, {content: 'x', reply_to: 'nobody'}]) {
      const refusal = await Client.refusal(client.publish(room, wrong));
      assert.equal(refusal.code, 107, JSON.stringify(wrong));
    }
    assert.match((await Client.refusal(client.publish(room, {content: 7}))).message, /content/);
    assert.equal((await Client.refusal(client.publish('00000000-0000-4000-8000-000000000000', {content: 'x'}))).code, 102);
    assert.equal((await Client.refusal(client.publish('nonsense', {content: 'x'}))).code, 102);
    assert.equal((await Client.refusal(client.sdk.publish(`user:${ada.id}`, client.encode({content: 'x'})))).code, 103);
    assert.equal((await w.rest('GET', `/api/v1/rooms/${room}/history`, {token: ada.token})).pagination.total_messages, 1);
    assert.equal(client.of('connected').length, 1);  // none of it ended the connection
  });

  scenario(`forty rooms on one connection, each in its own order: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const client = new Client(w, transport, ada);
    const rooms = await Promise.all(Array.from({length: 40}, () => w.room(ada)));
    const channels = rooms.map((room) => client.room(room));
    await client.connect();
    await Promise.all(channels.map((channel) => channel.until((c) => c.of('subscribed').length === 1)));
    await Promise.all(Array.from({length: 10}, (_, n) => rooms.map((room) => client.publish(room, {content: `${n}`}))).flat());
    for (const channel of channels) {
      await channel.until((c) => c.seen.length === 10);
      assertGapless(channel.seen, {to: 10});
    }
  });

  scenario(`realtime, room socket and REST see one order: ${transport}`, async () => {
    const w = await world(), ada = await w.user('Ada'), grace = await w.user('Grace');
    const room = await w.room(ada), client = await open(ada);
    const channel = await client.subscribed(room);
    const heard = [];
    const socket = new WebSocket(`ws://${w.base}/api/v1/chat/${room}?token=${grace.token}&history=0`);
    socket.on('message', (text) => {
      const frame = JSON.parse(text);
      if (frame.seq) heard.push(frame);
      client.changed();
    });
    await new Promise((resolve) => socket.on('open', resolve));
    w.clients.add({close: () => socket.terminate()});
    await Promise.all(Array.from({length: 60}, (_, n) => {
      socket.send(JSON.stringify({content: `socket ${n}`, client_id: `s${n}`}));
      return [client.publish(room, {content: `realtime ${n}`}), client.rpc('message.send', {room_id: room, content: `rpc ${n}`}), w.send(ada, room, `rest ${n}`)];
    }).flat());
    await channel.until((c) => c.seen.length === 240);
    await client.until(() => heard.length === 240, () => `240 frames of the room socket, not ${heard.length}`);
    assertGapless(channel.seen, {to: 240});
    assert.deepEqual(heard.map(({seq}) => seq), channel.seen.map(({offset}) => offset));
    const events = channel.seen.map(({data}) => data);
    heard.forEach((frame, n) => assert.equal(frame.id, events[n].id));
    for (const from of ['socket', 'realtime', 'rpc', 'rest']) {  // and nobody's own order is broken
      const mine = events.filter(({content}) => content.startsWith(`${from} `)).map(({content}) => Number(content.split(' ')[1]));
      assert.equal(mine.length, 60);
      if (from === 'socket') assert.deepEqual(mine, [...mine.keys()]);
    }
  });

  scenario(`after an unsubscribe nothing more comes, and a later subscribe brings what was missed: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const room = await w.room(ada), client = await open(ada), channel = await client.subscribed(room);
    await w.send(ada, room, 'one');
    await channel.until((c) => c.seen.length === 1);
    channel.subscription.unsubscribe();
    await w.send(ada, room, 'two');
    await client.history(room, {limit: 0});  // behind the unsubscribe
    assert.equal(channel.seen.length, 1);
    channel.subscription.subscribe();
    await channel.until((c) => c.of('subscribed').length === 2);
    await channel.until((c) => c.seen.length === 2);
    assert.equal(channel.of('subscribed')[1].recovered, true);
    assertGapless(channel.seen, {to: 2});
  });

  scenario(`subscribing where one may not: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), grace = await w.user('Grace'), client = await open(ada);
    for (const [name, code] of [
      ['room:00000000-0000-4000-8000-000000000000', 102], ['room:nonsense', 102], ['elsewhere', 102], ['other:thing', 102],
      [`user:${grace.id}`, 103], [`user:${ada.id}`, 105], ['x'.repeat(256), 107],
    ]) {
      const channel = client.channel(name);
      await channel.until((c) => c.of('unsubscribed').length === 1);
      assert.equal(channel.of('unsubscribed')[0].code, code, name);
    }
    assert.equal(client.of('connected').length, 1);
  });

  scenario(`several commands glued in the first frame: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada);
    const wire = await Wire.open(w, transport);
    wire.send({id: 1, connect: {token: ada.token, name: 'js', version: '9', headers: {a: 'b'}, data: {any: 'thing'}}},
      {id: 2, subscribe: {channel: `room:${room}`, flag: 1}},
      {id: 3, publish: {channel: `room:${room}`, data: {content: 'in the first frame'}}},
      {id: 4, rpc: {method: 'user.me', data: {}}});
    await Promise.all([1, 2, 3, 4].map((id) => wire.reply(id)));
    assert.equal(wire.replies[0].id, 1);  // the first thing on the wire
    // Started one after the other, they may be done in any order: then the position says that the message is behind.
    if (!(await wire.reply(2)).subscribe.offset) {
      await wire.until(() => wire.pushes(`room:${room}`, 'pub').length === 1, 'the publication');
      const at = (test) => wire.replies.findIndex(test);
      assert.ok(at(({id}) => id === 2) < at(({push}) => push?.pub));
    }
    const {connect} = wire.replies[0];
    assert.ok(connect.client && connect.version);
    assert.equal(connect.ping, 25);
    assert.equal(connect.pong, true);
    assert.equal(connect.expires, true);
    assert.ok(connect.ttl > 1700 && connect.ttl <= 1790, `${connect.ttl}`);  // in time to fetch the next token with this one
    assert.equal(Boolean(connect.session && connect.node), !transport.startsWith('websocket'));
    assert.deepEqual(Object.keys(connect.subs), [`user:${ada.id}`]);
    assert.equal((await wire.reply(4)).rpc.data.id, ada.id);
    assert.deepEqual((await wire.reply(3)).publish, {});
  });

  scenario(`hundreds of commands in a row are all answered: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada);
    const wire = await Wire.enter(w, ada, transport);
    const channel = `room:${room}`;
    const kinds = [() => ({publish: {channel, data: {content: 'x'}}}), () => ({history: {channel, limit: 1}}), () => ({presence_stats: {channel}}),
      () => ({rpc: {method: 'room.list', data: {}}}), () => ({subscribe: {channel: `room:${room.replace(/^./, 'f')}`}}), () => ({unsubscribe: {channel}})];
    const ids = Array.from({length: 600}, (_, n) => n + 10);
    for (let at = 0; at < ids.length; at += 100) wire.send(...ids.slice(at, at + 100).map((id) => ({id, ...kinds[id % kinds.length]()})));
    const count = new Map();
    await wire.until(() => wire.replies.filter(({id}) => id >= 10).length >= 600, () => `600 replies, not ${wire.replies.length}`, 30000);
    for (const {id} of wire.replies) count.set(id, (count.get(id) ?? 0) + 1);
    for (const id of ids) assert.equal(count.get(id), 1, `reply ${id}`);
  });
}
