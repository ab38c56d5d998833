/**
 * Who is in the room, for those above: the List, and for a while those who disappeared from it for no good reason. The mesh closes
 * its link to whoever is not in `members` any more. A server that was restarted has lost its Lists, and a server without a guard lets
 * anybody wipe them; the links are fine, and all who are alive put themselves back in.
 */
import type {Cancel, Clock} from '../clock.js';
import {LINGER_MS, SETTLE_MS} from './bounds.js';
import type {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

const NOBODY: readonly PeerId[] = Object.freeze([]);

export class HeldMembers {
  readonly #selfId: PeerId;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #view: RosterView | undefined;
  /** Who is kept although the List does not name them, and until when; for ever until the next List. In their old order. */
  readonly #held = new Map<PeerId, number>();
  /** Until when others are still coming back from what took the connection; for ever until the next List. */
  #settled = 0;
  #timer: Cancel | undefined;
  /** The List that `members` are of. */
  #shown: RosterView | undefined;
  #members: readonly PeerId[] = NOBODY;

  /** @param onChange `members` changed. */
  constructor(selfId: PeerId, clock: Clock, onChange: () => void) {
    this.#selfId = selfId;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** The very array of the List's view when nobody is held, so that many users of one view share it. */
  get members(): readonly PeerId[] {
    return this.#members;
  }

  has(id: PeerId): boolean {
    return this.#shown?.has(id) === true || this.#held.has(id);
  }

  /** The List is not to be relied on from now on: the connection was lost, or the List deleted. */
  lost(): void {
    this.#view = undefined;
    for (const id of this.#members) if (id !== this.#selfId) this.#held.set(id, Infinity);
    if (this.#held.size) this.#settled = Infinity;
    this.#schedule();
  }

  /**
   * The server confirmed `view`.
   * @param guarded whether only the server itself takes anybody out: then who is out has left, unless all were lost just now.
   */
  confirm(view: RosterView, guarded: boolean): void {
    const before = this.#view;
    this.#view = view;
    const now = this.#clock.now();
    if (this.#settled === Infinity) this.#settled = now + SETTLE_MS;
    for (const [id, until] of this.#held) {
      if (view.has(id)) this.#held.delete(id);
      else if (until === Infinity) this.#held.set(id, this.#settled);
    }
    if (before) {
      // Whoever took us out, who are here, took out others who are.
      const wiped = before.has(this.#selfId) && !view.has(this.#selfId);
      // A server waits some time for everybody whom it lost, and takes them out while they are on their way.
      const until = Math.max(this.#settled, guarded ? 0 : now + (wiped ? SETTLE_MS : LINGER_MS));
      if (until > now) for (const id of before.members) if (id !== this.#selfId && !view.has(id)) this.#held.set(id, until);
    }
    this.#schedule();
    this.#update();
  }

  /** Forgets everybody and waits for nothing. */
  stop(): void {
    this.#held.clear();
    this.#view = undefined;
    this.#schedule();
    this.#update();
  }

  #schedule(): void {
    this.#timer?.();
    this.#timer = undefined;
    const next = Math.min(...this.#held.values());
    if (next === Infinity) return;
    this.#timer = this.#clock.after(Math.max(0, next - this.#clock.now()), () => {
      const now = this.#clock.now();
      for (const [id, until] of this.#held) if (until <= now) this.#held.delete(id);
      this.#schedule();
      this.#update();
    });
  }

  #update(): void {
    this.#shown = this.#view;
    const named = this.#view?.members ?? NOBODY;
    const members = this.#held.size === 0 ? named : Object.freeze([...named, ...this.#held.keys()]);
    const before = this.#members;
    this.#members = members;
    if (members.length !== before.length || members.some((id, i) => id !== before[i])) this.#onChange();
  }
}
