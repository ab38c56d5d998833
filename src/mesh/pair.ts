/**
 * Oneself and one other member: tries until there is a link, takes a way around meanwhile, and says honestly when there is none. It never
 * gives up while both are in the List; the mesh closes it when one of them is not. `docs/design-links.md` has the whole ladder.
 */
import {Attempt} from './attempt.js';
import {between, type Cancel} from './clock.js';
import {Conversation, type ConversationOptions} from './conversation.js';
import {Detour, isDetour, OVERLAY, SERVER, type Ways} from './detour.js';
import {asMeshError, MeshError} from './errors.js';
import type {CreateLink, Lane, LaneData, LinkRoute} from './link/types.js';
import {hasTurn} from './link/turn.js';
import {readStamp, type Stamp} from './negotiation.js';
import {CHECK_MS} from './signalling/bounds.js';
import type {PeerId, SignalMessage} from './signalling/types.js';
import {encodeSignal, type Hello} from './wire/frame.js';
import {PROTOCOL_VERSION} from './wire/limits.js';

/** The pause before the second retry; it doubles from there. Jittered, so that those who failed together do not retry together. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** The same while there is a way around: a link of their own that did not come about often will not come about soon. */
export const CLIMB_MS = 5 * 60_000;
/** A link that held this long was good: the next retry starts from the beginning. */
const STABLE_MS = 10_000;
/** A member that knows us makes its offer within a round trip; if none has come by then, the visitor should know. */
const OFFER_TIMEOUT_MS = 15_000;

/**
 * An open link that has lost its path looks for another for so long; then it is rebuilt. ICE does it within three round trips to peer and
 * server where there is a path; its own giving up takes 15 s and more.
 */
export const RESTART_MS = 5_000;

/** Attempts at any path, after which the next are, in turn, at TURN servers alone. */
const RELAY_ONLY_AFTER = 2;
/** A link that passes a TURN server looks for a better path after so long, then after twice that, up to `CLIMB_MS`. */
const BETTER_MS = 30_000;

export type PairLink = LinkRoute | 'connecting' | 'lost';

/** `RTCIceServer`s for one attempt; asked again for each, because credentials expire. */
export type GetIceServers = () => readonly RTCIceServer[] | Promise<readonly RTCIceServer[]>;

/** A member as the mesh knows it. The same object as long as nothing changes. */
export interface MeshPeer {
  readonly id: PeerId;
  readonly name: string;
  readonly link: PairLink;
  /** Who relays, while the link is `relayed`. */
  readonly via: PeerId | undefined;
  readonly plain: boolean;
  readonly rttMs: number | undefined;
  /** Its page is frozen, or its machine sleeps. */
  readonly away: boolean;
  readonly reason: string | undefined;
  /** Whether the two are no neighbours in a room where not all are linked: reached by way of others, as most are there. */
  readonly far?: boolean;
}

export interface PairOptions extends Omit<ConversationOptions, 'initiator' | 'onHello' | 'onSignal' | 'onSilence'> {
  readonly selfId: PeerId;
  /** Makes a link of their own; absent where this browser has no WebRTC. */
  readonly createLink: CreateLink | undefined;
  readonly iceServers: GetIceServers;
  readonly emit: (message: SignalMessage) => void;
  /** Whether links are being made with others, too. */
  readonly isBusy: () => boolean;
  /** Names this mesh; sessions begin with it. */
  readonly meshBoot: string;
  /** By which neighbour the peer is reached from neighbour to neighbour. */
  readonly nextHop: () => PeerId | undefined;
  /** Number of the next attempt of this mesh with anybody: of two sessions the later one is the one that counts. */
  readonly nextAttempt: () => number;
  /** Whether a way around is all that is wanted, until `climb`: for a few messages to somebody who is no neighbour. */
  readonly around?: boolean;
  /** Whether the peer is known to speak this protocol: then it is asked soon for the offer that it owes. */
  readonly stamped?: boolean;
  /** Whether both know of each other that they do, by their ids alone. */
  readonly negotiated: boolean;
  /** There is a link, or none any more. */
  readonly onOpen: (open: boolean) => void;
  /** The ways around; without them there is a direct link or none. */
  readonly ways?: Ways | undefined;
  /** The link to this neighbour takes data again, or there is none any more. */
  readonly onHop: (change: 'drained' | 'gone') => void;
}

