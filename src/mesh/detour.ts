/**
 * The ways around, for one pair: while there is no link, or none with a path, a routed one through a member, or through the server. The
 * initiator looks for them, one after another; the other side takes what the first signal names.
 */
import {Attempt} from './attempt.js';
import {between, type Cancel, type Clock} from './clock.js';
import {MeshError} from './errors.js';
import type {Lane, LaneData, Link} from './link/types.js';
import type {Stamp} from './negotiation.js';
import type {PeerId, SignalMessage} from './signalling/types.js';
import type {Hello} from './wire/frame.js';

/** A pair that has had no path for so long looks for a way around; what it does for a link of its own goes on beside that. */
export const RELAY_AFTER_MS = 3_000;
/** As long as links are being made with others, it waits so long at the most: on a slow machine ways around keep links from being made. */
export const BUSY_RELAY_AFTER_MS = 6_000;
/** From the first signal to a hello over a routed link: four trips through the server, and one around. */
export const ROUTE_MS = 3_000;
const LOOK_AGAIN_MS = 500;
/** Members that are tried before the server. */
const MAX_RELAYS = 3;
/**
 * By the server, it is looked for a member again after so long: one that had to load its part first, as on a slow device, may not have
 * answered in time. Doubled up to the longest, as what follows is a short interruption.
 */
const LOOK_MS = 1_000;
const MAX_LOOK_MS = 5 * 60_000;
/** Pause when nobody could help; doubled up to the longest. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/** Names of ways that lead through no one member: the room's server, and from neighbour to neighbour as the topology knows. */
export const SERVER: PeerId = '';
export const OVERLAY: PeerId = '*';

/** What of a mesh a pair needs for a way around. */
export interface Ways {
  /**
   * By whom `peerId` may be reached, best first; `OVERLAY` and `SERVER` among them.
   * @param isNeighbour - whether the topology links the two, so that members which both reach can be asked.
   */
  find(peerId: PeerId, isNeighbour: boolean): Promise<readonly PeerId[]>;
  /** A link by `via`. @throws when there cannot be one, as where this page has no cryptography. */
  createLink(options: {readonly initiator: boolean; readonly peerId: PeerId; readonly route: string; readonly via: PeerId}): Link;
  /** Hands `via`, a neighbour, a signal for `peerId`. */
  signal(peerId: PeerId, via: PeerId, message: SignalMessage): void;
}

export interface DetourOptions {
  readonly clock: Clock;
  readonly peerId: PeerId;
  readonly initiator: boolean;
  readonly ways: Ways;
  readonly isNeighbour: () => boolean;
  /** Whether links are being made with others, too. */
  readonly isBusy: () => boolean;
  /** Name of the next session; those of ways around end in `~`. */
  readonly nextSession: () => string;
  readonly send: (stamp: Stamp, signal?: unknown) => void;
  readonly hello: () => Hello;
  readonly onOpen: (attempt: Attempt, hello: Hello | undefined) => void;
  readonly onData: (attempt: Attempt, lane: Lane, data: LaneData) => void;
  /** The attempt is over, whether it was open or not. */
  readonly onClosed: (attempt: Attempt) => void;
}

/** Whether a session is one of ways around. */
export const isDetour = (session: string): boolean => session.endsWith('~');

export class Detour {
  readonly #options: DetourOptions;
  #attempt: Attempt | undefined;
  #via = '';
  /** The newest session of the other side's that was seen, or of one's own. */
  #session = '';
  /** Ways that are still to be tried. */
  #next: PeerId[] = [];
  #timer: Cancel | undefined;
  #due = 0;
  #bound: Cancel | undefined;
  #pauseMs = RETRY_MS;
  #look: Cancel | undefined;
  #lookMs = LOOK_MS;
  #openSince: number | undefined;
  /** Counts searches, so that the answer to one that is over is not used. */
  #search = 0;

  constructor(options: DetourOptions) {
    this.#options = options;
  }

  /** What is in use, or being tried. */
  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** Which member the present way leads through; empty for the server. */
  get via(): PeerId {
    return this.#via;
  }

  /** There is no path: looks for a way around, unless there is one soon. */
  seek(): void {
    this.#seekIn(RELAY_AFTER_MS, BUSY_RELAY_AFTER_MS - RELAY_AFTER_MS);
  }

  /** There will be none before long: looks for a way around at once. */
  seekNow(): void {
    this.#seekIn(0);
  }

