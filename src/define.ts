/** Registers every tag; the entry of `/mesh-room.js`, which exports all that `mesh-room` does. */
import {watchOffers} from './components/mesh-install/early.js';
import {MeshChat, MeshRoom, MeshRoster, MeshStatus} from './index.js';

/** A second copy of the script, or a second version, leaves the first alone. */
const define = (tags: Record<string, CustomElementConstructor>): void => {
  for (const tag in tags) if (!customElements.get(tag)) customElements.define(tag, tags[tag]!);
};

watchOffers();
// The provider first, so that whoever reads the room finds it.
define({'mesh-room': MeshRoom, 'mesh-status': MeshStatus, 'mesh-roster': MeshRoster, 'mesh-chat': MeshChat});
// What shows nothing at first. A chunk that does not come is told of by the chat, which needs it more.
import('./components/later.js').then(later => define(later.shellTags), () => undefined);

export * from './index.js';