export class Pair {
  readonly id: PeerId;
  /** Both sides compute the same answer, so offers cannot collide. It is also the rule of the well-known tutorial. */
  readonly initiator: boolean;
  readonly conversation: Conversation;
  readonly #options: PairOptions;
  readonly #detour: Detour | undefined;
  /** The attempt at a link of their own, open or on its way. */
  #attempt: Attempt | undefined;
  /** What the conversation goes over: that attempt, or the one on the way around. */
  #using: Attempt | undefined;
  /** Has said hello over another link, which told the peer where to go on: what the present one still brings comes again over that. */
  #successor: Attempt | undefined;
  /** Whether it has brought anything since. */
  #dropped = false;
  /** The newest session of this pair: what belongs to it or to an older one does not begin an attempt. */
  #session = '';
  #failures = 0;
  #retry: Cancel | undefined;
  #openSince: number | undefined;
  /** Runs while the present link looks for another path. */
  #restarting: Cancel | undefined;
  /** Runs while a link that passes a TURN server is to look for a better path. */
  #better: Cancel | undefined;
  /** Whether the peer's signals carry stamps. */
  #stamped: boolean;
  #around: boolean;
  #closed = false;
  #lost = false;
  #reason: string | undefined;
  #peer: MeshPeer;
  /** Whether something has changed since `#peer` was told. */
  #isStale = true;

