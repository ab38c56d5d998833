/**
 * What a visitor reads. Short, plain, and the same word for a thing everywhere: room, people, message, connection. Only what the frame
 * may have to say before anything else is loaded; the rest is in `link-words.ts` and `chat-words.ts`.
 */
import type {MeshErrorCode} from '../mesh/errors.js';
import {canTalk, type RoomState} from './types.js';

export interface Words {
  /** What happened, in a few words. */
  readonly title: string;
  /** What it means, or what can be done; absent when all is well. */
  readonly hint?: string;
  /** Whether trying again may help. */
  readonly retry?: boolean;
}

export const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const ASK_OWNER = 'This page is not set up right. If it is yours, see the details.';
const BUSY: Words = {title: 'Could not join', hint: 'Something went wrong. Your messages are kept.', retry: true};

const ERRORS: Partial<Record<MeshErrorCode, Words>> = {
  'bad-room': {title: 'No such room', hint: ASK_OWNER},
  'bad-url': {title: 'Could not join', hint: ASK_OWNER},
  'insecure-context': {title: 'Not available here', hint: 'This page must be opened with https for people to talk in it.'},
  'no-webrtc': {title: 'Not available in this browser', hint: 'Try a current Chrome, Firefox, Edge or Safari, or allow WebRTC in the settings.'},
  'server-unreachable': {title: 'Could not join', hint: 'The room does not answer. Still trying; check your connection.', retry: true},
  'not-deepstream': {title: 'Could not join', hint: ASK_OWNER, retry: true},
  denied: {title: 'Not allowed', hint: 'This room does not let you in.', retry: true},
  'server-lost': {title: 'Disconnected', hint: 'The room went away. Still trying; your messages are kept.', retry: true},
};

/** Words for the room as a whole. */
export function roomWords(state: RoomState): Words {
  const {status, error, room} = state;
  switch (status) {
    case 'joining': return {title: 'Joining…'};
    case 'offline': return {title: 'Offline', hint: 'Messages wait until the connection is back.'};
    case 'resuming': return {title: 'Reconnecting…', hint: canTalk(state) ? 'You can go on talking meanwhile.' : 'Messages wait until then.'};
    case 'failed': return (error && ERRORS[error.code]) ?? BUSY;
    case 'idle': return room ? {title: 'You left', hint: 'You can come back any time.', retry: true} : {title: 'No room', hint: ASK_OWNER};
    // Who cannot be reached, or slowly, is told of by what comes later: `link-words.ts`.
    case 'joined': return {title: 'Connected'};
  }
}

/** What the button says that answers `Words.retry`. */
export const retryWord = (status: RoomState['status']): string => status === 'idle' ? 'Join again' : 'Try again';

/** Words for a chat without any message. */
export function chatWords(state: RoomState): Words {
  if (state.status !== 'joined') return roomWords(state);
  return state.peers.length
    ? {title: 'No messages yet', hint: 'Say hello.'}
    : {title: 'Nobody else is here yet', hint: 'Share this page to bring somebody in.'};
}
