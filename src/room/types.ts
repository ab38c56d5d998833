/** The public shapes of a room; `../../docs/` and the published types are made from them. */
import type {Listen} from '../mesh/listen.js';
import type {MeshError} from '../mesh/errors.js';

export type RoomStatus = 'idle' | 'joining' | 'joined' | 'offline' | 'resuming' | 'failed';

/** How data reaches a peer: not yet, straight, through TURN, through a member, through the server, or not at all. */
export type LinkKind = 'connecting' | 'direct' | 'turn' | 'relayed' | 'server' | 'lost';

export interface PeerState {
  readonly id: string;
  /** Display name; empty until the peer has told it, and for plain peers. */
  readonly name: string;
  readonly link: LinkKind;
  /** Id of the member that relays, for `relayed`. */
  readonly via?: string;
  /** Measured round trip in milliseconds. */
  readonly rttMs?: number;
  /** Whether the peer speaks plain text only, like the page of the well-known tutorial. */
  readonly plain?: boolean;
  /** Whether it is no neighbour, in a room too large to link everybody to everybody: reached by way of others, as most are there. */
  readonly far?: boolean;
  /** Whether the peer stands still: its page is frozen, or its machine sleeps. It gets what is said when it is back. */
  readonly away?: boolean;
  /** Why the link is `lost`, for the site's owner. */
  readonly reason?: string;
}

export interface RoomState {
  readonly room: string;
  readonly status: RoomStatus;
  readonly selfId: string;
  /** Everybody else in the room's List, in its order. */
  readonly peers: readonly PeerState[];
  /** Who vanished without a goodbye and may come back, for ten minutes: the chat keeps for them what is said. Not there for nobody. */
  readonly absent?: readonly Pick<PeerState, 'id' | 'name'>[];
  /** The last thing that went wrong and still stands. */
  readonly error?: MeshError;
}

export const IDLE_STATE: RoomState = Object.freeze({room: '', status: 'idle', selfId: '', peers: Object.freeze([])});

/** Whether what is said now reaches people: while only the server is away, they are linked to each other all the same. */
export function canTalk({status, peers}: RoomState): boolean {
  return status === 'joined' || (status === 'resuming' && peers.some(({link}) => link === 'direct' || link === 'turn' || link === 'relayed'));
}

/** Whether to carry what others say to each other, where they have no link of their own: `false` and `'off'` decline. */
export type RelayOption = boolean | 'on' | 'off' | '';

export const declines = (relay: RelayOption | undefined): boolean => relay === false || relay === 'off';

/** How much a member carries for others. */
export interface Relaying {
  /** Conversations at this moment. */
  readonly routes: number;
  /** Since it joined. */
  readonly bytes: number;
}

export type Topology = 'auto' | 'full-mesh' | 'small-world' | 'tree';

/** `RTCIceServer`s, or a function that returns them, asked again at every attempt because credentials expire. */
export type IceServers = readonly RTCIceServer[] | (() => readonly RTCIceServer[] | Promise<readonly RTCIceServer[]>);

export interface RoomOptions {
  /** 1 to 200 characters of any kind. */
  readonly room: string;
  /** Display name; at most 64 characters are shown. */
  readonly name?: string;
  /** deepstream endpoint, `ws:` or `wss:`. Default: `/deepstream` on the origin that served the script. */
  readonly url?: string;
  /** Default `mesh-room/<room>`. */
  readonly list?: string;
  readonly topology?: Topology;
  readonly iceServers?: IceServers;
  /** Default: carries for others, but not on a metered connection, with data saving on, or with a battery that runs out. */
  readonly relay?: RelayOption;
  /** Gives up joining, or leaves. */
  readonly signal?: AbortSignal;
}

export interface SendOptions {
  /** Ids to send to; default everybody. */
  readonly to?: string | readonly string[];
  /**
   * 1 to 64 characters; default `''`. Order is kept per sender and channel; in a room where not all are linked, of what is said to
   * everybody, and of what is said to the same one. `mesh-…` and `chat` are this project's.
   */
  readonly channel?: string;
  /** Stops waiting, and stops sending what has not been handed over yet. */
  readonly signal?: AbortSignal;
}

/** JSON value, or binary. Binary arrives as `ArrayBuffer`, a `Blob` as a `Blob` with its type. */
export type RoomData = unknown;

export class RoomMessageEvent extends Event {
  constructor(readonly from: string, readonly channel: string, readonly data: RoomData) {
    super('message');
  }
}

export class RoomErrorEvent extends Event {
  constructor(readonly error: MeshError) {
    super('error');
  }
}

export interface RoomEventMap {
  'status-change': Event;
  'peers-change': Event;
  message: RoomMessageEvent;
  error: RoomErrorEvent;
}

/** A joined room without any element: what `joinRoom` resolves to, and what `<mesh-room>` drives. */
export interface Room extends EventTarget {
  readonly state: RoomState;
  /** Display name as others see it; setting it tells them. */
  name: string;
  /** As in `RoomOptions`; may change at any time, and what is being carried then finds another way. */
  relay: RelayOption;
  /** How much this member carries for others; nothing tells of its changes. */
  readonly relaying: Relaying;
  send(data: RoomData, options?: SendOptions): Promise<void>;
  leave(): Promise<void>;
  addEventListener: Listen<RoomEventMap>;
}

/** A room that can be watched from before it is joined; `joinRoom` is `create`, then `join`. */
export interface RoomSession extends Room {
  /** Whether what is said to everybody goes from neighbour to neighbour at this moment, since not all are linked to each other. */
  readonly casting: boolean;
  /**
   * Enters the room's List. `state.status` goes `idle`, `joining`, `joined`, or `failed` with `state.error`. Where that may change by
   * itself (`server-unreachable`, `server-lost`, and, more rarely tried, `not-deepstream`) it rejects, and goes on trying all the same
   * until `leave()`; without a network the status is `offline` then.
   * @throws {MeshError} the same error that `state.error` holds.
   */
  join(): Promise<void>;
}

export type CreateRoom = (options: RoomOptions) => RoomSession;
