// The official SDK over any of its transports, with what it said kept.
import {Centrifuge} from 'centrifuge';
import {Centrifuge as CentrifugeProtobuf} from 'centrifuge/build/protobuf';
import {EventSource} from 'eventsource';
import WebSocket from 'ws';
import {Watched} from './wait.mjs';

export const transports = ['websocket json', 'websocket protobuf', 'http_stream json', 'http_stream protobuf', 'sse json'];

const endpoints = {
  websocket: (base) => ({transport: 'websocket', endpoint: `ws://${base}/connection/websocket`}),
  http_stream: (base) => ({transport: 'http_stream', endpoint: `http://${base}/connection/http_stream`}),
  sse: (base) => ({transport: 'sse', endpoint: `http://${base}/connection/sse`}),
};

export class Client extends Watched {
  // options: the SDK's; `token` of `who` unless given.
  constructor(world, transport, who, options = {}) {
    super();
    const [kind, encoding] = transport.split(' ');
    const binary = encoding === 'protobuf';
    this.encode = binary ? (value) => new TextEncoder().encode(JSON.stringify(value)) : (value) => value;
    this.decode = binary ? (bytes) => (bytes?.length ? JSON.parse(new TextDecoder().decode(bytes)) : undefined) : (value) => value;
    this.sdk = new (binary ? CentrifugeProtobuf : Centrifuge)([endpoints[kind](world.base)], {
      websocket: WebSocket, eventsource: EventSource, emulationEndpoint: `http://${world.base}/emulation`,
      minReconnectDelay: 20, maxReconnectDelay: 200, timeout: 10000, token: options.getToken ? '' : who.token, ...options,
    });
    this.events = [];  // of the client itself, server-side subscriptions included
    for (const name of ['connecting', 'connected', 'disconnected', 'error', 'publication', 'subscribing', 'subscribed', 'unsubscribed', 'join', 'leave', 'message']) {
      this.sdk.on(name, (context) => this.#note(this.events, name, context));
    }
    world.clients.add(this);
    this.world = world;
  }

  #note(events, name, context) {
    const data = context.data === undefined ? {} : {data: this.decode(context.data)};
    events.push({...context, ...data, event: name});
    this.changed();
  }

  of(name) { return this.events.filter(({event}) => event === name); }

  // What the user's own feed has told: unread counts, which are no part of it, have no offset.
  get feed() { return this.of('publication').filter(({offset}) => offset); }

  async connect() {
    const before = this.of('connected').length;
    this.sdk.connect();
    return this.until(() => this.of('connected')[before], () => `connected; so far ${JSON.stringify(this.events)}`);
  }

  connectedTimes(times) {
    return this.until(() => this.of('connected')[times - 1], () => `connection ${times}; so far ${JSON.stringify(this.events)}`);
  }

  channel(name, options = {}) {
    const subscription = this.sdk.newSubscription(name, options);
    const channel = {subscription, events: [], of: (kind) => channel.events.filter(({event}) => event === kind)};
    for (const kind of ['subscribing', 'subscribed', 'unsubscribed', 'error', 'publication', 'join', 'leave']) {
      subscription.on(kind, (context) => this.#note(channel.events, kind, context));
    }
    Object.defineProperty(channel, 'seen', {get: () => channel.of('publication').filter(({offset}) => offset)});
    channel.until = (wanted, what, milliseconds) =>
      this.until(() => wanted(channel), what ?? (() => `${wanted} in ${name}; the last of ${channel.events.length} is ${JSON.stringify(channel.events.at(-1))}`), milliseconds);
    subscription.subscribe();
    return channel;
  }

  room(id, options) { return this.channel(`room:${id}`, options); }

  async subscribed(id, options) {
    const channel = this.room(id, options);
    await channel.until((c) => c.of('subscribed')[0]);
    return channel;
  }

  publish(room, data) { return this.sdk.publish(`room:${room}`, this.encode(data)); }

  async rpc(method, data = {}) { return this.decode((await this.sdk.rpc(method, this.encode(data))).data); }

  async history(room, options) {
    const result = await this.sdk.history(`room:${room}`, options);
    return {...result, publications: result.publications.map((p) => ({...p, data: this.decode(p.data)}))};
  }

  // The error object that a call ends with.
  static async refusal(call) {
    try {
      await call;
    } catch (error) {
      return error;
    }
    throw new Error('it was not refused');
  }

  close() {
    if (this.world.clients.delete(this)) this.sdk.disconnect();
    this.sdk.removeAllListeners();
  }
}
