/** Which rooms are played. */
import {topologies} from '../../src/mesh/topology/topologies.js';
import {FAULTS, FULL, REDUCED, type Fault, type Scale} from './rooms.js';

export type TopologyName = keyof typeof topologies;

export const TOPOLOGIES = Object.keys(topologies) as readonly TopologyName[];
export const SIZES: readonly number[] = [8, 12, 24, 64, 200, 1_000, 10_000];

/** A full mesh of more has more links than anybody would want. */
const MOST_IN_FULL_MESH = 64;
/** From here on less is played. */
const LARGE = 5_000;
/** From here on `small-world` is left out where `auto` is played, which is the same graph there and takes as long again. */
const SAME_TWICE = 1_000;

/** What one process does. */
export interface Job {
  readonly topology: TopologyName;
  readonly members: number;
  /** In one room, one after another. */
  readonly faults: readonly Fault[];
  /** Rooms of their own, with other members and other links. */
  readonly rooms: number;
  readonly seed: number;
}

export interface Wanted {
  readonly sizes: readonly number[];
  readonly topologies: readonly TopologyName[];
  readonly faults: readonly Fault[];
  readonly seed: number;
}

export const isReduced = (members: number): boolean => members >= LARGE;
export const scaleOf = (members: number): Scale => isReduced(members) ? REDUCED : FULL;

/** What takes longest first, so that no core is idle at the end. */
export function plan({sizes, topologies: names, faults, seed}: Wanted): Job[] {
  const jobs = names.flatMap(topology => sizes
    .filter(members => topology !== 'full-mesh' || members <= MOST_IN_FULL_MESH)
    .filter(members => topology !== 'small-world' || members < SAME_TWICE || !names.includes('auto'))
    .flatMap(members => together(members, faults).map(each => ({topology, members, faults: each, rooms: roomsOf(members), seed}))));
  return jobs.sort((a, b) => b.members - a.members);
}

/** Making so large a room takes longer than what is played in it: one for everything but broken pairs, which are so from the beginning. */
function together(members: number, faults: readonly Fault[]): Fault[][] {
  const each = FAULTS.filter(fault => faults.includes(fault)).map(fault => [fault]);
  if (!isReduced(members)) return each;
  return [each.flat().filter(fault => fault !== 'broken'), each.flat().filter(fault => fault === 'broken')].filter(({length}) => length > 0);
}

/** In small rooms more depends on who is linked to whom, and they cost nothing. */
function roomsOf(members: number): number {
  if (members <= 12) return 10;
  return members <= 64 ? 3 : 1;
}
