/** What `open()` says about endpoints that are no deepstream server, and that it always says it in bounded time. */
import assert from 'node:assert/strict';
import {createServer as createHttpServer, type Server} from 'node:http';
import {createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket} from 'node:net';
import {describe, it} from 'node:test';
import {WebSocketServer, type WebSocket} from 'ws';
import {MeshError} from '../src/mesh/errors.js';
import {HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS, LEAVE_TIMEOUT_MS} from '../src/mesh/signalling/bounds.js';
import {until} from '../src/mesh/signalling/compliance.js';
import type {SignallingErrorEvent} from '../src/mesh/signalling/types.js';
import {startFaultProxy} from './helpers/fault-proxy.js';
import {createNodeSignalling} from './helpers/node-signalling.js';
import {startOurs, startStock} from './helpers/signalling-servers.js';
import {startStockServer} from './helpers/stock-server.js';

/** Nothing in the adapter may write to the page's console. */
const consoles = ['log', 'info', 'warn', 'error', 'trace', 'debug'] as const;

async function outcome(url: string, list = 'errors'): Promise<{code: string; message: string; ms: number; statuses: string[]}> {
  const signalling = createNodeSignalling({url, list, selfId: 'ada'});
  const statuses: string[] = [];
  signalling.addEventListener('status-change', () => statuses.push(signalling.status));
  const written: unknown[] = [];
  const originals = {...console};
  for (const name of consoles) console[name] = (...args: unknown[]) => void written.push(args);
  const start = performance.now();
  try {
    await signalling.open();
    await signalling.close();
    return {code: 'open', message: '', ms: performance.now() - start, statuses};
  } catch (error) {
    assert.ok(error instanceof MeshError, String(error));
    assert.equal(signalling.status, 'closed');
    return {code: error.code, message: error.message, ms: performance.now() - start, statuses};
  } finally {
    Object.assign(console, originals);
    assert.deepEqual(written, []);
  }
}

