import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {mkdir, mkdtemp, rm, utimes, writeFile} from 'node:fs/promises';
import {request} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, it} from 'node:test';
import {gzipSync} from 'node:zlib';
import {startServer, type MeshServer} from './index.js';

const INLINE = 'document.documentElement.lang = "en";';
const FILES: Readonly<Record<string, string>> = {
  'index.html': `<!doctype html><title>Rooms</title><script>${INLINE}</script><script type="module" src="/mesh-room.js"></script>`,
  'mesh-room.js': 'export const room = 1;',
  'assets/engine-4f2a.js': 'export const engine = 1;'.repeat(100),
  'assets/font-1a2b.woff2': 'font',
  'assets/style-9c.css': 'a {}',
  'app.webmanifest': '{}',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'sw.js': '// worker',
  '.secret': 'no',
};

/** Status and headers of a path as it is sent: `fetch` would tidy it up first. */
const rawGet = (port: number, path: string, method = 'GET'): Promise<{status: number; type: string}> => new Promise((resolve, reject) => {
  request({port, host: '127.0.0.1', path, method, agent: false}, response => {
    response.resume();
    resolve({status: response.statusCode ?? 0, type: String(response.headers['content-type'])});
  }).on('error', reject).end();
});

describe('static files', () => {
  let folder = '';
  let server: MeshServer;
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, server.url), init);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-room-static-'));
    const web = join(folder, 'web');
    await mkdir(join(web, 'assets'), {recursive: true});
    await Promise.all(Object.entries(FILES).map(([path, content]) => writeFile(join(web, path), content)));
    await writeFile(join(web, 'assets/engine-4f2a.js.gz'), gzipSync(FILES['assets/engine-4f2a.js']!));
    await writeFile(join(folder, 'outside.txt'), 'outside');
    server = await startServer({port: 0, webDir: web});
  });
  after(async () => {
    await server.stop();
    await rm(folder, {recursive: true});
  });

  it('serves the script to every origin, to be asked for again by its ETag', async () => {
    const response = await get('/mesh-room.js');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    assert.equal(response.headers.get('cross-origin-resource-policy'), 'cross-origin');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(await response.text(), FILES['mesh-room.js']);
    const again = await get('/mesh-room.js?v=2', {headers: {'If-None-Match': response.headers.get('etag') ?? ''}});
    assert.equal(again.status, 304);
    assert.equal(again.headers.get('access-control-allow-origin'), '*');
    assert.equal(again.headers.get('cache-control'), 'no-cache');
  });

  it('knows two builds apart whose files have the same sizes and times, as those of packages do', async () => {
    const builds = await Promise.all(['1', '2'].map(async name => {
      const web = join(folder, name);
      await mkdir(web);
      for (const file of ['index.html', 'mesh-room.js', 'sw.js']) {
        await writeFile(join(web, file), `<script src="/assets/${name}.js"></script>`);
        await utimes(join(web, file), 499_162_500, 499_162_500);
      }
      return startServer({port: 0, webDir: web});
    }));
    try {
      for (const path of ['/', '/mesh-room.js', '/sw.js']) {
        const [one, two] = builds.map(({url}) => new URL(path, url));
        const tag = (await fetch(one!)).headers.get('etag') ?? '';
        const statuses = await Promise.all([one!, two!].map(async url => (await fetch(url, {headers: {'If-None-Match': tag}})).status));
        assert.deepEqual(statuses, [304, 200], path);
      }
    } finally {
      await Promise.all(builds.map(build => build.stop()));
    }
  });

  it('serves hashed files for ever, to every origin, compressed where that is there', async () => {
    for (const [path, type] of [
      ['engine-4f2a.js', 'text/javascript; charset=utf-8'], ['font-1a2b.woff2', 'font/woff2'], ['style-9c.css', 'text/css; charset=utf-8'],
    ] as const) {
      const response = await get(`/assets/${path}`);
      assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      assert.equal(response.headers.get('content-type'), type);
      assert.equal(await response.text(), FILES[`assets/${path}`]);
    }
    const zipped = await get('/assets/engine-4f2a.js', {headers: {'Accept-Encoding': 'gzip'}});
    assert.equal(zipped.headers.get('content-encoding'), 'gzip');
    assert.equal(zipped.headers.get('vary'), 'Accept-Encoding');
    const plain = await get('/assets/engine-4f2a.js', {headers: {'Accept-Encoding': 'identity'}});
    assert.equal(plain.headers.get('content-encoding'), null);
  });

  it('serves the page for every room, with a policy that allows its own scripts alone', async () => {
    for (const path of ['/', '/index.html', '/r/lobby', '/r/my.room', '/r/a/b', '/r/100%25%20%C3%A9', '/r/%', '/?x']) {
      const response = await get(path);
      assert.equal(response.status, 200, path);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/, path);
      assert.equal(await response.text(), FILES['index.html'], path);
      assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
      const policy = response.headers.get('content-security-policy') ?? '';
      assert.match(policy, /connect-src 'self' ws: wss:/);
      assert.ok(policy.includes(`script-src 'self' 'sha256-${createHash('sha256').update(INLINE).digest('base64')}';`), policy);
    }
  });

  it('names the types of what an installable page needs', async () => {
    assert.equal((await get('/app.webmanifest')).headers.get('content-type'), 'application/manifest+json');
    assert.equal((await get('/icon.svg')).headers.get('content-type'), 'image/svg+xml');
    const worker = await get('/sw.js');
    assert.equal(worker.headers.get('cache-control'), 'no-cache');
    assert.equal(worker.headers.get('content-type'), 'text/javascript; charset=utf-8');
  });

  it('answers HEAD and OPTIONS, and refuses what would change something', async () => {
    const head = await get('/mesh-room.js', {method: 'HEAD'});
    assert.equal(head.headers.get('content-length'), String(FILES['mesh-room.js']!.length));
    assert.equal(await head.text(), '');
    const options = await get('/mesh-room.js', {method: 'OPTIONS'});
    assert.equal(options.status, 204);
    assert.equal(options.headers.get('access-control-allow-origin'), '*');
    assert.equal((await get('/mesh-room.js', {method: 'POST', body: 'x'})).status, 405);
  });

  it('serves nothing from outside its folder, nor hidden files', async () => {
    for (const path of [
      '/../outside.txt', '/..%2foutside.txt', '/%2e%2e/outside.txt', '/assets/../../outside.txt', '/assets/..%5c..%5coutside.txt',
      '//outside.txt', '/.secret', '/assets', '/assets/', '/nowhere', '/%', '/%00', '/mesh-room.js/',
    ]) {
      const {status, type} = await rawGet(server.port, path);
      assert.equal(status, 404, path);
      assert.match(type, /^text\/plain/, path);
    }
  });

  it('says in plain words that there is nothing', async () => {
    const response = await get('/nowhere');
    assert.equal(response.status, 404);
    assert.match(await response.text(), /nothing at this address/);
  });

  it('tells how it is doing at /healthz', async () => {
    const response = await get('/healthz');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), {...server.health(), uptimeSeconds: server.health().uptimeSeconds});
  });

  it('answers plain HTTP at the endpoint with what it is', async () => {
    const response = await get('/deepstream');
    assert.equal(response.status, 426);
    assert.match(await response.text(), /WebSocket endpoint/);
  });

  it('is the scripts alone with `page: false`', async () => {
    const scripts = await startServer({port: 0, webDir: join(folder, 'web'), page: false});
    try {
      const status = async (path: string): Promise<number> => (await fetch(new URL(path, scripts.url))).status;
      assert.deepEqual(await Promise.all(['/mesh-room.js', '/assets/engine-4f2a.js', '/', '/r/x', '/icon.svg', '/sw.js'].map(status)),
        [200, 200, 404, 404, 404, 404]);
    } finally {
      await scripts.stop();
    }
  });
});
