/**
 * Links that the topology does not ask for (any more): kept until others have taken their place, until nothing waits on them, and for as
 * long as the other side needs them, since the two may see different Lists for a moment.
 */
import type {Cancel, Clock} from './clock.js';
import {MeshError} from './errors.js';
import type {Pair} from './pair.js';
import type {PeerId} from './signalling/types.js';

/** New links have so long to take over; they are made in less than a second, or have gone around by then. */
export const HANDOVER_MS = 10_000;
/** A link that was made for messages to one member is kept for so long after the last. */
export const IDLE_MS = 60_000;
/** One that the other side would begin, and nothing waits for, is given up after so long: it may begin at any time. */
const AWAITED_MS = 2_000;
/** Others that do not come about are given up after so long, or after twice that if something waits for them. */
const NEVER_MS = 20_000;
/** What is known of a link that has ended is kept for so long: the other side may have said something at that moment, and links again. */
const REST_MS = 2 * NEVER_MS;
const MAX_RESTED = 64;
const LOOK_MS = 500;

export interface HandoverOptions {
  readonly clock: Clock;
  readonly isOpen: (id: PeerId) => boolean;
  /** Whether everything that was said to `id` has arrived. */
  readonly isIdle: (id: PeerId) => boolean;
  /** Whether a link to `id` is for the other side to begin, and it has not. */
  readonly isAwaited: (id: PeerId) => boolean;
  /** Whether something has not that was said to `id` alone, or while all were linked. */
  readonly isOwed: (id: PeerId) => boolean;
  /** Whether the links that the topology asks for stand. */
  readonly isSettled: () => boolean;
  /** Tells `id` whether this side needs the link. */
  readonly say: (id: PeerId, keep: boolean) => void;
  /** A retired link is in use again. */
  readonly onBack: (id: PeerId) => void;
  /** Gives up the link to `id`; what there was to that one is the taker's. */
  readonly take: (id: PeerId) => Pair | undefined;
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
  /** Of links that ended in agreement, the oldest first: what was numbered there goes on where it stopped. */
  readonly #rested = new Map<PeerId, {readonly pair: Pair; readonly stop: Cancel}>();
  #timer: Cancel | undefined;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** Whether the link to `id` was made for messages to that one alone. */
  isForOne(id: PeerId): boolean {
    return this.#unwanted.get(id)?.forOne === true;
  }

  /** Whether neither side needs the link: no more is said to everybody over it, so that a busy room lets go of it too. */
  isRetired(id: PeerId): boolean {
    return this.#unwanted.get(id)?.said === true && this.#released.has(id);
  }

  /** The topology asks for this link. */
  want(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (!unwanted) return;
    const wasRetired = this.isRetired(id);
    this.#unwanted.delete(id);
    if (unwanted.said) this.#options.say(id, true);
    if (wasRetired) this.#options.onBack(id);
  }

  /** It does not. @param forOne - whether the link is made for messages to that one alone. */
  unwant(id: PeerId, forOne = false): void {
    if (this.#unwanted.has(id)) return;
    const now = this.#options.clock.now();
    this.#unwanted.set(id, {since: now, forOne, usedUntil: forOne ? now + IDLE_MS : 0, said: false});
    this.#look();
  }

  /** A message goes over a link that was made for such. Others end all the same: one is made when the next message comes. */
  use(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (!unwanted?.forOne) return;
    unwanted.usedUntil = this.#options.clock.now() + IDLE_MS;
    if (!unwanted.said) return;
    const wasRetired = this.isRetired(id);
    unwanted.said = false;
    this.#options.say(id, true);
    if (wasRetired) this.#options.onBack(id);
  }

  /** The other side says whether it needs the link. */
  told(id: PeerId, keep: boolean): void {
    const wasRetired = this.isRetired(id);
    if (keep) this.#released.delete(id);
    else this.#released.add(id);
    if (wasRetired && keep) this.#options.onBack(id);
    const unwanted = this.#unwanted.get(id);
    if (unwanted) this.#weigh(id, unwanted);
  }

  /** The link to `id` has ended: if this side had said that it does not need it, for good. Otherwise it is made anew. */
  closed(id: PeerId): void {
    const unwanted = this.#unwanted.get(id);
    if (unwanted?.said !== true) return;
    // Not in the middle of its ending.
    queueMicrotask(() => {
      if (this.#unwanted.get(id) !== unwanted || !unwanted.said || this.#options.isOpen(id)) return;
      if (!this.#options.isOwed(id)) return this.#rest(id);
      // The other side let go of it before the last of it came: that goes over a new one, which ends as this did.
      this.#released.delete(id);
      this.#unwanted.set(id, {...unwanted, since: this.#options.clock.now(), said: false});
    });
  }

  /** What there was to `id` before its link ended, if that is not long ago. It is the caller's then. */
  rested(id: PeerId): Pair | undefined {
    const entry = this.#rested.get(id);
    entry?.stop();
    this.#rested.delete(id);
    return entry?.pair;
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
    for (const id of [...this.#rested.keys()]) this.#forget(id);
  }

  #rest(id: PeerId): void {
    const pair = this.#options.take(id);
    if (!pair) return;
    pair.suspend(ended(id));
    this.#rested.set(id, {pair, stop: this.#options.clock.after(REST_MS, () => this.#forget(id))});
    const [oldest] = this.#rested.keys();
    if (this.#rested.size > MAX_RESTED && oldest !== undefined) this.#forget(oldest);
  }

  #forget(id: PeerId): void {
    this.rested(id)?.close(ended(id));
  }

  #look(): void {
    this.#timer ??= this.#options.clock.after(LOOK_MS, () => {
      this.#timer = undefined;
      for (const [id, unwanted] of [...this.#unwanted]) this.#weigh(id, unwanted);
      if (this.#unwanted.size) this.#look();
    });
  }

  #weigh(id: PeerId, unwanted: Unwanted): void {
    const {clock, isOpen, isIdle, isAwaited, isSettled, say, take} = this.#options;
    const now = clock.now();
    const age = now - unwanted.since;
    if (now < unwanted.usedUntil) return;
    if (!isOpen(id)) {
      // What waits on it goes another way, or is given back to its sender in time.
      if (age >= (!isIdle(id) ? REST_MS : isAwaited(id) ? AWAITED_MS : NEVER_MS)) take(id)?.close(ended(id));
      return;
    }
    if (!unwanted.said && (isSettled() || age >= HANDOVER_MS)) {
      unwanted.said = true;
      say(id, false);
    } else if (unwanted.said && this.#released.has(id) && isIdle(id)) {
      this.#rest(id);
    }
  }
}

const ended = (id: PeerId): MeshError => new MeshError('undelivered', 'The connection to this person has ended', {ids: [id]});
