/** The latest casts of everybody, for neighbours that have missed some: bounded in bytes and in time. */
import type {Clock} from '../clock.js';
import type {Cast} from './frames.js';

/** What is kept, in bytes and milliseconds: as long as somebody who vanished is waited for. */
const LOG_BYTES = 4 * 1024 * 1024;
export const LOG_MS = 10 * 60_000;
/** What a cast takes beside its body: names, key, signature. */
const OVERHEAD_BYTES = 400;

interface Entry {
  readonly cast: Cast;
  readonly at: number;
}

export class CastLog {
  readonly #clock: Clock;
  /** Oldest first. A `Set`, which keeps that order and lets go of the first at once. */
  readonly #entries = new Set<Entry>();
  readonly #byOrigin = new Map<string, Map<number, Entry>>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has({origin, boot, seq}: Pick<Cast, 'origin' | 'boot' | 'seq'>): boolean {
    return this.#byOrigin.get(keyOf({origin, boot}))?.has(seq) === true;
  }

  /** @param at - when it came; now, or before. */
  add(cast: Cast, at = this.#clock.now()): void {
    const key = keyOf(cast);
    const casts = this.#byOrigin.get(key) ?? new Map<number, Entry>();
    this.#byOrigin.set(key, casts);
    const entry = {cast, at};
    casts.set(cast.seq, entry);
    this.#entries.add(entry);
    this.#bytes += sizeOf(cast);
    this.#prune();
  }

  /** Casts after `seq`, in order, as far back as there are; the first may be later than `seq + 1`. */
  after(origin: string, boot: string, seq: number): readonly Cast[] {
    const casts = this.#byOrigin.get(keyOf({origin, boot}));
    return casts ? [...casts.keys()].filter(each => each > seq).sort((a, b) => a - b).map(each => casts.get(each)!.cast) : [];
  }

  /** The first of a sender's casts that came at `since` or later. @returns nothing if there is none. */
  firstSince(origin: string, boot: string, since: number): number | undefined {
    for (const {cast, at} of this.#byOrigin.get(keyOf({origin, boot}))?.values() ?? []) if (at >= since) return cast.seq;
    return undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#byOrigin.clear();
    this.#bytes = 0;
  }

  #prune(): void {
    const before = this.#clock.now() - LOG_MS;
    for (const entry of this.#entries) {
      if (this.#bytes <= LOG_BYTES && entry.at >= before) return;
      this.#remove(entry);
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    this.#bytes -= sizeOf(entry.cast);
    const key = keyOf(entry.cast);
    const casts = this.#byOrigin.get(key);
    casts?.delete(entry.cast.seq);
    if (casts?.size === 0) this.#byOrigin.delete(key);
  }
}

const keyOf = ({origin, boot}: {readonly origin: string; readonly boot: string}): string => `${origin} ${boot}`;
const sizeOf = ({body}: Cast): number => OVERHEAD_BYTES + body.length;
