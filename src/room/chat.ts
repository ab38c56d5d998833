/** What a chat consists of; `chat-log.ts` keeps it. Apart from that file because a frame needs these and not the log. */
import type {MeshErrorCode} from '../mesh/errors.js';

/** The channel on which chat travels. Data: `{id: string, text: string, at: number}`; a plain peer's arrives as `{text}`. */
export const CHAT_CHANNEL = 'chat';

/** UTF-16 units of one message: a page of text. Longer text belongs in a file. */
export const MAX_TEXT = 8000;

/**
 * - `waiting`: kept until the room is joined, then sent in order
 * - `sending`: handed to the room
 * - `sent`: everybody's, or another person's line
 * - `failed`: not sent, for `reason`; it can be tried again
 */
export type TextStatus = 'waiting' | 'sending' | 'sent' | 'failed';

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

export interface ChatState {
  /** Tells the chat of one room from that of another. */
  readonly logId: string;
  /** Oldest first. */
  readonly lines: readonly ChatLine[];
}

export const EMPTY_CHAT: ChatState = Object.freeze({logId: '', lines: Object.freeze([])});
