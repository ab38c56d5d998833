import type {ContestantServer} from '../contestant.js';

/**
 * The contestants, the floor first: every ratio is to it. The name is that of the files here and in `contestants/`.
 * Loaded when asked for.
 */
export const servers: Readonly<Record<string, () => Promise<ContestantServer>>> = {
  'floor': async () => (await import('./floor.js')).startServer(),
  'mesh-room': async () => (await import('./mesh-room.js')).startServer(),
};

export const FLOOR = 'floor';
/** Whom the bounds are for. */
export const SUBJECT = 'mesh-room';
