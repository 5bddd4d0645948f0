// Pings, pongs, tokens that run out, users who are disabled, readers who are slow.
import assert from 'node:assert/strict';
import {scenario, shared} from './support/scenario.mjs';
import {Client, transports} from './support/sdk.mjs';
import {Wire} from './support/wire.mjs';
import {World} from './support/world.mjs';

const world = shared(() => World.start({PING_INTERVAL: '3s', PONG_TIMEOUT: '2s', REALTIME_EXPIRY_GRACE: '1s', TOKEN_CHECK_INTERVAL: '100ms', BACKLOG_BYTES: '1MiB'}));
const together = {concurrency: true};

for (const transport of transports) {
  scenario(`3012 without a pong, and none with pongs: ${transport}`, together, async () => {
    const w = await world(), ada = await w.user();
    const silent = await Wire.enter(w, ada, transport), polite = await Wire.enter(w, ada, transport);
    silent.answersPings = false;
    assert.deepEqual([polite.welcome.ping, polite.welcome.pong], [3, true]);
    assert.deepEqual(await silent.closing(), {code: 3012, reason: 'no pong'});
    assert.equal(silent.pings, 1);
    await polite.until(() => polite.pings >= 2);
    assert.equal((await polite.call({ping: {}})).error.code, 108);
    polite.close();
  });

  scenario(`3500 for a token that is none: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const forged = `${ada.token.slice(0, -6)}AAAAAA`;
    for (const connect of [{token: 'nonsense'}, {token: forged}, {token: ''}, {}]) {
      const wire = await Wire.open(w, transport);
      wire.send({id: 1, connect});
      assert.equal((await wire.closing()).code, 3500, JSON.stringify(connect));
      assert.equal(wire.replies.find(({id}) => id === 1), undefined);
      wire.close();
    }
  });

  scenario(`an expired token is fetched anew, and without a way to do so it is the end: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const tokens = [w.token(ada, -60), ada.token];
    const client = new Client(w, transport, ada, {getToken: async () => tokens.shift()});
    await client.connect();
    assert.equal(tokens.length, 0);
    assert.equal(client.of('error')[0].error.code, 109);
    const other = new Client(w, transport, ada, {token: w.token(ada, -60)});
    other.sdk.connect();
    await other.until(() => other.of('disconnected').length === 1);
    assert.equal(other.of('disconnected')[0].code, 1);
  });

  scenario(`subscribing while a connect with an expired token is under way: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada);
    const tokens = [w.token(ada, -60), ada.token];
    const client = new Client(w, transport, ada, {getToken: async () => tokens.shift()});
    const states = [];
    let channel;
    client.sdk.on('__centrifuge_debug:connect_frame_sent', () => {  // in a frame of its own, before the answer has come
      channel ??= client.room(room);
      states.push(client.sdk.state);
    });
    await client.connect();
    channel ??= client.room(room);  // emulated transports say nothing before they are connected
    await channel.until((c) => c.of('subscribed').length === 1);
    assert.deepEqual([client.of('error')[0].error.code, client.of('disconnected')], [109, []]);
    if (transport.startsWith('websocket')) assert.deepEqual(states, ['connecting', 'connecting']);
    await client.publish(room, {content: 'and all is well'});
  });

  scenario(`3005 after the grace, unless it is refreshed: ${transport}`, together, async () => {
    const w = await world(), ada = await w.user();
    const wire = await Wire.enter(w, {token: w.token(ada, 2)}, transport), kept = await Wire.enter(w, {token: w.token(ada, 2)}, transport);
    assert.ok(wire.welcome.expires && wire.welcome.ttl >= 1 && wire.welcome.ttl <= 2);
    const {refresh} = await kept.call({refresh: {token: ada.token}});
    assert.deepEqual([refresh.client, refresh.version, refresh.expires], [kept.welcome.client, kept.welcome.version, true]);
    assert.ok(refresh.ttl > 60);
    assert.equal((await wire.closing()).code, 3005);
    assert.equal((await kept.call({ping: {}})).error.code, 108);
    kept.close();
  });

  scenario(`refresh with what is not one's own token: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), grace = await w.user('Grace');
    for (const [token, code] of [[grace.token, 3500], ['nonsense', 3500], [w.token(ada, -60), 3005]]) {
      const wire = await Wire.enter(w, ada, transport);
      wire.send({id: 2, refresh: {token}});
      assert.equal((await wire.closing()).code, code);
      wire.close();
    }
  });

  scenario(`a disabled user's connection ends with 3500, and he finds no way back: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const wire = await Wire.enter(w, ada, transport);
    w.command('user', 'disable', ada.username);
    assert.equal((await wire.closing()).code, 3500);
    const again = await Wire.open(w, transport);
    again.send({id: 1, connect: {token: ada.token}});
    assert.equal((await again.closing()).code, 3500);
    again.close();
  });

  // The command line writes past the server's journal; who comes back while his feed is still warm must not miss that.
  scenario(`who was thrown out finds in his own channel that it happened: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), channel = `user:${ada.id}`;
    const wire = await Wire.enter(w, ada, transport);
    const {epoch, offset = 0} = wire.welcome.subs[channel];
    w.command('user', 'disable', ada.username);
    assert.equal((await wire.closing()).code, 3500);
    w.command('user', 'enable', ada.username);
    const token = w.token(ada, 600, {ver: 1});
    const again = await Wire.enter(w, {...ada, token}, transport, {connect: {subs: {[channel]: {recover: true, epoch, offset}}}});
    const {recovered, publications = []} = again.welcome.subs[channel];
    assert.equal(recovered, true);
    const seen = () => [...publications, ...again.pushes(channel, 'pub')].filter((pub) => pub.offset);
    await again.until(() => seen().length === 1, () => JSON.stringify(again.replies));
    assert.equal(seen()[0].offset, offset + 1);
    assert.equal(seen()[0].data.type, 'session_ended');
    again.close();
  });

  scenario(`history by pages, both ways: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada), channel = `room:${room}`;
    for (let n = 0; n < 6; ++n) await w.send(ada, room, `m${n}`);
    const wire = await Wire.enter(w, ada, transport);
    const ask = async (query) => {
      const {history} = await wire.call({history: {channel, ...query}});
      assert.equal(history.offset, 6);
      assert.ok(history.epoch);
      return (history.publications ?? []).map(({offset}) => offset);
    };
    assert.deepEqual(await ask({}), []);
    assert.deepEqual(await ask({limit: 2}), [1, 2]);
    assert.deepEqual(await ask({limit: -1}), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(await ask({limit: 2, reverse: true}), [6, 5]);
    assert.deepEqual(await ask({limit: 2, since: {offset: 3, epoch: ''}}), [4, 5]);
    assert.deepEqual(await ask({limit: 2, reverse: true, since: {offset: 3, epoch: ''}}), [2, 1]);
    assert.deepEqual(await ask({limit: -1, since: {offset: 6, epoch: ''}}), []);
    wire.close();
  });

  scenario(`who is there, who comes and who goes: ${transport}`, async () => {
    const w = await world(), ada = await w.user('Ada'), grace = await w.user('Grace'), room = await w.room(ada);
    const asked = new Client(w, transport, ada), unasked = new Client(w, transport, ada), guest = new Client(w, transport, grace);
    await Promise.all([asked, unasked, guest].map((client) => client.connect()));
    const hears = await asked.subscribed(room, {joinLeave: true}), deaf = await unasked.subscribed(room);
    const [{client}] = asked.of('connected');
    await hears.until((c) => c.of('join').some(({info}) => info.client === client), 'its own join');
    const visit = await guest.subscribed(room);
    const [{client: visitor}] = guest.of('connected');
    const name = ({connInfo}) => (ArrayBuffer.isView(connInfo) ? JSON.parse(new TextDecoder().decode(connInfo)) : connInfo).name;
    await hears.until((c) => c.of('join').some(({info}) => info.client === visitor && info.user === grace.id && name(info) === 'Grace'));
    const {clients} = await asked.sdk.presence(`room:${room}`);
    assert.equal(Object.keys(clients).length, 3);
    assert.equal(clients[visitor].user, grace.id);
    assert.deepEqual(await asked.sdk.presenceStats(`room:${room}`), {numClients: 3, numUsers: 2});
    visit.subscription.unsubscribe();
    await hears.until((c) => c.of('leave').some(({info}) => info.client === visitor));
    assert.deepEqual([deaf.of('join'), deaf.of('leave')], [[], []]);
    for (const each of [asked, unasked, guest]) each.close();
  });

  scenario(`an rpc answers as REST does: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada);
    const client = new Client(w, transport, ada);
    await client.connect();
    const answer = await client.rpc('message.send', {room_id: room, content: 'x', client_id: 'k'});
    assert.deepEqual(Object.keys(answer).sort(), ['id', 'seq', 'timestamp']);
    assert.deepEqual(await client.rpc('message.send', {room_id: room, content: 'another', client_id: 'k'}), answer);
    assert.deepEqual(await w.send(ada, room, 'and by REST', {client_id: 'k'}), answer);
    const get = (path) => w.rest('GET', `/api/v1/${path}`, {token: ada.token});
    assert.deepEqual(await client.rpc('user.me'), await get('users/me'));
    assert.deepEqual(await client.rpc('room.list'), await get('rooms'));
    assert.deepEqual(await client.rpc('room.history', {room_id: room, size: 5}), await get(`rooms/${room}/history?size=5`));
    assert.deepEqual(await client.rpc('room.events', {room_id: room, after: 0}), await get(`rooms/${room}/events?after=0`));
    const made = await client.rpc('room.create', {name: `made by rpc ${room}`});
    assert.deepEqual((await get('rooms')).rooms.find(({id}) => id === made.id), made);
    assert.ok((await client.rpc('auth.refresh_token')).access_token);
    for (const [method, data, field] of [['message.send', {room_id: room}, 'content'], ['message.send', {content: 'x'}, 'room_id'],
      ['room.history', {room_id: room, page: 0}, 'page'], ['room.create', {}, 'name']]) {
      const refusal = await Client.refusal(client.rpc(method, data));
      assert.equal(refusal.code, 107);
      assert.match(refusal.message, new RegExp(field));
    }
    client.close();
  });

  scenario(`typing is told without an offset, and not at every key: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada);
    const client = new Client(w, transport, ada);
    await client.connect();
    const channel = await client.subscribed(room);
    for (let n = 0; n < 10; ++n) assert.deepEqual(await client.rpc('room.typing', {room_id: room}), {ok: true});
    await client.publish(room, {content: 'typed'});
    await channel.until((c) => c.seen.length === 1);
    const signals = channel.of('publication').filter(({offset}) => !offset);
    assert.deepEqual(signals.map(({data}) => data), [{type: 'typing', room_id: room, user: {id: ada.id, name: 'Ada'}}]);
    client.close();
  });
}

scenario('?cf_ws_frame_ping_pong=true: pings of the WebSocket and none of the protocol', async () => {
  const w = await world(), ada = await w.user();
  const wire = await Wire.enter(w, ada, 'websocket json', {query: '?cf_ws_frame_ping_pong=true'});
  assert.deepEqual([wire.welcome.ping, wire.welcome.pong], [undefined, undefined]);
  await wire.until(() => wire.framePings >= 2);
  assert.equal(wire.pings, undefined);
  wire.close();
});

scenario('3008 for a reader who is slow, and nobody else waits for him', async () => {
  const w = await world(), ada = await w.user(), room = await w.room(ada), channel = `room:${room}`;
  const slow = await Wire.enter(w, ada, 'websocket json'), quick = await Wire.enter(w, ada, 'websocket json');
  for (const wire of [slow, quick]) await wire.call({subscribe: {channel}});
  slow.socket._socket.pause();
  const content = 'x'.repeat(60000);
  const closed = () => w.log.some((line) => line.includes('"realtime_closed"') && line.includes('3008') && line.includes(slow.welcome.client));
  let sent = 0;
  for (; sent < 600 && !closed(); ++sent) await quick.call({publish: {channel, data: {content}}});
  await quick.until(() => quick.pushes(channel, 'pub').length === sent, 'everything at the quick one');
  assert.ok(closed(), `after ${sent} messages`);
  slow.close();
  quick.close();
});
