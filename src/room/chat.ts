/** What a chat consists of; `chat-log.ts` keeps it. Apart from that file because a frame needs these and not the log. */
import type {MeshErrorCode} from '../mesh/errors.js';

/**
 * The channel on which chat travels. Data: `{id: string, text: string, at: number, was?: string[]}`; a plain peer's arrives as `{text}`.
 * `was` holds former ids of the sender under which this message may have been sent already.
 */
export const CHAT_CHANNEL = 'chat';

/** What a chat says to the chat of who sent it something: `{got: string[]}`, the ids of messages that it has. */
export const RECEIPT_CHANNEL = 'mesh-chat';

/** UTF-16 units of one message: a page of text. Longer text belongs in a file. */
export const MAX_TEXT = 8000;

/**
 * - `waiting`: kept until the room is joined, then sent in order
 * - `sending`: handed to the room
 * - `sent`: everybody's, or another person's line
 * - `failed`: not sent, for `reason`; it can be tried again
 */
export type TextStatus = 'waiting' | 'sending' | 'sent' | 'failed';

/** Somebody for whom a message is. */
export interface Reader {
  readonly id: string;
  /** Display name; empty if none is known. */
  readonly name: string;
}

/** A message of the chat, as `<mesh-chat>.messages` holds it. */
export interface ChatMessage {
  readonly kind: 'text';
  /** Unique in this log. */
  readonly id: string;
  /** Grows with every line of the log, never reused. */
  readonly seq: number;
  /** Id of the sender; empty for own messages that were never sent. */
  readonly from: string;
  /** Name of the sender when the message came. */
  readonly name: string;
  readonly own: boolean;
  readonly text: string;
  /** When it was typed (own) or came (others'), in milliseconds since 1970 by this machine's clock. */
  readonly at: number;
  readonly status: TextStatus;
  /** For `failed`. */
  readonly reason?: MeshErrorCode;
  /** Ids of the people that a sent message did not reach. */
  readonly missed?: readonly string[];
  /** Ids of the people who have an own message; empty for others'. */
  readonly deliveredTo: readonly string[];
  /** For whom an own message is that have not got it yet, as far as is known; more may come when it is first sent. */
  readonly pending?: readonly Reader[];
  /** Names of those of them who are in the room, and cannot be reached at the moment. */
  readonly waitingFor?: readonly string[];
  /** Former ids of this user under which an own message may have been sent. */
  readonly was?: readonly string[];
}

/** Somebody joined, left, or changed the name. */
export interface ChatNotice {
  readonly kind: 'joined' | 'left' | 'renamed';
  readonly id: string;
  readonly seq: number;
  readonly from: string;
  readonly name: string;
  /** The new name, for `renamed`. */
  readonly to?: string;
  readonly at: number;
}

export type ChatLine = ChatMessage | ChatNotice;

/** Some lines of a chat, one after another. */
export type ChatPart = readonly ChatLine[];

export interface ChatState {
  /** Tells the chat of one room from that of another. */
  readonly logId: string;
  /**
   * All lines, oldest first, in parts, none of them empty; a part in which nothing has changed is the same as before. Lines of former
   * visits have a negative `seq`.
   */
  readonly parts: readonly ChatPart[];
  /** Puts lines that this machine keeps, and that are not here yet, before those that are; absent where there are none. */
  readonly earlier?: () => Promise<void>;
  /** Whether this machine keeps what is said now; absent where it is not asked to. */
  readonly kept?: boolean;
  /** Removes everything that this machine keeps of the chat; absent where it is not asked to keep anything. */
  readonly forget?: () => Promise<void>;
}

/** The messages among the lines. */
export const messagesOf = (parts: readonly ChatPart[]): ChatMessage[] => parts.flat().filter(line => line.kind === 'text');

export const EMPTY_CHAT: ChatState = Object.freeze({logId: '', parts: Object.freeze([])});
