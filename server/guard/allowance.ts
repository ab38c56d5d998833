import {Bucket} from '../bucket.js';
import type {Connection} from '../deepstream/connection.js';
import type {ServerLimits} from '../options.js';

/** Seconds of events, by their bytes, that may come at once: what a room's worth of session descriptions with media takes. */
const BURST_SECONDS = 8;
/** Events above the allowance that are forgiven in a second: who is a little too fast loses some, and not the socket. */
const FORGIVEN_PER_SECOND = 10;
/** Users that are remembered at least, before those that have used up nothing are looked for. */
const MIN_REMEMBERED = 1024;

/** What one user may emit. Times are in the milliseconds of `performance.now()`. */
export class Allowance {
  readonly #events: Bucket;
  readonly #bytes: Bucket;
  readonly #frames: Bucket;
  readonly #frameBytes: Bucket;
  readonly #excess: Bucket;

  constructor(limits: ServerLimits, now: number) {
    this.#events = new Bucket(limits.eventBurst, limits.eventsPerSecond, now);
    // At least one event of any size, however little a site's owner gives.
    this.#bytes = new Bucket(Math.max(limits.eventBytes, BURST_SECONDS * limits.eventBytesPerSecond), limits.eventBytesPerSecond, now);
    this.#frames = new Bucket(limits.frameBurst, limits.framesPerSecond, now);
    this.#frameBytes = new Bucket(limits.frameBurst * limits.frameBytes, limits.frameBytesPerSecond, now);
    this.#excess = new Bucket(limits.excessEvents, FORGIVEN_PER_SECOND, now);
  }

  /** Takes an event of so many bytes off it; false when that is too much. */
  takeEvent(bytes: number, now: number): boolean {
    return takeBoth(this.#events, this.#bytes, bytes, now);
  }

  /** Takes an event that is a frame of a routed link off what such may have of it. */
  takeFrame(bytes: number, now: number): boolean {
    return takeBoth(this.#frames, this.#frameBytes, bytes, now);
  }

  /** An event was too much. @returns whether that can still be borne with */
  exceed(now: number): boolean {
    return this.#excess.take(1, now);
  }

  /** Whether it is as if nothing had ever been taken. */
  isWhole(now: number): boolean {
    return [this.#events, this.#bytes, this.#frames, this.#frameBytes, this.#excess].every(bucket => bucket.isFull(now));
  }
}

/** Takes of both or of neither, so that who is above one of them does not lose the other. */
function takeBoth(counts: Bucket, bytes: Bucket, size: number, now: number): boolean {
  return counts.has(1, now) && bytes.has(size, now) && counts.take(1, now) && bytes.take(size, now);
}

/** Whose allowance it is: a socket. */
export type Spender = Pick<Connection, 'userId' | 'allowance'>;

/** Remembers what users have used up, so that who connects again goes on where he was. */
export class Allowances {
  readonly #byUser = new Map<string, Allowance>();
  #sweepAt = MIN_REMEMBERED;

  /** How many are remembered. */
  get size(): number {
    return this.#byUser.size;
  }

  /** `connection` speaks for `id` from now on. */
  bound(id: string, connection: Spender, now = performance.now()): void {
    const known = this.#byUser.get(id);
    if (known) connection.allowance = known;
    else this.#remember(id, connection.allowance, now);
  }

  /** The socket is gone. */
  closed({userId, allowance}: Spender, now = performance.now()): void {
    if (userId !== undefined) this.#remember(userId, allowance, now);
  }

  #remember(id: string, allowance: Allowance, now: number): void {
    this.#byUser.set(id, allowance);
    if (this.#byUser.size < this.#sweepAt) return;
    for (const [each, remembered] of this.#byUser) if (remembered.isWhole(now)) this.#byUser.delete(each);
    this.#sweepAt = Math.max(MIN_REMEMBERED, 2 * this.#byUser.size);
  }
}
