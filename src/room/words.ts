/** What a visitor reads. Short, plain, and the same word for a thing everywhere: room, people, message, connection. */
import type {MeshErrorCode} from '../mesh/errors.js';
import {canTalk, type PeerState, type RoomState} from './types.js';

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
  'server-lost': {title: 'Disconnected', hint: 'The room went away. Your messages are kept.', retry: true},
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
    // Who cannot be reached is marked in the list of people: there is nothing that a visitor could do about it.
    case 'joined': return {title: 'Connected'};
  }
}

/** What the button says that answers `Words.retry`. */
export const retryWord = (status: RoomState['status']): string => status === 'idle' ? 'Join again' : 'Try again';

/** For the site's owner: what is wrong, with the names that a developer can look up. */
export function ownerWords({status, error, room, peers}: RoomState): string {
  if (error && status === 'failed') return `${error.code}: ${error.message}`;
  if (status === 'idle' && !room) return '<mesh-room> has no room: give it a room attribute, such as room="lobby".';
  return peers.map(linkFault).filter(words => words !== '').join('\n');
}

/** How somebody is connected. @param nameOf - what somebody of that id is called. */
export function linkWords({link, via, rttMs, away}: PeerState, nameOf: (id: string) => string): string {
  const rtt = rttMs === undefined ? '' : `, ${rttMs} ms`;
  if (away && link !== 'connecting' && link !== 'lost') return 'Away';
  switch (link) {
    case 'connecting': return 'Connecting…';
    case 'lost': return 'Cannot be reached';
    case 'direct': return `Direct${rtt}`;
    case 'turn': return `Through a relay server${rtt}`;
    case 'relayed': return `Through ${via === undefined ? 'somebody else' : nameOf(via)}${rtt}`;
    case 'server': return `Through the room’s server, slowly${rtt}`;
  }
}

/** Whether a visitor should read of a connection without asking: it does not work yet, or is slower than others. */
export const isNotable = ({link, away}: PeerState): boolean => (link !== 'direct' && link !== 'turn') || !!away;

const NEEDS_TURN = 'These two need a TURN server: see "TURN" in the server\'s guide.';

function linkFault({id, link, via, reason}: PeerState): string {
  switch (link) {
    case 'lost': return `${id}: ${reason ?? 'no link'}`;
    case 'relayed': return `${id}: no way but through ${via ?? 'another member'}. ${NEEDS_TURN}`;
    case 'server': return `${id}: no way but through the room's server, which is slow. ${NEEDS_TURN}`;
    default: return '';
  }
}

/** Words for a chat without any message. */
export function chatWords(state: RoomState): Words {
  if (state.status !== 'joined') return roomWords(state);
  return state.peers.length
    ? {title: 'No messages yet', hint: 'Say hello.'}
    : {title: 'Nobody else is here yet', hint: 'Share this page to bring somebody in.'};
}
