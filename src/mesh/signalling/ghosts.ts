/**
 * Removes those who died from a List that no server guards. A member that is killed cannot take itself out, so others do: each
 * watches its predecessors in the ring of sorted ids, up to the first who is alive and watches in turn. What decides is whether the server
 * knows of a subscription to the member's own signals, which every living one has; never whether a link to it works.
 */
import type {Cancel, Clock} from '../clock.js';
import {ABSENCES, SUSPECT_MS, WATCH_MS} from './bounds.js';
import type {SharedList} from './membership.js';
import type {ProbeAnswer} from './port.js';
import type {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

/** How many more predecessors are asked for with each suspect: a List of nothing but ghosts is known after a few rounds. */
const REACH = 16;
/** Doublings of patience with one who comes back whenever it is removed. */
const MOST_DOUBLINGS = 10;

export interface GhostWatchOptions {
  readonly list: SharedList;
  /** The watcher; it is never taken for dead by itself. */
  readonly id: PeerId;
  readonly clock: Clock;
  readonly probe: (ids: readonly PeerId[], done: ProbeAnswer) => void;
}

export class GhostWatch {
  readonly #options: GhostWatchOptions;
  /** How often in a row each suspect was absent. */
  readonly #absences = new Map<PeerId, number>();
  /** Who is there and is not known to watch anybody: plain pages. */
  readonly #plain = new Set<PeerId>();
  /** How often each that we removed came back; `undefined` members were never removed. */
  readonly #comebacks = new Map<PeerId, number>();
  readonly #removed = new Set<PeerId>();
  #running = false;
  /** The round under way; another object for each, so that an answer from before `stop()` is known as such. */
  #round: object | undefined;
  #timer: Cancel | undefined;

  constructor(options: GhostWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch. Idempotent. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#schedule();
  }

  /** Stops, and suspects nobody any more: after a reconnect all begin anew. */
  stop(): void {
    this.#running = false;
    this.#round = undefined;
    this.#timer?.();
    this.#timer = undefined;
    this.#absences.clear();
    this.#plain.clear();
  }

  /** The List changed. */
  check(): void {
    const {list: {view}} = this.#options;
    if (!view) return;
    for (const id of this.#absences.keys()) if (!view.has(id)) this.#absences.delete(id);
    for (const id of this.#plain) if (!view.has(id)) this.#plain.delete(id);
    for (const id of this.#removed) {
      if (!view.has(id)) continue;
      // Alive after all, and out of the server's sight; or put back by a careless client. Twice the patience next time.
      this.#removed.delete(id);
      this.#comebacks.set(id, (this.#comebacks.get(id) ?? 0) + 1);
    }
  }

  #schedule(): void {
    const {clock} = this.#options;
    const longest = this.#absences.size > 0 ? SUSPECT_MS : WATCH_MS;
    this.#timer = clock.after(longest * (0.5 + clock.random() / 2), () => this.#look());
  }

  #look(): void {
    const {list: {view}, probe} = this.#options;
    const watched = view ? this.#watched(view) : [];
    if (watched.length === 0) {
      this.#schedule();
      return;
    }
    const round = this.#round = {};
    probe(watched, (present, ours) => {
      if (this.#round !== round) return;
      this.#round = undefined;
      if (present) this.#judge(watched, present, ours);
      this.#schedule();
    });
  }

  /** The predecessors up to the first who watches for itself, and some more if there are suspects. */
  #watched(view: RosterView): PeerId[] {
    const others = predecessors(view, this.#options.id, Infinity);
    const first = others.findIndex(id => !this.#plain.has(id) && !this.#absences.has(id));
    return first === -1 ? others : others.slice(0, first + 1 + REACH * this.#absences.size);
  }

  #judge(watched: readonly PeerId[], present: ReadonlySet<PeerId>, ours: ReadonlySet<PeerId> = new Set()): void {
    const {list: {view}} = this.#options;
    for (const id of watched) {
      if (present.has(id) && !ours.has(id)) this.#plain.add(id);
      else this.#plain.delete(id);
      if (present.has(id) || !view?.has(id)) this.#absences.delete(id);
      else this.#absences.set(id, (this.#absences.get(id) ?? 0) + 1);
    }
    const dead = new Set(watched.filter(id => (this.#absences.get(id) ?? 0) >= this.#patience(id)));
    if (dead.size > 0) this.#remove(dead);
  }

  #patience(id: PeerId): number {
    return ABSENCES * 2 ** Math.min(MOST_DOUBLINGS, this.#comebacks.get(id) ?? 0);
  }

  /** Takes the dead out. If somebody else is faster with the List, the next round asks and tries again. */
  #remove(dead: ReadonlySet<PeerId>): void {
    const {list} = this.#options;
    if (!list.view) return;
    list.write(list.view.entries.filter(id => !dead.has(id)), outcome => {
      if (outcome === 'written' && this.#running) for (const id of dead) this.#removed.add(id);
    });
  }
}

/** The `count` ids of the List before `self` in the ring of sorted ids, nearest first. */
export function predecessors(view: RosterView, self: PeerId, count: number): PeerId[] {
  const others = view.members.filter(id => id !== self).sort();
  const after = others.findIndex(id => id > self);
  const start = after === -1 ? others.length : after;
  return [...others.slice(0, start).reverse(), ...others.slice(start).reverse()].slice(0, count);
}
