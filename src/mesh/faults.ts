import type {Cancel, Clock} from './clock.js';
import {MeshError, type MeshErrorCode} from './errors.js';

/** A flood of bad frames must not become a flood of events: one report a second for each kind of fault. */
const REPORT_MS = 1000;

/** Counts what a remote peer got wrong, and reports it at a bounded rate. */
export class Faults {
  readonly #clock: Clock;
  readonly #report: (error: MeshError) => void;
  readonly #pending = new Map<MeshErrorCode, {error: MeshError; count: number}>();
  #timer: Cancel | undefined;
  #total = 0;

  constructor(clock: Clock, report: (error: MeshError) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Frames dropped since the start. */
  get total(): number {
    return this.#total;
  }

  add(error: MeshError): void {
    this.#total++;
    const pending = this.#pending.get(error.code);
    if (pending) {
      pending.count++;
      return;
    }
    // The first of a kind is reported at once, what follows within the second is summed up.
    this.#report(error);
    this.#pending.set(error.code, {error, count: 0});
    this.#timer ??= this.#clock.after(REPORT_MS, () => this.#flush());
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#pending.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    for (const [code, {error, count}] of [...this.#pending]) {
      this.#pending.delete(code);
      if (count > 0) this.#report(new MeshError(code, `${error.message} (${count} more)`, {ids: error.ids, cause: error}));
    }
  }
}
