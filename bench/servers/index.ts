import type {RowName} from '../rows.js';
import type {StartServer} from '../contestant.js';

/** Who takes part: what runs in its tabs is `contestants/<name>.ts`. */
interface Entrant {
  /** The module that starts its server. */
  readonly load: () => Promise<{startServer: StartServer}>;
  /** The package of `bench/package.json` that it is about; without one it is made of the project's own. */
  readonly package?: string;
  /** Rows about what it does not do at all. What it does and gets wrong is a failure. */
  readonly without?: readonly RowName[];
}

const LARGE: readonly RowName[] = ['bulk', 'bulk-all', 'chat'];

/** The contestants, the floor first: every ratio is to it. Loaded when asked for. */
export const entrants: Readonly<Record<string, Entrant>> = {
  'floor': {load: () => import('./floor.js')},
  'mesh-room': {load: () => import('./mesh-room.js')},
  'trystero': {load: () => import('./trystero.js'), package: '@trystero-p2p/core'},
  'peerjs': {load: () => import('./peerjs.js'), package: 'peerjs'},
  // It sends a change as one message, and none of 64 MB arrives; nothing is left of its pages after an attempt.
  'y-webrtc': {load: () => import('./y-webrtc.js'), package: 'y-webrtc', without: LARGE},
  // Text in one piece is all that it sends.
  'tutorial': {load: () => import('./tutorial.js'), without: LARGE},
};

export const FLOOR = 'floor';
/** Whom the bounds are for. */
export const SUBJECT = 'mesh-room';
