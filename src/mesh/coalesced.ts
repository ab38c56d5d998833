import type {Cancel, Clock} from './clock.js';

interface Entry {
  readonly due: number;
  /** It may run from then on. */
  readonly soonest: number;
  readonly run: () => void;
}

/**
 * Timer coalescing: what may run a little sooner runs in the turn in which something else does. Waking up costs a page more than what it
 * then does, and a member has a timer for each link.
 */
export class Coalesced {
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #timer: Cancel | undefined;
  /** When that fires. */
  #at = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `run` once, after `ms` milliseconds or up to `slackMs` sooner. */
  after(ms: number, slackMs: number, run: () => void): Cancel {
    const due = this.#clock.now() + ms;
    const entry = {due, soonest: due - slackMs, run};
    this.#entries.add(entry);
    if (due < this.#at) this.#arm(ms, due);
    return () => {
      if (this.#entries.delete(entry) && due === this.#at) this.#wait();
    };
  }

  /** Until the next is due. */
  #wait(): void {
    const next = Math.min(...[...this.#entries].map(each => each.due));
    if (next === Infinity) this.#stop();
    else if (next !== this.#at) this.#arm(next - this.#clock.now(), next);
  }

  #arm(ms: number, at: number): void {
    this.#timer?.();
    this.#at = at;
    // In whole milliseconds, as timers are: a fraction too small for the clock to show would come again for ever.
    this.#timer = this.#clock.after(Math.max(0, Math.ceil(ms)), () => this.#wake());
  }

  #stop(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#at = Infinity;
  }

  #wake(): void {
    this.#stop();
    const now = this.#clock.now();
    try {
      for (const entry of [...this.#entries]) {
        // What ran before may have taken it back.
        if (entry.soonest <= now && this.#entries.delete(entry)) entry.run();
      }
    } finally {
      this.#wait();
    }
  }
}
