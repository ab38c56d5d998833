/** What the simulator leaves to chance, all of it from a seed. Apart from the clock's, so that it does not depend on what members throw. */
import {hashOf, mix} from '../../src/mesh/topology/ring.js';
import {VirtualClock} from '../../src/mesh/virtual-clock.js';

/** Median of the one-way delays between two members: between a neighbouring town and another continent. In milliseconds. */
const MEDIAN_MS = 50;
/** Standard deviation of their logarithm. */
const SPREAD = 0.4;
const LEAST_MS = 20;
const MOST_MS = 120;

export class Chance {
  readonly #clock: VirtualClock;
  readonly #salt: number;

  constructor(seed: number) {
    this.#clock = new VirtualClock(seed);
    this.#salt = mix(seed, 1);
  }

  /** Uniform in [0, 1). */
  readonly next = (): number => this.#clock.random();

  /** An id as `<mesh-room>` makes them. */
  id(): string {
    return Array.from({length: 20}, () => Math.floor(this.next() * 32).toString(32)).join('');
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)];
  }

  /** `count` of them, each once. */
  some<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    return Array.from({length: Math.min(count, rest.length)}, () => {
      const index = Math.floor(this.next() * rest.length);
      const item = rest[index]!;
      rest[index] = rest.at(-1)!;
      rest.pop();
      return item;
    });
  }

  /** A number in [0, 2³²) that is always the same for these two, whichever comes first. */
  ofPair(a: string, b: string, salt = 0): number {
    return mix(hashOf(a < b ? `${a} ${b}` : `${b} ${a}`), this.#salt + salt);
  }

  /** One-way delay between two members: lognormal (Box and Muller, 1958), within bounds. */
  latencyOf(a: string, b: string): number {
    const [first, second] = [1, 2].map(salt => (this.ofPair(a, b, salt) + 1) / (2 ** 32 + 1)) as [number, number];
    const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
    return Math.min(MOST_MS, Math.max(LEAST_MS, MEDIAN_MS * Math.exp(SPREAD * normal)));
  }
}
