/**
 * What deepstream's client 7.0.5 misreads about a List, put so that it reads it right. Each repair has a test in
 * `test/signalling-client.test.ts`, which tells of a client that needs it no more.
 */
import {C, type Message} from './deepstream-client.js';

const {RECORD_ACTION, TOPIC} = C;

/** What the client knows of a List. */
export interface KnownList {
  readonly name: string;
  /** Whether it has been read; until then the client takes nothing but the answer to that. */
  readonly isReady: boolean;
  /** Of the client's copy, with its own writes that were not answered yet. */
  readonly version: number;
}

/** What the write's callback gets for a write that somebody else's overtook. */
export const OVERTAKEN = 'INVALID_VERSION';

/** Has the client read the List again: it does so by itself when it is told of a part of it and misses what came before. */
export const readAgain = (name: string): Message =>
  ({topic: TOPIC.RECORD, action: RECORD_ACTION.PATCH, name, path: '0', version: -1, parsedData: []});

/** @returns what to tell the client instead of `message`, a message of topic `RECORD` about `list`. */
export function repaired(message: Message, list: KnownList): readonly Message[] {
  const {action, version = 0, isWriteAck = false} = message;
  const about = {topic: TOPIC.RECORD, name: list.name} as const;
  if (message.isAck || action === RECORD_ACTION.WRITE_ACKNOWLEDGEMENT) return [message];
  const answer: readonly Message[] = isWriteAck ? [refusal(message)] : [];
  switch (action) {
    case RECORD_ACTION.READ_RESPONSE:
      // A List that was never written is `{}`.
      return [{...message, parsedData: Array.isArray(message.parsedData) ? message.parsedData : []}];
    case RECORD_ACTION.UPDATE:
      // The answer to reading has it too. Before that the client logs to the console at a second one.
      return list.isReady ? [message] : [];
    case RECORD_ACTION.VERSION_EXISTS:
      // In most states the client drops our write, keeps its data, takes over the version, logs to the console, and calls nobody. As
      // an update it merges it.
      return list.isReady && version >= list.version
        ? [{...about, action: RECORD_ACTION.UPDATE, version, parsedData: message.parsedData ?? []}, ...answer] : answer;
    case RECORD_ACTION.PATCH:
    case RECORD_ACTION.ERASE:
      // Somebody changes a part of the List in a way that no List does: the client would put `[]` into that place.
      return list.isReady ? [readAgain(list.name)] : [];
    case RECORD_ACTION.DELETED:
      return list.isReady ? [message] : [];
    case RECORD_ACTION.RECORD_UPDATE_ERROR:
    case RECORD_ACTION.RECORD_NOT_FOUND:
      // There is no such List any more, nor our subscription to it. The client goes on as if there were.
      return list.isReady ? [{...about, action: RECORD_ACTION.DELETED}, ...answer] : answer;
    default:
      return answer;
  }
}

/** A refused write, so that the client calls the write's callback with an error. */
function refusal(message: Message): Message {
  const {topic, action, name, correlationId} = message;
  return {
    topic, isError: true, isWriteAck: true,
    // The client takes every other answer that is not marked as an error for success, `INVALID_VERSION` among them.
    action: action === RECORD_ACTION.VERSION_EXISTS ? RECORD_ACTION.INVALID_VERSION : action,
    ...(name !== undefined && {name}), ...(correlationId !== undefined && {correlationId}),
  };
}
