import type {MeshError} from './errors.js';
import type {PeerId} from './signalling/types.js';

/** Takes a message of a peer on a channel; `plain` when a page sent it that knows nothing of this project. */
export type OnMeshMessage = (from: PeerId, channel: string, data: unknown, plain?: boolean) => void;

export class MeshErrorEvent extends Event {
  constructor(readonly error: MeshError) {
    super('error');
  }
}

export interface MeshEventMap {
  /** Who is in the room, or how one of them is reached, changed. At most once a task. */
  'peers-change': Event;
  /** The connection to the server changed. */
  'status-change': Event;
  error: MeshErrorEvent;
}
