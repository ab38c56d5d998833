/**
 * Keeps one pair for every neighbour that the topology names, from what the List says. Knows no DOM and no vendor client.
 */
import type {Crowd} from './casts/crowd.js';
import {systemClock, type Cancel, type Clock} from './clock.js';
import {CoalescingClock} from './coalescing-clock.js';
import {MeshError} from './errors.js';
import type {RoutingFrame} from './conversation.js';
import {isDetour, type Ways} from './detour.js';
import {EarlySignals} from './early-signals.js';
import {MeshErrorEvent, type MeshEventMap, type OnMeshMessage} from './events.js';
import type {CreateLink} from './link/types.js';
import type {Handover} from './handover.js';
import type {Listen} from './listen.js';
import {readStamp} from './negotiation.js';
import {Neighbourhood, type CreateCrowd, type LateTopology} from './neighbourhood.js';
import {Pair, type GetIceServers, type MeshPeer} from './pair.js';
import type {Routing} from './relay/routing.js';
import type {Cryptography, Identity} from './secure/types.js';
import type {PeerId, SignalMessage, Signalling, SignallingStatus} from './signalling/types.js';
import {prepareMessage, type OutgoingMessage} from './stream/message.js';
import {fullMesh} from './topology/full-mesh.js';
import type {Topology} from './topology/types.js';
import {RESERVED} from './wire/limits.js';

/**
 * Who vanished from the List but has an open link is asked over it. It may have lost the server only; a tab that was killed does not
 * answer. With the half second that the server waits before it drops an id, a killed tab is gone from every roster within 2 s.
 */
export const PROBE_TIMEOUT_MS = 600;
/** Who answered is kept, and asked again this often while it is not in the List. */
const PROBE_MS = 2_000;
/**
 * How long, in milliseconds, it is kept for somebody who vanished what that one has missed; how many bytes for each; and for how many.
 * A tunnel, a lunch with the laptop closed.
 */
export const ABSENT_MS = 10 * 60_000;
const ABSENT_BYTES = 1024 * 1024;
const MAX_ABSENT = 64;
/** Links are being made until nothing has come of any for so long; for longer where more than so many have not come about yet. */
const BUSY_MS = 1_000;
const BUSY_LINKS = 2;
/** The server hears of it so much later: what it then tells everybody keeps them from hearing the goodbye (5.8 ms instead of 3.1). */
const WORDS_FIRST_MS = 20;
/** Who said goodbye closes its links; after so long it is done here. */
const PARTING_MS = 2_000;
/** Who said goodbye is hidden before the List says so; if the List still has it after this long, it has not left. */
const FAREWELL_MS = 5_000;

interface LoadedRouting {
  readonly Routing: typeof Routing;
  readonly Crowd: typeof Crowd;
  readonly Handover: typeof Handover;
  readonly cryptography: Cryptography | undefined;
}

export interface MeshDeps {
  readonly signalling: Signalling;
  /** Makes links; absent where this browser has no WebRTC: then everything goes around. */
  readonly createLink?: CreateLink | undefined;
  readonly iceServers?: GetIceServers;
  readonly topology?: Topology | LateTopology;
  /**
   * Whether, by its id, somebody may be a page that knows nothing of this project: it links to everybody, whatever the topology, and its
   * channels are made by one side. Default: nobody is.
   */
  readonly isForeign?: (id: PeerId) => boolean;
  readonly clock?: Clock;
  readonly name?: string;
  /** What routed links need: the code, loaded when first used, and who this member is, whose id `selfId` must be. */
  readonly routing?: {
    readonly load: () => Promise<LoadedRouting>;
    readonly identity?: Identity | undefined;
  };
  /** How much this member carries of what others say to each other, as `TopologyFacts.capacityOf` has it; asked each time. Default: 1. */
  readonly capacity?: () => number;
  /** Not an event, for the reason that a link's is none. */
  readonly onMessage: OnMeshMessage;
}

