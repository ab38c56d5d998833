import {FULL_MESH_LIMIT, fullMesh} from './full-mesh.js';
import {smallWorld} from './small-world.js';
import type {Topology} from './types.js';

/** A room that has become a small world stays one until it is smaller than the limit by more than this. */
export const HYSTERESIS = 2;

/** A full mesh up to `limit` members, a small world beyond; in between whatever the room is (`facts.partial`). */
export const autoUpTo = (limit: number): Topology => ({
  overlay(members, facts = {}) {
    const isPartial = members.length > (facts.partial === true ? limit - HYSTERESIS - 1 : limit);
    return (isPartial ? smallWorld : fullMesh).overlay(members, facts);
  },
  maxDegree: (members, relays) => members > limit ? smallWorld.maxDegree(members, relays)
    : Math.max(fullMesh.maxDegree(members), members > limit - HYSTERESIS - 1 ? smallWorld.maxDegree(members, relays) : 0),
});

export const auto = autoUpTo(FULL_MESH_LIMIT);
