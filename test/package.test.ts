/** The package as somebody installs it: packed, put into an empty folder, run, imported and bundled. */
import assert from 'node:assert/strict';
import {execFile, spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, realpath, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {after, before, describe, it} from 'node:test';
import {promisify} from 'node:util';
import {build} from 'esbuild';
import ts from 'typescript';
import {fromRoot} from '../scripts/build/paths.js';
import type {RoomElement} from './helpers/room-tabs.js';
import {launchChromium, newTab, until} from './helpers/browser.js';
import {servePages} from './helpers/serve.js';

const run = promisify(execFile);

/** Somebody's empty project with the package in it. */
let project: string;
let files: string[];

/** Writes a file of the project and returns its path. */
async function put(name: string, content: string): Promise<string> {
  await writeFile(join(project, name), content);
  return join(project, name);
}

/** Runs a module of the project in Node, and returns what it prints; it must end by itself. */
async function node(code: string): Promise<string> {
  const {stdout} = await run(process.execPath, [await put('run.js', code)], {cwd: project});
  return stdout.trim();
}

/** What TypeScript says about `name` in the project. */
function typeErrors(name: string, options: ts.CompilerOptions): string[] {
  const program = ts.createProgram([join(project, name)], {
    target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    strict: true, noEmit: true, types: [], ...options,
    skipLibCheck: false, skipDefaultLibCheck: true, // the package's own declarations are what is in question
  });
  return ts.getPreEmitDiagnostics(program).map(({file, messageText}) =>
    `${file?.fileName.replace(project, '') ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

/** The installed command, started; settles with the address that it prints. */
async function startCommand(): Promise<{child: ChildProcess; url: string}> {
  const child = spawn(join(project, 'node_modules/.bin/mesh-room'), ['--port', '0'], {stdio: ['ignore', 'pipe', 'inherit']});
  for await (const line of createInterface({input: child.stdout})) {
    const url = /https?:\S+/.exec(line)?.[0];
    if (url !== undefined) return {child, url};
  }
  throw new Error('The command printed no address');
}

describe('the packed package', () => {
  before(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), 'mesh-room-package-')));
    const {stdout} = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {cwd: fromRoot()});
    const [packed] = JSON.parse(stdout) as [{filename: string; files: {path: string}[]}];
    files = packed.files.map(({path}) => path);
    await put('package.json', '{"name": "somebodys-site", "private": true, "type": "module"}');
    await run('npm', ['install', '--no-audit', '--no-fund', '--omit', 'dev', `./${packed.filename}`], {cwd: project});
  });
  after(async () => {
    if (project) await rm(project, {recursive: true, force: true});
  });

  it('holds what is needed and no sources or tests', () => {
    for (const wanted of ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json', 'dist/lib/index.js', 'dist/lib/define.js',
      'dist/server/index.js', 'dist/server/cli.js', 'dist/web/mesh-room.js', 'dist/web/index.html', 'dist/types/src/index.d.ts',
      'dist/types/server/index.d.ts', 'dist/lib/THIRD-PARTY-LICENSES.txt', 'dist/server/THIRD-PARTY-LICENSES.txt']) {
      assert.ok(files.includes(wanted), `${wanted} is missing`);
    }
    assert.deepEqual(files.filter(path => /\.test\.|^(src|server|test|scripts|bench)\//.test(path)), []);
  });

  it('has scripts for pages without a character outside Latin-1, for which browsers keep a whole script in two bytes a character', async () => {
    const scripts = files.filter(file => /^dist\/web\/.*\.js$/.test(file));
    assert.ok(scripts.length > 10);
    for (const file of scripts) {
      const found = /[^\0-\xff]/.exec(await readFile(join(project, 'node_modules/mesh-room', file), 'utf8'));
      assert.equal(found?.[0], undefined, `${file} at ${found?.index}: in a template, an entity stands for it`);
    }
  });

  it('installs lit and nothing else beside itself', async () => {
    const names = (await readdir(join(project, 'node_modules'))).filter(name => !name.startsWith('.')).sort();
    assert.deepEqual(names, ['@lit', '@lit-labs', '@types', 'lit', 'lit-element', 'lit-html', 'mesh-room']);
    assert.deepEqual(await readdir(join(project, 'node_modules/@types')), ['trusted-types']); // what lit's types speak of
  });

  it('runs as npx mesh-room, serves the page and the script, and stops within a second', async () => {
    const {stdout} = await run('npx', ['--no-install', 'mesh-room', '--version'], {cwd: project});
    assert.match(stdout, /^\d+\.\d+\.\d+\s*$/);

    const {child, url} = await startCommand();
    try {
      const browser = await launchChromium();
      try {
        const tabs = await Promise.all([newTab(browser, url), newTab(browser, url)]);
        for (const {page} of tabs) {
          await until(page, () => {
            const {status, peers} = document.querySelector<RoomElement>('mesh-room')?.state ?? {};
            return status === 'joined' && peers?.length === 1 && peers[0]?.link === 'direct';
          });
        }
        assert.deepEqual(tabs.flatMap(tab => tab.errors), []);
      } finally {
        await browser.close();
      }
    } finally {
      const exited = once(child, 'exit');
      const asked = performance.now();
      child.kill('SIGINT');
      const [code] = await exited as [number | null];
      assert.equal(code, 0);
      assert.ok(performance.now() - asked < 1_000);
    }
  });

  it('can be imported where there is no DOM, without doing anything', async () => {
    assert.equal(await node(`
      const {joinRoom, MeshRoom, MeshError} = await import('mesh-room');
      console.log(typeof joinRoom, typeof MeshRoom, new MeshError('bad-room', 'x').code);
    `), 'function function bad-room');
  });

  it('starts a server in somebody\'s own process, which ends when that stops', async () => {
    assert.equal(await node(`
      import {startServer} from 'mesh-room/server';
      const server = await startServer({port: 0});
      const {ok} = await fetch(new URL('/healthz', server.url));
      await server.stop();
      console.log(ok);
    `), 'true');
  });

  for (const [name, options] of [
    ['nodenext', {module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext}],
    ['bundler', {module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler}],
  ] as const) {
    it(`has types for ${name} resolution, the tags' included`, async () => {
      await put('uses.ts', `
        import {joinRoom, type MeshRoom, type RoomState} from 'mesh-room';
        import 'mesh-room/define';
        const element: MeshRoom = document.createElement('mesh-room');
        element.room = 'lobby';
        const state: RoomState = element.state;
        element.addEventListener('mesh-message', event => { const from: string = event.from; console.log(from, event.data); });
        document.querySelector('mesh-chat')?.say('hello').then(() => state.peers.length);
        export const join = async (): Promise<string> => {
          const room = await joinRoom({room: 'lobby', url: 'wss://chat.example/deepstream'});
          return room.state.selfId;
        };
        // @ts-expect-error a room has no such status
        if (state.status === 'asleep') throw new Error();
      `);
      assert.deepEqual(typeErrors('uses.ts', options), []);
      await put('serves.ts', `
        import {startServer} from 'mesh-room/server';
        export const start = async (): Promise<string> => (await startServer({port: 0})).url;
        // @ts-expect-error ports are numbers
        void startServer({port: 'http'});
      `);
      assert.deepEqual(typeErrors('serves.ts', {...options, types: ['node'], typeRoots: [fromRoot('node_modules/@types')]}), []);
    });
  }

  it('goes through a bundler that knows nothing of it, and joins', async () => {
    const entry = await put('site.js', `
      import 'mesh-room/define';
      document.body.append(Object.assign(document.createElement('mesh-room'), {room: 'bundled', url: URL_OF_SERVER}));
    `);
    const {child, url} = await startCommand();
    const endpoint = new URL('/deepstream', url.replace(/^http/, 'ws')).href;
    const {outputFiles, warnings} = await build({
      entryPoints: [entry], bundle: true, format: 'esm', platform: 'browser', minify: true, write: false, logLevel: 'silent',
      define: {URL_OF_SERVER: JSON.stringify(endpoint)},
    });
    assert.deepEqual(warnings, []);
    const script = (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script');
    const site = await servePages({'/': `<!doctype html><title>Bundled</title><body><script type="module">${script}</script>`});
    const browser = await launchChromium();
    try {
      const {page, errors} = await newTab(browser, site.url);
      await until(page, () => document.querySelector<RoomElement>('mesh-room')?.state.status === 'joined');
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
      await site.stop();
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
    }
  });
});
