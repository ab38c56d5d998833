/** `npm run bench:chat`: a chat of a hundred thousand lines beside a plain list of the same lines. See README.md. */
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import {build} from 'esbuild';
import type {CDPSession, Page} from 'puppeteer-core';

import {browserOptions} from '../scripts/build/vendors.js';
import {serveWith, type Site} from '../test/helpers/serve.js';
import {launchChromium} from './driver/browser.js';
import {numbers} from './numbers.js';
import {program, tell} from './program.js';
import {comparison, sideBySide, type Figures} from './side-by-side.js';
import {quantile} from './stats.js';

const USAGE = `npm run bench:chat -- [options]

  --lines 1000,100000   lengths of the log
  --rounds 3
  --markdown <file>
`;

const PAGES = ['plain-list', 'mesh-chat'] as const;

const APPENDS = 100;
const FRAMES = 120;
const SCROLL_PX = 400;
const WIDTH = 412;
const HEIGHT = 915;
/** What a chat writes behind its lines takes so long at most. */
const KEPT_MS = 3_000;

const ROWS = {
  append: 'a line more: main thread, ms',
  scroll: 'scrolling back: main thread a frame, ms',
  slowest: 'scrolling back: slowest frame, ms',
  heap: 'JS heap, MB',
  memory: 'memory of the tab, MB',
  nodes: 'DOM nodes',
  open: 'page opened anew: newest line that was kept is drawn, ms',
} as const;
type Row = keyof typeof ROWS;

async function servePages(): Promise<Site> {
  const scripts = new Map<string, string>(await Promise.all(PAGES.map(async name => {
    const {outputFiles} = await build({
      ...browserOptions, entryPoints: [fileURLToPath(new URL(`chat/${name}.ts`, import.meta.url))], outfile: `${name}.js`,
      bundle: true, write: false, minify: true, sourcemap: false,
    });
    return [`/${name}.js`, outputFiles[0]!.text] as const;
  })));
  return serveWith((request, response) => {
    const {pathname} = new URL(request.url ?? '/', 'http://page');
    const script = scripts.get(pathname);
    if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html')
      .end(`<!doctype html><meta charset="utf-8"><title>chat</title><link rel="icon" href="data:,"><script type="module" src="${pathname}.js"></script>`);
  });
}

/** Milliseconds of main thread that `run` takes, without waiting. */
async function taskMs(page: Page, run: () => Promise<unknown>): Promise<number> {
  const before = (await page.metrics()).TaskDuration ?? 0;
  await run();
  return ((await page.metrics()).TaskDuration! - before) * 1_000;
}

/** Resident memory of the tab's process, from the system. */
async function memoryMb(browser: CDPSession): Promise<number> {
  const {processInfo} = await browser.send('SystemInfo.getProcessInfo');
  const [tab] = processInfo.filter(({type}) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime);
  const status = await readFile(`/proc/${tab!.id}/status`, 'utf8').catch(() => '');
  const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
  return kb === undefined ? Number.NaN : Number(kb) / 1_000;
}

/** One round, in a browser of its own. */
async function play(url: string, lines: number): Promise<Figures<Row>> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.setViewport({width: WIDTH, height: HEIGHT});
    await page.goto(`${url}?empty`);
    await page.evaluate(() => window.chat.open());
    await page.evaluate(count => window.chat.fill(count), lines);
    await new Promise(resolve => setTimeout(resolve, KEPT_MS));
    const session = await page.createCDPSession();
    await session.send('HeapProfiler.collectGarbage');
    const heap = (await session.send('Runtime.getHeapUsage')).usedSize / 1_000_000;
    const {Nodes = Number.NaN} = await page.metrics();
    const memory = await memoryMb(await browser.target().createCDPSession());
    const append = await taskMs(page, () => page.evaluate(count => window.chat.append(count), APPENDS)) / APPENDS;
    let frames: number[] = [];
    const scroll = await taskMs(page, async () => {
      frames = await page.evaluate((count, px) => window.chat.scroll(count, px), FRAMES, SCROLL_PX);
    }) / FRAMES;
    await new Promise(resolve => setTimeout(resolve, KEPT_MS));
    await page.goto(url);
    const open = await page.evaluate(() => window.chat.open());
    return {append, scroll, slowest: quantile(frames, 1), heap, memory, nodes: Nodes, open};
  } finally {
    await browser.close();
  }
}

async function main(lengths: readonly number[], rounds: number, markdown: string | undefined): Promise<void> {
  const site = await servePages();
  const text: string[] = [];
  try {
    for (const lines of lengths) {
      const heading = `${lines.toLocaleString('en')} lines`;
      const results = await sideBySide({label: heading, names: PAGES, rounds, play: name => play(site.url + name, lines)});
      text.push(...comparison({heading, rows: ROWS, results, floor: 'plain-list'}), '');
    }
  } finally {
    await site.stop();
  }
  await tell([...text, `Median of ${rounds} rounds (least–most), times that of the plain list. Page of ${WIDTH} × ${HEIGHT}.`], markdown);
}

await program(async () => {
  const {values} = parseArgs({options: {
    lines: {type: 'string', default: '1000,100000'}, rounds: {type: 'string', default: '3'}, markdown: {type: 'string'},
    help: {type: 'boolean', short: 'h'},
  }});
  if (values.help) console.log(USAGE);
  else await main(numbers(values.lines, '--lines', 1), numbers(values.rounds, '--rounds', 1)[0]!, values.markdown);
});
