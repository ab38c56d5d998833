/**
 * Links that the topology does not ask for (any more): kept until others have taken their place, until nothing waits on them, and for as
 * long as the other side needs them, since the two may see different Lists for a moment.
 */
import type {Cancel, Clock} from './clock.js';
import type {PeerId} from './signalling/types.js';

/** New links have so long to take over; they are made in less than a second, or have gone around by then. */
export const HANDOVER_MS = 10_000;
/** A link that was made for messages to one member is kept for so long after the last. */
export const IDLE_MS = 60_000;
/** One that does not come about is given up after so long. */
const NEVER_MS = 20_000;
const LOOK_MS = 500;

export interface HandoverOptions {
  readonly clock: Clock;
  readonly isOpen: (id: PeerId) => boolean;
  /** Whether everything that was said to `id` has arrived. */
  readonly isIdle: (id: PeerId) => boolean;
  /** Whether the links that the topology asks for stand. */
  readonly isSettled: () => boolean;
  /** Tells `id` whether this side needs the link. */
  readonly say: (id: PeerId, keep: boolean) => void;
  readonly drop: (id: PeerId) => void;
}

interface Unwanted {
  readonly since: number;
  readonly forOne: boolean;
  usedUntil: number;
  said: boolean;
}

export class Handover {
  readonly #options: HandoverOptions;
  readonly #unwanted = new Map<PeerId, Unwanted>();
  /** Who has said that it does not need the link. */
  readonly #released = new Set<PeerId>();
  #timer: Cancel | undefined;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Whether the link to `id` was made for messages to that one alone. */
  isForOne(id: PeerId): boolean {
    return this.#unwanted.get(id)?.forOne === true;
  }

  /** The topology asks for this link. */
  want(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (!unwanted) return;
    this.#unwanted.delete(id);
    if (unwanted.said) this.#options.say(id, true);
  }

  /** It does not. @param forOne - whether the link is made for messages to that one alone. */
  unwant(id: PeerId, forOne = false): void {
    if (this.#unwanted.has(id)) return;
    const now = this.#options.clock.now();
    this.#unwanted.set(id, {since: now, forOne, usedUntil: forOne ? now + IDLE_MS : 0, said: false});
    this.#look();
  }

  /** A message goes over a link that the topology does not ask for. */
  use(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (!unwanted) return;
    unwanted.usedUntil = this.#options.clock.now() + IDLE_MS;
    if (!unwanted.said) return;
    unwanted.said = false;
    this.#options.say(id, true);
  }

  /** The other side says whether it needs the link. */
  told(id: PeerId, keep: boolean): void {
    if (keep) this.#released.delete(id);
    else this.#released.add(id);
    const unwanted = this.#unwanted.get(id);
    if (unwanted) this.#weigh(id, unwanted);
  }

  /** The link to `id` has ended: if this side had said that it does not need it, for good. Otherwise it is made anew. */
  closed(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (unwanted?.said !== true) return;
    // Not in the middle of its ending.
    queueMicrotask(() => {
      if (this.#unwanted.get(id) === unwanted && unwanted.said && !this.#options.isOpen(id)) this.#options.drop(id);
    });
  }

  /** There is nothing to `id` any more. */
  gone(id: PeerId): void {
    this.#unwanted.delete(id);
    this.#released.delete(id);
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#unwanted.clear();
    this.#released.clear();
  }

  #look(): void {
    this.#timer ??= this.#options.clock.after(LOOK_MS, () => {
      this.#timer = undefined;
      for (const [id, unwanted] of [...this.#unwanted]) this.#weigh(id, unwanted);
      if (this.#unwanted.size) this.#look();
    });
  }

  #weigh(id: PeerId, unwanted: Unwanted): void {
    const {clock, isOpen, isIdle, isSettled, say, drop} = this.#options;
    const now = clock.now();
    const age = now - unwanted.since;
    if (now < unwanted.usedUntil) return;
    if (!isOpen(id)) {
      // What waits on it goes another way, or is given back to its sender in time.
      if (age >= (isIdle(id) ? NEVER_MS : 2 * NEVER_MS)) drop(id);
      return;
    }
    if (!unwanted.said && isIdle(id) && (isSettled() || age >= HANDOVER_MS)) {
      unwanted.said = true;
      say(id, false);
    } else if (unwanted.said && this.#released.has(id) && isIdle(id)) {
      drop(id);
    }
  }
}
