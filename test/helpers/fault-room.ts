/** Three tabs of a real browser in one room, with a real server behind a fault proxy, for whatever breaks on real devices. */
import assert from 'node:assert/strict';
import type {TestContext} from 'node:test';
import type {Browser} from 'puppeteer-core';
import {startServer, type MeshServer} from '../../server/index.js';
import {Child} from '../../server/testing/children.js';
import {fromRoot} from '../../scripts/build/paths.js';
import {launchChromium, until, type ChromiumOptions, type TabOptions} from './browser.js';
import {makeDevice, WITH_ADDRESSES, type Device} from './device.js';
import {startFaultProxy, type FaultProxy} from './fault-proxy.js';
import {entriesOf, plainClient} from './plain-client.js';
import {disturbedMs, slownessOf} from './machine.js';
import {isOfBrowser, lines, linkedTo, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab} from './room-tabs.js';
import type {Site} from './serve.js';

/** How often each fault is played; `npm run test:faults` says ten. */
export const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
/** Whether faults last as long as they may. */
export const LONG = process.env.FAULT_LONG === '1';
export const TABS = 3;
/** The server's `limits.silentMs` here, so that a round does not take minutes. */
export const SILENT_MS = 4_000;

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** The real server as a process of its own, which can be killed. */
class ServerProcess {
  port = 0;
  #child: Child | undefined;

