/** A room too large for everybody to be linked to everybody, in real tabs; beside the same room as a full mesh, in one run. */
import assert from 'node:assert/strict';
import {after, before, describe, it, type TestContext} from 'node:test';
import type {Browser} from 'puppeteer-core';
import {startServer, type MeshServer} from '../server/index.js';
import {smallWorld} from '../src/mesh/topology/small-world.js';
import {launchChromium, until} from './helpers/browser.js';
import {enter, lines, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';

/** Two more than a full mesh takes; `npm run test:crowd` says 24. */
const TABS = Number(process.env.CROWD_TABS ?? 14);
/** Lines that everybody says, one a second, while the processor is watched. */
const LINES = 5;
/** Two dozen tabs on two cores take their time. */
const LINK_MS = 120_000;

interface Cost {
  readonly links: number;
  readonly heapBytes: number;
  /** Seconds of processor time in the tab's own thread, from opening it to the last line. */
  readonly joinSeconds: number;
  readonly talkSeconds: number;
}

describe(`a room of ${TABS} tabs`, {timeout: 10 * 60_000}, () => {
  let server: MeshServer;
  let site: Site;
  let browser: Browser;
  before(async () => {
    server = await startServer({port: 0});
    [site, browser] = await Promise.all([serveEmbed(server), launchChromium()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });

  const busy = async ({page}: RoomTab): Promise<number> => (await page.metrics()).TaskDuration ?? 0;

  /** Fills a room, and has everybody say some lines. */
  async function play(topology: string): Promise<readonly Cost[]> {
    const tabs: RoomTab[] = [];
    try {
      for (let i = 0; i < TABS; i++) {
        const tab = await openRoom(browser, site, `Person ${i + 1}`);
        tabs.push(tab);
        tab.page.setDefaultTimeout(LINK_MS);
        await tab.page.evaluate(name => document.querySelector('mesh-room')!.setAttribute('topology', name), topology);
        await enter(tab.page, `crowd-${topology}`);
      }
      await Promise.all(tabs.map(async ({page}) => {
        try {
          // Links of the full mesh that the room has been stay until others have taken their place.
          await until(page, (others: number, most: number) => {
            const {status, peers} = document.querySelector<RoomElement>('mesh-room')!.state;
            return status === 'joined' && peers.length === others
              && peers.every(({link, name}) => name && (link === 'direct' || link === 'relayed'))
              && peers.filter(({far}) => !far).length <= most && peers.some(({far}) => far) === most < others;
          }, TABS - 1, topology === 'full-mesh' ? TABS - 1 : smallWorld.maxDegree(TABS));
        } catch (error) {
          throw new Error(`Not linked: ${JSON.stringify(await stateOf(page))}`, {cause: error});
        }
      }));
      const joined = await Promise.all(tabs.map(busy));
      const said: Promise<void>[] = [];
      for (let line = 0; line < LINES; line++) {
        said.push(...tabs.map(({page, name}) => say(page, `${name}: ${line}`)));
        await new Promise(resolve => setTimeout(resolve, 1_000));
      }
      await Promise.all(said);
      for (const {page, name: reader} of tabs) {
        const texts = await lines(page, TABS * LINES);
        assert.equal(texts.length, TABS * LINES, `${reader} has every line once`);
        for (const {name} of tabs) {
          assert.deepEqual(texts.filter(text => text.startsWith(`${name}:`)), Array.from({length: LINES}, (_, line) => `${name}: ${line}`));
        }
      }
      const costs = await Promise.all(tabs.map(async (tab, i): Promise<Cost> => {
        const talked = await busy(tab);
        await tab.page.evaluate(() => (globalThis as {gc?: () => void}).gc?.());
        const {JSHeapUsedSize = 0} = await tab.page.metrics();
        const {peers} = await stateOf(tab.page);
        return {
          links: peers.filter(({far, link}) => !far && link === 'direct').length,
          heapBytes: JSHeapUsedSize, joinSeconds: joined[i]!, talkSeconds: talked - joined[i]!,
        };
      }));
      assert.deepEqual(tabs.flatMap(({errors}) => errors), []);
      return costs;
    } finally {
      await Promise.all(tabs.map(tab => tab.close()));
    }
  }

  it('brings every line to every tab once, with no more links than a small world has, and less work than a full mesh', async (test: TestContext) => {
    const results = new Map<string, readonly Cost[]>();
    for (const topology of ['auto', 'full-mesh']) results.set(topology, await play(topology));
    test.diagnostic('topology   links mean/most   heap mean   join CPU mean/most   talk CPU mean');
    for (const [topology, costs] of results) {
      const mean = (pick: (cost: Cost) => number): number => costs.reduce((sum, cost) => sum + pick(cost), 0) / costs.length;
      const most = (pick: (cost: Cost) => number): number => Math.max(...costs.map(pick));
      test.diagnostic(`${topology.padEnd(10)} ${mean(({links}) => links).toFixed(1)} / ${most(({links}) => links)}   `
        + `${(mean(({heapBytes}) => heapBytes) / 1024 ** 2).toFixed(1)} MB   ${mean(({joinSeconds}) => joinSeconds).toFixed(2)} / `
        + `${most(({joinSeconds}) => joinSeconds).toFixed(2)} s   ${mean(({talkSeconds}) => talkSeconds).toFixed(2)} s`);
    }
    const most = Math.max(...results.get('auto')!.map(({links}) => links));
    assert.ok(most <= smallWorld.maxDegree(TABS), `${most} links`);
    assert.ok(most <= 2 * Math.log2(TABS) + 2);
    assert.deepEqual(new Set(results.get('full-mesh')!.map(({links}) => links)), new Set([TABS - 1]));
  });
});
