import type {Clock} from '../clock.js';

/** Lets `burst` events pass at once and `perSecond` in the long run. */
export class TokenBucket {
  readonly #clock: Clock;
  #tokens: number;
  #at: number;

  constructor(clock: Clock, readonly burst: number, readonly perSecond: number) {
    this.#clock = clock;
    this.#tokens = burst;
    this.#at = clock.now();
  }

  /** Takes one token; `false` when there is none. */
  take(): boolean {
    // Reading the clock for every frame would cost more than the count: refill only when the bucket has run dry.
    if (this.#tokens < 1) this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until `take` succeeds again. */
  wait(): number {
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.perSecond) * 1000;
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
  }
}
