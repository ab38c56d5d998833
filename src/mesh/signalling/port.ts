/**
 * What a server can do for one user of one room, without its protocol. `deepstream.ts` and `memory.ts` implement it; everything
 * above (membership, reconnecting, ghosts) is written once, against this.
 */
import type {Clock} from '../clock.js';
import type {MeshError} from '../errors.js';
import type {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

/**
 * What became of a write:
 * - `written`: the List was as the writer knew it, and is now as written
 * - `conflict`: somebody was faster, nothing was written; the newer state has been reported
 * - `denied`: the server does not let this user write
 * - `lost`: no answer, or the connection ended; the write may or may not have happened
 */
export type WriteOutcome = 'written' | 'conflict' | 'denied' | 'lost';

/** What a connection reports. Calls come in the server's order, none before `Connect` has returned or after `onClose`. */
export interface ConnectionEvents {
  /** Logged in, subscribed to own signals, and the List asked for. */
  readonly onOpen: () => void;
  /** The List as the server has it now: read, changed by somebody, or by our own write that was taken. */
  readonly onList: (view: RosterView) => void;
  /** The List was deleted, not emptied; it is made anew, and `onList` follows. */
  readonly onListLost: () => void;
  /** The List may not be read. */
  readonly onListDenied: (error: MeshError) => void;
  /** Without a guard: somebody said that it wants to be in the List, or out. Unchecked but for its form. */
  readonly onWish: (id: PeerId, isIn: boolean) => void;
  /** What arrived as `rtc-signal/<self>`; unchecked. */
  readonly onSignal: (data: unknown) => void;
  /** The server refused something that was not waited for. */
  readonly onRefused: (error: MeshError) => void;
  /** The connection is over, for good; also the answer when it could not be made. Fires once, unless `close()` came first. */
  readonly onClose: (error: MeshError) => void;
}

/**
 * The answer to a probe.
 * @param present who of those asked for is there, which the server knows and a link does not show; `undefined` when it would not tell.
 * @param ours those of them that are known to be this project's users, who watch in turn; the others may be plain pages.
 */
export type ProbeAnswer = (present: ReadonlySet<PeerId> | undefined, ours?: ReadonlySet<PeerId>) => void;

/** One attempt at one connection: it opens once, closes once, and is not reused. */
export interface Connection {
  /**
   * Whether the server lets nobody write but for itself and removes who dies: then a write says only whether oneself is in,
   * and is right whatever the List held before. Known from `onOpen` on.
   */
  readonly guarded: boolean;
  /** Whether the server has put oneself into the List with the login. Known from `onOpen` on. */
  readonly entered: boolean;
  /** Whether the server says that it hands out TURN credentials. Known from `onOpen` on. */
  readonly hasIce: boolean;
  /** Whether the server carries frames of routed links, as any does that does not say otherwise. Known from `onOpen` on. */
  readonly relays: boolean;
  /** Sends the event `rtc-signal/<to>`; nothing happens when the connection is not open. */
  signal(to: PeerId, data: unknown): void;
  /**
   * Replaces the List by `entries` if it still is what `onList` reported last. On a guarded server `entries` counts only in
   * whether oneself is in it, and the write may come before the first `onList`.
   * @param done called once, after `onList` for the outcomes that change what is known.
   */
  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void;
  /**
   * Without a guard: tells the others on this List that oneself wants to be in, or out, so that who writes next can see to it.
   * Nothing happens on a guarded server.
   */
  wish(isIn: boolean): void;
  /** Asks which of `ids` are there, that is, subscribed to their own signals. `done` is called once. */
  probe(ids: readonly PeerId[], done: ProbeAnswer): void;
  /** Asks the server for a sign of life; the connection is over (`onClose`) when none comes within `CHECK_MS`. */
  check(): void;
  /** Ends the connection; nothing is reported any more. Idempotent. */
  close(): void;
}

export interface ConnectOptions {
  readonly url: string;
  readonly list: string;
  readonly selfId: PeerId;
  /** Known to this user alone: whoever brings the same one may take over the id's place from an older socket. */
  readonly token: string;
  /** Whether somebody reads why it failed, so that finding out is worth a request. */
  readonly explain: boolean;
  readonly clock: Clock;
}

/** Whether anything at all answers at an endpoint, by other means than a WebSocket. */
export type Knock = (url: string, signal: AbortSignal) => Promise<boolean>;

/** Starts to connect; the outcome is `onOpen` or `onClose`. @throws {MeshError} `bad-url` */
export type Connect = (options: ConnectOptions, events: ConnectionEvents) => Connection;
