import type {Clock} from '../clock.js';

/**
 * Lets `burst` events pass at once and `perSecond` in the long run. After a rest twice the burst may pass, because `take` looks at the
 * clock only when it must; who must keep to the burst asks `wait` first.
 */
export class TokenBucket {
  readonly #clock: Clock;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, readonly burst: number, readonly perSecond: number) {
    this.#clock = clock;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** Takes `count` tokens, one by default; `false` when there are fewer. */
  take(count = 1): boolean {
    if (!this.has(count)) return false;
    this.#tokens -= count;
    return true;
  }

  has(count: number): boolean {
    // Reading the clock for every frame would cost more than the count: refill only when the bucket has run dry.
    if (this.#tokens < count) this.#refill();
    return this.#tokens >= count;
  }

  /** Milliseconds until `take(count)` succeeds again. */
  wait(count = 1): number {
    this.#refill();
    return Math.max(0, ((count - this.#tokens) / this.perSecond) * 1000);
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
  }
}
