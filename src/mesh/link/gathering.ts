/** A description waits this long, in milliseconds, for its first candidate: that may have to come from a server. */
const WAIT_MS = 100;
/** And this long at the most while candidates of other links come, or the page is late itself: many links on a slow machine. */
const MAX_WAIT_MS = 1_000;
/** The addresses of a machine come within a millisecond of each other. */
const QUIET_MS = 1;

/**
 * Lets the descriptions of one room wait for the candidates that are there at once, those of this machine, and take them along: a signal
 * costs more than anything else that a link is made of. The other candidates trickle (RFC 8838).
 *
 * Many links are made at one time, and their candidates come in turn; the descriptions go when nothing more comes for any of them. The one
 * link of a room of two is made by itself, where waiting would cost more than the signals: its description goes at once.
 */
export class Gathering {
  /** What says a description, and whether there is a candidate for it. */
  readonly #waiting = new Map<() => void, {found: boolean; timer: ReturnType<typeof setTimeout> | undefined}>();
  #links = 0;
  #foundAt = -Infinity;
  #quiet: ReturnType<typeof setTimeout> | undefined;

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
    this.#wait(describe, performance.now() + MAX_WAIT_MS);
  }

  #wait(describe: () => void, until: number): void {
    const due = performance.now() + WAIT_MS;
    this.#waiting.get(describe)!.timer = setTimeout(() => {
      const now = performance.now();
      const isSlow = now - this.#foundAt < WAIT_MS || now - due > WAIT_MS;
      if (isSlow && now < until) this.#wait(describe, until);
      else this.#release(describe);
    }, WAIT_MS);
  }

  /** There is a candidate for a description that waits. */
  found(describe: () => void): void {
    const entry = this.#waiting.get(describe);
    if (!entry) return;
    entry.found = true;
    this.#foundAt = performance.now();
    // The timers of a hidden page run once a second.
    if (globalThis.document?.hidden) return this.#release(describe);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      for (const [waiting, {found}] of this.#waiting) if (found) this.#release(waiting);
    }, QUIET_MS);
  }

  remove(describe: () => void): void {
    clearTimeout(this.#waiting.get(describe)?.timer);
    this.#waiting.delete(describe);
  }

  #release(describe: () => void): void {
    this.remove(describe);
    describe();
  }
}
