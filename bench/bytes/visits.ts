/** What a visitor's browser fetches, and how long it takes, until the first line that it says is there. */
import {fileURLToPath} from 'node:url';
import {brotliCompressSync} from 'node:zlib';

import {build} from 'esbuild';
import {TimeoutError, type Browser, type Page} from 'puppeteer-core';

import {serveWith} from '../../test/helpers/serve.js';
import {SUBJECT} from '../servers/index.js';
import {ServerProcess} from '../servers/process.js';

export interface Visit {
  /** Requests and sockets. */
  readonly requests: number;
  /** Bytes that came over the network, in kB: answers with their headers, and what sockets carried. */
  readonly downKb: number;
  readonly upKb: number;
  /** From the navigation's begin; `NaN` for a page that paints nothing. */
  readonly paintMs: number;
  /** From the navigation's begin until another tab had the first line; `Infinity` when it never did. */
  readonly lineMs: number;
}

/** As contestants, and this project's element with its chat. */
export const ELEMENT = 'mesh-room, element with chat';
const HEARD_MS = 15_000;

export interface Visits {
  /** One visit of a browser that has nothing of the page in its cache, to a room in which somebody is. */
  play(browser: Browser, room: string): Promise<Visit>;
  stop(): Promise<void>;
}

/** Pages are compressed with Brotli, as this project's server hands out its own. */
export async function serveVisits(name: string): Promise<Visits> {
  const isElement = name === ELEMENT;
  const server = new ServerProcess(isElement ? SUBJECT : name);
  const {url} = await server.start();
  const script = isElement ? undefined : await bundle(name);
  const site = await serveWith((request, response) => {
    const {pathname, searchParams} = new URL(request.url ?? '/', 'http://page');
    if (pathname === '/page.js' && script) {
      response.writeHead(200, {'content-type': 'text/javascript', 'content-encoding': 'br'}).end(script);
      return;
    }
    response.setHeader('content-type', 'text/html').end(pageOf(isElement, url, searchParams.get('room') ?? ''));
  });
  return {
    play: (browser, room) => visit(browser, `${site.url}?${new URLSearchParams({server: url, room}).toString()}`),
    stop: async () => {
      await site.stop();
      await server.stop();
    },
  };
}

const pageOf = (isElement: boolean, server: string, room: string): string => `<!doctype html><meta charset="utf-8"><title>visit</title>
<link rel="icon" href="data:,">${isElement
  ? `<script type="module" src="${server}mesh-room.js"></script><mesh-room room="${room}" history="off"><mesh-chat></mesh-chat></mesh-room>
<script type="module">
  const chat = document.querySelector('mesh-chat');
  chat.addEventListener('mesh-chat-message', ({message}) => { if (!message.own) window.heard ??= performance.timeOrigin + performance.now(); });
  customElements.whenDefined('mesh-chat').then(() => chat.say('a first line'));
</script>`
  : '<script type="module" src="/page.js"></script>'}`;

/** Everybody's page is one script with the library in it, as an app's bundler makes it. */
async function bundle(name: string): Promise<Uint8Array> {
  const create = name === SUBJECT
    ? `import * as script from '../dist/lib/index.js'; import {MeshRoom} from './contestants/${name}.ts'; const create = () => new MeshRoom(async () => script);`
    : `import {create} from './contestants/${name}.ts';`;
  const {outputFiles} = await build({
    stdin: {
      contents: `import {visit} from './bytes/page.ts'; ${create} void visit(create());`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', legalComments: 'none',
  });
  return brotliCompressSync(outputFiles[0]!.contents);
}

async function visit(browser: Browser, url: string): Promise<Visit> {
  // Contexts of their own have caches of their own.
  const contexts = [await browser.createBrowserContext(), await browser.createBrowserContext()] as const;
  try {
    const other = await open(contexts[0]);
    await other.goto(url);
    await other.waitForFunction(() => window.present ?? document.querySelector('mesh-room')?.state.status === 'joined');
    const page = await open(contexts[1]);
    const counts = {requests: 0, down: 0, up: 0};
    const session = await page.createCDPSession();
    await session.send('Network.enable');
    session.on('Network.requestWillBeSent', ({request}) => counts.requests += Number(request.url.startsWith('http')));
    session.on('Network.webSocketCreated', () => counts.requests++);
    session.on('Network.loadingFinished', ({encodedDataLength}) => counts.down += encodedDataLength);
    session.on('Network.webSocketFrameReceived', ({response}) => counts.down += lengthOf(response));
    session.on('Network.webSocketFrameSent', ({response}) => counts.up += lengthOf(response));
    await page.goto(url, {waitUntil: 'domcontentloaded'});
    const heard = await heardBy(other);
    const {begun, paint} = await page.evaluate(() => ({
      begun: performance.timeOrigin, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    }));
    return {
      requests: counts.requests, downKb: counts.down / 1_024, upKb: counts.up / 1_024, paintMs: paint ?? Number.NaN, lineMs: heard - begun,
    };
  } finally {
    for (const context of contexts) await context.close();
  }
}

async function heardBy(page: Page): Promise<number> {
  try {
    return (await (await page.waitForFunction(() => window.heard, {timeout: HEARD_MS, polling: 20})).jsonValue())!;
  } catch (error) {
    if (error instanceof TimeoutError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

async function open(context: Awaited<ReturnType<Browser['createBrowserContext']>>): Promise<Page> {
  const page = await context.newPage();
  await (await page.createCDPSession()).send('Emulation.setFocusEmulationEnabled', {enabled: true});
  return page;
}

/** Bytes of a frame: text as UTF-8, others are told in Base64. */
const lengthOf = ({opcode, payloadData}: {opcode: number; payloadData: string}): number =>
  opcode === 1 ? Buffer.byteLength(payloadData) : Buffer.byteLength(payloadData, 'base64');
