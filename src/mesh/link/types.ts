/**
 * The seam to WebRTC. A link is one attempt at one connection to one peer: it opens once, closes once, and is not reused.
 * `compliance.ts` holds what every adapter must do; the simple-peer adapter and the in-memory twin both pass it.
 */
import type {Listen} from '../listen.js';
import type {MeshError} from '../errors.js';

/**
 * Independent ordered, reliable streams of one link, so that bulk data never stands in front of a chat line.
 *
 * - `lines`: hello, small messages, acknowledgements; plain text to and from pages that know nothing of this project
 * - `bulk`: pieces of large messages
 */
export type Lane = 'lines' | 'bulk';

export type LinkState = 'connecting' | 'open' | 'closed';

/** What a link's traffic passes through: nothing of this project's knowledge, a TURN server, another member, or the room's server. */
export type LinkRoute = 'direct' | 'turn' | 'relayed' | 'server';
export type LaneData = string | ArrayBuffer;

export interface LinkOptions {
  /** Whether this side makes the offer. */
  readonly initiator: boolean;
  readonly iceServers: readonly RTCIceServer[];
  /** Whether it is to use nothing but TURN servers, where every other path has turned out to be none. `restart` looks at all again. */
  readonly relayOnly?: boolean;
  /**
   * Whether both sides make the channel of `lines`, as both know of each other (`negotiated` in WebRTC): nothing of it has to be told
   * first, and nothing can arrive before it is there.
   */
  readonly negotiated?: boolean;
}

export class LinkSignalEvent extends Event {
  constructor(readonly signal: unknown) {
    super('signal');
  }
}

export class LaneDrainEvent extends Event {
  constructor(readonly lane: Lane) {
    super('drain');
  }
}

export class LinkCloseEvent extends Event {
  constructor(readonly error?: MeshError) {
    super('close');
  }
}

export interface LinkEventMap {
  /** A signal for the other side: hand it to the other link's `accept`, in order. */
  signal: LinkSignalEvent;
  /** The lanes can carry data; `bulk` may say `drain` first. Fires once. */
  open: Event;
  /** `buffered(lane)` fell to the lane's low mark after it had been above, or the lane can be used now. */
  drain: LaneDrainEvent;
  /** The network path was lost (`false`) or found again (`true`); the link still stands. */
  'path-change': LinkPathEvent;
  /** The link is over. Fires once, whoever closed it, and always after `close()`. */
  close: LinkCloseEvent;
}

export class LinkPathEvent extends Event {
  constructor(readonly up: boolean) {
    super('path-change');
  }
}

export interface Link extends EventTarget {
  /**
   * Called with each message that arrives; set it before the link opens. Not an event: with thousands of messages a second, events would
   * be most of what they cost.
   */
  onmessage: ((lane: Lane, data: LaneData) => void) | undefined;
  readonly state: LinkState;
  readonly initiator: boolean;
  /** Whether there is a network path, as far as is known; see `path-change`. */
  readonly hasPath: boolean;
  /** Largest single message, in bytes, that both sides take on one lane. Valid once open. */
  readonly maxMessageSize: number;
  /**
   * Takes the other side's signal. Never throws, whatever the remote sent: what WebRTC refuses closes the link with
   * `link-failed`.
   */
  accept(signal: unknown): void;
  /**
   * Hands data to the transport at once, in order per lane.
   * @returns whether the transport took it; `false` when the lane is not open or its buffer is full.
   */
  send(lane: Lane, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean;
  /** Bytes handed over and not yet sent. */
  buffered(lane: Lane): number;
  /**
   * Looks for another path, over which the same link goes on: an ICE restart (RFC 8445 §9). For the initiator of an open link; the other
   * side only accepts the signals. `path-change` tells how it went.
   */
  restart(iceServers: readonly RTCIceServer[]): void;
  /** What its traffic passes through. Resolves `direct` when it cannot be told. */
  route(): Promise<LinkRoute>;
  close(error?: MeshError): void;
  addEventListener: Listen<LinkEventMap>;
}

export interface CreateLink {
  (options: LinkOptions): Link;
  /** Lets go of what is kept for the next link: none comes. */
  close?(): void;
}
