import type {Cancel, Clock} from './clock.js';

interface Timer {
  readonly due: number;
  /** It may run from then on. */
  readonly soonest: number;
  readonly run: () => void;
}

/**
 * Another clock's time with one of its timers for all: a member has some for each link, most of which are taken back before they are due,
 * and to set and clear a browser's costs more than to make a note of it. Timers are coalesced: what may run a little sooner runs in the
 * turn in which something else does, since waking up costs a page more than what it then does.
 */
export class CoalescingClock implements Clock {
  /** Asked for each message: without a call in between. */
  readonly now: () => number;
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #stop: Cancel | undefined;
  /** When the one timer fires. */
  #at = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.now = clock.now.bind(clock);
  }

  random(): number {
    return this.#clock.random();
  }

  after(ms: number, run: () => void, slackMs = 0): Cancel {
    const due = this.now() + Math.max(0, ms);
    const timer = {due, soonest: due - slackMs, run};
    this.#timers.add(timer);
    if (due < this.#at) this.#arm(ms, due);
    return () => {
      if (this.#timers.delete(timer) && due === this.#at) this.#wait();
    };
  }

  /** Until the next is due. */
  #wait(): void {
    let next = Infinity;
    for (const {due} of this.#timers) if (due < next) next = due;
    if (next === Infinity) this.#disarm();
    else if (next !== this.#at) this.#arm(next - this.now(), next);
  }

  #arm(ms: number, at: number): void {
    this.#stop?.();
    this.#at = at;
    // In whole milliseconds, as timers are: a fraction too small for the clock to show would come again for ever.
    this.#stop = this.#clock.after(Math.max(0, Math.ceil(ms)), () => this.#wake());
  }

  #disarm(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#at = Infinity;
  }

  #wake(): void {
    this.#disarm();
    const now = this.now();
    const ready = [...this.#timers].filter(({soonest}) => soonest <= now).sort((a, b) => a.due - b.due);
    try {
      // What ran before may have taken it back.
      for (const timer of ready) if (this.#timers.delete(timer)) timer.run();
    } finally {
      this.#wait();
    }
  }
}
