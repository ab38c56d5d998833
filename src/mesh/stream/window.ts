/**
 * How much bulk data may be on its way to one peer. Data channels tell the sender only what has left its own buffer; what has arrived
 * waits in the receiver's event loop, where a chat line queues behind it. So the receiver says how much it has taken, and the sender
 * keeps the wait short: delay-based congestion control after LEDBAT (RFC 6817), above SCTP's own.
 */
import type {Clock} from '../clock.js';
import {BULK_PIECE_BYTES} from '../wire/limits.js';

/**
 * A line that passes bulk data waits about this much longer: far less than a reader would notice. Also what keeps SCTP from sending
 * more in its slow start than the path takes: with 40 ms Chromium lost so much of it that the link stood still for 1 to 3 s.
 */
const TARGET_MS = 15;
/** Two pieces: one is read while the other travels. Also the first window, so that the path is seen without a queue. */
const MIN_BYTES = 2 * BULK_PIECE_BYTES;
/** 1 Gbit/s over 130 ms. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The receiver reports every so many bytes; not more than the smallest window, or both would wait for each other. */
export const REPORT_BYTES = MIN_BYTES;

export class BulkWindow {
  readonly #clock: Clock;
  #size = MIN_BYTES;
  #sent = 0;
  #taken = 0;
  /** Shortest time that data took to be reported: the path without a queue. */
  #baseMs = Infinity;
  /** When the bytes up to a total were handed over, oldest first. */
  #marks: Array<{readonly total: number; readonly at: number}> = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether another piece may be sent. */
  get open(): boolean {
    return this.#sent - this.#taken < this.#size;
  }

  sent(bytes: number): void {
    this.#sent += bytes;
    this.#marks.push({total: this.#sent, at: this.#clock.now()});
  }

  /** The receiver has taken `total` bytes since the link opened. */
  report(total: number): void {
    if (total <= this.#taken || total > this.#sent) return; // A remote's word: more than was sent, or less than before.
    const bytes = total - this.#taken;
    this.#taken = total;
    let at: number | undefined;
    while (this.#marks[0] && this.#marks[0].total <= total) at = this.#marks.shift()?.at;
    if (at === undefined) return;
    const delay = this.#clock.now() - at;
    this.#baseMs = Math.min(this.#baseMs, delay);
    // Every delay counts, not the shortest of some (RFC 6817's filter): what SCTP's slow start loses is lost before the filter sees it.
    const offTarget = Math.max(-1, (TARGET_MS - (delay - this.#baseMs)) / TARGET_MS);
    // Above the target less than half of what was taken is let go at a time; below, the window may double within a round trip.
    this.#size = Math.min(MAX_BYTES, Math.max(MIN_BYTES, this.#size + (offTarget < 0 ? 0.5 : 1) * offTarget * bytes));
  }
}
