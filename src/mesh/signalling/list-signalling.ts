/** `Signalling` over any server that has Lists and events: everything but its protocol, which is a `Connect`. */
import {systemClock, type Cancel, type Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import {
  CHECK_MS, DOUBT_FACTOR, DOUBT_MS, HANDSHAKE_TIMEOUT_MS, KNOCK_AFTER, KNOCK_MS, KNOCK_TRUST_MS, LEAVE_TIMEOUT_MS, OPEN_ATTEMPTS,
  OPEN_TIMEOUT_MS, RECONNECT_FIRST_MS, RECONNECT_LONGEST_MS,
} from './bounds.js';
import {GhostWatch} from './ghosts.js';
import {HeldMembers} from './held-members.js';
import {Membership} from './membership.js';
import type {Connect, Connection, Knock, WriteOutcome} from './port.js';
import type {RosterView} from './roster-view.js';
import {
  SignalEvent, SignallingErrorEvent,
  type PeerId, type SignalMessage, type Signalling, type SignallingOptions, type SignallingStatus,
} from './types.js';

/** Errors after which another attempt would end the same. */
const FINAL: ReadonlySet<string> = new Set(['bad-url', 'denied']);

interface Opening {
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
  readonly startedAt: number;
  attempts: number;
  /** Why the last attempt failed. */
  last: MeshError;
}

export class ListSignalling extends EventTarget implements Signalling {
  readonly selfId: PeerId;
  readonly #options: SignallingOptions;
  readonly #connect: Connect;
  readonly #knock: Knock | undefined;
  readonly #clock: Clock;
  readonly #token: string;
  readonly #membership: Membership;
  readonly #ghosts: GhostWatch;
  readonly #held: HeldMembers;
  #status: SignallingStatus = 'idle';
  #connection: Connection | undefined;
  #hasIce = false;
  #relays = true;
  /** The List as this connection last reported it. */
  #view: RosterView | undefined;
  #opening: Opening | undefined;
  /** Logged in. */
  #online = false;
  #opened: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Ends the wait of `close()` for the server to confirm that oneself is out. */
  #onLeft: (() => void) | undefined;
  #failures = 0;
  #reconnect: Cancel | undefined;
  #knocking: AbortController | undefined;
  #dialledAt = 0;
  #dropped = 0;

  /** @param knock asks whether the server is there at all, where that is cheaper than a connection. */
  constructor(connect: Connect, options: SignallingOptions, knock?: Knock) {
    super();
    this.#connect = connect;
    this.#knock = knock;
    this.#options = options;
    this.selfId = options.selfId;
    this.#clock = options.clock ?? systemClock;
    this.#token = secret();
    const list = new CurrentList(() => this.#view, () => this.#connection);
    this.#membership = new Membership({
      list, id: this.selfId, clock: this.#clock,
      onSettled: () => this.#onSettled(),
      onDenied: () => this.#onDenied(new MeshError('denied', `The server does not let this user into the List ${options.list}`)),
    });
    this.#ghosts = new GhostWatch({list, id: this.selfId, clock: this.#clock, probe: (ids, done) => {
      if (this.#connection) this.#connection.probe(ids, done);
      else done(undefined);
    }});
    this.#held = new HeldMembers(this.selfId, this.#clock, () => this.dispatchEvent(new Event('members-change')));
  }

  get status(): SignallingStatus {
    return this.#status;
  }

  get hasIce(): boolean {
    return this.#hasIce;
  }

  get relays(): boolean {
    return this.#relays;
  }

  get members(): readonly PeerId[] {
    return this.#held.members;
  }

  has(id: PeerId): boolean {
    return this.#held.has(id);
  }

  /** How many events on this user's signals were dropped because they named no sender. */
  get dropped(): number {
    return this.#dropped;
  }

  open({signal}: {signal?: AbortSignal} = {}): Promise<void> {
    this.#opened ??= this.#open(signal);
    return this.#opened;
  }

  /** Nothing is kept for later: what is emitted while there is no connection is lost, as any signal may be. */
  emit(to: PeerId, message: SignalMessage): void {
    this.#connection?.signal(to, message);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  hangUp(): void {
    if (this.#online && !this.#closed) this.#membership.leave();
    this.#closed ??= Promise.resolve();
    this.#opening?.reject(new MeshError('aborted', 'Signalling was closed while it was opened'));
    this.#onLeft?.();
    this.#end();
  }

  async #open(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed) throw new MeshError('aborted', 'Signalling was closed before it was opened');
    const abort = (): void => this.#opening?.reject(new MeshError('aborted', 'Joining was given up', {cause: signal?.reason}));
    let timeout: Cancel | undefined;
    try {
      if (signal?.aborted) throw new MeshError('aborted', 'Joining was given up', {cause: signal.reason});
      await new Promise<void>((resolve, reject) => {
        this.#opening = {
          resolve, reject, startedAt: this.#clock.now(), attempts: 0,
          last: new MeshError('server-unreachable', `${this.#options.url} did not answer`),
        };
        signal?.addEventListener('abort', abort, {once: true});
        timeout = this.#clock.after(OPEN_TIMEOUT_MS, () => reject(this.#online
          ? new MeshError('server-unreachable', `The server did not let this user into the List ${this.#options.list} in time`) : this.#opening?.last));
        this.#setStatus('connecting');
        this.#membership.enter();
        if (this.#knock && this.#options.retry?.knock) void this.#knockFirst(this.#knock, () => reject(this.#opening?.last));
        else this.#start();
      });
    } catch (error) {
      this.#opening = undefined;
      await this.close();
      throw error;
    } finally {
      this.#opening = undefined;
      timeout?.();
      signal?.removeEventListener('abort', abort);
    }
  }

  revive(): void {
    if (this.#closed || this.#opening) return;
    if (this.#connection) this.#connection.check();
    else if (this.#reconnect) this.#tryAgain();
  }

  #stopAsking(): void {
    this.#reconnect?.();
    this.#reconnect = undefined;
    this.#knocking?.abort();
    this.#knocking = undefined;
  }

  /** Connects again, now. */
  #tryAgain(): void {
    this.#stopAsking();
    const since = this.#clock.now() - this.#dialledAt;
    if (this.#knock && this.#failures > KNOCK_AFTER && since < KNOCK_TRUST_MS) void this.#knockFirst(this.#knock, () => this.#retryLater());
    else this.#start();
  }

  /** Connects if anything answers; otherwise does `onSilence`. */
  async #knockFirst(knock: Knock, onSilence: () => void): Promise<void> {
    const answers = await this.#ask(knock);
    if (answers) this.#start();
    else if (answers === false) onSilence();
  }

  /** Whether anything answers at the endpoint; `undefined` when that is of no interest any more. */
  async #ask(knock: Knock): Promise<boolean | undefined> {
    const knocking = this.#knocking = new AbortController();
    const cancel = this.#clock.after(KNOCK_MS, () => knocking.abort());
    const answers = await knock(this.#options.url, knocking.signal);
    cancel();
    if (this.#knocking !== knocking) return undefined;
    this.#knocking = undefined;
    return this.#closed ? undefined : answers;
  }

  /** While `connection` does not come about, asks whether the server answers others. */
  #doubt(connection: Connection, knock: Knock): void {
    this.#reconnect = this.#clock.after(DOUBT_MS, () => void (async () => {
      this.#reconnect = undefined;
      const pending = (): boolean => this.#connection === connection && !this.#online && !this.#closed;
      if (!pending()) return;
      const askedAt = this.#clock.now();
      const answers = await this.#ask(knock);
      if (answers === undefined || !pending()) return;
      const now = this.#clock.now();
      if (!answers || now - this.#dialledAt < Math.max(CHECK_MS, DOUBT_FACTOR * (now - askedAt))) return this.#doubt(connection, knock);
      connection.close();
      this.#connection = undefined;
      this.#start();
    })());
  }

  #retryLater(): void {
    const longest = Math.min(RECONNECT_LONGEST_MS, RECONNECT_FIRST_MS * 2 ** this.#failures++);
    this.#reconnect = this.#clock.after(longest * (0.5 + this.#clock.random() / 2), () => this.#tryAgain());
  }

  /** One attempt at one connection. */
  #start(): void {
    this.#dialledAt = this.#clock.now();
    let connection: Connection | undefined;
    const current = (): boolean => this.#connection === connection;
    try {
      connection = this.#connect(
        {
          url: this.#options.url, list: this.#options.list, selfId: this.selfId, token: this.#token, clock: this.#clock,
          explain: this.#opening !== undefined,
        },
        {
          onOpen: () => current() && this.#onOpen(),
          onList: view => current() && this.#onList(view),
          onListLost: () => current() && this.#held.lost(),
          onListDenied: error => current() && this.#onDenied(error),
          onWish: (id, isIn) => current() && this.#membership.hear(id, isIn),
          onSignal: data => current() && this.#onSignal(data),
          onRefused: error => current() && this.#refused(error),
          onClose: error => current() && this.#onClose(error),
        });
      this.#connection = connection;
      if (this.#knock && this.#status === 'reconnecting') this.#doubt(connection, this.#knock);
    } catch (error) {
      this.#onClose(error instanceof MeshError ? error : new MeshError('server-unreachable', String(error), {cause: error}));
    }
  }

  #onOpen(): void {
    this.#online = true;
    this.#hasIce = this.#connection?.hasIce ?? false;
    this.#relays = this.#connection?.relays ?? true;
    this.#stopAsking();
    this.#failures = 0;
    this.#membership.connected(this.#connection?.entered);
  }

  #onList(view: RosterView): void {
    this.#view = view;
    this.#held.confirm(view, this.#connection?.guarded ?? false);
    this.#membership.check();
    this.#ghosts.check();
  }

  /** The server confirmed that we are in, or, when leaving, that we are out. */
  #onSettled(): void {
    if (this.#onLeft) {
      this.#onLeft();
      return;
    }
    this.#setStatus('open');
    this.#opening?.resolve();
    if (this.#connection && !this.#connection.guarded) this.#ghosts.start();
  }

  #onDenied(error: MeshError): void {
    if (this.#opening) this.#opening.reject(error);
    else this.#refused(error);
  }

  #onSignal(data: unknown): void {
    const user = typeof data === 'object' && data !== null ? (data as {user?: unknown}).user : undefined;
    if (typeof user !== 'string' || user === '') this.#dropped++;
    // One's own echo: deepstream hands an event to its sender too if that subscribes.
    else if (user !== this.selfId) this.dispatchEvent(new SignalEvent(data as SignalMessage));
  }

  #refused(error: MeshError): void {
    this.dispatchEvent(new SignallingErrorEvent(error));
  }

  #onClose(error: MeshError): void {
    this.#stopAsking();
    this.#connection = undefined;
    this.#view = undefined;
    this.#online = false;
    this.#membership.reset();
    this.#ghosts.stop();
    this.#held.lost();
    if (this.#onLeft) {
      this.#onLeft();
      return;
    }
    if (this.#opening) {
      const {startedAt} = this.#opening;
      const attempts = this.#options.retry ? 1 : OPEN_ATTEMPTS;
      this.#opening.last = error;
      // Whoever took so long to fail is not being restarted just now.
      const isSlow = this.#clock.now() - startedAt >= HANDSHAKE_TIMEOUT_MS;
      if (FINAL.has(error.code) || isSlow || ++this.#opening.attempts >= attempts) {
        this.#opening.reject(error);
        return;
      }
    } else if (this.#status === 'open') {
      this.#setStatus('reconnecting');
      this.#refused(new MeshError('server-lost', 'The connection to the server was lost', {cause: error}));
    }
    this.#retryLater();
  }

  async #close(): Promise<void> {
    this.#opening?.reject(new MeshError('aborted', 'Signalling was closed while it was opened'));
    // Whoever has not logged in has written nothing.
    if (this.#online) {
      await new Promise<void>(resolve => {
        const cancel = this.#clock.after(LEAVE_TIMEOUT_MS, resolve);
        this.#onLeft = () => {
          cancel();
          resolve();
        };
        this.#ghosts.stop();
        this.#membership.leave();
      });
    }
    this.#end();
  }

  /** Leaves nothing behind: no socket, no timer. */
  #end(): void {
    this.#stopAsking();
    this.#membership.stop();
    this.#ghosts.stop();
    this.#held.stop();
    this.#connection?.close();
    this.#connection = undefined;
    this.#setStatus('closed');
  }

  #setStatus(status: SignallingStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.dispatchEvent(new Event('status-change'));
  }
}

/** The List of the connection that there is now. */
class CurrentList {
  readonly #getView: () => RosterView | undefined;
  readonly #getConnection: () => Connection | undefined;

  constructor(getView: () => RosterView | undefined, getConnection: () => Connection | undefined) {
    this.#getView = getView;
    this.#getConnection = getConnection;
  }

  get view(): RosterView | undefined {
    return this.#getView();
  }

  get guarded(): boolean {
    return this.#getConnection()?.guarded ?? false;
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    const connection = this.#getConnection();
    if (connection) connection.write(entries, done);
    else done('lost');
  }

  wish(isIn: boolean): void {
    this.#getConnection()?.wish(isIn);
  }
}

/** 128 random bits. */
function secret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}
