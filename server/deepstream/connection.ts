import type {SocketWrapper} from '@deepstream/types';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import type {WebSocket} from 'ws';
import {Bucket} from '../bucket.js';
import type {Counters, Cut} from '../counters.js';
import {Allowance} from '../guard/allowance.js';
import type {ServerLimits} from '../options.js';

/** How long a socket may take to answer our close frame; a frozen one never does, and `ws` alone would wait 30 s. */
const CLOSE_ANSWER_MS = 300;

/**
 * Where a socket stands: `new` until it said which server it means, `challenged` until it logs in, `entering` while the login
 * is judged, `open`, and `closing` from the moment that we gave up on it.
 */
export type Phase = 'new' | 'challenged' | 'entering' | 'open' | 'closing';

/** What deepstream hands back to us at login; the way from a login to its socket. */
export interface Handshake {
  readonly remoteAddress: string;
  readonly headers: Readonly<Record<string, never>>;
  readonly referer: undefined;
  readonly connection: Connection;
}

export interface ConnectionOptions {
  readonly remoteAddress: string;
  readonly counters: Counters;
  readonly limits: ServerLimits;
  /** In the milliseconds of `performance.now()`. */
  readonly now: number;
}

/** One client's socket with what the server knows of it. */
export class Connection {
  readonly socket: WebSocket;
  readonly handshake: Handshake;
  readonly openedAt: number;
  phase: Phase = 'new';
  /** When the last byte came, in the milliseconds of `performance.now()`. */
  lastSeenAt: number;
  /** When the last message came, in the same. */
  lastMessageAt: number;
  /** The user that this socket speaks for, once it is bound. */
  userId: string | undefined;
  /** The name that it gave at login without proving it by a token: a hint at which id it will add. */
  claimedName: string | undefined;
  /** Lists and events that it is subscribed to. */
  readonly lists = new Set<string>();
  readonly events = new Set<string>();
  /** Messages that it may send, of whatever kind. */
  readonly messages: Bucket;
  /** What it may emit: its user's, once it speaks for one. */
  allowance: Allowance;
  /** deepstream's view of the socket; set right after construction. */
  wrapper!: SocketWrapper;
  readonly #counters: Counters;
  #closeTimer: NodeJS.Timeout | undefined;
  #vital: Promise<boolean> | undefined;

  constructor(socket: WebSocket, {remoteAddress, counters, limits, now}: ConnectionOptions) {
    this.socket = socket;
    this.#counters = counters;
    this.openedAt = this.lastSeenAt = this.lastMessageAt = now;
    this.messages = new Bucket(limits.messageBurst, limits.messagesPerSecond, now);
    this.allowance = new Allowance(limits, now);
    this.handshake = {remoteAddress, headers: {}, referer: undefined, connection: this};
    socket.once('close', () => {
      this.phase = 'closing';
      clearTimeout(this.#closeTimer);
    });
  }

  /**
   * Asks the other end whether it is there: true at its next sign of life, false once the socket is closed. One or the other
   * happens before long, because a silent socket is cut.
   */
  isAlive(): Promise<boolean> {
    this.#vital ??= new Promise<boolean>(resolve => {
      const {socket} = this;
      const settle = (alive: boolean): void => {
        socket.off('pong', onLife).off('message', onLife).off('close', onClose);
        this.#vital = undefined;
        resolve(alive);
      };
      const onLife = (): void => settle(true);
      const onClose = (): void => settle(false);
      socket.on('pong', onLife).on('message', onLife).on('close', onClose);
      if (this.phase !== 'closing') socket.ping();
    });
    return this.#vital;
  }

  send(message: Message): void {
    this.wrapper.sendMessage(message, false);
  }

  /** Says why and closes; nothing that it sends from now on counts. `code` as in RFC 6455, section 7.4.1. */
  end(code: number, reason: string, cut?: Cut): void {
    if (this.phase === 'closing') return;
    this.phase = 'closing';
    if (cut) this.#counters.cut[cut] += 1;
    this.socket.close(code, reason);
    this.#closeTimer = setTimeout(() => this.socket.terminate(), CLOSE_ANSWER_MS);
  }

  /** Closes without a word: for a socket that does not answer anyway. */
  terminate(cut: Cut): void {
    if (this.phase !== 'closing') this.#counters.cut[cut] += 1;
    this.phase = 'closing';
    this.socket.terminate();
  }
}
