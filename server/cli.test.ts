import assert from 'node:assert/strict';
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, afterEach, before, describe, it} from 'node:test';
import {buildServer} from '../scripts/build/server.js';
import {Child} from './testing/children.js';
import {add, PlainPage, startTestServer, untilEntries} from './testing/clients.js';

/** In which Ctrl-C must have ended the process. */
const STOP_MS = 1000;

// As published: the built server alone in an empty folder, far from any node_modules.
describe('mesh-room', {timeout: 60_000}, () => {
  let folder = '';
  let cli = '';
  const children: Child[] = [];
  const run = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Child => {
    const child = new Child(cli, args, {PORT: '', ...env});
    children.push(child);
    return child;
  };
  const starts = async (...command: Parameters<typeof run>): Promise<{child: Child; url: string}> => {
    const child = run(...command);
    const url = /Mesh Room is running at (\S+)/.exec(await child.line())?.[1];
    assert.ok(url);
    return {child, url};
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mesh-room-cli-'));
    await buildServer(join(folder, 'server'));
    cli = join(folder, 'server/cli.js');
    await mkdir(join(folder, 'web'));
    await writeFile(join(folder, 'web/mesh-room.js'), 'export {};');
    await writeFile(join(folder, 'web/index.html'), 'the page');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill();
  });
  after(() => rm(folder, {recursive: true}));

  it('starts, says where and what next, and serves the page, the script and rooms', async () => {
    const {child, url} = await starts(['--port', '0']);
    assert.equal(await (await fetch(url)).text(), 'the page');
    assert.equal(await (await fetch(new URL('/mesh-room.js', url))).text(), 'export {};');
    const pages = await Promise.all(['ada', 'bob'].map(() => PlainPage.open(`${url.replace('http', 'ws')}deepstream`)));
    const lists = await Promise.all(pages.map(page => page.list('mesh-room/lobby')));
    await Promise.all([add(lists[0]!, 'ada'), add(lists[1]!, 'bob')]);
    for (const list of lists) await untilEntries(list, entries => entries.length === 2);
    for (const page of pages) page.close();
    assert.match(child.stdout, /two tabs/);
    assert.match(child.stdout, /<script type="module" src="http:\/\/127\.0\.0\.1:\d+\/mesh-room\.js"><\/script>/);
    assert.match(child.stdout, /<mesh-room room="lobby"><\/mesh-room>/);
    assert.match(child.stdout, /Ctrl-C/);
    assert.equal(child.stderr, '');
  });

  it('hands out TURN credentials when it is told of a server and its secret', async () => {
    const {url} = await starts(['--port', '0', '--turn', 'turn:turn.example:3478', '--turn-ttl', '90'], {TURN_SECRET: 'a secret of some length'});
    const {ttl, uris} = await (await fetch(new URL('/ice', url))).json() as {ttl: number; uris: string[]};
    assert.deepEqual([ttl, uris], [90, ['turn:turn.example:3478']]);
  });

  it('carries no frames when it is told so', async () => {
    const told = async (...args: string[]): Promise<unknown> => {
      const {url} = await starts(['--port', '0', ...args]);
      const page = await PlainPage.open(`${url.replace('http', 'ws')}deepstream`);
      page.close();
      return (page.loginData as {relay?: boolean}).relay;
    };
    assert.deepEqual([await told('--relay', 'off'), await told('--relay', 'on'), await told()], [false, undefined, undefined]);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends within a second of ${signal}, with a client connected`, async () => {
      const {child, url} = await starts(['--port', '0']);
      const page = await PlainPage.open(`${url.replace('http', 'ws')}deepstream`);
      await add(await page.list('room'), 'ada');
      const from = performance.now();
      child.signal(signal);
      assert.deepEqual(await child.exited, {code: 0, signal: null});
      const took = performance.now() - from;
      page.close();
      assert.ok(took < STOP_MS, `took ${took.toFixed(0)} ms`);
    });
  }

  it('takes PORT from the environment, and --port before it', async () => {
    const server = await startTestServer();
    const {port} = server;
    await server.stop();
    const {url, child} = await starts([], {PORT: String(port)});
    assert.equal(url, `http://127.0.0.1:${port}/`);
    await child.kill();
    const second = await starts(['--port', '0'], {PORT: String(port)});
    assert.notEqual(second.url, url);
  });

  it('says in one line what is wrong, and exits with 1', async () => {
    const server = await startTestServer();
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await buildServer(join(empty, 'server'));
    try {
      for (const [args, env, message] of [
        [['--port', String(server.port)], {}, /^mesh-room: Port \d+ on 127\.0\.0\.1 is in use: .*--port\.$/],
        [['--port', 'x'], {}, /^mesh-room: --port must be a number from 0 to 65535, not "x"\.$/],
        [['--port', '65536'], {}, /^mesh-room: --port must be/],
        [['--port', '-1'], {}, /^mesh-room: .*--port/],
        [['--port'], {}, /^mesh-room: .*--port/],
        [[], {PORT: 'tcp://10.0.0.1:80'}, /^mesh-room: PORT must be/],
        [['--host', '192.0.2.1', '--port', '0'], {}, /^mesh-room: Host "192\.0\.2\.1" is not an address/],
        [['--wat'], {}, /^mesh-room: Unknown option '--wat'.*--help\.$/],
        [['stray'], {}, /^mesh-room: .*stray.*--help\.$/],
        [['--turn', 'turn:turn.example'], {TURN_SECRET: ''}, /^mesh-room: --turn needs .* TURN_SECRET\.$/],
        [['--turn', 'turn.example'], {TURN_SECRET: 'a secret of some length'}, /^mesh-room: A TURN address reads like .*not "turn\.example"\.$/],
        [['--turn', 'turn:turn.example', '--turn-ttl', '1h'], {TURN_SECRET: 'a secret of some length'}, /^mesh-room: --turn-ttl must be/],
        [['--relay', 'no'], {}, /^mesh-room: --relay must be "on" or "off", not "no"\.$/],
        [['--turn-ttl', '60'], {}, /^mesh-room: --turn-ttl says nothing without --turn\.$/],
        [['--allow-origin', 'site'], {}, /^mesh-room: An allowed origin reads like https:\/\/site\.example, not "site"\.$/],
      ] as const) {
        const child = run(args, env);
        assert.equal((await child.exited).code, 1, args.join(' '));
        assert.match(child.stderr.trimEnd(), message);
        assert.equal(child.stderr.trimEnd().includes('\n'), false, child.stderr);
        assert.equal(child.stdout, '');
      }
      const child = new Child(join(empty, 'server/cli.js'), ['--port', '0']);
      assert.equal((await child.exited).code, 1);
      assert.match(child.stderr.trimEnd(), /^mesh-room: There is no build in \S+: run "npm run build" first\.$/);
    } finally {
      await server.stop();
    }
  });

  it('tells its options and its version', async () => {
    const help = run(['--help']);
    assert.equal((await help.exited).code, 0);
    for (const option of ['--port', '--host', '--allow-origin', '--turn', 'TURN_SECRET', '--turn-ttl', '--help', '--version']) assert.ok(help.stdout.includes(option));
    const version = run(['--version']);
    assert.equal((await version.exited).code, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('is published with the licences of what it contains', async () => {
    const text = await readFile(join(folder, 'server/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['@deepstream/server 7.0.2', 'ws 8', 'sirv', 'protobufjs']) assert.ok(text.includes(name), name);
    for (const file of await readdir(join(folder, 'server'))) {
      if (!file.endsWith('.js')) continue;
      // Node's own modules are all that it may ask for.
      const code = await readFile(join(folder, 'server', file), 'utf8');
      for (const [, name] of code.matchAll(/(?:^|;)import[^;"']*["']([^"']+)["']/g)) {
        assert.match(name ?? '', /^(\.\/|node:|(assert|buffer|crypto|events|fs|http|https|net|os|path|stream|tls|url|util|zlib)$)/, file);
      }
    }
  });
});
