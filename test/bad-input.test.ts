/** What a visitor and a developer see when something is not as it should be: real browser, real script, no room. */
import assert from 'node:assert/strict';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, Page} from 'puppeteer-core';
import {WebSocketServer} from 'ws';
import {startServer, type MeshServer} from '../server/index.js';
import {launchChromium, newTab, type Tab, until} from './helpers/browser.js';
import {enter, linked, openRoom, serveEmbed, stateOf, type RoomElement} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';
import {composer, typeLine} from './helpers/typing.js';

let server: MeshServer;
let site: Site;
let browser: Browser;
let tabs: Tab[] = [];
const others: Server[] = [];

/** Something on a port of this machine that is not this project's server. */
async function listen(other: Server): Promise<string> {
  others.push(other);
  // Upgraded sockets are not the server's any more, and would keep it open.
  other.on('connection', socket => other.once('close-all', () => socket.destroy()));
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(other.address() as AddressInfo).port}/deepstream`;
}

async function open(room: string | undefined, attributes: Readonly<Record<string, string>> = {}): Promise<Page> {
  const tab = await openRoom(browser, site, 'Ada');
  tabs.push(tab);
  await tab.page.evaluate(values => {
    const element = document.querySelector<RoomElement>('mesh-room')!;
    (window as unknown as {codes: string[]}).codes = [];
    element.addEventListener('mesh-error', event => {
      (window as unknown as {codes: string[]}).codes.push((event as Event & {error: {code: string}}).error.code);
    });
    for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  }, attributes);
  if (room !== undefined) await enter(tab.page, room);
  return tab.page;
}

const failed = (page: Page) => until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'failed');
const codes = (page: Page) => page.evaluate(() => (window as unknown as {codes: string[]}).codes);

/** What stands in the room, shadow trees included. */
const text = (page: Page): Promise<string> => page.evaluate(() => {
  const read = (node: Node): string => {
    if (node instanceof Element && getComputedStyle(node).display === 'none') return '';
    const inner = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
    if (inner.nodeType === Node.TEXT_NODE) return inner.textContent ?? '';
    return inner instanceof HTMLStyleElement ? '' : [...inner.childNodes].map(read).join(' ');
  };
  return read(document.querySelector('mesh-room')!).replace(/\s+/g, ' ');
});

/** The room failed with this code, said so in these words, and kept what was typed. */
async function assertFailed(page: Page, code: string, words: RegExp): Promise<void> {
  await failed(page);
  assert.ok((await codes(page)).includes(code), `mesh-error ${code}, not ${String(await codes(page))}`);
  assert.match(await text(page), words);
}

describe('bad input', () => {
  before(async () => {
    server = await startServer({port: 0});
    site = await serveEmbed(server);
    // A name that is no loopback name, so that pages under it are no secure context.
    browser = await launchChromium({args: ['--host-resolver-rules=MAP plain.test 127.0.0.1']});
  });
  afterEach(async () => {
    await Promise.all(tabs.map(tab => tab.close()));
    tabs = [];
    await Promise.all(others.splice(0).map(other => new Promise(resolve => {
      other.close(resolve);
      other.emit('close-all');
    })));
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });

  it('no room: says so, and to the owner how to name one', async () => {
    const page = await open(undefined);
    await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'idle');
    assert.match(await text(page), /No room/);
  });

  for (const url of ['not an address', 'http://127.0.0.1/deepstream', 'ftp://x', '//']) {
    it(`url="${url}": bad-url`, async () => {
      const page = await open('x', {url});
      await assertFailed(page, 'bad-url', /Could not join/);
    });
  }

  it('a room\'s name that is too long: bad-room', async () => {
    const page = await open('x'.repeat(201));
    await assertFailed(page, 'bad-room', /No such room/);
  });

  it('a server that is not there: server-unreachable, and what was typed is kept and sent once it is', async () => {
    const other = createServer();
    const url = await listen(other);
    const {port} = other.address() as AddressInfo;
    await new Promise(resolve => others.splice(0)[0]!.close(resolve));
    const page = await open('x', {url});
    await assertFailed(page, 'server-unreachable', /Could not join.*Try again/);
    await typeLine(page, 'typed in vain?');
    const field = await composer(page);
    await field.type('and half a line');
    const own = await startServer({port});
    try {
      await page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.rejoin());
      await linked(page, 'x', 0);
      assert.match(await text(page), /typed in vain\?/);
      assert.equal(await field.evaluate(element => element.value), 'and half a line');
    } finally {
      await own.stop();
    }
  });

  it('a web server that is no deepstream: not-deepstream', async () => {
    const url = await listen(createServer((_request, response) => response.end('hello')));
    await assertFailed(await open('x', {url}), 'not-deepstream', /Could not join/);
  });

  it('a gateway that answers for a server that is away: joined when the server is there, without being asked', async () => {
    const gateway = createServer((_request, response) => response.writeHead(502).end('Bad gateway'));
    const url = await listen(gateway);
    const page = await open('x', {url});
    await assertFailed(page, 'not-deepstream', /Could not join/);
    await new Promise(resolve => {
      gateway.close(resolve);
      gateway.closeAllConnections();
    });
    const own = await startServer({port: Number(new URL(url).port)});
    try {
      await linked(page, 'x', 0);
    } finally {
      await own.stop();
    }
  });

  for (const [what, answer] of [
    ['sends text', 'text'], ['sends garbage', 'garbage'], ['echoes', 'echo'], ['says nothing', 'nothing'], ['hangs up', 'close'],
  ] as const) {
    it(`a WebSocket server that ${what}: a clear state, and nothing thrown at the page`, async () => {
      const other = createServer();
      new WebSocketServer({server: other}).on('connection', socket => {
        if (answer === 'close') return socket.close();
        if (answer === 'nothing') return;
        socket.on('message', (data, isBinary) => {
          if (answer === 'echo') socket.send(data, {binary: isBinary});
          else if (answer === 'text') socket.send('{"hello":"there"}');
          else socket.send(new Uint8Array([3, 250, 1, 99, 0, 0, 7, 255]));
        });
      });
      const page = await open('x', {url: await listen(other)});
      await failed(page);
      const seen = await codes(page);
      assert.ok(seen.some(code => ['not-deepstream', 'server-unreachable', 'denied'].includes(code)), String(seen));
      assert.match(await text(page), /Could not join|Not allowed/);
      assert.deepEqual(tabs[0]!.errors.filter(error => !/WebSocket connection|Failed to load resource/.test(error)), []);
    });
  }

  it('a server that goes away in the handshake: a clear state', async () => {
    const other = createServer();
    other.on('upgrade', (_request, socket) => socket.destroy());
    await assertFailed(await open('x', {url: await listen(other)}), 'server-unreachable', /Could not join/);
  });

  it('a browser without WebRTC, and without the cryptography that the way through the server needs: no-webrtc', async () => {
    const tab = await newTab(browser, 'about:blank');
    tabs.push(tab);
    await tab.page.evaluateOnNewDocument(() => {
      delete (globalThis as Partial<typeof globalThis>).RTCPeerConnection;
      Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined});
    });
    await tab.page.goto(`${site.url}?room=x`);
    await failed(tab.page);
    assert.match(await text(tab.page), /Not available in this browser/);
    assert.equal((await stateOf(tab.page)).error?.code, 'no-webrtc');
  });

  it('a page over plain http: works where the browser lets it, and tells the owner', async () => {
    const tab = await newTab(browser, 'about:blank');
    tabs.push(tab);
    const url = new URL(site.url);
    url.hostname = 'plain.test';
    await tab.page.goto(url.href);
    await until(tab.page, () => customElements.get('mesh-room') !== undefined);
    assert.equal(await tab.page.evaluate(() => isSecureContext), false);
    const code = tab.page.evaluate(() => new Promise(resolve => {
      document.querySelector('mesh-room')!.addEventListener('mesh-error', event => {
        resolve((event as Event & {error: {code: string}}).error.code);
      });
    }));
    await enter(tab.page, 'plain');
    assert.equal(await code, 'insecure-context');
    await linked(tab.page, 'plain', 0);
  });

  it('a name of 300 characters: cut for display, whole in nobody\'s way', async () => {
    const page = await open('long', {name: '👩‍👩‍👧‍👦'.repeat(300)});
    const other = await open('long');
    await Promise.all([linked(page, 'long', 1), linked(other, 'long', 1)]);
    const shown = (await stateOf(other)).peers[0]!.name;
    assert.match(shown, /^(👩‍👩‍👧‍👦)+…?$/u);
    assert.equal(await other.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  });
});
