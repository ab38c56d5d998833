import type {Topology} from './types.js';

/** Beyond this many a full mesh costs more than it brings: 16 members take 4 s of processor time to link (`docs/performance.md`). */
export const FULL_MESH_LIMIT = 12;

/** Everybody links to everybody: degree n − 1, one hop, nobody hands anything on. */
export const fullMesh: Topology = {
  overlay(members) {
    const all = new Set(members);
    return {
      partial: false,
      neighbours: id => all.has(id) ? members.filter(member => member !== id) : [],
      nextHop: (from, to, isUsable = () => true) => from !== to && all.has(from) && all.has(to) && isUsable(to) ? to : undefined,
    };
  },
  maxDegree: members => Math.max(0, members - 1),
};
