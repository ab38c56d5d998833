import type {PeerId} from './types.js';

const NOBODY: ReadonlyMap<PeerId, number> = new Map();

/** One confirmed state of a List. Immutable, so that all who see the same state may share it, and what is derived from it. */
export class RosterView {
  static readonly empty = new RosterView([]);
  /** The List as it is, in its order, with whatever is in it twice. */
  readonly entries: readonly PeerId[];
  #members: readonly PeerId[] | undefined;
  #counts: ReadonlyMap<PeerId, number> | undefined;

  constructor(entries: readonly PeerId[]) {
    this.entries = Object.freeze([...entries]);
  }

  /** @param data what a server sent as a List; whatever is not a non-empty string in an array is left out. */
  static from(data: unknown): RosterView {
    if (!Array.isArray(data)) return RosterView.empty;
    return new RosterView(data.filter((entry): entry is PeerId => typeof entry === 'string' && entry !== ''));
  }

  /** Each id once, in the order of first mention. */
  get members(): readonly PeerId[] {
    return this.#members ??= this.#count().size === this.entries.length
      ? this.entries : Object.freeze([...this.#count().keys()]);
  }

  /** How often `id` is in the List. */
  count(id: PeerId): number {
    return this.#count().get(id) ?? 0;
  }

  has(id: PeerId): boolean {
    return this.#count().has(id);
  }

  /** The entries without any of `id`. */
  without(id: PeerId): PeerId[] {
    return this.entries.filter(entry => entry !== id);
  }

  #count(): ReadonlyMap<PeerId, number> {
    if (this.entries.length === 0) return NOBODY;
    if (!this.#counts) {
      const counts = new Map<PeerId, number>();
      for (const entry of this.entries) counts.set(entry, (counts.get(entry) ?? 0) + 1);
      this.#counts = counts;
    }
    return this.#counts;
  }
}
