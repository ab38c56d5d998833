/** The names of events that a room uses on the server; see `docs/protocol.md`. */
import type {PeerId} from './types.js';

const SIGNAL_PREFIX = 'rtc-signal/';

/** The event that carries signals for `id`. */
export const signalEvent = (id: PeerId): string => SIGNAL_PREFIX + id;

/** Whose signals an event carries. */
export const signalTarget = (event: string): PeerId => event.slice(SIGNAL_PREFIX.length);

/** A pattern, as deepstream's listeners take it, that matches the signal events of `ids` and nothing else. */
export const signalPattern = (ids: readonly PeerId[]): string =>
  `^${SIGNAL_PREFIX}(${ids.map(id => id.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})$`;

/** The event by which users of a List that no server guards say whether they want to be in it: `{user, in}`. */
export const wishEvent = (list: string): string => `mesh-room-wish/${list}`;
