/** What the page's author passed, checked before anything is opened. */
import {MeshError} from '../mesh/errors.js';
import type {GetIceServers} from '../mesh/pair.js';
import type {TurnServers} from './turn-servers.js';
import type {IceServers, RoomOptions} from './types.js';

/** Long enough for a sentence, short enough for a List's name. */
const MAX_ROOM_LENGTH = 200;
const MAX_LIST_LENGTH = 1000;

/**
 * Where nobody says otherwise: two public STUN servers, simple-peer's own default, since most pairs cannot find each other without
 * one. They see addresses, never content. On a loopback server everybody is on this machine, and nobody is asked.
 */
export const PUBLIC_STUN: readonly RTCIceServer[] = [
  {urls: ['stun:stun.l.google.com:19302', 'stun:global.stun.twilio.com:3478']},
];

/**
 * @returns endpoint and List of a room.
 * @throws {MeshError} `bad-room`, `bad-url`, `no-webrtc`, `insecure-context`.
 */
export function checkOptions({room, url, list}: RoomOptions): {readonly url: string; readonly list: string} {
  if (typeof room !== 'string' || room.trim() === '') throw new MeshError('bad-room', 'A room needs a name: set `room`');
  if (room.length > MAX_ROOM_LENGTH) throw new MeshError('bad-room', `A room's name has at most ${MAX_ROOM_LENGTH} characters`);
  const name = list === undefined || list === '' ? `mesh-room/${room}` : list;
  if (name.length > MAX_LIST_LENGTH) throw new MeshError('bad-room', `A List's name has at most ${MAX_LIST_LENGTH} characters`);
  if (!url) throw new MeshError('bad-url', 'There is no server to connect to: set `url` to a ws: or wss: address');
  const endpoint = parseUrl(url);
  if (globalThis.location?.protocol === 'https:' && endpoint.protocol === 'ws:' && !isLoopback(endpoint)) {
    throw new MeshError('insecure-context', `A page on https may not connect to ${endpoint.origin}: use wss:`);
  }
  // Without it everything goes through the server, sealed: for that, cryptography is needed.
  if (!hasWebRtc() && !hasCryptography()) {
    throw new MeshError('no-webrtc', 'This browser cannot connect to others: it has no WebRTC, or it is switched off');
  }
  return {url: endpoint.href, list: name};
}

export const hasWebRtc = (): boolean => typeof globalThis.RTCPeerConnection === 'function';

/** Browsers keep it from pages that came over plain http. */
export const hasCryptography = (): boolean => (globalThis.crypto as Partial<Crypto> | undefined)?.subtle !== undefined;

/**
 * The ICE servers for each attempt: those given, asked anew if they are a function; otherwise the default for the endpoint, with the TURN
 * servers that its server hands out.
 */
export function iceServersOf(servers: IceServers | undefined, url: string, hasTurn: () => boolean): GetIceServers {
  if (typeof servers === 'function') return async () => servers();
  if (servers) return () => servers;
  const usual = isLoopback(new URL(url)) ? [] : PUBLIC_STUN;
  let turn: TurnServers | undefined;
  const load = async (): Promise<readonly RTCIceServer[]> => {
    const {TurnServers: Loaded} = await import('./turn-servers.js');
    return (turn ??= new Loaded(url)).get();
  };
  return () => {
    if (!hasTurn()) return usual;
    // Without that code a link is tried all the same; the next attempt loads it again.
    const found = turn ? turn.get() : load().catch(() => []);
    return found instanceof Promise ? found.then(more => [...usual, ...more]) : [...usual, ...found];
  };
}

function parseUrl(url: string): URL {
  let endpoint: URL | undefined;
  try {
    endpoint = new URL(url);
  } catch (cause) {
    throw new MeshError('bad-url', `Not an address: ${url}`, {cause});
  }
  if (endpoint.protocol !== 'ws:' && endpoint.protocol !== 'wss:') {
    throw new MeshError('bad-url', `The server's address starts with ws: or wss:, not ${endpoint.protocol}`);
  }
  return endpoint;
}

function isLoopback({hostname}: URL): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
