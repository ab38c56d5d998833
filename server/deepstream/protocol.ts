/** The parts of deepstream's protocol that the server speaks itself. Shapes: `@deepstream/protobuf`. */
import {
  EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, RPC_ACTION, TOPIC,
} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';

export {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
export {STATE_REGISTRY_TOPIC} from '@deepstream/protobuf/dist/types/all.js';
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
