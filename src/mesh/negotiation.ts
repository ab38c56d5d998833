/**
 * Signals of one attempt, made reliable. Events at the server are neither stored nor acknowledged: what is sent before the other side
 * listens, or while either side reconnects, is gone. So every signal is numbered within its session, repeated until the other side
 * is known to have it, put in order, and taken once.
 *
 * A plain page knows nothing of this: its signals carry no stamp and are taken as they come; ours are repeated to it until it
 * answers, because it drops what comes before it has read our id in the List.
 */
import {between, type Cancel, type Clock} from './clock.js';
import type {SignalMessage} from './signalling/types.js';
import {PROTOCOL_VERSION} from './wire/limits.js';

/** First repetition. Twice the slowest round trip that is still usable; candidates of a healthy attempt have long been used by then. */
const RESEND_MS = 1000;
/**
 * As long as others' signals come, the first repetition waits, so long at the most: where many link at one time on a slow machine, the
 * answer is behind theirs, and what is said twice makes all of them later still.
 */
const PATIENCE_MS = 4000;
/** Repetitions double up to this. */
const MAX_RESEND_MS = 8000;
/** Signals that may come before an earlier one: more than one attempt has candidates. */
const MAX_EARLY = 128;

/** What this project adds to a signal, under the key `mesh`. */
export interface Stamp {
  readonly v: number;
  /** `<initiator's boot>.<number of the attempt>`; empty when the sender knows of no attempt. */
  readonly session: string;
  /** Number of the signal within session and direction, from 1; 0 when the message carries no signal. */
  readonly seq: number;
  /** The sender has all signals of the other side up to this one. */
  readonly ack: number;
  /** Asks the initiator for a new attempt, because `session` came to nothing here. */
  readonly want?: boolean;
  /** With `want`: for another path for `session`, which stands, and not for another attempt. */
  readonly restart?: boolean;
  /** With `want`: for a way around, because this side has no WebRTC. */
  readonly around?: boolean;
}

/** The stamp of a message: `undefined` for a plain page's, `null` for one that is malformed. */
export function readStamp(message: SignalMessage): Stamp | undefined | null {
  const value = message.mesh;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) return null;
  const {v, session, seq, ack, want, restart, around} = value as Record<string, unknown>;
  const isCount = (count: unknown): count is number => Number.isSafeInteger(count) && (count as number) >= 0;
  if (!isCount(v) || typeof session !== 'string' || session.length > 100 || !isCount(seq) || !isCount(ack)) return null;
  return {v, session, seq, ack, ...want === true && {want, ...restart === true && {restart}, ...around === true && {around}}};
}

export interface NegotiationOptions {
  readonly clock: Clock;
  readonly session: string;
  /** Whether links are being made with others, too. */
  readonly isBusy?: () => boolean;
  readonly send: (stamp: Stamp, signal?: unknown) => void;
  /** Takes the other side's signals, in order, each once. */
  readonly onSignal: (signal: unknown) => void;
}

export class Negotiation {
  readonly #options: NegotiationOptions;
  #unacked: Array<{readonly seq: number; readonly signal: unknown}> = [];
  readonly #early = new Map<number, unknown>();
  #sent = 0;
  #received = 0;
  #plain: boolean | undefined;
  #resendMs = RESEND_MS;
  /** When the first of what is not acknowledged was sent. */
  #since = 0;
  #timer: Cancel | undefined;

  constructor(options: NegotiationOptions) {
    this.#options = options;
  }

  get session(): string {
    return this.#options.session;
  }

  /** Whether the other side's signals carry no stamp; `undefined` until one has come. */
  get plain(): boolean | undefined {
    return this.#plain;
  }

  send(signal: unknown): void {
    const entry = {seq: ++this.#sent, signal};
    if (this.#unacked.length === 0) this.#since = this.#options.clock.now();
    this.#unacked.push(entry);
    this.#emit(entry);
    this.#arm();
  }

  /** Takes a message of this session (or, without a stamp, of a plain page). */
  receive(stamp: Stamp | undefined, signal: unknown): void {
    if (!stamp) return this.#receivePlain(signal);
    this.#plain = false;
    this.#unacked = this.#unacked.filter(({seq}) => seq > stamp.ack);
    if (stamp.seq === 0) return;
    if (stamp.seq <= this.#received) {
      // It repeats what is here: our acknowledgement got lost, or it has had none yet.
      this.#options.send(this.#stamp(0));
    } else if (this.#early.size < MAX_EARLY) {
      this.#early.set(stamp.seq, signal);
      this.#takeInOrder();
    }
  }

  /** The link stands: all signals until now have served. */
  settle(): void {
    this.#unacked = [];
    this.#timer?.();
    this.#timer = undefined;
  }

  /** Repeats at once what is not acknowledged. */
  resend(): void {
    for (const entry of this.#unacked) this.#emit(entry);
  }

  close(): void {
    this.settle();
    this.#early.clear();
  }

  #receivePlain(signal: unknown): void {
    this.#plain = true;
    // It has our offer: repeating that would start its negotiation again. It may have missed candidates.
    if (isType(signal, 'answer')) this.#unacked = this.#unacked.filter(entry => !isType(entry.signal, 'offer'));
    this.#options.onSignal(signal);
  }

  #takeInOrder(): void {
    for (let next = this.#received + 1; this.#early.has(next); next++) {
      const signal = this.#early.get(next);
      this.#early.delete(next);
      this.#received = next;
      this.#options.onSignal(signal);
    }
  }

  #emit({seq, signal}: {readonly seq: number; readonly signal: unknown}): void {
    this.#options.send(this.#stamp(seq), signal);
  }

  #stamp(seq: number): Stamp {
    return {v: PROTOCOL_VERSION, session: this.#options.session, seq, ack: this.#received};
  }

  #arm(): void {
    const {clock, isBusy} = this.#options;
    this.#timer ??= clock.after(between(clock, this.#resendMs, this.#resendMs * 1.25), () => {
      this.#timer = undefined;
      if (this.#unacked.length === 0) return;
      if (isBusy?.() && clock.now() - this.#since < PATIENCE_MS) return this.#arm();
      this.#resendMs = Math.min(MAX_RESEND_MS, this.#resendMs * 2);
      this.resend();
      this.#arm();
    });
  }
}

const isType = (signal: unknown, type: string): boolean =>
  typeof signal === 'object' && signal !== null && (signal as {type?: unknown}).type === type;
