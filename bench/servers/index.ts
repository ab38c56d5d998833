import type {RowName} from '../rows.js';
import type {StartServer} from '../contestant.js';

/** Who takes part: what runs in its tabs is `contestants/<name>.ts`. */
interface Entrant {
  readonly start: StartServer;
  /** The package of `bench/package.json` that it is about; without one it is made of the project's own. */
  readonly package?: string;
  /** Rows about what it does not do at all. What it does and gets wrong is a failure. */
  readonly without?: readonly RowName[];
}

const LARGE: readonly RowName[] = ['bulk', 'bulk-all', 'chat'];

/** The contestants, the floor first: every ratio is to it. Loaded when asked for. */
export const entrants: Readonly<Record<string, Entrant>> = {
  'floor': {start: async port => (await import('./floor.js')).startServer(port)},
  'mesh-room': {start: async port => (await import('./mesh-room.js')).startServer(port)},
  'trystero': {start: async port => (await import('./trystero.js')).startServer(port), package: '@trystero-p2p/core'},
  'peerjs': {start: async port => (await import('./peerjs.js')).startServer(port), package: 'peerjs'},
  // It sends a change as one message, and none of 64 MB arrives; nothing is left of its pages after an attempt.
  'y-webrtc': {start: async port => (await import('./y-webrtc.js')).startServer(port), package: 'y-webrtc', without: LARGE},
  // Text in one piece is all that it sends.
  'tutorial': {start: async port => (await import('./tutorial.js')).startServer(port), without: LARGE},
};

export const FLOOR = 'floor';
/** Whom the bounds are for. */
export const SUBJECT = 'mesh-room';
