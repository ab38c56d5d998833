import {relayed, type Core} from './relayed.js';
import {mix, Ring} from './ring.js';

/**
 * A ring by hashed id with long-range links: a skip graph (Aspnes and Shah, 2003) filled up with random links.
 *
 * On level 0 everybody is in one ring, on level i in that of those whose second hash begins with the same i bits; each is linked to the
 * next in both directions. That gives links of all lengths, by which a message is routed, but only half as many as are wanted: often
 * the next is the same on several levels. A third hash makes rings of the same kind, taken from the smallest up, until a member has as
 * many links as it may have.
 *
 * - Degree: at most 2·log₂ n + 2. Each member has its own fraction of the last two, so that n grows for one after the other.
 * - Who joins or leaves changes the rings that it is in: links between others, 2·log₂ n in the mean. In 60 rooms of 200 it was 17, at
 *   most 30; nobody saw more than 9 come and go.
 * - When a fifth of the members, drawn at random, vanishes at once, what is left was connected in 99.88 % of 20,000 rooms of 13, in
 *   99.99 % of those of 24 and 32, and in all of 64 and more; in all, too, where it was the fifth with the most links, or one stretch of
 *   the ring. Who may choose the fifth can cut off anybody, by taking all its neighbours.
 * - Who does not relay is linked to ⌊log₂ n⌋ + 1 or 2 who do. With three in ten of these it is 99.9 % at 24 members, all at 200.
 */
export const smallWorld = relayed({
  core: skipGraph,
  coreDegree: relays => Math.min(relays - 1, Math.floor(2 * Math.log2(relays) + 2)),
  leafLinks: (relays, fraction) => Math.floor(Math.log2(relays) + fraction) + 1,
});

function skipGraph(relays: readonly string[]): Core {
  const ring = new Ring(relays);
  const {ids, hashes, size} = ring;
  const links: number[][] = hashes.map(() => []);
  const most = hashes.map(hash => Math.floor(2 * (Math.log2(size) + mix(hash, 1) / 2 ** 32)));
  const all = hashes.map((_, rank) => rank);
  for (const level of ringsOf(all, hashes.map(hash => mix(hash, 2)))) joinRings(level, links, most);
  for (const level of ringsOf(all, hashes.map(hash => mix(hash, 3))).reverse()) joinRings(level, links, most);
  return {
    neighbours: id => links[ring.rankOf(id) ?? -1]?.map(rank => ids[rank]!) ?? [],
    distance: (from, to) => ring.distance(from, to),
  };
}

/** Members by what their word begins with, level by level: all of them, those with the same first bit, the same two, and so on. */
function ringsOf(all: readonly number[], words: readonly number[]): Array<ReadonlyArray<readonly number[]>> {
  const levels: Array<ReadonlyArray<readonly number[]>> = [];
  let rings: ReadonlyArray<readonly number[]> = [all];
  for (let bit = 31; bit >= 0 && rings.length > 0; bit--) {
    levels.push(rings);
    const halves: number[][] = [];
    for (const ring of rings) {
      const half: [number[], number[]] = [[], []];
      for (const rank of ring) half[(words[rank]! >>> bit & 1) as 0 | 1].push(rank);
      for (const next of half) if (next.length > 1) halves.push(next);
    }
    rings = halves;
  }
  return levels;
}

/** Links everybody who has room for two more to the next in its ring. */
function joinRings(rings: ReadonlyArray<readonly number[]>, links: readonly number[][], most: readonly number[]): void {
  for (const ring of rings) {
    const open = ring.filter(rank => links[rank]!.length + 2 <= most[rank]!);
    let rank = open.at(-1)!;
    for (const next of open) {
      if (next !== rank && !links[rank]!.includes(next)) {
        links[rank]!.push(next);
        links[next]!.push(rank);
      }
      rank = next;
    }
  }
}