  constructor(given: PairOptions) {
    const onChange = (): void => {
      this.#isStale = true;
      given.onChange();
    };
    const options = this.#options = {...given, onChange};
    this.id = options.peerId;
    this.initiator = options.selfId > options.peerId;
    this.#around = options.around ?? false;
    this.#stamped = options.stamped ?? false;
    this.conversation = new Conversation({
      ...options, initiator: this.initiator,
      onHello: hello => this.#using?.greeted(hello), onSignal: message => this.accept({...message, user: this.id}),
      onSilence: silent => this.#silence(silent),
    });
    this.#detour = options.ways && new Detour({
      clock: options.clock, peerId: this.id, initiator: this.initiator, ways: options.ways,
      isNeighbour: () => !this.#around,
      isBusy: options.isBusy,
      nextSession: () => this.#nextSession(),
      send: (stamp, signal) => this.#sendAround(stamp, signal),
      hello: () => this.#helloOf(this.#detour?.attempt),
      onOpen: (attempt, hello) => this.#detourOpened(attempt, hello),
      onData: (attempt, lane, data) => this.#data(attempt, lane, data),
      onClosed: attempt => this.#detourClosed(attempt),
    });
    this.#peer = {id: this.id, name: '', link: 'connecting', via: undefined, plain: false, rttMs: undefined, away: false, reason: undefined};
    this.#enter();
  }

  get link(): PairLink {
    if (this.open) return this.conversation.route;
    return this.#lost ? 'lost' : 'connecting';
  }

  /** Why the link is `lost`. */
  get reason(): string | undefined {
    return this.#lost ? this.#reason : undefined;
  }

  get peer(): MeshPeer {
    const told = this.#peer;
    // Everybody is looked at whenever one has changed. By whom somebody is reached changes without this pair.
    if (!this.#isStale && told.link !== 'relayed') return told;
    this.#isStale = false;
    const {id, link, reason, conversation: {name, plain, rttMs, away}} = this;
    const via = link === 'relayed' ? this.#via() : undefined;
    const isSame = link === told.link && name === told.name && rttMs === told.rttMs && via === told.via
      && plain === told.plain && away === told.away && reason === told.reason;
    return isSame ? told : this.#peer = {id, name, link, via, plain, rttMs, away, reason};
  }

  #via(): PeerId | undefined {
    const via = this.#detour?.via;
    return via === OVERLAY ? this.#options.nextHop() : via;
  }

  get open(): boolean {
    return this.#using !== undefined;
  }

  /** Whether the other side is to begin, and has not. */
  get isAwaited(): boolean {
    return !this.initiator && !this.#attempt && !this.#detour?.attempt;
  }

  /** Whether what this side says goes over a link of their own that has a path: such a neighbour can carry for others. */
  get isHop(): boolean {
    return this.#using !== undefined && this.#using === this.#attempt && this.#isSound(this.#using) && !this.conversation.plain;
  }

  /** Takes a signal from this peer, whatever it holds. */
  accept(message: SignalMessage): void {
    if (this.#closed) return;
    const stamp = readStamp(message);
    if (stamp === null) return this.conversation.fault('bad-frame', 'A signal was malformed');
    if (!stamp) return this.#acceptPlain(message.signal);
    if (stamp.v !== PROTOCOL_VERSION) {
      const why = `The other side speaks version ${stamp.v} of the protocol, this side ${PROTOCOL_VERSION}`;
      return this.conversation.fault('bad-version', why);
    }
    this.#stamped = true;
    if (isDetour(stamp.session)) return this.#detour?.accept(stamp, message.signal, isNewer);
    if (stamp.want) return this.#wanted(stamp);
    if (!this.#options.createLink) return this.#want({session: stamp.session, around: true});
    if (stamp.session === this.#attempt?.session) return this.#attempt.negotiation.receive(stamp, message.signal);
    // The first signal of a newer session is the initiator's offer: it has given the former up. Everything else is stale.
    if (this.initiator) return;
    if (stamp.seq !== 1 || !isNewer(stamp.session, this.#session)) {
      // A link that is over on this side only: the other side looks for a path for it, in vain.
      if (!this.#attempt) this.#want({session: stamp.session});
      return;
    }
    this.#replace(stamp.session, attempt => attempt.negotiation.receive(stamp, message.signal));
  }

  /** A link of their own is worth it now. */
  climb(): void {
    if (!this.#around) return;
    this.#around = false;
    if (this.#closed) return;
    if (this.initiator && this.#options.createLink) this.#begin();
    else this.#want();
  }

  /** The peer has vanished from the room and may come back: no link is tried, what it has missed is kept. */
  suspend(error: MeshError): void {
    this.#halt(error);
    this.conversation.detach();
    this.conversation.outbound.suspend(error);
  }

  /** The peer is back. @param around - see `PairOptions.around`. */
  resume(around: boolean): void {
    this.#closed = this.#lost = false;
    this.#isStale = true;
    this.#around = around;
    this.#failures = 0;
    this.#enter();
    // The peer may not know that it had vanished, and take the former link for a good one.
    if (!this.initiator) this.#want({around});
  }

  /**
   * Something may have happened to the link: asks the peer at once, mends what is dead, and does not wait where it paused.
   * @param network - whether this machine's network is another, so that the path is worth nothing even if nobody has noticed yet.
   */
  revive(network: boolean): void {
    const using = this.#using;
    const {plain, away} = this.conversation;
    if (using && !plain) {
      if (network && !away && using === this.#attempt) this.#restart(using);
      // Also who stood still, since this page may have stood still longer.
      this.#check(using);
    }
    this.#tryNow();
  }

  /** Does not wait where it paused between attempts. */
  #tryNow(): void {
    if (this.#failures === 0) return;
    // An attempt that is under way may have begun in another world: it goes on, and the pause after it is short.
    this.#failures = 0;
    if (!this.#attempt && this.#retry) this.#retryIn(0);
  }

  /** The server is back, or was: what was told through it may not have come. If the network was gone, the peer may be back as well. */
  resend(): void {
    this.#attempt?.negotiation.resend();
    this.#detour?.resend();
    this.#tryNow();
  }

  /** One of the two is not in the room any more. */
  close(error: MeshError): void {
    this.#halt(error);
    this.conversation.close(error);
  }

  /**
   * The peer has said goodbye. Nothing more is said or heard, and the peer closes the link: to do so here as well, which takes a browser
   * some milliseconds, would keep others from hearing the goodbye.
   * @returns what closes the link all the same.
   */
  part(error: MeshError): Cancel {
    const attempt = this.#attempt;
    if (attempt?.open) {
      this.#options.onHop('gone');
      this.#attempt = undefined;
    }
    this.close(error);
    return () => attempt?.close(error);
  }

  #enter(): void {
    const {createLink} = this.#options;
    const goesAround = this.#around || !createLink;
    if (this.initiator && !goesAround) this.#begin();
    else this.#awaitOffer();
    if (goesAround) this.#detour?.seekNow();
    else this.#detour?.seek();
  }

  #halt(error: MeshError): void {
    this.#closed = this.#isStale = true;
    this.#retry?.();
    this.#retry = undefined;
    this.#openSince = this.#using = undefined;
    this.#stopRestarting();
    this.#better?.();
    this.#detour?.stop();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    // What passed this neighbour goes on by another at once.
    if (attempt?.open) this.#options.onHop('gone');
    attempt?.close(error);
  }

  /** The initiator's next attempt. */
  #begin(): void {
    this.#replace(this.#nextSession(), () => undefined);
  }

  #nextSession(): string {
    return `${this.#options.meshBoot}.${this.#options.nextAttempt()}`;
  }

  /** Puts an attempt for a new session in the place of the present one. */
  #replace(session: string, then: (attempt: Attempt) => void): void {
    this.#retry?.();
    this.#retry = undefined;
    this.#session = session;
    const former = this.#attempt;
    this.#attempt = undefined;
    if (former) {
      this.#detach(former);
      former.close(new MeshError('link-failed', 'The other side began again', {ids: [this.id]}));
      this.#options.onChange();
    }
    const start = (servers: readonly RTCIceServer[]) => {
      // Meanwhile the pair may have been closed, or a newer session begun.
      if (this.#closed || this.#attempt || session !== this.#session) return;
      try {
        then(this.#start(session, servers));
      } catch (error) {
        this.#failed(asMeshError(error, 'link-failed'), false);
      }
    };
    const fail = (error: unknown) => this.#failed(new MeshError('link-failed', 'iceServers failed', {cause: error}), false);
    // A list that is there is used at once: a turn of the event loop is a turn later for every link.
    const servers = this.#options.iceServers();
    if (servers instanceof Promise) servers.then(start, fail);
    else start(servers);
  }

  #start(session: string, iceServers: readonly RTCIceServer[]): Attempt {
    const {clock, createLink, peerId, negotiated, isBusy} = this.#options;
    if (!createLink) throw new MeshError('link-failed', 'No link: this browser has no WebRTC', {ids: [peerId]});
    const tries = this.#failures - RELAY_ONLY_AFTER;
    const attempt: Attempt = new Attempt({
      clock, session, peerId, iceServers, createLink, negotiated, isBusy,
      initiator: this.initiator,
      relayOnly: this.initiator && tries >= 0 && tries % 2 === 0 && hasTurn(iceServers),
      send: (stamp, signal) => this.#send(stamp, signal),
      hello: () => this.#helloOf(attempt),
      onOpen: hello => this.#opened(attempt, hello),
      onData: (lane, data) => this.#data(attempt, lane, data),
      onPathChange: up => this.#pathChanged(attempt, up),
      onClose: error => this.#attemptClosed(attempt, error),
    });
    this.#attempt = attempt;
    return attempt;
  }

  #send(stamp: Stamp, signal?: unknown): void {
    const message = this.#message(stamp, signal);
    // The server may be what keeps these two apart.
    const isAround = this.#using !== undefined && this.#using !== this.#attempt;
    if (this.#around && !isAround) return this.#options.ways?.signal(this.id, OVERLAY, message);
    if (!isAround || !this.conversation.pass(encodeSignal(message))) this.#options.emit(message);
  }

  /** A signal about a way around goes that way itself. */
  #sendAround(stamp: Stamp, signal?: unknown): void {
    const {ways, emit} = this.#options;
    const via = this.#detour?.via ?? SERVER;
    const message = this.#message(stamp, signal);
    if (via === SERVER) emit(message);
    else ways?.signal(this.id, via, message);
  }

  #message(stamp: Stamp, signal: unknown): SignalMessage {
    const {selfId} = this.#options;
    return signal === undefined ? {user: selfId, mesh: stamp} : {user: selfId, signal, mesh: stamp};
  }

  #acceptPlain(signal: unknown): void {
    if (signal === undefined) return this.conversation.fault('bad-frame', 'A signal was empty');
    const isOffer = typeof signal === 'object' && signal !== null && (signal as {type?: unknown}).type === 'offer';
    const attempt = this.#attempt;
    // A plain page has no sessions: its offer, when one was answered or none is there, begins a new one.
    if (isOffer && !this.initiator && (!attempt || attempt.open || attempt.negotiation.plain !== undefined)) {
      return this.#replace('', next => next.negotiation.receive(undefined, signal));
    }
    attempt?.negotiation.receive(undefined, signal);
  }

  /** The responder's link came to nothing: begin again, unless that is already under way. */
  #wanted({session, restart, around}: Stamp): void {
    if (!this.initiator) return;
    const attempt = this.#attempt;
    if (around) {
      this.#detour?.seekNow();
      if (this.#around) return;
      return attempt?.close(new MeshError('link-failed', 'No link: the other side has no WebRTC', {ids: [this.id]}));
    }
    this.#around = false;
    if (!attempt) {
      if (this.#retry) this.#begin();
    } else if (attempt.session === session && restart) {
      this.#restart(attempt);
    } else if (attempt.session === session) {
      attempt.close(new MeshError('link-failed', 'The other side lost the connection', {ids: [this.id]}));
    } else {
      attempt.negotiation.resend();
    }
  }

  #pathChanged(attempt: Attempt, up: boolean): void {
    if (attempt !== this.#attempt || !attempt.open || this.conversation.plain) return;
    // With the path back, the transport may still pause before it repeats what was lost, for longer than a new link takes.
    if (up) {
      this.#detour?.stop();
      this.#check(attempt);
    } else {
      this.#restart(attempt);
      this.#detour?.seek();
    }
  }

  /** Asks the peer over the present link, and closes that if there is no answer. */
  #check(attempt: Attempt): void {
    void this.conversation.probe(CHECK_MS).then(alive => {
      if (attempt !== this.#using) return;
      // Who stands still cannot answer, and has no use for another link either.
      if (alive || this.conversation.away) this.#stopRestarting();
      else attempt.close(new MeshError('link-failed', 'The other side does not answer', {ids: [this.id]}));
    });
  }

  /** Looks for another path for the present link. */
  #restart(attempt: Attempt): void {
    if (this.#restarting) return;
    this.#restarting = this.#options.clock.after(RESTART_MS, () => {
      this.#restarting = undefined;
      this.#check(attempt);
    });
    this.#findPath(attempt);
  }

  /** The same without a bound: what stands goes on meanwhile. */
  #findPath(attempt: Attempt): void {
    if (!this.initiator) return this.#want({restart: true});
    const restart = (servers: readonly RTCIceServer[]) => attempt.link.restart(servers);
    const servers = this.#options.iceServers();
    // Without servers it may find a path all the same.
    if (servers instanceof Promise) servers.then(restart, () => restart([]));
    else restart(servers);
  }

  #isSound({link}: Attempt): boolean {
    return link.hasPath && !this.conversation.silent;
  }

  /** Nothing comes any more; or something does again. */
  #silence(silent: boolean): void {
    const using = this.#using;
    if (!using || this.conversation.plain) return;
    if (using !== this.#attempt) {
      if (silent) using.close(new MeshError('link-failed', 'Nothing comes this way', {ids: [this.id]}));
    } else if (!silent) {
      if (using.link.hasPath) this.#detour?.stop();
    } else {
      // Where the page at the other side stands still, neither does any harm.
      this.#findPath(using);
      this.#detour?.seekNow();
    }
    this.#options.onChange();
  }

  /** What passes a TURN server may find a path without it, when networks have changed. */
  #seekBetter(attempt: Attempt, ms: number): void {
    const {clock} = this.#options;
    this.#better?.();
    this.#better = clock.after(between(clock, ms / 2, ms), () => {
      if (attempt !== this.#attempt) return;
      if (attempt === this.#using && this.#isSound(attempt) && this.conversation.route === 'turn') this.#findPath(attempt);
      this.#seekBetter(attempt, Math.min(CLIMB_MS, 2 * ms));
    }, ms / 4);
  }

  #stopRestarting(): void {
    this.#restarting?.();
    this.#restarting = undefined;
  }

  #opened(attempt: Attempt, hello: Hello | undefined): void {
    this.#lost = false;
    this.#reason = undefined;
    this.#openSince = this.#options.clock.now();
    attempt.link.addEventListener('drain', ({lane}) => {
      if (lane === 'lines') this.#options.onHop('drained');
    });
    if (this.initiator) this.#seekBetter(attempt, BETTER_MS);
    this.#use(attempt, hello, 'direct');
    // After that, so that nothing falls between the two.
    this.#detour?.stop();
  }

  #detourOpened(attempt: Attempt, hello: Hello | undefined): void {
    const former = this.#attempt;
    if (former?.open && this.#isSound(former)) return this.#detour?.stop();
    this.#use(attempt, hello, this.#detour?.via === SERVER ? 'server' : 'relayed');
    if (!former?.open) return;
    // It has had no path for so long that there is something else: a new one is built beside that.
    this.#attempt = this.#openSince = undefined;
    this.#stopRestarting();
    this.#options.onHop('gone');
    former.close(new MeshError('link-failed', 'The connection has no path', {ids: [this.id]}));
    this.#retryIn(between(this.#options.clock, 0, RETRY_MS));
  }

  /** The way around is over, whoever ended it, or came to nothing. */
  #detourClosed(attempt: Attempt): void {
    if (attempt !== this.#using) return this.#withoutSuccessor(attempt);
    this.#using = undefined;
    this.conversation.detach();
    this.#options.onOpen(false);
    this.#options.onChange();
  }

  #use(attempt: Attempt, hello: Hello | undefined, route: LinkRoute): void {
    this.#successor = undefined;
    this.#dropped = false;
    this.#using = attempt;
    this.conversation.attach(attempt.link, hello, route);
    this.#options.onOpen(true);
    this.#options.onChange();
  }

  #helloOf(attempt: Attempt | undefined): Hello {
    if (this.#using && attempt !== this.#using) this.#successor = attempt;
    return this.conversation.hello();
  }

  #data(attempt: Attempt, lane: Lane, data: LaneData): void {
    if (attempt !== this.#using) return;
    if (this.#successor) this.#dropped = true;
    else this.conversation.receive(lane, data);
  }

  /** `attempt` is over. If it was to take over, the present link goes on, unless something of that was left out. */
  #withoutSuccessor(attempt: Attempt): void {
    if (attempt !== this.#successor) return;
    this.#successor = undefined;
    if (this.#dropped) this.#using?.close(new MeshError('link-failed', 'Another connection was about to take over', {ids: [this.id]}));
    this.#dropped = false;
  }

  #attemptClosed(attempt: Attempt, error: MeshError): void {
    if (attempt !== this.#attempt) return;
    this.#attempt = undefined;
    const wasOpen = attempt.open;
    this.#detach(attempt);
    this.#failed(error, wasOpen);
  }

  /** `attempt` is over. */
  #detach(attempt: Attempt): void {
    this.#stopRestarting();
    this.#better?.();
    if (attempt.open) this.#options.onHop('gone');
    if (this.#openSince !== undefined && this.#options.clock.now() - this.#openSince >= STABLE_MS) this.#failures = 0;
    this.#openSince = undefined;
    if (attempt !== this.#using) return this.#withoutSuccessor(attempt);
    this.#using = undefined;
    this.conversation.detach();
    this.#options.onOpen(false);
    this.#detour?.seek();
  }

  /** @param wasOpen a link that had been good is mended at once and in silence; one that never opened is `lost`. */
  #failed(error: MeshError, wasOpen: boolean): void {
    if (this.#closed) return;
    const {clock, onError, onChange} = this.#options;
    if (!wasOpen) {
      this.#lost = true;
      this.#reason = error.message;
      if (!this.#using) onError(error);
    }
    const pause = Math.min(this.#using ? CLIMB_MS : MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    const atOnce = wasOpen && this.#failures === 1;
    this.#retryIn(atOnce ? between(clock, 0, RETRY_MS / 4) : between(clock, pause / 2, pause));
    onChange();
  }

  #retryIn(ms: number): void {
    this.#retry?.();
    this.#retry = this.#options.clock.after(ms, () => {
      this.#retry = undefined;
      if (this.initiator) this.#begin();
      else this.#ask();
    });
  }

  /** The responder cannot begin; it asks the initiator to, again and again, until an offer comes. */
  #ask(): void {
    this.#want();
    const pause = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++);
    this.#retryIn(between(this.#options.clock, pause / 2, pause));
  }

  #want({session = this.#session, restart = false, around = false} = {}): void {
    // A message without a signal would break a plain page, so it goes to nobody who may be one.
    if (!this.#stamped) return;
    this.#send({v: PROTOCOL_VERSION, session, seq: 0, ack: 0, want: true, ...restart && {restart}, ...around && {around}});
  }

  #awaitOffer(): void {
    if (this.#stamped && !this.initiator) this.#want({around: this.#around});
    this.#retry = this.#options.clock.after(OFFER_TIMEOUT_MS, () => {
      if (this.#around && this.#using) return;
      this.#failed(new MeshError('link-failed', 'No link: the other side did not answer', {ids: [this.id]}), false);
    });
  }
}

/** Whether `session` comes after `known`: of another boot of the initiator, or a later attempt of the same. */
function isNewer(session: string, known: string): boolean {
  const [boot, attempt] = splitSession(session);
  const [knownBoot, knownAttempt] = splitSession(known);
  return boot !== knownBoot || attempt > knownAttempt;
}

function splitSession(session: string): readonly [boot: string, attempt: number] {
  const dot = session.lastIndexOf('.');
  return [session.slice(0, dot), Number.parseInt(session.slice(dot + 1), 10) || 0];
}
