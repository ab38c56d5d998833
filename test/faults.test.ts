/**
 * What breaks on real devices, to three tabs in a room of a real browser, with the real server behind a fault proxy. Each fault several
 * rounds, with its figures printed. `FAULT_ROUNDS` sets how many; `npm run test:faults` plays ten, and the long ones.
 */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it, type TestContext} from 'node:test';
import type {Browser, CDPSession} from 'puppeteer-core';
import {Child} from '../server/testing/children.js';
import {fromRoot} from '../scripts/build/paths.js';
import {launchChromium, until} from './helpers/browser.js';
import {startFaultProxy, type FaultProxy} from './helpers/fault-proxy.js';
import {entriesOf, plainClient} from './helpers/plain-client.js';
import {isOfBrowser, lines, linked, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';

const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 2);
/** Whether the faults that last a minute are played. */
const LONG = process.env.FAULT_LONG === '1';
const TABS = 3;
/** The server's `limits.silentMs` here, so that a round does not take minutes. */
const SILENT_MS = 4_000;

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** The real server as a process of its own, which can be killed. */
class ServerProcess {
  url = '';
  port = 0;
  #child: Child | undefined;

  /** @returns once it listens. */
  async start(): Promise<void> {
    this.#child = new Child(fromRoot('test/helpers/server-child.ts'), [String(this.port), String(SILENT_MS)]);
    this.url = await this.#child.line();
    this.port = Number(new URL(this.url).port);
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }
}

/** Prints what was measured, and checks its 95th percentile. */
function judge(test: TestContext, what: string, figures: readonly number[], boundMs: number): void {
  const sorted = [...figures].sort((a, b) => a - b);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1]!;
  const median = sorted[Math.floor(sorted.length / 2)]!;
  test.diagnostic(`${what}: median ${median.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, worst ${sorted.at(-1)!.toFixed(0)} ms`
    + ` (${figures.length} rounds, bound ${boundMs} ms)`);
  assert.ok(p95 <= boundMs, `${what}: p95 ${p95} ms, bound ${boundMs} ms`);
}