export interface MeshSendOptions {
  /** Ids to send to; default everybody. */
  readonly to?: readonly PeerId[] | undefined;
  readonly channel?: string;
  /** What a plain page gets instead; without it such pages get nothing. */
  readonly plainText?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Mesh extends EventTarget {
  declare addEventListener: Listen<MeshEventMap>;
  readonly #signalling: Signalling;
  readonly #createLink: CreateLink | undefined;
  readonly #iceServers: GetIceServers;
  readonly #near: Neighbourhood;
  readonly #clock: Clock;
  readonly #boot: string;
  readonly #onMessage: OnMeshMessage;
  readonly #pairs = new Map<PeerId, Pair>();
  /** Because of whom links were being made last, and when: who came, sent a signal, or whose link opened; and somebody else before that. */
  #busyId = '';
  #busyAt = -Infinity;
  #otherBusyAt = -Infinity;
  readonly #early: EarlySignals;
  /** Members without a pair, as they were told last. */
  readonly #farPeers = new Map<PeerId, MeshPeer>();
  /** What is told of those that a pair was made for, for a few messages. */
  readonly #told = new WeakMap<MeshPeer, MeshPeer>();
  #pairsMade = 0;
  /** Members that are not in the List but answer over their link. */
  readonly #vouched = new Map<PeerId, Cancel>();
  /** Who vanished without a goodbye, oldest first. */
  readonly #absent = new Map<PeerId, {readonly pair: Pair; readonly stop: Cancel; bytes: number}>();
  /** Members that said goodbye and are still in the List. */
  readonly #departed = new Map<PeerId, Cancel>();
  /** What closes the links to those that said goodbye. */
  readonly #parting = new Set<() => void>();
  readonly #deps: Pick<MeshDeps, 'routing' | 'capacity'>;
  readonly #isForeign: (id: PeerId) => boolean;
  readonly #ways: Ways | undefined;
  #routing: Routing | undefined;
  #loading: Promise<Routing> | undefined;
  readonly #listening = new AbortController();
  #name: string;
  #attempts = 0;
  #changeQueued = false;
  #left = false;
  #leaving: Promise<void> | undefined;
  /** Ends the wait for the goodbyes to be heard. */
  #onWordsHeard: Cancel | undefined;
  #wasOpen = false;

  constructor(deps: MeshDeps) {
    super();
    const {
      signalling, createLink, iceServers, topology = fullMesh, clock, name, routing, capacity, isForeign = () => false, onMessage,
    } = deps;
    this.#deps = {...routing && {routing}, ...capacity && {capacity}};
    this.#isForeign = isForeign;
    this.#ways = routing && this.#lateWays();
    this.#onMessage = onMessage;
    this.#signalling = signalling;
    this.#createLink = createLink;
    this.#iceServers = iceServers ?? (() => []);
    this.#clock = new CoalescingClock(clock ?? systemClock);
    this.#name = name ?? '';
    this.#early = new EarlySignals(this.#clock);
    this.#boot = randomBoot(this.#clock);
    this.#near = new Neighbourhood({
      clock: this.#clock, selfId: signalling.selfId, boot: this.#boot, topology, pairs: this.#pairs,
      isForeign,
      isMember: id => this.#isMember(id),
      name: () => this.#name,
      capacity: capacity ?? (() => 1),
      load: () => this.#loadCrowd(),
      take: id => this.#take(id),
      onMessage,
      onReplan: () => this.#reconcile(),
      onChange: () => this.#changed(),
      onError: error => this.#report(error),
    });
    const {signal} = this.#listening;
    signalling.addEventListener('members-change', () => this.#reconcile(), {signal});
    signalling.addEventListener('signal', ({message}) => this.#receive(message), {signal});
    signalling.addEventListener('status-change', () => {
      if (signalling.status === 'open') this.#resend();
      else this.#routing?.serverLost();
      this.dispatchEvent(new Event('status-change'));
    }, {signal});
    signalling.addEventListener('error', ({error}) => this.#report(error), {signal});
  }

  /** The server is there, or there again. What was sent before is known to have passed it only where it has been there all along. */
  #resend(): void {
    for (const pair of this.#pairs.values()) {
      // A page that knows nothing of this project drops what comes before it has read our id in the List, which it can only now.
      if (this.#wasOpen || this.#isForeign(pair.id)) pair.resend();
    }
    this.#wasOpen = true;
  }

  get selfId(): PeerId {
    return this.#signalling.selfId;
  }

  get status(): SignallingStatus {
    return this.#signalling.status;
  }

  /** Everybody else in the room, in the List's order. */
  get peers(): readonly MeshPeer[] {
    if (!this.#near.partial) return [...this.#pairs.values()].map(pair => pair.peer);
    const known = [...this.#pairs].filter(([id]) => !this.#isMember(id)).map(([, pair]) => pair.peer);
    return [...this.#members.filter(id => id !== this.selfId).map(id => this.#peerOf(id)), ...known];
  }

  /** Who vanished without a goodbye and may come back, the longest away first. */
  get absent(): readonly MeshPeer[] {
    return [...this.#absent.values()].map(({pair}) => pair.peer);
  }

  /** Display name that others see; setting it tells them. */
  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    if (name === this.#name) return;
    this.#name = name;
    for (const {conversation} of this.#pairs.values()) conversation.rename();
    this.#near.announce();
  }

  /** How much this member carries for others may have changed. */
  reconsider(): void {
    this.#near.announce();
  }

  /** Whether what this member says to everybody goes from neighbour to neighbour at this moment. */
  get casting(): boolean {
    return this.#near.casting;
  }

  /** How much this member carries for others: routes at the moment, and bytes so far. */
  get relaying(): {readonly routes: number; readonly bytes: number} {
    return this.#routing?.relaying ?? {routes: 0, bytes: 0};
  }

  /**
   * Enters the room's List; links are made from then on.
   * @throws {MeshError} what `Signalling.open` throws; the mesh cannot be used then.
   */
  async join(options?: {signal?: AbortSignal}): Promise<void> {
    try {
      await this.#signalling.open(options);
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /**
   * Sends a message to everybody, or to the ids in `to`; resolves once every receiver's transport has taken all of it.
   * Order is kept per channel. `data` must not change until then.
   * @throws {MeshError} `bad-data`, `too-large`, `not-joined`, `aborted`; `undelivered` with the ids that it did not reach.
   */
  async send(data: unknown, options: MeshSendOptions = {}): Promise<void> {
    const missing: PeerId[] = [];
    const waiting = this.#handOver(data, options, missing);
    if (waiting) await waiting;
    if (missing.length > 0) throw new MeshError('undelivered', `The message did not reach ${missing.length} of the room`, {ids: missing});
  }

  /**
   * Apart from `send`, since the variables of an asynchronous function are kept on the heap, for each message.
   * @returns `undefined` when every transport took all of it at once.
   */
  #handOver(
    data: unknown, {to, channel = '', plainText, signal}: MeshSendOptions, missing: PeerId[],
  ): Promise<unknown> | undefined {
    if (this.#left) throw new MeshError('not-joined', 'The room has been left');
    if (signal?.aborted) throw new MeshError('aborted', 'Sending was given up', {cause: signal.reason as unknown});
    if (channel.startsWith(RESERVED)) throw new MeshError('bad-data', 'Channels whose names begin with a zero character are the mesh\'s own');
    const encoded = prepareMessage(channel, data);
    const message = plainText === undefined ? encoded : {...encoded, plainText};
    if (!to && this.#near.casting) return this.#cast(data, message, signal);
    const options = {signal, keep: !to};
    const waiting: Array<Promise<void>> = [];
    for (const id of to ?? this.#pairs.keys()) {
      const pair = to ? this.#pairTo(id, encoded) : this.#pairs.get(id);
      if (!pair || (to && pair.conversation.plain && plainText === undefined)) {
        missing.push(id);
        continue;
      }
      const taken = pair.conversation.outbound.send(message, options);
      if (taken) waiting.push(this.#collected(taken, id, !to, missing));
    }
    if (!to && message.lane === 'lines') for (const id of this.#absent.keys()) this.#keepFor(id, message);
    return waiting.length > 0 ? Promise.all(waiting) : undefined;
  }

  /** Says something to everybody through the neighbours; to plain pages directly. */
  async #cast(data: unknown, message: OutgoingMessage, signal: AbortSignal | undefined): Promise<void> {
    for (const {conversation} of this.#pairs.values()) {
      // Whether it reaches them or not: nobody can tell of a page that says nothing.
      if (conversation.plain) conversation.outbound.send(message)?.catch(() => undefined);
    }
    await this.#near.cast(message, data, signal);
  }

  /** The pair for messages to `id` alone; one is made where the two are no neighbours. */
  #pairTo(id: PeerId, message: OutgoingMessage): Pair | undefined {
    if (!this.#pairs.has(id) && this.#near.partial && this.#isMember(id) && id !== this.selfId) this.#addForOne(id);
    const pair = this.#pairs.get(id);
    this.#near.use(id);
    // What is large is worth a link of their own.
    if (message.lane === 'bulk') pair?.climb();
    return pair;
  }

  #addForOne(id: PeerId): void {
    this.#add(id, true);
    this.#near.unwant(id, true);
  }

  /** Tells everybody over the links that this side is about to stand still: a page that is frozen. */
  sleep(): void {
    for (const {conversation} of this.#pairs.values()) conversation.sleep();
  }

  /**
   * Something may have happened to server and links: asks all of them at once, and mends what is dead.
   * @param network - whether this machine's network is another one now.
   */
  revive({network = false}: {readonly network?: boolean} = {}): void {
    if (this.#left) return;
    this.#signalling.revive();
    for (const pair of this.#pairs.values()) pair.revive(network);
  }

  /** Tells everybody over the links that this member is leaving: at once, for a page that is about to go away. */
  farewell(): void {
    for (const {conversation} of this.#pairs.values()) conversation.bye();
  }

  /**
   * Says goodbye, leaves the List, closes every link. Idempotent; settles within 20 ms and the bound of `Signalling.close`. `hangUp` ends
   * what of it is still to come.
   */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#part();
    await this.#wordsHeard();
    // The links close last, so that the goodbyes are on their way.
    await this.#signalling.close();
    this.#end();
  }

  /** The same in this very turn: for a page that does not run any longer. */
  hangUp(): void {
    this.#part();
    this.#onWordsHeard?.();
    this.#signalling.hangUp();
    this.#end();
  }

  #part(): void {
    if (this.#left) return;
    this.#left = true;
    this.farewell();
  }

  /** Gives the goodbyes time, where there is somebody to hear them. Not in a hidden page, whose timers run once a second. */
  async #wordsHeard(): Promise<void> {
    if (globalThis.document?.hidden || ![...this.#pairs.values()].some(({open}) => open)) return;
    await new Promise<void>(resolve => {
      const stop = this.#clock.after(WORDS_FIRST_MS, resolve);
      this.#onWordsHeard = () => {
        stop();
        resolve();
      };
    });
  }

  /** Leaves nothing behind: no link, no timer. */
  #end(): void {
    this.#listening.abort();
    for (const id of [...this.#pairs.keys()]) this.#drop(id);
    for (const id of [...this.#absent.keys()]) this.#forget(id);
    this.#early.clear();
    this.#near.close();
    this.#routing?.close();
    for (const stop of [...this.#vouched.values(), ...this.#departed.values(), ...this.#parting]) stop();
    this.#vouched.clear();
    this.#departed.clear();
    this.#createLink?.close?.();
  }

  #receive(message: SignalMessage): void {
    if (this.#left) return;
    this.#busyWith(message.user);
    if (this.#isRouting(message)) return this.#whenRouting(routing => this.#receiveRouting(routing, message));
    const pair = this.#pairOf(message);
    if (pair) pair.accept(message);
    else if (message.user !== this.selfId) this.#early.add(message);
  }

  #pairOf(message: SignalMessage): Pair | undefined {
    return this.#pairs.get(message.user) ?? this.#guest(message);
  }

  /** Where not all are linked, the other side's List may be ahead, or it has something to say to this one alone. */
  #guest(message: SignalMessage): Pair | undefined {
    const {user} = message;
    const stamp = readStamp(message);
    if (!stamp || !this.#near.partial || !this.#isMember(user) || user === this.selfId) return undefined;
    if (stamp.around === true || isDetour(stamp.session)) {
      this.#addForOne(user);
    } else {
      this.#add(user);
      this.#near.unwant(user);
    }
    return this.#pairs.get(user);
  }

  /** Whether `message` is of a way around, or goes one. */
  #isRouting(message: SignalMessage): boolean {
    const stamp = readStamp(message);
    return message.route !== undefined || isDetour(stamp?.session ?? '') || stamp?.around === true;
  }

  #receiveRouting(routing: Routing, message: SignalMessage): void {
    if (message.route !== undefined) routing.receiveFromServer(message);
    else this.#pairOf(message)?.accept(message);
  }

  /** Does something with routes, now or when their code is there; in order. */
  #whenRouting(run: (routing: Routing) => void): void {
    if (this.#routing) return run(this.#routing);
    this.#loadRouting()?.then(routing => {
      if (!this.#left) run(routing);
    }, () => undefined);
  }

  #loadRouting(): Promise<Routing> | undefined {
    const {routing} = this.#deps;
    this.#loading ??= routing?.load().then(loaded => this.#routing ??= this.#createRouting(loaded), (error: unknown) => {
      // The network may be back when it is needed next.
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #loadCrowd(): Promise<CreateCrowd> {
    const {routing} = this.#deps;
    if (!routing) throw new MeshError('bad-data', 'A room where not all are linked needs `routing`');
    const {Crowd: LoadedCrowd, Handover: LoadedHandover, cryptography} = await routing.load();
    const {identity} = routing;
    return (crowd, handover) => ({
      crowd: new LoadedCrowd({...crowd, identity, cryptography: identity && cryptography}), handover: new LoadedHandover(handover),
    });
  }

  #createRouting({Routing: Loaded, cryptography}: LoadedRouting): Routing {
    const {routing, capacity} = this.#deps;
    return new Loaded({
      clock: this.#clock, selfId: this.selfId, identity: routing?.identity, cryptography, relays: () => capacity?.() !== 0,
      hop: id => {
        const pair = this.#pairs.get(id);
        return pair?.isHop ? {send: frame => pair.conversation.pass(frame)} : undefined;
      },
      hops: () => [...this.#pairs.values()].filter(({isHop}) => isHop).map(({id, conversation}) => [id, conversation.rttMs ?? 0] as const),
      emit: (to, message) => this.#signalling.emit(to, message),
      isServerUp: () => this.status === 'open' && this.#signalling.relays,
      nextHop: id => this.#near.nextHop(id),
      onSignal: message => {
        // Of anything else the server is to tell who said it.
        if (this.#isRouting(message)) this.#pairOf(message)?.accept(message);
      },
    });
  }

  /** The ways around, whose code is loaded when the first is looked for. */
  #lateWays(): Ways {
    const loaded = (): Routing => {
      if (!this.#routing) throw new MeshError('link-failed', 'The ways around are not loaded');
      return this.#routing;
    };
    return {
      find: async (id, isNeighbour) => {
        const routing = await this.#loadRouting()?.catch(() => undefined);
        return routing && !this.#left ? routing.find(id, isNeighbour) : [];
      },
      createLink: options => loaded().createLink(options),
      signal: (...signal) => this.#whenRouting(routing => routing.signal(...signal)),
    };
  }

  #onRouting(from: PeerId, frame: RoutingFrame): void {
    this.#whenRouting(routing => routing.receive(from, frame));
  }

  /** Ids in the List, but for those that have said goodbye; where there are none of those, the List's own array. */
  get #members(): readonly PeerId[] {
    const {members} = this.#signalling;
    return this.#departed.size ? members.filter(id => !this.#departed.has(id)) : members;
  }

  #isMember(id: PeerId): boolean {
    return this.#signalling.has(id) && !this.#departed.has(id);
  }

  /** Makes the pairs match the List. Both sides compute the same answer, so offers cannot collide. */
  #reconcile(): void {
    if (this.#left) return;
    for (const [id, stop] of this.#departed) {
      if (this.#signalling.has(id)) continue;
      stop();
      this.#departed.delete(id);
    }
    const wanted = this.#near.plan(this.#members);
    this.#farPeers.clear();
    for (const id of this.#pairs.keys()) {
      const isMember = this.#isMember(id);
      if (isMember) this.#unvouch(id);
      if (wanted.has(id)) this.#near.want(id);
      else if (isMember) this.#near.unwant(id);
      else if (this.#signalling.has(id)) this.#drop(id);
      else this.#vouch(id);
    }
    for (const id of wanted) if (!this.#pairs.has(id)) this.#add(id);
    this.#changed();
  }

  /** A pair for a few messages makes nobody a neighbour: others would take that for a reason to say more over it. */
  #peerOf(id: PeerId): MeshPeer {
    const pair = this.#pairs.get(id);
    if (!pair || (!pair.open && this.#near.isForOne(id))) return this.#far(id);
    if (!this.#near.isForOne(id)) return pair.peer;
    const told = this.#told.get(pair.peer) ?? {...pair.peer, far: true};
    this.#told.set(pair.peer, told);
    return told;
  }

  /** Somebody who is no neighbour, as far as this side knows. */
  #far(id: PeerId): MeshPeer {
    const via = this.#near.nextHop(id);
    const known = this.#farPeers.get(id);
    const name = this.#near.nameOf(id);
    if (known && known.via === via && known.name === name) return known;
    const link = via === undefined ? 'connecting' : 'relayed';
    const peer: MeshPeer = {id, name, link, via, plain: false, rttMs: undefined, away: false, reason: undefined, far: true};
    this.#farPeers.set(id, peer);
    return peer;
  }

  #busyWith(id: PeerId): void {
    if (id !== this.#busyId) {
      this.#otherBusyAt = this.#busyAt;
      this.#busyId = id;
    }
    this.#busyAt = this.#clock.now();
  }

  /**
   * Whether links to others than `id` are being made: on a slow machine each step of many takes long. Where not all are linked there are
   * not many, and signals take ways on which they may be lost.
   */
  #isBusy(id: PeerId): boolean {
    const at = id === this.#busyId ? this.#otherBusyAt : this.#busyAt;
    if (this.#near.partial) return false;
    let links = 0;
    for (const {open} of this.#pairs.values()) if (!open) links++;
    return this.#clock.now() - at < BUSY_MS * Math.max(1, links / BUSY_LINKS);
  }

  #add(id: PeerId, around = false): void {
    this.#busyWith(id);
    const pair = this.#returned(id, around) ?? this.#createPair(id, around);
    this.#pairs.set(id, pair);
    for (const message of this.#early.take(id)) pair.accept(message);
  }

  #createPair(id: PeerId, around: boolean): Pair {
    return new Pair({
      clock: this.#clock, selfId: this.selfId, peerId: id, around, meshBoot: this.#boot,
      nextHop: () => this.#routing ? this.#routing.nextHop(id) : this.#near.nextHop(id),
      // A pair of its own numbers: the other side may have kept what it knows of a former one of the two.
      boot: `${this.#boot}${(++this.#pairsMade).toString(36)}`,
      stamped: this.#near.partial && !this.#isForeign(id),
      negotiated: ![id, this.selfId].some(this.#isForeign),
      createLink: this.#createLink,
      iceServers: this.#iceServers,
      name: () => this.#name,
      emit: message => this.#signalling.emit(id, message),
      isBusy: () => this.#isBusy(id),
      onChange: () => this.#changed(),
      onMessage: this.#near.receive,
      onOpen: open => {
        if (open) this.#busyWith(id);
        this.#near.opened(id, open);
      },
      onPlainText: text => this.#onMessage(id, '', text, true),
      onBye: () => this.#departing(id),
      ways: this.#ways,
      onRouting: frame => this.#onRouting(id, frame),
      onHop: change => this.#routing?.[change](id),
      onError: error => this.#report(error),
      nextAttempt: () => ++this.#attempts,
    });
  }

  /** Who vanished and is in the List again, or was let go of and is needed again. */
  #returned(id: PeerId, around: boolean): Pair | undefined {
    const entry = this.#absent.get(id);
    entry?.stop();
    this.#absent.delete(id);
    const pair = entry?.pair ?? this.#near.rested(id);
    pair?.resume(around);
    return pair;
  }

  /** Somebody is gone without a word, and may be back before long. */
  #vanished(id: PeerId): void {
    this.#unvouch(id);
    const pair = this.#pairs.get(id);
    if (!pair) return;
    this.#pairs.delete(id);
    this.#near.gone(id);
    this.#changed();
    // Who was never met may as well have been on its way out.
    if (!pair.conversation.met || pair.conversation.plain) return pair.close(gone(id));
    pair.suspend(gone(id));
    const bytes = pair.conversation.outbound.keptBytes;
    this.#absent.set(id, {pair, bytes, stop: this.#clock.after(ABSENT_MS, () => this.#forget(id))});
    const [oldest] = this.#absent.keys();
    if (this.#absent.size > MAX_ABSENT && oldest !== undefined) this.#forget(oldest);
  }

  #forget(id: PeerId): void {
    const entry = this.#absent.get(id);
    entry?.stop();
    entry?.pair.close(gone(id));
    if (this.#absent.delete(id)) this.#changed();
  }

  /** A message to everybody, for one who is away for the moment. */
  #keepFor(id: PeerId, message: OutgoingMessage & {readonly lane: 'lines'}): void {
    const entry = this.#absent.get(id);
    if (!entry) return;
    entry.pair.conversation.outbound.keep(message);
    // Counted as they come: adding them all up for each would be most of what a busy room does.
    entry.bytes += message.body.length;
    if (entry.bytes > ABSENT_BYTES) this.#forget(id);
  }

  #drop(id: PeerId): void {
    this.#take(id)?.close(gone(id));
  }

  #take(id: PeerId): Pair | undefined {
    this.#unvouch(id);
    const pair = this.#pairs.get(id);
    this.#pairs.delete(id);
    this.#near.gone(id);
    this.#changed();
    return pair;
  }

  /** The server says that this member is gone; its link may know better. */
  #vouch(id: PeerId): void {
    if (this.#vouched.has(id)) return;
    const pair = this.#pairs.get(id);
    if (!pair?.open) return this.#vanished(id);
    let stopped = false;
    let stopWaiting: Cancel = () => undefined;
    this.#vouched.set(id, () => {
      stopped = true;
      stopWaiting();
    });
    const ask = () => void pair.conversation.probe(PROBE_TIMEOUT_MS).then(alive => {
      if (stopped) return;
      if (alive) stopWaiting = this.#clock.after(PROBE_MS, ask);
      else this.#vanished(id);
    });
    ask();
  }

  #unvouch(id: PeerId): void {
    this.#vouched.get(id)?.();
    this.#vouched.delete(id);
  }

  #departing(id: PeerId): void {
    const pair = this.#take(id);
    if (pair) this.#closeSoon(pair.part(gone(id)));
    if (!this.#signalling.has(id)) return;
    this.#departed.set(id, this.#clock.after(FAREWELL_MS, () => {
      this.#departed.delete(id);
      this.#reconcile();
    }));
  }

  #closeSoon(close: () => void): void {
    const now = (): void => {
      stop();
      this.#parting.delete(now);
      close();
    };
    const stop = this.#clock.after(PARTING_MS, now);
    this.#parting.add(now);
  }

  /** A broadcast is for those who are in the room: who left meanwhile has not missed it. */
  #collected(taken: Promise<void>, id: PeerId, broadcast: boolean, missing: PeerId[]): Promise<void> {
    return taken.catch((error: unknown) => {
      if (error instanceof MeshError && error.code === 'aborted') throw error;
      if (!broadcast || this.#pairs.has(id)) missing.push(id);
    });
  }

  #changed(): void {
    if (this.#changeQueued) return;
    this.#changeQueued = true;
    queueMicrotask(() => {
      this.#changeQueued = false;
      this.dispatchEvent(new Event('peers-change'));
    });
  }

  #report(error: MeshError): void {
    this.dispatchEvent(new MeshErrorEvent(error));
  }
}

const gone = (id: PeerId): MeshError => new MeshError('undelivered', 'This person has left the room', {ids: [id]});

/** Session ids start with it; 48 bits tell the instances of one id apart. */
function randomBoot(clock: Clock): string {
  return Array.from({length: 8}, () => Math.floor(clock.random() * 64).toString(36)).join('').slice(0, 12);
}
