import assert from 'node:assert/strict';
import {once} from 'node:events';
import {afterEach, describe, it} from 'node:test';
import {CONNECTION_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import {WebSocket} from 'ws';
import type {MeshServer, ServerOptions} from '../index.js';
import {besides, Child} from '../testing/children.js';
import {endpointOf, PlainPage, RawSocket, startTestServer} from '../testing/clients.js';

/** Pings of the server in which a silent page must stay connected. */
const PINGS = 10;
/** In which the server must have stopped, whatever its clients do. */
const STOP_MS = 1000;

describe('sockets', {timeout: 60_000}, () => {
  const cleanups: Array<() => unknown> = [];
  let server: MeshServer;
  let url = '';
  const start = async (options: ServerOptions = {}): Promise<void> => {
    const started = server = await startTestServer(options);
    url = endpointOf(server);
    cleanups.unshift(() => started.stop());
  };
  afterEach(async () => {
    for (const clean of cleanups.splice(0)) await clean();
  });
  /** The HTTP status that a handshake is answered with. */
  const refusal = async (options: {origin?: string; path?: string} = {}): Promise<number> => {
    const socket = new WebSocket(options.path ? url.replace('/deepstream', options.path) : url, {origin: options.origin ?? ''});
    socket.on('error', () => {}); // what a refused handshake ends with
    const [, response] = await once(socket, 'unexpected-response') as [unknown, {statusCode: number; destroy(): void}];
    response.destroy();
    return response.statusCode;
  };

  it('takes a URL with a query, and refuses other paths', async () => {
    await start();
    await (await RawSocket.logIn(`${url}?room=x&y`)).close();
    assert.equal(await refusal({path: '/elsewhere'}), 404);
    assert.equal(await refusal({path: '/deepstream/x'}), 404);
  });

  it('closes a socket that sends a message that is too large', async () => {
    await start({limits: {messageBytes: 20_000}});
    const raw = await RawSocket.logIn(url);
    raw.emit('rtc-signal/x', {user: 'y', signal: 'a'.repeat(15_000)});
    await raw.settled();
    raw.emit('rtc-signal/x', {user: 'y', signal: 'a'.repeat(25_000)});
    assert.equal((await raw.closed).code, 1009);
    assert.equal(server.health().cut.size, 1);
  });

  it('takes a burst as large as a join to a room of 32, and cuts a flood', async () => {
    await start();
    const raw = await RawSocket.logIn(url);
    for (let i = 0; i < 31 * 60; i += 1) raw.emit(`rtc-signal/u${i % 31}`, {user: 'me', signal: i});
    await raw.settled();
    assert.equal(raw.isDenied(), false);
    for (let i = 0; i < 10_000; i += 1) raw.send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING});
    const {code, reason} = await raw.closed;
    assert.deepEqual([code, reason], [1008, 'Too many messages.']);
    assert.equal(server.health().cut.rate, 1);
    await (await RawSocket.logIn(url)).close();
  });

  it('closes a socket that does not log in, and its client connects again when its user does', async () => {
    await start({limits: {loginMs: 100}, heartbeatMs: 50});
    const raw = await RawSocket.open(url);
    assert.deepEqual(await raw.closed, {code: 1008, reason: 'Log in first.'});
    const page = new PlainPage(url);
    cleanups.unshift(() => page.close());
    // Its first socket is opened by the constructor, and not used in time.
    await new Promise<void>(resolve => page.client.on('connectionStateChanged', (state: unknown) => {
      if (state === 'RECONNECTING') resolve();
    }));
    await page.client.login({});
    assert.equal(page.client.getConnectionState(), 'OPEN');
  });

  it('keeps a page that is silent as long as its browser answers pings', async () => {
    await start({heartbeatMs: 50});
    const raw = await RawSocket.logIn(url);
    for (let i = 0; i < PINGS; i += 1) await once(raw.socket, 'ping');
    assert.equal(raw.socket.readyState, WebSocket.OPEN);
    await raw.close();
  });

  it('cuts a socket that answers no ping', async () => {
    await start({heartbeatMs: 50});
    const raw = new RawSocket(url);
    raw.socket.pong = () => {};
    await once(raw.socket, 'open');
    assert.equal((await raw.closed).code, 1006);
    assert.equal(server.health().cut.silent, 1);
  });

  it('cuts a page that answers pings and has said nothing for long: a frozen one', async () => {
    await start({limits: {silentMs: 300}, heartbeatMs: 50});
    const raw = await RawSocket.logIn(url);
    assert.equal((await raw.closed).code, 1006);
    assert.equal(server.health().cut.silent, 1);
  });

  it('bounds the number of sockets and of subscriptions', async () => {
    await start({limits: {sockets: 2, subscriptionsPerSocket: 3}});
    const [one, two] = [await RawSocket.logIn(url), await RawSocket.logIn(url)];
    assert.equal(await refusal(), 503);
    assert.equal(server.health().cut.full, 1);
    one.subscribe('rtc-signal/a', 'rtc-signal/b', 'rtc-signal/c', 'rtc-signal/d');
    await one.settled();
    assert.deepEqual(['a', 'b', 'c', 'd'].map(id => one.isDenied(`rtc-signal/${id}`)), [false, false, false, true]);
    await two.close();
    while (server.health().sockets > 1) await one.settled();
    await (await RawSocket.logIn(url)).close();
    await one.close();
  });

  it('lets in the pages of allowed origins alone', async () => {
    await start({allowedOrigins: ['https://site.example']});
    assert.equal(await refusal({origin: 'https://other.example'}), 403);
    assert.equal(await refusal({origin: 'null'}), 403);
    const socket = new WebSocket(url, {origin: 'https://site.example'});
    await once(socket, 'open');
    socket.terminate();
    await (await RawSocket.logIn(url)).close(); // a program, without an origin
    assert.equal(server.health().cut.origin, 2);
  });

  it('closes sockets that speak another language', async () => {
    await start();
    const text = await RawSocket.open(url);
    text.socket.send('hello');
    assert.equal((await text.closed).code, 1003);
    const noise = await RawSocket.logIn(url);
    noise.socket.send(Buffer.from([0xff, 0xff, 0xff]));
    assert.equal((await noise.closed).code, 1002);
    const early = await RawSocket.open(url);
    early.emit('rtc-signal/x', {user: 'y'});
    assert.equal((await early.closed).code, 1002);
    assert.equal(server.health().cut.protocol, 3);
  });

  it('stops within a second, frozen clients and all', async () => {
    await start();
    const child = new Child(besides('client-child.ts'), [url, 'room', 'ada']);
    cleanups.unshift(() => child.kill());
    assert.equal(await child.line(), 'in');
    const raw = await RawSocket.logIn(url);
    child.signal('SIGSTOP');
    const from = performance.now();
    await server.stop();
    const took = performance.now() - from;
    assert.ok(took < STOP_MS, `took ${took.toFixed(0)} ms`);
    assert.deepEqual(await raw.closed, {code: 1001, reason: 'The server is stopping.'});
    await assert.rejects(once(new WebSocket(url), 'open'));
  });
});
