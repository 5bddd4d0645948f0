// What a server in force of its limits answers, and the HTTP side of the emulated transports.
import assert from 'node:assert/strict';
import {scenario, shared} from './support/scenario.mjs';
import {transports} from './support/sdk.mjs';
import {Wire} from './support/wire.mjs';
import {World} from './support/world.mjs';

const world = shared(() => World.start({RATE_LIMITS: 'on', MESSAGES_PER_SECOND: '0.01', MESSAGES_BURST: '2', SOCKETS_PER_USER: '2', PRESENCE_MAX_CLIENTS: '1'}));

for (const transport of transports) {
  scenario(`111 for a message over the rate, whatever way it comes: ${transport}`, async () => {
    const w = await world(), ada = await w.user(), room = await w.room(ada), channel = `room:${room}`;
    const wire = await Wire.enter(w, ada, transport);
    assert.deepEqual((await wire.call({publish: {channel, data: {content: 'one'}}})).publish, {});
    assert.equal((await wire.call({rpc: {method: 'message.send', data: {room_id: room, content: 'two'}}})).rpc.data.seq, 2);
    for (const command of [{publish: {channel, data: {content: 'three'}}}, {rpc: {method: 'message.send', data: {room_id: room, content: 'three'}}}]) {
      const {error} = await wire.call(command);
      assert.equal(error.code, 111);
      assert.equal(error.temporary, true);
    }
    assert.equal((await wire.call({history: {channel}})).history.offset, 2, 'nothing more was stored');
    wire.close();
  });

  scenario(`3504 for one connection too many: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const first = await Wire.enter(w, ada, transport), second = await Wire.enter(w, ada, transport);
    const third = await Wire.open(w, transport);
    third.send({id: 1, connect: {token: ada.token}});
    assert.deepEqual(await third.closing(), {code: 3504, reason: 'connection limit'});
    first.close();
    second.close();
  });

  scenario(`a large room has presence_stats only: ${transport}`, async () => {
    const w = await world(), ada = await w.user('Ada'), grace = await w.user('Grace'), channel = `room:${await w.room(ada)}`;
    const one = await Wire.enter(w, ada, transport), two = await Wire.enter(w, grace, transport);
    assert.ok((await one.call({subscribe: {channel}})).subscribe);
    assert.equal(Object.keys((await one.call({presence: {channel}})).presence.presence).length, 1);
    assert.ok((await two.call({subscribe: {channel}})).subscribe);
    assert.equal((await one.call({presence: {channel}})).error.code, 108);
    assert.deepEqual((await one.call({presence_stats: {channel}})).presence_stats, {num_clients: 2, num_users: 2});
    one.close();
    two.close();
  });

  scenario(`409 for a name that is taken: ${transport}`, async () => {
    const w = await world(), ada = await w.user();
    const wire = await Wire.enter(w, ada, transport);
    const name = `taken ${transport} ${Date.now()}`;
    assert.ok((await wire.call({rpc: {method: 'room.create', data: {name}}})).rpc.data.id);
    assert.equal((await wire.call({rpc: {method: 'room.create', data: {name}}})).error.code, 409);
    wire.close();
  });
}

scenario('emulation over HTTP: who may ask, and what it answers', async () => {
  const w = await world(), url = (path) => `http://${w.base}${path}`;
  const post = (body, type = 'application/json') => fetch(url('/emulation'), {method: 'POST', headers: {'content-type': type}, body});
  for (const path of ['/emulation', '/connection/http_stream', '/connection/sse']) {
    const preflight = await fetch(url(path), {method: 'OPTIONS', headers: {origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type'}});
    assert.equal(preflight.status, 204, path);
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/, path);
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /content-type/i, path);
  }
  assert.equal((await post('{"session":"x","node":"y","data":"{}"}')).status, 404, "another node's");
  assert.equal((await post('no JSON')).status, 400);
  assert.equal((await post('')).status, 400);
  const stream = await fetch(url('/connection/http_stream'), {method: 'POST', body: '{"id":1,"connect":{"token":"garbage"}}'});
  assert.equal(stream.status, 200);
  assert.equal(stream.headers.get('cache-control'), 'no-cache');
  assert.equal(stream.headers.get('x-accel-buffering'), 'no');
  assert.deepEqual(JSON.parse(await stream.text()), {push: {disconnect: {code: 3500, reason: 'invalid token'}}});
  const events = await fetch(url('/connection/sse?cf_connect=' + encodeURIComponent('{"id":1,"connect":{}}')));
  assert.equal(events.headers.get('content-type'), 'text/event-stream');
  assert.match(await events.text(), /^\r\ndata: \{"push":\{"disconnect":\{"code":3500,"reason":"invalid token"\}\}\}\n\n$/);
});
