/**
 * What others should believe about who is in the room, while the server is away and just after. The mesh closes its link to whoever
 * disappears from `members`; a server that was restarted has lost the List, and the links are fine. So those who were there before
 * the loss are kept until the List had time to fill again, unless they were in it since and have left.
 */
import type {Cancel, Clock} from '../clock.js';
import {SETTLE_MS} from './bounds.js';
import {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

const NOBODY: readonly PeerId[] = Object.freeze([]);

export class HeldMembers {
  readonly #selfId: PeerId;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  #view: RosterView | undefined;
  /** Who is kept although the List does not name them, in their old order. */
  readonly #held = new Set<PeerId>();
  #settling: Cancel | undefined;
  /** `members`; the very array of the view when nobody is held, so that many users of one view share it. */
  members: readonly PeerId[] = NOBODY;

  /** @param onChange `members` changed. */
  constructor(selfId: PeerId, clock: Clock, onChange: () => void) {
    this.#selfId = selfId;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** The List is not to be relied on from now on: the connection was lost, or the List deleted. */
  lost(): void {
    for (const id of this.members) if (id !== this.#selfId) this.#held.add(id);
    this.#settling?.();
    this.#settling = undefined;
  }

  /** The server confirmed `view`. */
  confirm(view: RosterView): void {
    this.#view = view;
    // Whoever is named needs no holding, and is gone at once if the List stops naming them.
    if (this.#held.size > 0) {
      for (const id of view.members) this.#held.delete(id);
      this.#settling ??= this.#held.size > 0 ? this.#clock.after(SETTLE_MS, () => this.#settle()) : undefined;
    }
    this.#update();
  }

  /** Forgets everybody and waits for nothing. */
  stop(): void {
    this.#settling?.();
    this.#settling = undefined;
    this.#held.clear();
    this.#view = undefined;
    this.#update();
  }

  #settle(): void {
    this.#settling = undefined;
    this.#held.clear();
    this.#update();
  }

  #update(): void {
    const named = this.#view?.members ?? NOBODY;
    const members = this.#held.size === 0 ? named : Object.freeze([...named, ...this.#held]);
    const before = this.members;
    if (members === before || (members.length === before.length && members.every((id, i) => id === before[i]))) return;
    this.members = members;
    this.#onChange();
  }
}
