// One chatd on a database of its own, behind a proxy with a port that outlives it; people and rooms in it.
//
//   const world = await World.start({PING_INTERVAL: '2s'});
//   const ada = await world.user('Ada');             // {id, name, token}
//   const room = await world.room(ada);              // its id
import {spawn, spawnSync} from 'node:child_process';
import {createHmac, randomUUID} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {Proxy} from './proxy.mjs';
import {within} from './wait.mjs';

const binary = process.env.CHATD_BINARY;
const postgres = process.env.CHATD_TEST_POSTGRES_URL;  // of a server; not set: SQLite
const secret = "a test's own secret key, long enough";
const password = 'correct horse battery';

// A sanitizer keeps what is freed: how much memory is in use says nothing then.
export const sanitized = Object.keys(process.env).some((name) => name.endsWith('SAN_OPTIONS'));

export class World {
  static async start(env = {}) {
    const world = new World();
    world.folder = mkdtempSync(path.join(tmpdir(), 'chatd-realtime-'));
    world.env = {
      DATA_DIR: path.join(world.folder, 'data'), LISTEN: '127.0.0.1:0', SECRET_KEY: secret, LOG_FORMAT: 'json', RATE_LIMITS: 'off',
      ARGON2_MEMORY_KIB: '1024', ARGON2_PASSES: '1', ARGON2_LANES: '1', PATH: process.env.PATH, ...env,
    };
    for (const [name, value] of Object.entries(process.env)) if (name.endsWith('SAN_OPTIONS')) world.env[name] = value;
    if (postgres) world.newDatabase();
    world.log = [];
    world.clients = new Set();
    world.proxy = await Proxy.start();
    try {
      await world.up();
    } catch (error) {
      world.proxy.close();  // or the process would never end
      throw error;
    }
    return world;
  }

  newDatabase() {
    const name = `realtime_${randomUUID().replaceAll('-', '')}`;
    const made = spawnSync('psql', ['-X', '-q', postgres, '-c', `CREATE DATABASE ${name}`], {encoding: 'utf8'});
    if (made.status !== 0) throw new Error(made.stderr);
    this.env.DATABASE_URL = postgres.replace(/\/[^/]*$/, `/${name}`);
    this.command('migrate');
  }

  // A command of chatd, run to its end.
  command(...args) {
    const done = spawnSync(binary, args, {env: this.env, encoding: 'utf8'});
    if (done.status !== 0) throw new Error(`chatd ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout.trim();
  }

  async up() {
    this.process = spawn(binary, ['serve'], {env: this.env, cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe']});
    const process = this.process;
    this.exited = new Promise((resolve) => process.on('exit', (code, signal) => resolve({code, signal})));
    const port = new Promise((resolve, reject) => {
      for (const stream of [process.stdout, process.stderr]) {
        readline.createInterface({input: stream}).on('line', (line) => {
          this.log.push(line);
          const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
          if (found) resolve(Number(found[1]));
        });
      }
      process.on('exit', () => reject(new Error(`chatd did not start:\n${this.log.slice(-20).join('\n')}`)));
    });
    this.proxy.target = await within(30000, 'chatd to start', port);
  }

  async end(signal) {
    this.process.kill(signal);
    return within(20000, `chatd to end after ${signal}`, this.exited);
  }

  async restart(signal = 'SIGTERM') {
    await this.end(signal);
    await this.up();
  }

  // Changes through the ports, by chatd-feed-writer: the server must be down. Its answers, in order.
  // `mayFail`: a command's refusal is an answer like others.
  write(commands, {mayFail = false} = {}) {
    const target = this.env.DATABASE_URL ?? path.join(this.env.DATA_DIR, 'chat.db');
    const tool = path.join(path.dirname(binary), 'chatd-feed-writer');
    const input = commands.map((c) => JSON.stringify(c) + '\n').join('');
    const done = spawnSync(tool, [target], {input, encoding: 'utf8', env: this.env, maxBuffer: 1 << 28});
    if (done.status !== 0) throw new Error(`chatd-feed-writer: ${done.error ?? done.stderr}`);
    const answers = done.stdout.trim().split('\n').map((line) => JSON.parse(line));
    const wrong = answers.find((answer) => answer.error);
    if (wrong && !mayFail) throw new Error(`chatd-feed-writer: ${JSON.stringify(wrong)}`);
    return answers;
  }

  // Bytes of memory that it has.
  resident() { return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]); }

  async stop() {
    for (const client of this.clients) await client.close();
    const {code} = await this.end('SIGTERM');
    this.proxy.close();
    rmSync(this.folder, {recursive: true, force: true});
    const broken = this.log.filter((line) => /Sanitizer|runtime error:/.test(line));
    if (code !== 0 || broken.length) throw new Error(`chatd ended with ${code}:\n${this.log.slice(-30).join('\n')}`);
  }

  get base() { return `127.0.0.1:${this.proxy.port}`; }

  // REST, past the proxy. The answer is {status, headers, body, json}.
  request(method, target, {token, body, headers = {}, text} = {}) {
    return new Promise((resolve, reject) => {
      const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
      const head = {...headers};
      if (body !== undefined) head['content-type'] ??= 'application/json';
      if (token) head.authorization = `Bearer ${token}`;
      if (payload !== undefined) head['content-length'] = Buffer.byteLength(payload);
      const request = http.request({host: '127.0.0.1', port: this.proxy.target, method, path: target, headers: head, agent: false}, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const all = Buffer.concat(parts).toString();
          resolve({status: answer.statusCode, headers: answer.headers, body: all, get json() { return JSON.parse(all); }});
        });
      });
      request.on('error', reject);
      request.end(payload);
    });
  }

  async rest(method, target, options) {
    const answer = await this.request(method, target, options);
    if (answer.status >= 300) throw new Error(`${method} ${target}: ${answer.status} ${answer.body}`);
    return answer.body ? answer.json : null;
  }

  async user(name = 'Ada') {
    const username = `${randomUUID()}@example.com`;
    await this.rest('POST', '/api/v1/users', {body: {name, username, password}});
    const {id, access_token: token} = await this.rest('POST', '/api/v1/auth/login', {body: {username, password}});
    return {id, name, username, token};
  }

  async room(who, name = `room ${randomUUID()}`) {
    return (await this.rest('POST', '/api/v1/rooms', {token: who.token, body: {name}})).id;
  }

  send(who, room, content, more = {}) {
    return this.rest('POST', `/api/v1/rooms/${room}/messages`, {token: who.token, body: {content, ...more}});
  }

  // A token of the user's that is good until `seconds` from now.
  token(who, seconds, claims = {}) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + seconds;
    const signed = `${part({alg: 'HS256', typ: 'JWT'})}.${part({uid: who.id, name: who.name, sub: who.username, exp, ...claims})}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }
}
