import {systemClock, type Cancel, type Clock} from '../clock.js';

/** A description waits this long, in milliseconds, for its first candidate: that may have to come from a server. */
const WAIT_MS = 100;
/** And this long at the most while candidates of other links come, or the page is late itself: many links on a slow machine. */
const MAX_WAIT_MS = 1_000;
/** The addresses of a machine come within a millisecond of each other. */
const QUIET_MS = 1;

/**
 * Lets the offers of one room, and answers while a link looks for another path, wait for the candidates that are there at once, those of
 * this machine, and take them along: a signal costs more than anything else that a link is made of. The others trickle (RFC 8838).
 *
 * Many links are made at one time, and their candidates come in turn; the descriptions go when nothing more comes for any of them. The one
 * link of a room of two is made by itself, where waiting would cost more than the signals: its description goes at once.
 */
export class Gathering {
  /** What says a description, and whether there is a candidate for it. */
  readonly #waiting = new Map<() => void, {found: boolean; timer: Cancel | undefined}>();
  readonly #clock: Clock;
  #links = 0;
  #foundAt = -Infinity;
  #quiet: Cancel | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** A link is being made. */
  begin(): void {
    this.#links++;
  }

  /** It is over. */
  end(): void {
    this.#links--;
  }

  /** @param describe says the description with the candidates that it has by then. */
  add(describe: () => void): void {
    if (this.#links < 2) return describe();
    this.#waiting.set(describe, {found: false, timer: undefined});
    this.#wait(describe, this.#clock.now() + MAX_WAIT_MS);
  }

  #wait(describe: () => void, until: number): void {
    const due = this.#clock.now() + WAIT_MS;
    this.#waiting.get(describe)!.timer = this.#clock.after(WAIT_MS, () => {
      const now = this.#clock.now();
      const isSlow = now - this.#foundAt < WAIT_MS || now - due > WAIT_MS;
      if (isSlow && now < until) this.#wait(describe, until);
      else this.#release(describe);
    });
  }

  /** There is a candidate for a description that waits. */
  found(describe: () => void): void {
    const entry = this.#waiting.get(describe);
    if (!entry) return;
    entry.found = true;
    this.#foundAt = this.#clock.now();
    // The timers of a hidden page run once a second.
    if (globalThis.document?.hidden) return this.#release(describe);
    this.#quiet?.();
    this.#quiet = this.#clock.after(QUIET_MS, () => {
      for (const [waiting, {found}] of this.#waiting) if (found) this.#release(waiting);
    });
  }

  remove(describe: () => void): void {
    this.#waiting.get(describe)?.timer?.();
    this.#waiting.delete(describe);
  }

  #release(describe: () => void): void {
    this.remove(describe);
    describe();
  }
}
