/** deepstream's messages, with deepstream's own codec. The only file that names it. */
import {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
import {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
import {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import type {PeerId} from './types.js';

export {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, TOPIC};
export type {Message};

const SIGNAL_PREFIX = 'rtc-signal/';

/** The event that carries signals for `id`. */
export const signalEvent = (id: PeerId): string => SIGNAL_PREFIX + id;

/** The event by which users of a List that no server guards say whether they want to be in it: `{user, in}`. */
export const wishEvent = (list: string): string => `mesh-room-wish/${list}`;

/** Whose signals an event carries. */
export const signalTarget = (event: string): PeerId => event.slice(SIGNAL_PREFIX.length);

/** A pattern, as deepstream's listeners take it, that matches the signal events of `ids` and nothing else. */
export const signalPattern = (ids: readonly PeerId[]): string =>
  `^${SIGNAL_PREFIX}(${ids.map(id => id.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})$`;

export const encode = (message: Message): Uint8Array<ArrayBuffer> => getMessage(message, false) as Uint8Array<ArrayBuffer>;

/** What one WebSocket frame holds; a message of topic `PARSER` when it is not deepstream's. Never throws. */
export const decode = (frame: ArrayBuffer): Message[] => parse(new Uint8Array(frame)) as Message[];

/** A message's data, which is a remote's word; `undefined` when there is none or it is not JSON. */
export function dataOf({data}: Message): unknown {
  if (data === undefined || data === '') return undefined;
  try {
    return JSON.parse(typeof data === 'string' ? data : new TextDecoder().decode(data));
  } catch {
    return undefined; // dropped like no data at all, by whoever needs some
  }
}
