import type {Clock} from './clock.js';
import type {PeerId, SignalMessage} from './signalling/types.js';

/** An offer may overtake the List update by a round trip; what waits longer belongs to somebody who is not coming. */
const KEEP_MS = 10_000;
/** More members than can join a full mesh at one instant; of each, one attempt's signals. */
const MAX_SENDERS = 256;
const MAX_PER_SENDER = 64;

/** Signals from ids that are not in the List yet. */
export class EarlySignals {
  readonly #clock: Clock;
  readonly #waiting = new Map<PeerId, {readonly since: number; readonly messages: SignalMessage[]}>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(message: SignalMessage): void {
    const now = this.#clock.now();
    for (const [id, {since}] of this.#waiting) {
      if (now - since <= KEEP_MS) break; // In order of arrival: the rest is younger.
      this.#waiting.delete(id);
    }
    const entry = this.#waiting.get(message.user);
    if (entry) {
      if (entry.messages.length < MAX_PER_SENDER) entry.messages.push(message);
    } else if (this.#waiting.size < MAX_SENDERS) {
      this.#waiting.set(message.user, {since: now, messages: [message]});
    }
  }

  /** Hands over, in order, what has waited for `id`. */
  take(id: PeerId): readonly SignalMessage[] {
    const entry = this.#waiting.get(id);
    this.#waiting.delete(id);
    return entry && this.#clock.now() - entry.since <= KEEP_MS ? entry.messages : [];
  }

  clear(): void {
    this.#waiting.clear();
  }
}
