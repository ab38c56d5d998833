import {auto} from './auto.js';
import {fullMesh} from './full-mesh.js';
import {smallWorld} from './small-world.js';
import {tree} from './tree.js';
import type {Topology} from './types.js';

/** By the name that `<mesh-room topology>` takes. A new one is a file beside these and a line here. */
export const topologies = {
  auto,
  'full-mesh': fullMesh,
  'small-world': smallWorld,
  tree,
} as const satisfies Readonly<Record<string, Topology>>;