  /** @returns once it listens. */
  async start(): Promise<void> {
    this.#child = new Child(fromRoot('test/helpers/server-child.ts'), [String(this.port), String(SILENT_MS)]);
    this.port = Number(new URL(await this.#child.line()).port);
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }
}

/** Milliseconds of a bound that may be work; the rest are waits of the product's own, which a slow machine does not make longer. */
const MOST_WORK_MS = 2_000;

/** One figure a round; those apart that tell of the host of this machine, and not of the product. */
export class Figures {
  /** How long each took, and for how much of that the processor was away. */
  readonly #rounds: {readonly ms: number; readonly away: number}[] = [];
  readonly #room: FaultRoom;

  /** @param room - where they are measured: it knows how slow its machine is. */
  constructor(room: FaultRoom) {
    this.#room = room;
  }

  get played(): number {
    return this.#rounds.length;
  }

  /** Whether another round is to be played: of those asked for, or, at most as often, for one that the host has disturbed. */
  get wantsMore(): boolean {
    return this.played < ROUNDS + Math.min(ROUNDS, this.#rounds.filter(({away}) => away > 0).length);
  }

  /** Takes how long something took until now, in milliseconds. */
  push(ms: number): void {
    this.#rounds.push({ms, away: disturbedMs(ms)});
  }

  /**
   * Prints what was measured, and checks its 95th percentile. Half of the rounds must have told something: a
   * processor that was away makes a round longer and never shorter, so that one within the bound counts all the same.
   * @param fastMs - the bound on the machine that it is for; on a slower one the work in it takes as many times longer.
   */
  judge(test: TestContext, what: string, fastMs: number): void {
    const {slowness} = this.#room;
    const boundMs = Math.round(fastMs + (slowness - 1) * Math.min(fastMs, MOST_WORK_MS));
    const slow = slowness > 1 ? `: ${fastMs} on a machine ${slowness.toFixed(1)} × as fast` : '';
    const rounds = this.#rounds.length;
    const leftOut = this.#rounds.filter(({ms, away}) => away && ms > boundMs);
    const sorted = this.#rounds.filter(round => !leftOut.includes(round)).map(({ms}) => ms).sort((a, b) => a - b);
    const apart = leftOut.length ? `; left out: ${leftOut.map(({ms, away}) => `${ms} ms with the processor away for ${away} ms`).join(', ')}` : '';
    assert.ok(sorted.length >= rounds / 2, `${what}: the host of this machine left too little of ${rounds} rounds${apart}`);
    const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1]!;
    const median = sorted[Math.floor(sorted.length / 2)]!;
    test.diagnostic(`${what}: median ${median.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, worst ${sorted.at(-1)!.toFixed(0)} ms`
      + ` (${sorted.length} rounds, bound ${boundMs} ms${slow}${apart})`);
    assert.ok(p95 <= boundMs, `${what}: p95 ${p95} ms, bound ${boundMs} ms`);
  }
}

export class FaultRoom {
  /** The room's server, which can be killed. */
  readonly server = new ServerProcess();
  /** Hands out the script, always. */
  host!: MeshServer;
  /** Stands between all tabs and `server`. */
  proxy!: FaultProxy;
  site!: Site;
  browser!: Browser;
  /** How many times longer links take here than on the machine that bounds are for. */
  slowness = 1;
  /** The tabs that are open and well. */
  tabs: RoomTab[] = [];
  /** Name of the present room. */
  room = '';
  #rooms = 0;
  readonly #errors: string[] = [];

  async start(options: ChromiumOptions = {}): Promise<void> {
    [this.host] = await Promise.all([startServer({port: 0}), this.server.start()]);
    this.proxy = await startFaultProxy({targetPort: this.server.port});
    [this.site, this.browser] = await Promise.all([
      serveEmbed(this.host), launchChromium({...options, args: [...WITH_ADDRESSES, ...options.args ?? []]}),
    ]);
    this.slowness = await slownessOf(this.browser);
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    await this.site?.stop();
    await this.proxy?.stop();
    await this.host?.stop();
    await this.server.kill();
  }

  /** A new room for the tabs to come. */
  next(): string {
    this.room = `fault-${++this.#rooms}`;
    return this.room;
  }

  /** Opens one more tab; by default it reaches the server through the proxy. */
  async openTab(name: string, options: TabOptions & {readonly url?: string} = {}): Promise<RoomTab> {
    const tab = await openRoom(this.browser, this.site, name, this.room, {url: endpoint(this.proxy), ...options});
    this.tabs.push(tab);
    return tab;
  }

  /** Opens a new room with all its tabs, linked to each other. */
  async open(count = TABS): Promise<readonly RoomTab[]> {
    this.next();
    const tabs = await Promise.all(Array.from({length: count}, (_, i) => this.openTab(`Person ${i + 1}`)));
    await this.meshed();
    return tabs;
  }

  /** Everybody is linked to everybody, and to nobody else. */
  async meshed(): Promise<void> {
    await Promise.all(this.tabs.map(({page}) => until(page, () => !!document.querySelector<RoomElement>('mesh-room')?.selfId)));
    const ids = await Promise.all(this.tabs.map(async ({page}) => (await stateOf(page)).selfId));
    // As many others are not enough: one of them may be gone, and somebody new not yet there.
    await Promise.all(this.tabs.map(({page}, i) => linkedTo(page, this.room, ids.filter((_, j) => j !== i))));
  }

  /** Milliseconds until all tabs are linked to all others, and the server's List names each of them once. */
  async healed(since: number): Promise<number> {
    await this.meshed();
    const tookMs = Date.now() - since;
    await this.isExact();
    return tookMs;
  }

  /** The server's List names everybody once, and nobody else. */
  async isExact(): Promise<void> {
    const client = await plainClient(`ws://127.0.0.1:${this.server.port}/deepstream`);
    const entries = await entriesOf(client, `mesh-room/${this.room}`);
    client.close();
    const ids = await Promise.all(this.tabs.map(async ({page}) => (await stateOf(page)).selfId));
    assert.deepEqual([...entries].sort(), ids.sort(), 'everybody is in the List once, and nobody else');
  }

  /** Everybody says a line; everybody reads all of them, once, within the bound. */
  async talk(word: string, boundMs = 1_000): Promise<void> {
    const {tabs} = this;
    const before = await Promise.all(tabs.map(async ({page}) => (await lines(page, 0)).length));
    const since = Date.now();
    await Promise.all(tabs.map(({page, name}) => say(page, `${word} ${name}`)));
    const texts = await Promise.all(tabs.map(({page}, i) => lines(page, before[i]! + tabs.length)));
    const tookMs = Date.now() - since;
    assert.ok(tookMs < boundMs * this.slowness || disturbedMs(tookMs), `a line took ${tookMs} ms`);
    for (const all of texts) {
      assert.deepEqual(all.filter(text => text.startsWith(word)).sort(), tabs.map(({name}) => `${word} ${name}`).sort());
    }
  }

  /** `tab` is not one of those that are well any more; what went wrong in it still counts. */
  lose(tab: RoomTab): void {
    this.#errors.push(...tab.errors);
    this.tabs = this.tabs.filter(each => each !== tab);
  }

  /** Closes all tabs, and checks that nothing went wrong in them but what is `expected`: nothing of ours. */
  async close(expected = isOfBrowser): Promise<void> {
    const errors = [...this.#errors.splice(0), ...this.tabs.flatMap(tab => tab.errors)].filter(error => !expected(error));
    await Promise.all(this.tabs.map(tab => tab.close()));
    this.tabs = [];
    assert.deepEqual(errors, [], 'nothing went wrong in the console');
  }
}

/** A device of its own, whose browser opens the same pages and reaches the same server, through the same proxy. */
export interface FaultDevice {
  readonly network: Device;
  /** Opens a tab there, as one of the room's. */
  openTab(name: string, options?: TabOptions): Promise<RoomTab>;
  remove(): Promise<void>;
}

/** @returns why there can be none here: a string. */
export async function makeFaultDevice(room: FaultRoom): Promise<FaultDevice | string> {
  const network = await makeDevice();
  if (typeof network === 'string') return network;
  const {host} = network;
  const script = await startFaultProxy({host, targetPort: room.host.port});
  const signalling = await startFaultProxy({host, targetPort: room.proxy.port});
  const site = await serveEmbed({url: `http://${host}:${script.port}/`}, host);
  const browser = await network.launch([new URL(site.url).origin]);
  return {
    network,
    async openTab(name, options = {}) {
      const tab = await openRoom(browser, site, name, room.room, {...options, url: `ws://${host}:${signalling.port}/deepstream`});
      room.tabs.push(tab);
      return tab;
    },
    async remove() {
      await network.remove();
      await Promise.all([site, script, signalling].map(each => each.stop()));
    },
  };
}

const endpoint = ({port}: FaultProxy): string => `ws://127.0.0.1:${port}/deepstream`;

/** Waits until a tab's room has this status. */
export const hasStatus = ({page}: RoomTab, wanted: string): Promise<void> =>
  until(page, (status: string) => document.querySelector<RoomElement>('mesh-room')!.state.status === status, wanted);
