/** A token bucket: lets `burst` pass at once, and `perSecond` in the long run. Times are in the milliseconds of `performance.now()`. */
export class Bucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = this.#tokens = burst;
    this.#perSecond = perSecond;
    this.#at = now;
  }

  /** Whether `count` could be taken. */
  has(count: number, now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / 1000 * this.#perSecond);
    this.#at = now;
    return this.#tokens >= count;
  }

  /** Takes `count`; false when there are fewer, and then it takes none. */
  take(count: number, now: number): boolean {
    if (!this.has(count, now)) return false;
    this.#tokens -= count;
    return true;
  }

  isFull(now: number): boolean {
    return this.has(this.#burst, now);
  }
}
