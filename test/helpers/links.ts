/** What tests of links say and ask: how two tabs reach each other, and what arrives while that changes. */
import assert from 'node:assert/strict';
import type {LinkKind, PeerState} from '../../src/room/types.js';
import {WAIT_MS, until} from './browser.js';
import {makeFaultDevice, pause, type FaultDevice, type FaultRoom} from './fault-room.js';
import {enterTogether, lines, say, stateOf, type ChatElement, type RoomElement, type RoomTab} from './room-tabs.js';

/** A link that carries what is said. */
export const USABLE: readonly LinkKind[] = ['direct', 'turn', 'relayed', 'server'];

/**
 * Lets tabs that are in no room into a new one at one time, until each knows of all: what is said before is said to those who are known.
 * @returns when that was, by the machine's clock.
 */
export async function enterAll(room: FaultRoom, tabs: readonly RoomTab[]): Promise<number> {
  const since = await enterTogether(tabs.map(({page}) => page), room.next());
  await Promise.all(tabs.map(({page}) => until(page, (others: number) => {
    const {status, peers} = document.querySelector<RoomElement>('mesh-room')!.state;
    return status === 'joined' && peers.length === others;
  }, tabs.length - 1)));
  return since;
}

/** Opens tabs that are in no room yet. */
export async function openOutside(room: FaultRoom, opens: readonly (() => Promise<RoomTab>)[]): Promise<readonly RoomTab[]> {
  room.room = '';
  return Promise.all(opens.map(open => open()));
}

/** Its id in the room, once it has one. */
export async function idOf({page}: RoomTab): Promise<string> {
  await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'joined');
  return (await stateOf(page)).selfId;
}

/** How the roster of `tab` shows `id`. */
export const peerOf = async ({page}: RoomTab, id: string): Promise<PeerState | undefined> =>
  (await stateOf(page)).peers.find(peer => peer.id === id);

/**
 * Waits until the roster of `tab` shows `id` with one of these links, by `via`, and as a neighbour or not, if that is given.
 * @returns when that was, by the machine's clock.
 */
export async function reaches(
  tab: RoomTab, id: string, kinds: readonly LinkKind[],
  {via, far, timeout = WAIT_MS}: {readonly via?: string; readonly far?: boolean; readonly timeout?: number} = {},
): Promise<number> {
  try {
    const at = await tab.page.waitForFunction((wanted: string, links: readonly string[], by?: string, isFar?: boolean) => {
      const peer = document.querySelector<RoomElement>('mesh-room')!.state.peers.find(each => each.id === wanted);
      return peer && links.includes(peer.link) && (by === undefined || peer.via === by)
        && (isFar === undefined || (peer.far === true) === isFar) && Date.now();
    }, {polling: 20, timeout}, id, kinds, via, far);
    return await at.jsonValue() as number;
  } catch (error) {
    throw new Error(`${tab.name} does not reach ${id} (${kinds.join(', ')}): ${JSON.stringify(await stateOf(tab.page))}`, {cause: error});
  }
}

/** The same of two, both ways: when the second of them did. */
export async function meet(
  [one, other]: readonly [RoomTab, RoomTab], kinds: readonly LinkKind[], options?: Parameters<typeof reaches>[3],
): Promise<number> {
  const [oneId, otherId] = await Promise.all([idOf(one), idOf(other)]);
  return Math.max(...await Promise.all([reaches(one, otherId, kinds, options), reaches(other, oneId, kinds, options)]));
}

/** Tells the pages of these tabs what browsers tell when a device has another network. */
export const networkChanges = (tabs: readonly RoomTab[]): Promise<unknown> =>
  Promise.all(tabs.map(({page}) => page.evaluate(() => void dispatchEvent(new Event('online')))));

/** Everybody talks while something happens; in the end each has every line, once and in its speaker's order. */
export class Talk {
  readonly #tabs: readonly RoomTab[];
  /** What became of each line: nothing, or why it could not be said. */
  readonly #said: Promise<unknown>[] = [];
  readonly #talking: Promise<void>;
  readonly #word: string;
  #count = 0;
  #over = false;

  constructor(word: string, tabs: readonly RoomTab[], everyMs = 200) {
    this.#word = word;
    this.#tabs = tabs;
    this.#talking = this.#talk(everyMs);
  }

  /** @throws when a line is missing, there twice, or in the wrong order. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#talking;
    const words = this.#tabs.flatMap(({name}) => this.#linesOf(name));
    for (const {page, name: reader} of this.#tabs) {
      const heard = await this.#heard({page, name: reader} as RoomTab, words.length);
      for (const {name} of this.#tabs) {
        assert.deepEqual(heard.filter(text => text.endsWith(` of ${name}`)), this.#linesOf(name), `${reader} has what ${name} said, in order, once`);
      }
    }
    assert.deepEqual((await Promise.all(this.#said)).filter(error => error !== undefined), [], 'everything could be said');
  }

  #linesOf(name: string): string[] {
    return Array.from({length: this.#count}, (_, n) => `${this.#word} ${n} of ${name}`);
  }

  async #heard({page, name}: RoomTab, count: number): Promise<readonly string[]> {
    const mine = (text: string): boolean => text.startsWith(`${this.#word} `);
    try {
      await until(page, (word: string, wanted: number) => document.querySelector<ChatElement>('mesh-chat')!.messages
        .filter(({text}) => text?.startsWith(word)).length >= wanted, `${this.#word} `, count);
    } catch (error) {
      const heard = (await lines(page, 0)).filter(mine);
      const missing = this.#tabs.flatMap(tab => this.#linesOf(tab.name)).filter(text => !heard.includes(text));
      throw new Error(`${name} has ${heard.length} of ${count} lines, not ${missing.join(', ')}: ${JSON.stringify(await stateOf(page))}`, {cause: error});
    }
    return (await lines(page, 0)).filter(mine);
  }

  async #talk(everyMs: number): Promise<void> {
    // A test that fails closes its tabs.
    while (!this.#over && !this.#tabs.some(({page}) => page.isClosed())) {
      const n = this.#count++;
      for (const {page, name} of this.#tabs) this.#said.push(say(page, `${this.#word} ${n} of ${name}`).catch((error: unknown) => error));
      await pause(everyMs);
    }
  }
}

/** Two devices that reach this machine, with the server and everybody on it, and each other only when that is said. */
export interface Devices {
  readonly one: FaultDevice;
  readonly other: FaultDevice;
  /** Whether packets pass between the two; otherwise they are swallowed without a word. */
  path(on: boolean): Promise<void>;
  remove(): Promise<void>;
}

/** @returns why there can be none here: a string. */
export async function makeDevices(room: FaultRoom): Promise<Devices | string> {
  const one = await makeFaultDevice(room);
  if (typeof one === 'string') return one;
  const other = await makeFaultDevice(room);
  if (typeof other === 'string') {
    await one.remove();
    return other;
  }
  const both = [one, other];
  return {
    one, other,
    async path(on) {
      await Promise.all(both.map(({network}) => network.passOn(on)));
    },
    async remove() {
      await Promise.all(both.map(device => device.remove()));
    },
  };
}
