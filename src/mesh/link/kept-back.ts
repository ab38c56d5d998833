import {systemClock, type Cancel, type Clock} from '../clock.js';

/** Long enough for the two to find each other, on a slow machine too, as a rule; where they cannot, this much later. */
const KEEP_MS = 200;

/**
 * An answer's host candidates. The offer brings the other side's, so that this side asks first, and the other learns from that question
 * where it came from (RFC 8445, section 7.3.1.3): then nobody needs them. Where the other side has to ask first, it does.
 */
export class KeptBack {
  readonly #release: (signal: unknown) => void;
  readonly #clock: Clock;
  #signals: unknown[] = [];
  #until: Cancel | undefined;
  #isNeeded = true;

  constructor(release: (signal: unknown) => void, clock: Clock = systemClock) {
    this.#release = release;
    this.#clock = clock;
  }

  /** The answer goes now. */
  begin(): void {
    this.#until = this.#clock.after(KEEP_MS, () => {
      const signals = this.#signals;
      this.end();
      for (const signal of signals) this.#release(signal);
    });
  }

  /** @returns whether it takes the candidate, to say it later or not at all. */
  add(signal: unknown): boolean {
    if (this.#until) this.#signals.push(signal);
    return this.#until !== undefined || !this.#isNeeded;
  }

  /** There is a path without them, and without those that are still to come. */
  drop(): void {
    if (!this.#until) return;
    this.end();
    this.#isNeeded = false;
  }

  /** There is no link any more, or another description, whose candidates are not kept back. */
  end(): void {
    this.#until?.();
    this.#until = undefined;
    this.#signals = [];
    this.#isNeeded = true;
  }
}
