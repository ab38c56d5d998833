import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer, get, type Server} from 'node:http';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, describe, it} from 'node:test';
import {WebSocket, WebSocketServer} from 'ws';
import {ServerError, startServer} from './index.js';
import {besides, Child} from './testing/children.js';
import {endpointOf, RawSocket, startTestServer} from './testing/clients.js';

describe('startServer', {timeout: 30_000}, () => {
  const cleanups: Array<() => unknown> = [];
  afterEach(async () => {
    for (const clean of cleanups.splice(0)) await clean();
  });
  const webDir = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'mesh-room-'));
    cleanups.push(() => rm(folder, {recursive: true}));
    await writeFile(join(folder, 'mesh-room.js'), 'export {};');
    await writeFile(join(folder, 'index.html'), 'the page');
    return folder;
  };
  const ownServer = async (): Promise<Server> => {
    const http = createServer((request, response) => response.end(`own ${request.url ?? ''}`));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    cleanups.push(() => new Promise(resolve => {
      http.close(resolve);
      http.closeAllConnections();
    }));
    return http;
  };
  const rejectsWith = (options: object, code: string, message: RegExp): Promise<void> =>
    assert.rejects(startServer(options), (error: unknown) => {
      assert.ok(error instanceof ServerError);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.message.includes('\n'), false);
      return true;
    });

  it('says where it is', async () => {
    const server = await startTestServer();
    cleanups.push(() => server.stop());
    assert.ok(server.port > 0);
    assert.equal(server.url, `http://127.0.0.1:${server.port}/`);
  });

  it('names an address that can be opened when it listens on all', async () => {
    const server = await startTestServer({host: '0.0.0.0'});
    cleanups.push(() => server.stop());
    assert.equal(server.url, `http://localhost:${server.port}/`);
  });

  it('stops twice without complaint, and frees its port', async () => {
    const server = await startTestServer();
    const {port} = server;
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    assert.equal(server.port, port);
    const again = await startTestServer({port});
    await again.stop();
  });

  it('stops although a browser keeps a connection open', async () => {
    const server = await startTestServer();
    const idle = connect(server.port, '127.0.0.1');
    await once(idle, 'connect');
    await (await fetch(new URL('/healthz', server.url))).text();
    const closed = once(idle, 'close');
    const from = performance.now();
    await server.stop();
    idle.resume();
    await closed;
    assert.ok(performance.now() - from < 1000);
  });

  it('refuses a port in use, a bad option and a missing build in one line', async () => {
    const server = await startTestServer();
    cleanups.push(() => server.stop());
    await rejectsWith({port: server.port, static: false}, 'port-in-use', new RegExp(`Port ${server.port} .* in use`));
    await rejectsWith({port: 70000}, 'bad-option', /port must be a whole number/);
    await rejectsWith({port: '80'}, 'bad-option', /port .* not "80"/);
    await rejectsWith({wat: 1}, 'bad-option', /no option "wat"/);
    await rejectsWith({limits: {wat: 1}}, 'bad-option', /no limit "wat"/);
    await rejectsWith({limits: {sockets: -1}}, 'bad-option', /limits.sockets/);
    await rejectsWith({host: 'not a host'}, 'bad-option', /host/);
    await rejectsWith({host: '192.0.2.1', static: false}, 'bad-host', /192\.0\.2\.1/);
    await rejectsWith({allowedOrigins: ['site.example']}, 'bad-option', /https:\/\/site\.example/);
    await rejectsWith({webDir: '/nowhere/web'}, 'missing-build', /npm run build/);
  });

  it('runs twice in one process', async () => {
    const servers = await Promise.all([startTestServer(), startTestServer()]);
    const sockets = await Promise.all(servers.map(server => RawSocket.logIn(endpointOf(server))));
    await sockets[0]!.write('room', ['ada'], '1');
    assert.deepEqual(await sockets[0]!.read('room'), ['ada']);
    assert.equal(await sockets[1]!.read('room'), undefined);
    await servers[0].stop();
    await sockets[1]!.write('room', ['bob'], '1');
    await servers[1].stop();
  });

  it('changes nothing in its process, and leaves nothing that keeps it running', async () => {
    const child = new Child(besides('embedding-child.ts'));
    cleanups.push(() => child.kill());
    const {code} = await child.exited;
    assert.equal(child.stderr, '');
    assert.deepEqual(JSON.parse(child.stdout), {title: true, emit: true, prepareStackTrace: true, leftovers: []});
    assert.equal(code, 0);
  });

  describe('with an http.Server of one\'s own', () => {
    it('answers what is its own and leaves the rest, whoever came first', async () => {
      const http = await ownServer();
      const server = await startServer({server: http, webDir: await webDir()});
      cleanups.unshift(() => server.stop());
      const seen: Array<string | undefined> = [];
      http.on('request', request => seen.push(request.url));
      const text = async (path: string): Promise<string> => (await fetch(new URL(path, server.url))).text();
      assert.equal(await text('/'), 'the page');
      assert.equal(await text('/mesh-room.js'), 'export {};');
      assert.match(await text('/healthz'), /"status": "ok"/);
      assert.equal(await text('/other?x'), 'own /other?x');
      assert.equal(await text('/assets/theirs.js'), 'own /assets/theirs.js');
      assert.deepEqual(seen, ['/other?x', '/assets/theirs.js']);
      await (await RawSocket.logIn(endpointOf(server))).close();
    });

    it('leaves the page to its owner with `page: false`', async () => {
      const http = await ownServer();
      const server = await startServer({server: http, webDir: await webDir(), page: false});
      cleanups.unshift(() => server.stop());
      assert.equal(await (await fetch(server.url)).text(), 'own /');
      assert.equal(await (await fetch(new URL('/mesh-room.js', server.url))).text(), 'export {};');
    });

    it('leaves other WebSockets to other listeners', async () => {
      const http = await ownServer();
      const server = await startServer({server: http, static: false});
      cleanups.unshift(() => server.stop());
      const url = `ws://127.0.0.1:${server.port}/own`;
      const refused = new WebSocket(url);
      refused.on('error', () => {}); // what a refused handshake ends with
      const [, response] = await once(refused, 'unexpected-response') as [unknown, {statusCode: number; destroy(): void}];
      response.destroy();
      assert.equal(response.statusCode, 404);
      const own = new WebSocketServer({noServer: true});
      http.on('upgrade', (request, socket, head) => {
        if (request.url === '/own') own.handleUpgrade(request, socket, head, webSocket => webSocket.send('own'));
      });
      const socket = new WebSocket(url);
      const [data] = await once(socket, 'message');
      assert.equal(String(data), 'own');
      socket.terminate();
      await (await RawSocket.logIn(endpointOf(server))).close();
    });

    it('detaches without closing it', async () => {
      const http = await ownServer();
      const before = http.listenerCount('upgrade');
      const server = await startServer({server: http, webDir: await webDir()});
      const raw = await RawSocket.logIn(endpointOf(server));
      await server.stop();
      assert.equal((await raw.closed).code, 1001);
      assert.equal(http.listening, true);
      assert.equal(http.listenerCount('upgrade'), before);
      assert.equal(Object.hasOwn(http, 'emit'), false);
      assert.equal(await (await fetch(server.url)).text(), 'own /');
      const again = await startServer({server: http, static: false});
      await (await RawSocket.logIn(endpointOf(again))).close();
      await again.stop();
    });

    it('can be attached before it listens', async () => {
      const http = createServer((_request, response) => response.end('own'));
      const server = await startServer({server: http, static: false});
      assert.equal(server.port, 0);
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      assert.ok(server.port > 0);
      await (await RawSocket.logIn(endpointOf(server))).close();
      await server.stop();
      await new Promise<void>((resolve, reject) => get(server.url, response => {
        response.resume().on('end', () => http.close(() => resolve()));
      }).on('error', reject));
    });
  });
});
