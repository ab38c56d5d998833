import type {Cancel, Clock} from './clock.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Promises chained this deep settle between two timers; no wait in `src/mesh` is deeper. */
const TURNS = 20;
/** One for all turns, of which the simulator takes thousands of millions. */
const settled = Promise.resolve();

/** A clock that a test or the simulator turns: an hour takes as long as what happens in it. Chance comes from a seed. */
export class VirtualClock implements Clock {
  /** A binary heap, the next timer first. */
  readonly #heap: Timer[] = [];
  #pending = 0;
  #now = 0;
  #order = 0;
  #seed: number;

  constructor(seed = 1) {
    this.#seed = seed >>> 0;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#pending;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Cancel {
    const timer: Timer = {at: this.#now + Math.max(0, ms), order: ++this.#order, run, cancelled: false};
    this.#push(timer);
    this.#pending++;
    return () => {
      if (!timer.cancelled) this.#pending--;
      timer.cancelled = true;
    };
  }

  /** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are enough to steer a test. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), this.#seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Lets `ms` pass: fires what is due, in order, and lets promises settle in between. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (let timer = this.#heap[0]; timer && timer.at <= end; timer = this.#heap[0]) {
      this.#pop();
      if (timer.cancelled) continue;
      timer.cancelled = true;
      this.#pending--;
      this.#now = timer.at;
      timer.run();
      await this.#settle();
    }
    this.#now = end;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && isBefore(timer, heap[parent]!); parent = (index - 1) >> 1) {
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await settled;
  }
}
