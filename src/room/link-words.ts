/**
 * How people are connected: in a word for the list of people, as a hint for a visitor, and in full for the site's owner. Comes after the
 * first paint.
 */
import {displayName} from './people.js';
import type {PeerState, Relaying, RoomState} from './types.js';
import {plural} from './words.js';

/** What this browser lets the page do; it decides which ways to others there are. */
export interface Browser {
  readonly hasWebRtc: boolean;
  /** Browsers keep it from pages that came over plain http. */
  readonly hasCryptography: boolean;
}

/** People whom the owner reads of one by one: enough to see what they have in common. */
const MAX_NAMED = 8;

const NO_WEBRTC = 'This browser has no WebRTC: messages go through the room’s server, slowly.';

/** How somebody is connected. @param nameOf - what somebody of that id is called. */
export function linkWords({link, via, away}: PeerState, nameOf: (id: string) => string): string {
  if (away && link !== 'connecting' && link !== 'lost') return 'Away';
  switch (link) {
    case 'connecting': return 'Connecting…';
    case 'lost': return 'Cannot be reached';
    case 'direct': return 'Direct';
    case 'turn': return 'Through a relay server';
    case 'relayed': return `Through ${via === undefined ? 'somebody else' : nameOf(via)}`;
    case 'server': return 'Slow, via the server';
  }
}

/** How long an answer takes; nothing while that is not known, or there is none. */
export const roundTripWords = ({link, rttMs, away}: PeerState): string =>
  rttMs === undefined || away || link === 'connecting' || link === 'lost' ? '' : `answers in ${rttMs} ms`;

/** Whether a visitor should read of a connection without asking: it does not work yet, or is slower than others. */
export const isNotable = ({link, away, far}: PeerState): boolean => (link !== 'direct' && link !== 'turn' && !far) || !!away;

/** What somebody who is in the room should know of how people are connected, and can do; nothing while everybody can be talked to. */
export function peopleHint({status, peers}: RoomState, {hasWebRtc}: Browser): string {
  if (status !== 'joined') return '';
  const lost = peers.filter(({link}) => link === 'lost').length;
  if (!lost) return !hasWebRtc && peers.some(({link}) => link === 'server') ? NO_WEBRTC : '';
  const who = lost > 1 && lost === peers.length ? 'Nobody can' : `${plural(lost, 'person', 'people')} cannot`;
  return `${who} be reached. ${hasWebRtc
    ? 'Try another network, or ask the site’s owner.'
    : 'Try another browser: this one has no WebRTC.'}`;
}

/** For the site's owner: what is wrong, with the names that a developer can look up. */
export function ownerWords({error, status, room, peers}: RoomState, browser: Browser): string {
  if (error && status === 'failed') return `${error.code}: ${error.message}`;
  if (status === 'idle' && !room) return '<mesh-room> has no room: give it a room attribute, such as room="lobby".';
  const around = peers.filter(({link, far}) => link === 'lost' || (link === 'relayed' && !far) || link === 'server');
  if (!around.length) return '';
  const names = new Map(peers.map(({id, name}) => [id, name]));
  const nameOf = (id: string): string => `${displayName(id, names.get(id) ?? '')} (${id})`;
  const more = around.length - MAX_NAMED;
  return [
    ...advice(around, browser),
    ...around.slice(0, MAX_NAMED).map(peer => linkFault(peer, nameOf)),
    ...more > 0 ? [`… and ${more} more`] : [],
  ].join('\n');
}

function linkFault({id, link, via, reason}: PeerState, nameOf: (id: string) => string): string {
  const pair = `You and ${nameOf(id)}`;
  switch (link) {
    case 'relayed': return `${pair}: relayed through ${via === undefined ? 'another member' : nameOf(via)}`;
    case 'server': return `${pair}: through the room's server, which is slow`;
    default: return `${pair}: lost. ${reason ?? 'No link'}`;
  }
}

/** What would mend it. */
function advice(around: readonly PeerState[], {hasWebRtc, hasCryptography}: Browser): string[] {
  const turn = `${around.length === 1 ? 'These two need' : 'For a link of their own, these pairs need'} a TURN server: see "TURN" in docs/server.md.`;
  return [
    hasWebRtc ? turn : 'no-webrtc: this browser has no WebRTC, or it is switched off. Everything goes through the room\'s server.',
    ...!hasCryptography && around.some(({link}) => link === 'lost')
      ? ['insecure-context: no way around either. This page came over plain http, where browsers have no cryptography, and what passes '
        + 'through others must be sealed. Serve it over https.']
      : [],
  ];
}

/** What this visitor's device does for others; nothing if it has done nothing. */
export function relayingWords({routes, bytes}: Relaying): string {
  if (routes) return `Carries ${plural(routes, 'conversation', 'conversations')} for others, ${sizeWords(bytes)} so far.`;
  return bytes ? `Carried ${sizeWords(bytes)} for others.` : '';
}

/** A number of bytes as one says it: "850 bytes", "12 kB", "1.2 MB". */
export function sizeWords(bytes: number): string {
  if (bytes < 1000) return plural(bytes, 'byte', 'bytes');
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 ? Math.floor(value * 10) / 10 : Math.floor(value)} ${['', 'kB', 'MB', 'GB'][power]}`;
}
