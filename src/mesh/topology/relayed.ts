/**
 * What all topologies have in common in which members hand on for others. Those who relay form the core; those who do not are leaves:
 * each is linked to some of the core, all over the ring, and nothing ever passes through it.
 */
import {fullMesh} from './full-mesh.js';
import {mix, Ring} from './ring.js';
import type {Topology} from './types.js';

/** The graph of those who relay. */
export interface Core {
  neighbours(id: string): readonly string[];
  /** How far it is, on a scale on which some neighbour is always nearer than oneself, and 0 means there. */
  distance(from: string, to: string): number;
}

export interface RelayedOptions {
  /** @param capacityOf above 0 for each of `relays`. */
  readonly core: (relays: readonly string[], capacityOf: (id: string) => number) => Core;
  /** Most neighbours that one of `relays` members has in the core. */
  readonly coreDegree: (relays: number) => number;
  /** See `Topology.ranks`. */
  readonly ranks?: boolean;
  /** How many of the core a leaf is linked to. `fraction`, below 1, is its own: in a room that grows one after the other gets more. */
  readonly leafLinks: (relays: number, fraction: number) => number;
}

/**
 * No relay has more than so many times its share of leaves. A leaf goes to the next with room, clockwise from places of its own in the
 * ring: consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, 2018), in which who comes or goes moves few others.
 */
const LEAF_LOAD = 1.25;

export function relayed({core, coreDegree, ranks = false, leafLinks}: RelayedOptions): Topology {
  const linksOf = (relays: number, fraction: number): number => Math.min(relays, leafLinks(relays, fraction));
  const mostLinks = (relays: number): number => linksOf(relays, 1 - Number.EPSILON);
  const leafRoom = (leaves: number, relays: number): number => Math.ceil(LEAF_LOAD * leaves * mostLinks(relays) / relays);
  return {
    ranks,
    overlay(members, {capacityOf = () => 1} = {}) {
      const relays = members.filter(id => capacityOf(id) > 0);
      // Where nobody hands anything on, everybody has to be reached.
      if (relays.length === 0) return fullMesh.overlay(members);
      const inner = core(relays, capacityOf);
      const leaves = members.filter(id => !(capacityOf(id) > 0));
      const attached = attach(leaves, relays, fraction => linksOf(relays.length, fraction), leafRoom(leaves.length, relays.length));
      const all = new Set(members);
      const isLeaf = new Set(leaves);

      const neighbours = (id: string): readonly string[] => {
        if (!all.has(id)) return [];
        const links = attached.get(id) ?? [];
        return isLeaf.has(id) ? links : [...inner.neighbours(id), ...links];
      };
      const distance = (from: string, to: string): number => {
        if (from === to) return 0;
        if (isLeaf.has(from)) return Infinity;
        if (!isLeaf.has(to)) return inner.distance(from, to);
        return 1 + Math.min(...(attached.get(to) ?? []).map(relay => inner.distance(from, relay)));
      };
      return {
        partial: true,
        neighbours,
        nextHop(from, to, isUsable = () => true) {
          if (from === to || !all.has(from) || !all.has(to)) return undefined;
          let next: string | undefined;
          let least = distance(from, to);
          for (const id of neighbours(from)) {
            const rest = distance(id, to);
            if (rest >= least || !isUsable(id)) continue;
            next = id;
            least = rest;
          }
          return next;
        },
      };
    },
    maxDegree(members, relays = members) {
      if (relays === 0) return fullMesh.maxDegree(members);
      return Math.max(members > relays ? mostLinks(relays) : 0, coreDegree(relays) + leafRoom(members - relays, relays));
    },
  };
}

/** Which relays each leaf is linked to, and which leaves each relay. */
function attach(
  leaves: readonly string[], relays: readonly string[], linksOf: (fraction: number) => number, room: number,
): ReadonlyMap<string, readonly string[]> {
  const attached = new Map<string, string[]>();
  if (leaves.length === 0) return attached;
  const {ids, hashes} = new Ring(relays);
  const places = new Ring(leaves);
  for (const [rank, leaf] of places.ids.entries()) {
    const hash = places.hashes[rank]!;
    const own: string[] = [];
    for (let link = linksOf(mix(hash, 1) / 2 ** 32); link > 0; link--) {
      // Far from each other, so that those who vanish together are not all that it has.
      const start = firstAtOrAfter(hashes, mix(hash, 16 + link));
      const hasRoom = (_: unknown, step: number) => {
        const relay = ids[(start + step) % ids.length]!;
        return !own.includes(relay) && (attached.get(relay)?.length ?? 0) < room;
      };
      const step = ids.findIndex(hasRoom);
      if (step < 0) break;
      const relay = ids[(start + step) % ids.length]!;
      const others = attached.get(relay) ?? [];
      attached.set(relay, others);
      others.push(leaf);
      own.push(relay);
    }
    attached.set(leaf, own);
  }
  return attached;
}

/** Index of the first of `sorted` that is not below `value`; 0 when all are. */
function firstAtOrAfter(sorted: readonly number[], value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from % sorted.length;
}
