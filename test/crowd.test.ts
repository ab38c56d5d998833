/** A room too large for everybody to be linked to everybody, in real tabs; on request beside the same room as a full mesh, in one run. */
import assert from 'node:assert/strict';
import {after, before, describe, it, type TestContext} from 'node:test';
import {startServer, type MeshServer} from '../server/index.js';
import {smallWorld} from '../src/mesh/topology/small-world.js';
import {launchChromium, until} from './helpers/browser.js';
import {enter, lines, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';

/** Two more than a full mesh takes; `npm run test:crowd` says 24. */
const TABS = Number(process.env.CROWD_TABS ?? 14);
/** Whether the same room is a full mesh afterwards, for comparison; beyond two dozen tabs that is more than two cores carry. */
const IS_FULL_TOO = process.env.CROWD_FULL === 'on';
/** Lines that everybody says, one after another, while the processor is watched; two have an order. */
const LINES = IS_FULL_TOO ? 5 : 2;
/** Three lines a second are read by all: what so many devices do at once takes this machine much longer. */
const LINE_EVERY_MS = 300;
/** Two dozen tabs on two cores take their time. */
const LINK_MS = 120_000;

interface Cost {
  /** Of each tab. */
  readonly links: readonly number[];
  readonly heapBytes: readonly number[];
  /** Processor time of the whole browser a tab: until everybody is linked, and for all lines. */
  readonly joinSeconds: number;
  readonly talkSeconds: number;
}

describe(`a room of ${TABS} tabs`, {timeout: 10 * 60_000}, () => {
  let server: MeshServer;
  let site: Site;
  before(async () => {
    server = await startServer({port: 0});
    site = await serveEmbed(server);
  });
  after(async () => {
    await site?.stop();
    await server?.stop();
  });

  /** Fills a room, and has everybody say some lines; in a browser of its own, whose processor time is the room's. */
  async function play(topology: string): Promise<Cost> {
    const browser = await launchChromium();
    const tabs: RoomTab[] = [];
    try {
      const browserSession = await browser.target().createCDPSession();
      const busy = async (): Promise<number> => {
        const {processInfo} = await browserSession.send('SystemInfo.getProcessInfo');
        return processInfo.reduce((sum, {cpuTime}) => sum + cpuTime, 0) / TABS;
      };
      for (let i = 0; i < TABS; i++) {
        const tab = await openRoom(browser, site, `Person ${i + 1}`);
        tabs.push(tab);
        tab.page.setDefaultTimeout(LINK_MS);
        await tab.page.evaluate(name => document.querySelector('mesh-room')!.setAttribute('topology', name), topology);
      }
      const opened = await busy();
      // One after another: two dozen devices have two dozen processors, and this machine has two.
      for (const {page} of tabs) {
        await enter(page, `crowd-${topology}`);
        await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'joined');
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
      const joined = await busy();
      const said: Promise<void>[] = [];
      for (let line = 0; line < LINES; line++) {
        for (const {page, name} of tabs) {
          said.push(say(page, `${name}: ${line}`));
          await new Promise(resolve => setTimeout(resolve, LINE_EVERY_MS));
        }
      }
      await Promise.all(said);
      for (const {page, name: reader} of tabs) {
        const texts = await lines(page, TABS * LINES);
        assert.equal(texts.length, TABS * LINES, `${reader} has every line once`);
        for (const {name} of tabs) {
          assert.deepEqual(texts.filter(text => text.startsWith(`${name}:`)), Array.from({length: LINES}, (_, line) => `${name}: ${line}`));
        }
      }
      const talked = await busy();
      const perTab = await Promise.all(tabs.map(async ({page}) => {
        const session = await page.createCDPSession();
        await session.send('HeapProfiler.collectGarbage');
        const {JSHeapUsedSize = 0} = await page.metrics();
        const {peers} = await stateOf(page);
        return {heapBytes: JSHeapUsedSize, links: peers.filter(({far, link}) => !far && link === 'direct').length};
      }));
      assert.deepEqual(tabs.flatMap(({errors}) => errors), []);
      return {
        links: perTab.map(({links}) => links), heapBytes: perTab.map(({heapBytes}) => heapBytes),
        joinSeconds: joined - opened, talkSeconds: talked - joined,
      };
    } finally {
      await browser.close();
    }
  }

  it('brings every line to every tab once, with no more links than a small world has', async (test: TestContext) => {
    const small = await play('auto');
    const full = IS_FULL_TOO ? await play('full-mesh') : undefined;
    const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
    test.diagnostic(`topology   links: mean, most   heap a tab   processor a tab: joining   ${TABS * LINES} lines`);
    for (const [topology, {links, heapBytes, joinSeconds, talkSeconds}] of Object.entries({auto: small, ...full && {'full-mesh': full}})) {
      test.diagnostic(`${topology.padEnd(10)} ${mean(links).toFixed(1)}, ${Math.max(...links)}   `
        + `${(mean(heapBytes) / 1024 ** 2).toFixed(2)} MB   ${joinSeconds.toFixed(2)} s   ${talkSeconds.toFixed(2)} s`);
    }
    const most = Math.max(...small.links);
    assert.ok(most <= smallWorld.maxDegree(TABS), `${most} links`);
    assert.ok(most <= 2 * Math.log2(TABS) + 2);
    if (full) assert.deepEqual(new Set(full.links), new Set([TABS - 1]));
  });
});
