/**
 * Keeps one id in a List exactly once, or out of it, whatever others write. A List knows no "add": who enters rewrites the whole
 * of it, and of several who do so at once all but one are refused. So nothing is believed but what the server confirmed: as long as
 * that disagrees about this id, it is written again.
 *
 * Whoever wants in or out also says so. The one whose write is taken has seen to the others' wishes with it, so that many who come
 * or go at one instant take a few round trips together instead of one each; and those who stay see to the wish of one who left
 * before its own write was taken. No id is ever touched but by its own wish.
 */
import {between, type Cancel, type Clock} from '../clock.js';
import {REFUSED_PAUSE_MS, RETRY_LONGEST_MS} from './bounds.js';
import type {WriteOutcome} from './port.js';
import type {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

/**
 * The first pause after a conflict is within this; it doubles with each further one. Short, because whenever several write at once
 * one of them gets through: waiting saves messages, not time. With 32 at one instant on loopback, pauses up to 16 or 32 ms brought
 * everybody in in about 100 ms (median), none at all in 136, up to a second in 270.
 */
const CONFLICT_FIRST_MS = 2;
/** Longest pause after a conflict: this, or a millisecond for each who is in, since the more are in, the more may be at it. */
const CONFLICT_LONGEST_MS = 16;

/** A wish to be in is forgotten after this: whoever still wants in sees to it itself, and whoever died must not be put in. */
const ENTER_WISH_MS = 3_000;
/** Wishes remembered at a time; what is beyond is left to those who wish. */
const MAX_WISHES = 1_000;
/** Those who stay let the one who leaves try first, and do not all try at once. */
const HELP_FROM_MS = 200;
const HELP_TO_MS = 800;

interface Wish {
  readonly isIn: boolean;
  readonly until: number;
}

/** A List that others write too. */
export interface SharedList {
  /** As last confirmed by the server; `undefined` when that is not known. */
  readonly view: RosterView | undefined;
  /** Whether a write says only "I am in" or "I am out" and may come before `view` is known. */
  readonly guarded: boolean;
  /** Replaces the List if it still is `view`. `done` is called once, when `view` is up to date with the outcome. */
  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void;
  /** Tells the others what this user wants. */
  wish(isIn: boolean): void;
}

export interface MembershipOptions {
  readonly list: SharedList;
  readonly id: PeerId;
  readonly clock: Clock;
  /** The List is as wanted about the id; called at every `check()` that finds it so. */
  readonly onSettled?: () => void;
  /** The server does not let us write; it is tried again, seldom. */
  readonly onDenied?: () => void;
}

/** Wants an id in or out of a List, and writes until it is. Tell it with `check()` whenever `list.view` changed. */
export class Membership {
  readonly #options: MembershipOptions;
  /** What is wanted; `undefined` before the first wish: then the List is left alone. */
  #wanted: boolean | undefined;
  /** The write under way; another object for each, so that an answer to an earlier one is known as such. */
  #writing: object | undefined;
  #hasWritten = false;
  #failures = 0;
  #pause: Cancel | undefined;
  /** What others want and the List does not have yet. */
  readonly #wishes = new Map<PeerId, Wish>();
  #help: Cancel | undefined;
  #stopped = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /**
   * Whether the List is known to be as wanted about this id. Out is out only when no write is under way that might still
   * put it in.
   */
  get settled(): boolean {
    const {list: {view}, id} = this.#options;
    if (this.#wanted === undefined) return false;
    if (this.#wanted) return view?.count(id) === 1;
    return view ? !view.has(id) && !this.#writing : !this.#hasWritten;
  }

  enter(): void {
    this.#want(true);
  }

  leave(): void {
    this.#want(false);
  }

  /**
   * There is a connection: what is wanted is said, and written as soon as it can be.
   * @param entered - whether connecting has put the id into the List
   */
  connected(entered = false): void {
    this.#hasWritten ||= entered;
    if (this.#wanted !== undefined) this.#options.list.wish(this.#wanted);
    this.check();
  }

  /** Somebody said what it wants. */
  hear(id: PeerId, isIn: boolean): void {
    const {clock} = this.#options;
    if (this.#stopped || id === this.#options.id) return;
    // The newest counts: one user's wishes arrive in their order.
    this.#wishes.delete(id);
    if (this.#wishes.size < MAX_WISHES) this.#wishes.set(id, {isIn, until: isIn ? clock.now() + ENTER_WISH_MS : Infinity});
    this.#tend();
  }

  /** Looks again; to be called when `list.view` changed. */
  check(): void {
    if (this.#stopped || this.#wanted === undefined) return;
    this.#tend();
    if (this.settled) {
      this.#failures = 0;
      this.#options.onSettled?.();
    } else if (!this.#writing && !this.#pause && (this.#options.list.view || this.#options.list.guarded)) {
      this.#write();
    }
  }

  /** The connection is gone: what was being written is lost. Call `check()` when there is a new one. */
  reset(): void {
    this.#writing = undefined;
    this.#failures = 0;
    this.#pause?.();
    this.#pause = undefined;
    this.#wishes.clear();
    this.#tend();
  }

  /** Writes no more. */
  stop(): void {
    this.#stopped = true;
    this.reset();
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#pause?.();
    this.#pause = undefined;
    this.connected();
  }

  /** Forgets wishes that are fulfilled or old; sees to it that those who are gone get out. */
  #tend(): void {
    const {list: {view}, clock} = this.#options;
    const now = clock.now();
    let needsHelp = false;
    for (const [id, {isIn, until}] of this.#wishes) {
      if (until <= now || view?.has(id) === isIn) this.#wishes.delete(id);
      else needsHelp ||= !isIn;
    }
    if (!needsHelp) {
      this.#help?.();
      this.#help = undefined;
    }
    if (!needsHelp || this.#help) return;
    this.#help = clock.after(between(clock, HELP_FROM_MS, HELP_TO_MS), () => {
      this.#help = undefined;
      this.#tend();
      if (this.#help && this.settled && this.#wanted && !this.#writing && !this.#pause) this.#write();
    });
  }

  /** The List as it ought to be: as it is, but for oneself and those who said what they want. */
  #next(): PeerId[] {
    const {list: {view}, id} = this.#options;
    const next = (view?.entries ?? []).filter(entry => entry !== id && this.#wishes.get(entry)?.isIn !== false);
    for (const [other, {isIn}] of this.#wishes) if (isIn && !view?.has(other)) next.push(other);
    if (this.#wanted) next.push(id);
    return next;
  }

  #write(): void {
    const {list} = this.#options;
    const write = this.#writing = {};
    this.#hasWritten = true;
    list.write(this.#next(), outcome => {
      // An answer from before `reset()` speaks of another connection.
      if (this.#writing !== write) return;
      this.#writing = undefined;
      this.#after(outcome);
    });
  }

  #after(outcome: WriteOutcome): void {
    if (this.#stopped) return;
    if (outcome === 'denied') this.#options.onDenied?.();
    // Whoever came since has not heard it.
    if (outcome === 'conflict' && this.#wanted !== undefined && !this.settled) this.#options.list.wish(this.#wanted);
    if (this.settled) {
      this.check();
      return;
    }
    const {clock} = this.#options;
    this.#pause = clock.after(this.#pauseAfter(outcome), () => {
      this.#pause = undefined;
      this.check();
    });
  }

  #pauseAfter(outcome: WriteOutcome): number {
    const {clock, list} = this.#options;
    const failures = this.#failures++;
    if (outcome === 'denied') return REFUSED_PAUSE_MS * (0.5 + clock.random());
    const longest = outcome === 'conflict' ? Math.max(CONFLICT_LONGEST_MS, list.view?.entries.length ?? 0) : RETRY_LONGEST_MS;
    return clock.random() * Math.min(longest, CONFLICT_FIRST_MS * 2 ** failures);
  }
}
