import type {Clock} from '../clock.js';
import type {SharedList} from './membership.js';
import type {PeerId} from './types.js';

export interface GhostWatchOptions {
  readonly list: SharedList;
  readonly id: PeerId;
  readonly clock: Clock;
  readonly probe: (ids: readonly PeerId[], done: (present: ReadonlySet<PeerId> | undefined) => void) => void;
}
export class GhostWatch {
  constructor(readonly options: GhostWatchOptions) {}
  start(): void {}
  stop(): void {}
  check(): void {}
}
