/** The parts of deepstream's protocol that the server speaks itself. Shapes: `@deepstream/protobuf`. */
import {
  EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, RPC_ACTION, TOPIC,
} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';

export {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
export {STATE_REGISTRY_TOPIC} from '@deepstream/protobuf/dist/types/all.js';
export {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
export type {Message} from '@deepstream/protobuf/dist/types/messages.js';

const DENIED: Readonly<Partial<Record<number, Message['action']>>> = {
  [TOPIC.RECORD]: RECORD_ACTION.MESSAGE_DENIED,
  [TOPIC.EVENT]: EVENT_ACTION.MESSAGE_DENIED,
  [TOPIC.RPC]: RPC_ACTION.MESSAGE_DENIED,
  [TOPIC.PRESENCE]: PRESENCE_ACTION.MESSAGE_DENIED,
};

/** The refusal of `message`, about `name` alone when it named several; `undefined` for a topic that knows no refusals. */
export function denialOf(message: Message, name = message.name): Message | undefined {
  const action = DENIED[message.topic];
  if (action === undefined) return undefined;
  return {
    topic: message.topic, action, originalAction: message.action, isError: true,
    ...(name !== undefined && {name}),
    ...(message.correlationId !== undefined && {correlationId: message.correlationId}),
    ...(message.isWriteAck && {isWriteAck: true}),
  };
}

/** A List's content, as its subscribers get it. */
export const listUpdate = (name: string, version: number, entries: readonly string[]): Message =>
  ({topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name, version, data: JSON.stringify(entries)});

export const writeAck = (name: string, correlationId: string): Message =>
  ({topic: TOPIC.RECORD, action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, name, correlationId, isWriteAck: true});

/**
 * Whether `frame`, of which `name` and `data` were read, holds an event with these and nothing else, and so may be handed on as it came.
 *
 * Each of an event's four fields is there once at the least, and as long as it must be: if the whole is as long as that, there is nothing
 * more. Of bytes that are no UTF-8, which are read as U+FFFD, the length is not known.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/; `@deepstream/protobuf` 1.0.9, `generated/protobuf.js`.
 */
export function isPlainEvent(frame: Uint8Array, name: string, data: string): boolean {
  if (data.includes(REPLACEMENT) || name.includes(REPLACEMENT)) return false;
  const event = ENUM_FIELD + textField(name) + textField(data);
  const message = ENUM_FIELD + lengthField(event);
  return frame.length === lengthField(message) - TAG;
}

const REPLACEMENT = '\uFFFD';
/** Bytes of a field's number and type, and of a field with a number below 128. */
const TAG = 1;
const ENUM_FIELD = TAG + 1;

const textField = (text: string): number => lengthField(Buffer.byteLength(text));
/** Bytes of a field of `length` bytes, whose length stands before it, seven bits a byte. */
const lengthField = (length: number): number => TAG + Math.max(1, Math.ceil((32 - Math.clz32(length)) / 7)) + length;
