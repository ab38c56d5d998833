import {relayed, type Core} from './relayed.js';
import {hashOf, mix} from './ring.js';

/** Members below each one. With two a room of 200 is eight levels deep, with eight the root sends everything eight times. */
const FAN_OUT = 4;
/** Bits of the hash that choose among the places below a member, and how often there are such bits. */
const BITS = Math.log2(FAN_OUT);
const CHOICES = 32 / BITS;

/**
 * A tree with the strongest on top. Each place belongs to a range of hashes; the strongest member of the range stands there, and the others
 * stand in the quarters of the range below it. So the set of members alone makes the tree, and who joins or leaves moves only who stands
 * on one way from the top to the bottom.
 *
 * - Degree: at most 5, and for who declines to relay 1. Depth: about log₄ n + 1.
 * - It is cut in two wherever one relay vanishes, until the List says so; `small-world` is not.
 */
export const tree = relayed({
  core: priorityTree,
  coreDegree: relays => Math.min(relays - 1, FAN_OUT + 1),
  leafLinks: () => 1,
  ranks: true,
});

interface Place {
  readonly id: string;
  readonly above: Place | undefined;
  readonly depth: number;
  readonly below: Array<Place | undefined>;
}

function priorityTree(relays: readonly string[], capacityOf: (id: string) => number): Core {
  const order = relays.map(id => {
    const hash = hashOf(id);
    return {id, hash, capacity: capacityOf(id), chance: mix(hash, 3)};
  });
  order.sort((a, b) => b.capacity - a.capacity || b.chance - a.chance || (a.id < b.id ? -1 : 1));
  const places = new Map<string, Place>();
  let root: Place | undefined;
  for (const {id, hash} of order) {
    let above = root;
    let slot = 0;
    for (let next = root; next; next = next.below[slot]) {
      above = next;
      // Equal hashes have no bits left to tell them apart: they stand below each other.
      slot = (hash >>> (32 - BITS * (1 + next.depth % CHOICES))) & (FAN_OUT - 1);
    }
    const place: Place = {id, above, depth: above ? above.depth + 1 : 0, below: []};
    if (above) above.below[slot] = place;
    root ??= place;
    places.set(id, place);
  }
  return {
    neighbours(id) {
      const place = places.get(id);
      return place ? [place.above, ...place.below].filter(other => other !== undefined).map(other => other.id) : [];
    },
    distance(from, to) {
      let a = places.get(from);
      let b = places.get(to);
      let steps = 0;
      for (; a && b && a !== b; steps++) {
        if (a.depth >= b.depth) a = a.above;
        else b = b.above;
      }
      return a && b ? steps : Infinity;
    },
  };
}
