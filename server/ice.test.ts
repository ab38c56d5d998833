import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {createServer} from 'node:http';
import {after, describe, it} from 'node:test';
import {turnCredentials, type IceAnswer} from './ice.js';
import {ServerError, startServer, type MeshServer, type ServerOptions, type TurnOptions} from './index.js';
import {endpointOf, PlainPage, startTestServer} from './testing/clients.js';

const SECRET = 'a secret of some length';
const TURN: TurnOptions = {urls: ['turn:turn.example:3478', 'turns:turn.example:5349?transport=tcp'], secret: SECRET};

describe('/ice', () => {
  const servers: MeshServer[] = [];
  const start = async (options: ServerOptions = {turn: TURN}): Promise<MeshServer> => {
    const server = await startTestServer(options);
    servers.push(server);
    return server;
  };
  const ask = (server: MeshServer, init?: RequestInit): Promise<Response> => fetch(new URL('/ice?room=x', server.url), init);
  after(() => Promise.all(servers.map(server => server.stop())));

  it('hands out credentials that expire, in the form that TURN servers check', async () => {
    const from = Math.floor(Date.now() / 1000);
    const response = await ask(await start({turn: {...TURN, ttlSeconds: 60}}));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const {username, password, ttl, uris} = await response.json() as IceAnswer;
    assert.equal(ttl, 60);
    assert.deepEqual(uris, TURN.urls);
    const [expiry, user] = username.split(':');
    assert.ok(Number(expiry) >= from + 60 && Number(expiry) <= Date.now() / 1000 + 60, username);
    assert.match(user ?? '', /^[\w-]{12}$/);
    assert.equal(password, createHmac('sha1', SECRET).update(username).digest('base64'));
  });

  it('makes up another user for each answer', () => {
    const turn = {...TURN, ttlSeconds: 10};
    const users = new Set(Array.from({length: 10}, () => turnCredentials(turn, 1_000).username));
    assert.equal(users.size, 10);
    for (const user of users) assert.match(user, /^11:/);
  });

  it('tells who logs in that it is there, and is not there without a TURN server', async () => {
    const login = async (server: MeshServer): Promise<unknown> => {
      const page = await PlainPage.open(endpointOf(server));
      page.close();
      return page.loginData;
    };
    const [withTurn, without] = [await start(), await start({})];
    assert.equal((await login(withTurn) as {ice?: boolean}).ice, true);
    assert.equal('ice' in (await login(without) as object), false);
    assert.equal((await ask(without)).status, 404);
  });

  it('may be asked by pages of any origin, or of those that are allowed', async () => {
    const any = await ask(await start(), {headers: {Origin: 'https://site.example'}});
    assert.equal(any.headers.get('access-control-allow-origin'), '*');
    assert.equal(any.headers.get('cross-origin-resource-policy'), 'cross-origin');
    const server = await start({turn: TURN, allowedOrigins: ['https://site.example']});
    const own = await ask(server, {headers: {Origin: 'https://site.example'}});
    assert.equal(own.status, 200);
    assert.equal(own.headers.get('access-control-allow-origin'), 'https://site.example');
    assert.equal(own.headers.get('vary'), 'Origin');
    const other = await ask(server, {headers: {Origin: 'https://other.example'}});
    assert.equal(other.status, 403);
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    assert.equal((await other.text()).includes('password'), false);
    assert.equal((await ask(server)).status, 200);
  });

  it('takes GET and HEAD only', async () => {
    const server = await start();
    const head = await ask(server, {method: 'HEAD'});
    assert.equal(head.status, 200);
    assert.equal(await head.text(), '');
    const post = await ask(server, {method: 'POST', body: 'x'});
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
  });

  it('leaves the address to an http.Server of one\'s own where it is not used', async () => {
    const http = createServer((_request, response) => response.end('own'));
    await new Promise<void>(resolve => { http.listen(0, '127.0.0.1', resolve); });
    const server = await startServer({server: http, static: false});
    assert.equal(await (await ask(server)).text(), 'own');
    await server.stop();
    http.close();
    http.closeAllConnections();
  });

  it('refuses options that cannot work', async () => {
    for (const [turn, message] of [
      [{urls: [], secret: SECRET}, /turn\.urls/],
      [{urls: 'turn:x', secret: SECRET}, /turn\.urls/],
      [{urls: ['https://turn.example'], secret: SECRET}, /turn:turn\.example:3478, not "https:/],
      [{urls: ['turn:turn.example?transport=sctp'], secret: SECRET}, /TURN address/],
      [{urls: [7], secret: SECRET}, /not 7/],
      [{urls: TURN.urls, secret: 'short'}, /at least 16/],
      [{urls: TURN.urls}, /at least 16/],
      [{...TURN, ttlSeconds: 0}, /turn\.ttlSeconds/],
    ] as const) {
      await assert.rejects(startServer({port: 0, static: false, turn: turn as unknown as TurnOptions}), (error: unknown) =>
        error instanceof ServerError && error.code === 'bad-option' && message.test(error.message) && !error.message.includes(SECRET));
    }
  });
});