describe('faults', () => {
  const server = new ServerProcess();
  let proxy: FaultProxy;
  let site: Site;
  let browser: Browser;
  let tabs: RoomTab[] = [];
  let rooms = 0;
  let room = '';

  const open = async (): Promise<readonly RoomTab[]> => {
    room = `fault-${++rooms}`;
    const url = `ws://127.0.0.1:${proxy.port}/deepstream`;
    tabs = await Promise.all(Array.from({length: TABS}, (_, i) => openRoom(browser, site, `Person ${i + 1}`, room, {url})));
    await meshed();
    return tabs;
  };
  const meshed = (): Promise<unknown> => Promise.all(tabs.map(({page}) => linked(page, room, TABS - 1)));
  /** Milliseconds until all tabs are joined and linked to all others, and the server's List names each of them once. */
  const healed = async (since: number): Promise<number> => {
    await meshed();
    const tookMs = Date.now() - since;
    const client = await plainClient(`ws://127.0.0.1:${server.port}/deepstream`);
    const entries = await entriesOf(client, `mesh-room/${room}`);
    client.close();
    const ids = await Promise.all(tabs.map(async ({page}) => (await stateOf(page)).selfId));
    assert.deepEqual([...entries].sort(), ids.sort(), 'everybody is in the List once, and nobody else');
    return tookMs;
  };
  const reconnecting = ({page}: RoomTab): Promise<void> =>
    until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'resuming');
  /** Everybody says a line; everybody reads all of them, once, within the bound. */
  const talk = async (word: string, boundMs = 1_000): Promise<void> => {
    const before = await Promise.all(tabs.map(async ({page}) => (await lines(page, 0)).length));
    const since = Date.now();
    await Promise.all(tabs.map(({page, name}) => say(page, `${word} ${name}`)));
    const texts = await Promise.all(tabs.map(({page}, i) => lines(page, before[i]! + TABS)));
    assert.ok(Date.now() - since < boundMs, `a line took ${Date.now() - since} ms`);
    for (const all of texts) {
      assert.deepEqual(all.filter(text => text.startsWith(word)).sort(), tabs.map(({name}) => `${word} ${name}`).sort());
    }
  };
  const close = async (): Promise<void> => {
    const errors = tabs.flatMap(tab => tab.errors).filter(error => !isOfBrowser(error));
    await Promise.all(tabs.map(tab => tab.close()));
    tabs = [];
    assert.deepEqual(errors, [], 'nothing went wrong in the console');
  };

  before(async () => {
    await server.start();
    proxy = await startFaultProxy({targetPort: server.port});
    [site, browser] = await Promise.all([serveEmbed(server), launchChromium()]);
  });
  afterEach(close);
  after(async () => {
    await browser?.close();
    await site?.stop();
    await proxy?.stop();
    await server.kill();
  });

  /** The server is killed and comes back after `awayMs`. */
  const killed = (awayMs: number, rounds: number) => async (test: TestContext): Promise<void> => {
    await open();
    const figures: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await server.kill();
      await Promise.all(tabs.map(reconnecting));
      await talk(`away ${round}:`);
      await pause(awayMs);
      await talk(`still away ${round}:`);
      await server.start();
      figures.push(await healed(Date.now()));
      await talk(`back ${round}:`);
    }
    judge(test, `server gone for ${awayMs / 1_000} s, all in the List again after its return`, figures, 1_500);
  };

  it('a server that is killed and comes back', killed(5_000, ROUNDS));
  it('a server that is away for a minute', {skip: !LONG}, killed(60_000, ROUNDS));

  it('a server that falls silent while its sockets stand', async test => {
    await open();
    const noticed: number[] = [];
    const figures: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const since = Date.now();
      proxy.swallow = 'everything';
      await Promise.all(tabs.map(reconnecting));
      noticed.push(Date.now() - since);
      await talk(`silent ${round}:`);
      await pause(LONG ? 15_000 : 3_000);
      proxy.swallow = 'nothing';
      figures.push(await healed(Date.now()));
      await talk(`speaks ${round}:`);
    }
    judge(test, 'silence noticed', noticed, 5_000);
    judge(test, 'all in the List again after it', figures, 1_500);
  });

  /** One tab is frozen for `frozenMs`, while the others talk. */
  const frozen = (frozenMs: number, what: string) => async (test: TestContext): Promise<void> => {
    const figures: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [one, two, sleeper] = await open() as [RoomTab, RoomTab, RoomTab];
      const session: CDPSession = await sleeper.page.createCDPSession();
      await say(sleeper.page, 'before');
      await Promise.all([one, two].map(({page}) => lines(page, 1)));
      await session.send('Page.setWebLifecycleState', {state: 'frozen'});
      const end = Date.now() + frozenMs;
      const said: string[] = [];
      while (Date.now() < end) {
        said.push(`while it sleeps ${said.length}`);
        await say(one.page, said.at(-1)!);
        await pause(frozenMs / 8);
      }
      await session.send('Page.setWebLifecycleState', {state: 'active'});
      figures.push(await healed(Date.now()));
      const heard = await lines(sleeper.page, 1 + said.length);
      assert.deepEqual(heard.filter(text => text.startsWith('while')), said, 'what was said meanwhile is there, once and in order');
      await talk('after:');
      await close();
    }
    judge(test, `${what}, all links usable after resume`, figures, 2_000);
  };

  it('a tab that is frozen', frozen(LONG ? 10_000 : 3_000, 'frozen for a short time'));
  it('a tab that is frozen for longer than the server waits', frozen(SILENT_MS + 5_000, 'frozen beyond the lease'));

  it('a tab that is reloaded ten times fast', async test => {
    const figures: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await open();
      const {page} = tabs[2]!;
      for (let i = 0; i < 10; i++) await page.reload({waitUntil: 'domcontentloaded'});
      figures.push(await healed(Date.now()));
      await close();
    }
    judge(test, 'roster exact after ten reloads', figures, 3_000);
  });
});