  /** @param patienceMs - for how much longer it waits at the most while links are being made with others */
  #seekIn(ms: number, patienceMs = 0): void {
    const {initiator, clock, isBusy} = this.#options;
    const due = clock.now() + ms;
    if (!initiator || this.#attempt || (this.#timer && this.#due <= due)) return;
    this.#timer?.();
    this.#due = due;
    this.#timer = clock.after(ms, () => {
      this.#timer = undefined;
      if (patienceMs > 0 && isBusy()) this.#seekIn(LOOK_AGAIN_MS, patienceMs - LOOK_AGAIN_MS);
      else void this.#find();
    });
  }

  /** There is something better, or no use for it any more. */
  stop(): void {
    this.#search++;
    this.#timer?.();
    this.#timer = undefined;
    this.#next = [];
    this.#pauseMs = RETRY_MS;
    this.#lookMs = LOOK_MS;
    this.#end('there is a better way');
  }

  /** Takes a signal of one of these sessions. @param isNewer - whether `session` comes after the newest that was seen. */
  accept(stamp: Stamp, signal: unknown, isNewer: (session: string, known: string) => boolean): void {
    const {session, seq} = stamp;
    if (session === this.#attempt?.session) return this.#attempt.negotiation.receive(stamp, signal);
    const via = (signal as {via?: unknown} | null | undefined)?.via;
    if (this.#options.initiator || seq !== 1 || typeof via !== 'string' || !isNewer(session, this.#session)) return;
    this.#end('the other side begins again');
    this.#start(session, via);
    this.#attempt?.negotiation.receive(stamp, signal);
  }

  resend(): void {
    this.#attempt?.negotiation.resend();
  }

  async #find(): Promise<void> {
    const search = ++this.#search;
    const {ways, peerId, isNeighbour} = this.#options;
    const found = await ways.find(peerId, isNeighbour());
    if (search !== this.#search) return;
    const isLast = (via: PeerId): boolean => via === SERVER || via === OVERLAY;
    this.#next = [...found.filter(via => !isLast(via)).slice(0, MAX_RELAYS), ...found.filter(isLast)];
    this.#tryNext();
  }

  #tryNext(): void {
    const via = this.#next.shift();
    if (via !== undefined) return this.#start(`${this.#options.nextSession()}~`, via);
    const {clock} = this.#options;
    const pause = this.#pauseMs;
    this.#pauseMs = Math.min(MAX_RETRY_MS, 2 * pause);
    this.#seekIn(between(clock, pause / 2, pause));
  }

  /** The server is everybody's: by and by there may be a member that can carry instead. */
  #lookForMember(): void {
    const {clock, ways, peerId, isNeighbour} = this.#options;
    const attempt = this.#attempt;
    const ms = this.#lookMs;
    this.#lookMs = Math.min(MAX_LOOK_MS, 2 * ms);
    this.#look = clock.after(between(clock, ms / 2, ms), () => void ways.find(peerId, isNeighbour()).then(found => {
      if (attempt !== this.#attempt) return;
      const [via] = found;
      if (via === undefined || via === SERVER) return this.#lookForMember();
      this.#next = [via, SERVER];
      this.#end('there is a member that carries');
      this.#tryNext();
    }));
  }

  #start(session: string, via: PeerId): void {
    const {clock, initiator, peerId, ways, send, hello, onOpen, onData} = this.#options;
    this.#session = session;
    this.#via = via;
    this.#openSince = undefined;
    try {
      const attempt: Attempt = new Attempt({
        clock, session, peerId, initiator, send, hello,
        iceServers: [],
        createLink: () => ways.createLink({initiator, peerId, route: session, via}),
        onOpen: greeting => {
          this.#bound?.();
          this.#openSince = clock.now();
          onOpen(attempt, greeting);
          if (via === SERVER && initiator && attempt === this.#attempt) this.#lookForMember();
        },
        onData: (lane, data) => onData(attempt, lane, data),
        onPathChange: () => undefined,
        onClose: () => this.#closed(attempt),
      });
      this.#attempt = attempt;
      this.#bound = clock.after(ROUTE_MS, () => attempt.close(this.#error('nothing came this way in time')));
    } catch {
      // This page cannot make such links: the way is as good as closed.
      if (initiator) this.#tryNext();
    }
  }

  #closed(attempt: Attempt): void {
    const wasOurs = attempt === this.#attempt;
    if (wasOurs) {
      this.#attempt = undefined;
      this.#bound?.();
      this.#look?.();
    }
    this.#options.onClosed(attempt);
    if (!wasOurs || !this.#options.initiator) return;
    // Who carried is gone: another may do, at once. A way that is closed as soon as it is there does not count as one.
    if (this.#openSince !== undefined && this.#options.clock.now() - this.#openSince >= RETRY_MS) {
      this.#pauseMs = RETRY_MS;
      this.seekNow();
    } else {
      this.#tryNext();
    }
  }

  #end(why: string): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#bound?.();
    this.#look?.();
    attempt?.close(this.#error(why));
  }

  #error(why: string): MeshError {
    return new MeshError('link-failed', `No link: ${why}`, {ids: [this.#options.peerId]});
  }
}
