/** Registers every tag; the entry of `/mesh-room.js`, which exports all that `mesh-room` does. */
import {MeshChat, MeshRoom, MeshRoster, MeshStatus} from './index.js';

// The provider first, so that whoever reads the room finds it. A second copy of the script, or a second version, leaves the first alone.
for (const [tag, element] of [
  ['mesh-room', MeshRoom], ['mesh-status', MeshStatus], ['mesh-roster', MeshRoster], ['mesh-chat', MeshChat],
] as const) {
  if (!customElements.get(tag)) customElements.define(tag, element);
}

export * from './index.js';
