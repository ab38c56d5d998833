/**
 * The tab's half of the harness: the same for every contestant, driven by `driver/tabs.ts` through `window.bench`.
 * Times are milliseconds on one clock for all tabs, `performance.timeOrigin + performance.now()`; the driver checks that
 * the tabs agree on it.
 */
import type {Contestant, Data} from '../contestant.js';
import {sha256, textsOf, TOO_BUSY, waitFor} from './tools.js';

const now = (): number => performance.timeOrigin + performance.now();

interface Arrival {
  readonly from: string;
  readonly data: Data;
  readonly at: number;
}

/** What a receiver saw of a burst. */
export interface BurstReceipt {
  readonly count: number;
  /** Whether each message came once, in order. */
  readonly inOrder: boolean;
  /** SHA-256 of all texts, hex. */
  readonly hash: string;
  readonly lastAt: number;
}

/** One contestant in one tab, with a memory of when links opened and what arrived. */
export class Tab {
  readonly #contestant: Contestant;
  /** Every change of the number of open links, oldest first. */
  #counts: {readonly at: number; readonly count: number}[] = [];
  #arrivals: Arrival[] = [];
  /** Called after every change and arrival; a wait looks whether it is over. */
  readonly #watchers = new Set<() => void>();
  #joined: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  #joinError = '';
  #answers = false;
  #bulk = new ArrayBuffer(0);
  #chatting: Promise<number[]> | undefined;
  #stopChat = false;

  constructor(contestant: Contestant) {
    this.#contestant = contestant;
  }

  now(): number {
    return now();
  }

  async load(serverUrl: string): Promise<void> {
    await this.#contestant.load(serverUrl);
  }