const listen = async (server: Server | TcpServer): Promise<string> => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/deepstream`;
};

const stop = (server: Server | TcpServer): Promise<void> => new Promise(resolve => {
  server.close(() => resolve());
  if ('closeAllConnections' in server) server.closeAllConnections();
});

/** A WebSocket server that does `behave` with whoever comes. */
async function withWebSockets(behave: (socket: WebSocket) => void, body: (url: string) => Promise<void>): Promise<void> {
  const http = createHttpServer();
  const server = new WebSocketServer({server: http});
  server.on('connection', behave);
  try {
    await body(await listen(http));
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
    await stop(http);
  }
}

describe('open() at a bad endpoint', {timeout: 120_000, concurrency: false}, () => {
  for (const url of ['', 'nonsense', 'http://127.0.0.1/deepstream', '/deepstream', 'ws://127.0.0.1:1/x#y', 'ws://']) {
    it(`says bad-url at once: ${JSON.stringify(url)}`, async () => {
      const {code, ms} = await outcome(url);
      assert.equal(code, 'bad-url');
      assert.ok(ms < 100, `${ms} ms`);
    });
  }

  it('says server-unreachable within two seconds where nothing listens', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    await stop(server);
    const {code, ms, statuses} = await outcome(url);
    assert.equal(code, 'server-unreachable');
    assert.ok(ms < 2_000, `${ms} ms`);
    assert.deepEqual(statuses, ['connecting', 'closed']);
  });

  it('says not-deepstream to a plain web server', async () => {
    const server = createHttpServer((_, response) => response.writeHead(404).end('nothing here'));
    const {code} = await outcome(await listen(server));
    await stop(server);
    assert.equal(code, 'not-deepstream');
  });

  it('says not-deepstream to a server that echoes binary', () => withWebSockets(
    socket => socket.on('message', (data, isBinary) => socket.send(data, {binary: isBinary})),
    async url => assert.equal((await outcome(url)).code, 'not-deepstream')));

  it('says not-deepstream to a server that answers with text', () => withWebSockets(
    socket => socket.send('welcome'),
    async url => assert.equal((await outcome(url)).code, 'not-deepstream')));

  it('says not-deepstream to a server that answers with noise', () => withWebSockets(
    socket => socket.send(Uint8Array.from({length: 200}, (_, i) => i * 37 % 256)),
    async url => assert.equal((await outcome(url)).code, 'not-deepstream')));

  it('says not-deepstream to a server that hangs up in the greeting', () => withWebSockets(
    socket => socket.on('message', () => socket.close()),
    async url => assert.equal((await outcome(url)).code, 'not-deepstream')));

  it('says not-deepstream to a server that takes WebSockets and stays silent', () => withWebSockets(
    () => {},
    async url => {
      const {code, ms} = await outcome(url);
      assert.equal(code, 'not-deepstream');
      assert.ok(ms < HANDSHAKE_TIMEOUT_MS + 500, `${ms} ms`);
    }));

  it('says server-unreachable to one that takes connections and never answers', async () => {
    const sockets = new Set<Socket>();
    const server = createTcpServer(socket => void sockets.add(socket));
    const {code, ms} = await outcome(await listen(server));
    for (const socket of sockets) socket.destroy();
    await stop(server);
    assert.equal(code, 'server-unreachable');
    assert.ok(ms < HANDSHAKE_TIMEOUT_MS + 500, `${ms} ms`);
  });

  it('finds a server that comes up while it is trying', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    const port = Number(new URL(url).port);
    await stop(server);
    const opening = outcome(url);
    const late = await startStock(port);
    assert.equal((await opening).code, 'open');
    await late.stop();
  });

  it('says denied when the login is refused', async () => {
    const server = await startStockServer({authentication: {
      whenReady: async () => {}, close: async () => {}, isValidUser: async () => ({isValid: false}),
    }});
    const {code, ms} = await outcome(server.url);
    await server.stop();
    assert.equal(code, 'denied');
    assert.ok(ms < 2_000, `${ms} ms`);
  });

  const rights = {
    presence: {'*': {allow: true}}, rpc: {'*': {provide: true, request: true}},
    event: {'*': {publish: true, subscribe: true, listen: true}},
  };
  for (const [what, record] of [
    ['read', {create: true, write: true, read: false, delete: true, listen: true, notify: true}],
    ['made', {create: false, write: true, read: true, delete: true, listen: true, notify: true}],
    ['written', {create: true, write: false, read: true, delete: true, listen: true, notify: true}],
  ] as const) {
    it(`says denied when the List may not be ${what}`, async () => {
      const server = await startStockServer({permissions: {...rights, record: {'*': record}}});
      const {code, ms} = await outcome(server.url, `errors/${what}`);
      await server.stop();
      assert.equal(code, 'denied');
      assert.ok(ms < 1_000, `${ms} ms`);
    });
  }
});

describe('open() after nothing has answered', () => {
  /** What `open()` ends with at an endpoint that hangs up on everybody, and whether each that came wanted a WebSocket. */
  async function atNobody(retry: {readonly knock: boolean}): Promise<{code: string; came: boolean[]}> {
    const came: boolean[] = [];
    const server = createTcpServer(socket => socket.on('error', () => undefined).once('data', data => {
      came.push(/^upgrade: websocket/im.test(data.toString()));
      socket.destroy();
    }));
    const signalling = createNodeSignalling({url: await listen(server), list: 'nobody', selfId: 'ada', retry});
    const code = await signalling.open().then(() => 'open', (error: unknown) => (error as MeshError).code);
    await stop(server);
    return {code, came};
  }

  it('asks by plain HTTP and tries no WebSocket, of which browsers hold back those after many that failed', async () => {
    assert.deepEqual(await atNobody({knock: true}), {code: 'server-unreachable', came: [false]});
  });

  it('tries one WebSocket when it is not to ask', async () => {
    const {code, came} = await atNobody({knock: false});
    assert.equal(code, 'server-unreachable');
    assert.deepEqual(came.filter(isWebSocket => isWebSocket), [true]);
  });

  it('takes a gateway\'s word that nobody is there', async () => {
    const gateway = createHttpServer((_, response) => response.writeHead(502).end('Bad Gateway'));
    const signalling = createNodeSignalling({url: await listen(gateway), list: 'nobody', selfId: 'ada'});
    const code = await signalling.open().then(() => 'open', (error: unknown) => (error as MeshError).code);
    assert.equal(code, 'server-unreachable');
    await stop(gateway);
  });

  it('opens when it is answered', async () => {
    const server = await startOurs();
    const signalling = createNodeSignalling({url: server.url, list: 'somebody', selfId: 'ada', retry: {knock: true}});
    await signalling.open();
    await signalling.close();
    await server.stop();
  });
});

describe('a server that goes silent', {timeout: 60_000}, () => {
  it('is noticed by its missing heartbeats, and close() does not wait for it', async () => {
    const server = await startOurs();
    const proxy = await startFaultProxy({targetPort: server.port});
    const create = (): ReturnType<typeof createNodeSignalling> =>
      createNodeSignalling({url: `ws://127.0.0.1:${proxy.port}/deepstream`, list: 'silent', selfId: 'ada'});
    const ada = create();
    await ada.open();
    proxy.swallow = 'everything';
    const start = performance.now();
    const lost = new Promise<SignallingErrorEvent>(resolve => ada.addEventListener('error', resolve));
    assert.equal((await lost).error.code, 'server-lost');
    const noticed = performance.now() - start;
    assert.ok(noticed < 4 * HEARTBEAT_MS, `${noticed} ms`);
    proxy.swallow = 'nothing';
    proxy.cut();
    await until(ada, () => ada.status === 'open', 'status-change');
    proxy.swallow = 'everything';
    const closing = performance.now();
    await ada.close();
    const closed = performance.now() - closing;
    assert.ok(closed < LEAVE_TIMEOUT_MS + 300, `${closed} ms`);
    await proxy.stop();
    await server.stop();
  });
});
