/**
 * The seam to the server. An adapter knows one vendor; the mesh knows this file only.
 * `compliance.ts` holds what every adapter must do; the deepstream adapter and the in-memory twin both pass it.
 */
import type {Listen} from '../listen.js';
import type {Clock} from '../clock.js';
import type {MeshError} from '../errors.js';

/** A user's id in a room: 1 to 64 characters of `[A-Za-z0-9_-]` when we make it; any non-empty string from others. */
export type PeerId = string;

/** What travels as the event `rtc-signal/<to>`: the sender's id, what simple-peer made, and this project's own stamps. */
export interface SignalMessage {
  readonly user: PeerId;
  /** Exactly what the sender's simple-peer emitted; absent in this project's messages that carry stamps alone. */
  readonly signal?: unknown;
  readonly [stamp: string]: unknown;
}

export type SignallingStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface SignallingOptions {
  /** Endpoint, `ws:` or `wss:`. */
  readonly url: string;
  /** Name of the List that holds the room's user ids. */
  readonly list: string;
  readonly selfId: PeerId;
  readonly clock?: Clock;
  /**
   * Nothing answered here a moment ago: `open()` makes one attempt and no more; with `knock` only if plain HTTP is answered. Default: none
   * was made before.
   */
  readonly retry?: {readonly knock: boolean};
}

export interface SignallingEventMap {
  /** `members` changed. */
  'members-change': Event;
  /** `status` changed. */
  'status-change': Event;
  /** A signal for this user arrived. Its content is a remote's word: only `user` has been checked to be a string. */
  signal: SignalEvent;
  /** Something went wrong in the background; it is being mended, or `status` says that it is not. */
  error: SignallingErrorEvent;
}

export class SignalEvent extends Event {
  constructor(readonly message: SignalMessage) {
    super('signal');
  }
}

export class SignallingErrorEvent extends Event {
  constructor(readonly error: MeshError) {
    super('error');
  }
}

/** One user's presence in one room's List, and its signals. */
export interface Signalling extends EventTarget {
  readonly selfId: PeerId;
  readonly status: SignallingStatus;
  /** The ids in the List as last confirmed by the server, each once, in the List's order; oneself included when in it. */
  readonly members: readonly PeerId[];
  /** Whether `id` is among `members`; as quick in a room of ten thousand as in one of two. */
  has(id: PeerId): boolean;
  /** Whether the server said, when it was last connected to, that it hands out TURN credentials at `ice` beside the endpoint. */
  readonly hasIce: boolean;
  /** Whether routed links may lead through the server: it did not say, when last connected to, that it carries none. */
  readonly relays: boolean;
  /**
   * Connects, subscribes to own signals, then enters the List; resolves once the server has confirmed that `selfId` is in.
   * From then on it keeps the id in the List exactly once until `close()`, whatever others write and however often the
   * connection breaks.
   * @throws {MeshError} `bad-url`, `server-unreachable`, `not-deepstream`, `denied`, `aborted`; nothing is left open then.
   */
  open(options?: {signal?: AbortSignal}): Promise<void>;
  /** Sends a signal to `to`. Not acknowledged: it may be lost, the caller repeats what matters. */
  emit(to: PeerId, message: SignalMessage): void;
  /**
   * Something may have happened to the connection: asks the server at once whether it is there, and connects anew if it is not.
   * A connection that is being made anew does not wait for its pause to pass.
   */
  revive(): void;
  /** Leaves the List, then disconnects. Idempotent; settles within `LEAVE_TIMEOUT_MS` even if the server is gone. */
  close(): Promise<void>;
  /** The same in this very turn, without waiting for the server's word: for a page that does not run any longer. */
  hangUp(): void;
  addEventListener: Listen<SignallingEventMap>;
}

export type CreateSignalling = (options: SignallingOptions) => Signalling;
