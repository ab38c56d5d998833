/** Lists that neighbours tell in several frames, each put together from its parts. */
import type {PeerId} from '../signalling/types.js';
import type {Had} from './frames.js';

export class Parts {
  readonly #parts = new Map<PeerId, Had[]>();

  /** Takes a part. @returns the whole list with the last of them. */
  add(from: PeerId, part: readonly Had[], more: boolean): readonly Had[] | undefined {
    const all = this.#parts.get(from) ?? [];
    all.push(...part);
    if (more) this.#parts.set(from, all);
    else this.#parts.delete(from);
    return more ? undefined : all;
  }

  /** The rest will not come. */
  forget(from: PeerId): void {
    this.#parts.delete(from);
  }
}