  /**
   * Will join `room` at the instant `at`; returns before that, so that driver and tab have nothing to say to each other while
   * the clock runs.
   */
  join(room: string, at: number): void {
    const waitMs = at - now();
    if (waitMs <= 0) throw new Error(`${TOO_BUSY}: the word to join came ${(-waitMs).toFixed(0)} ms too late`);
    this.#counts = [];
    this.#arrivals = [];
    this.#answers = false;
    this.#joinError = '';
    this.#joined = waitFor(waitMs).then(() => this.#contestant.join(room, {
      peersChange: () => this.#countLinks(),
      message: (from, data) => this.#take(from, data),
    }));
    // Reported by `reached`, which is what the driver waits for.
    this.#joined.catch((error: unknown) => {
      this.#joinError = String(error);
      this.#wake();
    });
  }

  /**
   * Waits until at least `count` links are open.
   * @returns the first instant, not before `since`, at which they were
   */
  async reached(count: number, since: number, boundMs: number): Promise<number> {
    const first = (): number | undefined => {
      if (this.#joinError) throw new Error(`join failed: ${this.#joinError}`);
      return this.#counts.find(change => change.at >= since && change.count >= count)?.at;
    };
    return this.#until(first, boundMs, () => `${this.#contestant.peers().length} of ${count} links`);
  }

  /** Waits until exactly `count` links are open, and the join itself is through. */
  async settled(count: number, boundMs: number): Promise<void> {
    const ready = (): true | undefined => this.#contestant.peers().length === count || undefined;
    await this.#until(ready, boundMs, () => `${this.#contestant.peers().length} links, not ${count}`);
    await this.#joined;
  }

  /**
   * Waits until at most `count` links are left.
   * @returns the first instant, not before `since`, at which no more were
   */
  async fell(count: number, since: number, boundMs: number): Promise<number> {
    return this.#until(() => this.#counts.find(change => change.at >= since && change.count <= count)?.at, boundMs,
      () => `still ${this.#contestant.peers().length} links, not ${count}`);
  }

  /** @returns when it began to leave */
  leaveNow(): number {
    const at = now();
    void this.leave();
    return at;
  }

  /** Once, however often it is asked for meanwhile. */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave().finally(() => this.#leaving = undefined);
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    // A room that is still being joined is left as soon as it has been; one that failed needs no leaving.
    await this.#joined?.catch(() => undefined);
    this.#joined = undefined;
    await this.#contestant.leave();
  }

  /** From now on answers every text that starts with `?` to its sender, with `!` in its place. */
  answer(): void {
    this.#answers = true;
  }

  /**
   * Broadcasts `count` texts, each after everybody's right answer to the one before.
   * @returns milliseconds from each broadcast to the last of its answers
   */
  async ask(count: number, bytes: number, boundMs: number): Promise<number[]> {
    const peers = this.#contestant.peers();
    const times: number[] = [];
    for (const text of textsOf('?', count, bytes)) {
      const expected = `!${text.slice(1)}`;
      const seen = this.#arrivals.length;
      const sentAt = now();
      void this.#contestant.send(text);
      const answeredAt = await this.#until(() => {
        if (this.#arrivals.length < seen + peers.length) return undefined;
        const answers = this.#arrivals.slice(seen);
        const senders = new Set(answers.map(({from}) => from));
        if (senders.size !== peers.length || answers.length !== peers.length || answers.some(({data}) => data !== expected)) {
          throw new Error(`wrong answers to ${text.slice(0, 12)}: ${answers.length} from ${senders.size} of ${peers.length}`);
        }
        return answers.at(-1)!.at;
      }, boundMs, () => `${this.#arrivals.length - seen} of ${peers.length} answers`);
      times.push(answeredAt - sentAt);
    }
    return times;
  }

  /**
   * Asks everybody again and again, whatever is lost meanwhile.
   * @returns the instant at which the last of `count` others had answered something that was asked since this call
   */
  async heardByAll(count: number, everyMs: number, boundMs: number): Promise<number> {
    const mark = `?again ${now()} `;
    const heard = new Map<string, number>();
    const seen = this.#arrivals.length;
    const ask = setInterval(() => void this.#contestant.send(mark), everyMs);
    try {
      void this.#contestant.send(mark);
      return await this.#until(() => {
        for (const {from, data, at} of this.#arrivals.slice(seen)) {
          if (data === `!${mark.slice(1)}` && !heard.has(from)) heard.set(from, at);
        }
        return heard.size >= count ? Math.max(...heard.values()) : undefined;
      }, boundMs, () => `heard by ${heard.size} of ${count}`);
    } finally {
      clearInterval(ask);
    }
  }

  /** Waits for `count` lines of all others together. */
  async heardTalk(count: number, boundMs: number): Promise<void> {
    const lines = (): number => this.#arrivals.length;
    await this.#until(() => lines() >= count || undefined, boundMs, () => `${lines()} of ${count} lines`);
    this.#arrivals = [];
  }

  /**
   * Broadcasts `count` texts without a pause and without waiting in between.
   * @returns when the first was handed over, and the hash that every receiver should find
   */
  async burst(count: number, bytes: number): Promise<{startedAt: number; hash: string}> {
    const texts = textsOf('#', count, bytes);
    const startedAt = now();
    await Promise.all(texts.map(text => this.#contestant.send(text)));
    return {startedAt, hash: await sha256(new TextEncoder().encode(texts.join('\n')))};
  }

  /** Waits for the `count` texts of a burst. */
  async receiveBurst(count: number, boundMs: number): Promise<BurstReceipt> {
    // Nothing else is on its way, and looking at every message would take its time from the contestant.
    const burst = this.#arrivals;
    await this.#until(() => burst.length >= count || undefined, boundMs, () => `${burst.length} of ${count} messages`);
    this.#arrivals = [];
    return {
      count: burst.length,
      inOrder: burst.every(({data}, index) => Number.parseInt((data as string).slice(1), 10) === index),
      hash: await sha256(new TextEncoder().encode(burst.map(({data}) => data as string).join('\n'))),
      lastAt: burst.at(-1)!.at,
    };
  }

  /** Makes the bytes that `sendBulk` sends. Not timed. */
  async makeBulk(bytes: number): Promise<string> {
    this.#bulk = new ArrayBuffer(bytes);
    const words = new Uint32Array(this.#bulk);
    let word = 2463534242;
    for (let index = 0; index < words.length; index++) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      words[index] = word;
    }
    return sha256(new Uint8Array(this.#bulk));
  }

  /** To one, or to all. @returns when it began; resolves when the transport has taken the last byte */
  async sendBulk(toAll = false): Promise<{startedAt: number}> {
    const [peer] = this.#contestant.peers();
    const startedAt = now();
    await this.#contestant.send(this.#bulk, toAll ? undefined : peer);
    this.#bulk = new ArrayBuffer(0);
    return {startedAt};
  }

  /** @returns when all of it was there */
  async receiveBulk(boundMs: number): Promise<number> {
    const {data, at} = await this.#until(
      () => this.#arrivals.find(arrival => typeof arrival.data !== 'string'), boundMs, () => 'the transfer has not arrived');
    this.#arrivals = this.#arrivals.filter(arrival => typeof arrival.data === 'string');
    this.#bulk = data as ArrayBuffer;
    return at;
  }

  /** Hash of what was received last. Not timed, and apart: it stops the page for as long as it takes. */
  async hashBulk(): Promise<string> {
    const hash = await sha256(new Uint8Array(this.#bulk));
    this.#bulk = new ArrayBuffer(0);
    return hash;
  }

  /** Sends a line to everybody every `everyMs` until `stopChat`. */
  startChat(everyMs: number, bytes: number): void {
    this.#stopChat = false;
    this.#chatting = (async () => {
      const sentAt: number[] = [];
      while (!this.#stopChat) {
        sentAt.push(now());
        void this.#contestant.send(textsOf('~', 1, bytes, sentAt.length - 1)[0]!);
        await waitFor(everyMs);
      }
      return sentAt;
    })();
  }

  /** @returns when each line was sent */
  async stopChat(): Promise<number[]> {
    this.#stopChat = true;
    return await this.#chatting ?? [];
  }

  /** @returns when each of `count` lines arrived, in the order of sending */
  async receiveChat(count: number, boundMs: number): Promise<number[]> {
    const lines = (): Arrival[] => this.#arrivals.filter(({data}) => typeof data === 'string' && data.startsWith('~'));
    await this.#until(() => lines().length >= count || undefined, boundMs, () => `${lines().length} of ${count} lines`);
    return lines().map(({data, at}, index) => {
      if (Number.parseInt((data as string).slice(1), 10) !== index) throw new Error(`line ${index} is missing or out of order`);
      return at;
    });
  }

  #take(from: string, data: Data): void {
    if (this.#answers && typeof data === 'string' && data.startsWith('?')) {
      void this.#contestant.send(`!${data.slice(1)}`, from);
      return;
    }
    this.#arrivals.push({from, data, at: now()});
    this.#wake();
  }

  #countLinks(): void {
    this.#counts.push({at: now(), count: this.#contestant.peers().length});
    this.#wake();
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** The first value that `look` finds, asked now and after every change; rejects with `progress()` after `boundMs`. */
  #until<T>(look: () => T | undefined, boundMs: number, progress: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        end();
      };
      const watcher = (): void => {
        try {
          const found = look();
          if (found !== undefined) settle(() => resolve(found));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const timer = setTimeout(() => settle(() => reject(new Error(`${progress()} after ${boundMs} ms`))), boundMs);
      this.#watchers.add(watcher);
      watcher();
    });
  }
}

declare global {
  interface Window {
    bench: Tab;
  }
}

export const serve = (contestant: Contestant): void => {
  window.bench = new Tab(contestant);
};
