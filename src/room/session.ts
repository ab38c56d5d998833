/** The engine behind a room: signalling over deepstream, links over WebRTC, a mesh of them, told as one frozen `RoomState`. */
import {MeshError, asMeshError} from '../mesh/errors.js';
import type {MeshErrorEvent, OnMeshMessage} from '../mesh/events.js';
import {simplePeerLinks} from '../mesh/link/simple-peer.js';
import type {Listen} from '../mesh/listen.js';
import {Mesh} from '../mesh/mesh.js';
import type {LateTopology} from '../mesh/neighbourhood.js';
import type {MeshPeer} from '../mesh/pair.js';
import {FULL_MESH_LIMIT, fullMesh} from '../mesh/topology/full-mesh.js';
import type {Topology} from '../mesh/topology/types.js';
import {dial, type ClientSocket} from '../mesh/signalling/client-socket.js';
import {createDeepstreamSignalling} from '../mesh/signalling/deepstream.js';
import {CHAT_CHANNEL} from './chat.js';
import {checkOptions, hasWebRtc, iceServersOf} from './checks.js';
import {PageLife} from './page-life.js';
import {RelayPolicy} from './relay-policy.js';
import {prepareSelf, takeSelf, type Self} from './self.js';
import {
  IDLE_STATE, RoomErrorEvent, RoomMessageEvent,
  type CreateRoom, type PeerState, type RelayOption, type Relaying, type RoomData, type RoomEventMap, type RoomOptions, type RoomSession,
  type RoomState, type RoomStatus, type SendOptions,
} from './types.js';

/**
 * Pauses between attempts to join where nothing answered, in milliseconds, from the first to the longest, each doubled and jittered by
 * half. A server that is restarted, or a device that thinks it is online in a tunnel, is back within seconds.
 */
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 3_000;
/** The same where something answers that is not the room: a mistake most often, sometimes a gateway before a server that is restarted. */
const RETRY_RARELY_MS = 30_000;
/**
 * Browsers hold back a WebSocket for up to 5 s when some 15 before it have failed within minutes. So plain HTTP asks first whether anything
 * answers; where a page's policy forbids that request, a WebSocket is tried this often all the same. In milliseconds.
 */
const DIAL_MS = 10_000;
/** Whether this member carries for others is told to the room when it has been so for so long; it counts at once. In milliseconds. */
const RELAY_SETTLE_MS = 5_000;

export const createRoom: CreateRoom = options => new MeshRoomSession(options);

class MeshRoomSession extends EventTarget implements RoomSession {
  declare addEventListener: Listen<RoomEventMap>;
  readonly #options: RoomOptions;
  /** Who this user is in the room; somebody new after each visit to another page. */
  #self: Promise<Self> | undefined;
  #name: string;
  /** For the first attempt, until it takes it: browser and server need not wait for keys and objects. */
  #socket: ClientSocket | undefined;
  #mesh: Mesh | undefined;
  #state: RoomState;
  /** What has been made of a member; the mesh hands out another object when it changes. */
  readonly #told = new WeakMap<MeshPeer, PeerState>();
  readonly #relayPolicy: RelayPolicy;
  #reconsidering: ReturnType<typeof setTimeout> | undefined;
  #life: PageLife | undefined;
  /** While the visitor is on another page: settles on return. */
  #hidden: {readonly shown: Promise<void>; readonly show: () => void} | undefined;
  /** Whether it is on its way in, pauses between attempts included. */
  #isEntering = false;
  /** Ends the pause before the next attempt. */
  #tryNow: (() => void) | undefined;
  /** When a connection was last tried without asking. */
  #dialledAt = 0;
  #joining: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  /** What is being left. A page that goes away meanwhile does not wait for it. */
  #parting: Mesh | undefined;

  constructor(options: RoomOptions) {
    super();
    this.#options = options;
    this.#name = options.name ?? '';
    this.#relayPolicy = new RelayPolicy(options.relay);
    this.#relayPolicy.addEventListener('change', () => this.#reconsiderSoon());
    this.#state = Object.freeze({...IDLE_STATE, room: options.room, selfId: ''});
  }

  get state(): RoomState {
    return this.#state;
  }

  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
    if (this.#mesh) this.#mesh.name = name;
  }

  get relay(): RelayOption {
    return this.#relayPolicy.option;
  }

  set relay(relay: RelayOption) {
    this.#relayPolicy.option = relay;
  }

  get relaying(): Relaying {
    const {routes, bytes} = this.#mesh?.relaying ?? {routes: 0, bytes: 0};
    // The mesh counts each direction, people count conversations.
    return {routes: Math.ceil(routes / 2), bytes};
  }

  get casting(): boolean {
    return this.#mesh?.casting === true;
  }

  join(): Promise<void> {
    this.#joining ??= this.#join();
    return this.#joining;
  }

  async send(data: RoomData, {to, channel = '', signal}: SendOptions = {}): Promise<void> {
    if (!this.#mesh) throw new MeshError('not-joined', 'The room has not been joined, or has been left');
    const plainText = channel === CHAT_CHANNEL ? textOf(data) : undefined;
    await this.#mesh.send(data, {channel, to: typeof to === 'string' ? [to] : to, plainText, signal});
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #join(): Promise<void> {
    const {signal} = this.#options;
    try {
      if (this.#leaving || signal?.aborted) throw new MeshError('aborted', 'Joining was given up');
      this.#socket = dial(checkOptions(this.#options).url);
      this.#publish({status: 'joining'});
      if (!globalThis.isSecureContext) this.#report(INSECURE);
      signal?.addEventListener('abort', this.#onAbort, {once: true});
      this.#watch();
      await this.#enter();
    } catch (error) {
      const failure = asMeshError(error, 'server-unreachable');
      // Who gave up does not want to read of a failure.
      if (failure.code === 'aborted') this.#publish({status: 'idle', error: undefined});
      else {
        this.#publish({status: failedStatus(failure), peers: Object.freeze([]), error: failure});
        this.#report(failure);
      }
      if (mayPass(failure) && !this.#leaving) void this.#enterAtLast(RETRY_FIRST_MS);
      else this.#stopListening();
      throw failure;
    } finally {
      this.#giveBack();
    }
  }

  /** Enters the room; anew when the visitor has been on another page before that was done. */
  async #enter(isRetry = false): Promise<void> {
    const {signal} = this.#options;
    this.#isEntering = true;
    for (;;) {
      await this.#hidden?.shown;
      if (this.#leaving) throw new MeshError('aborted', 'Joining was given up');
      const self = await (this.#self ??= takeSelf());
      if (this.#hidden || this.#leaving) continue;
      if (self.id !== this.#state.selfId) this.#publish({selfId: self.id});
      const mesh = this.#mesh = this.#createMesh(self, isRetry);
      try {
        await mesh.join(signal ? {signal} : {});
        this.#isEntering = false;
        return this.#update();
      } catch (error) {
        if (this.#mesh === mesh) this.#mesh = undefined;
        if (!this.#hidden) throw error;
      }
    }
  }

  /** Enters the room as soon as anything answers, however long that takes. Nothing is told before: words would change at each attempt. */
  async #enterAtLast(pauseMs = 0): Promise<void> {
    this.#isEntering = true;
    try {
      let most = RETRY_LONGEST_MS;
      for (let longest = pauseMs; !this.#leaving; longest = Math.min(most, Math.max(RETRY_FIRST_MS, 2 * longest))) {
        if (longest) await this.#pause(longest * (0.5 + Math.random() / 2));
        try {
          return await this.#enter(longest > 0);
        } catch (error) {
          if (!mayPass(error)) throw error;
          most = isSilence(error) ? RETRY_LONGEST_MS : RETRY_RARELY_MS;
        }
      }
    } catch (thrown) {
      this.#isEntering = false;
      if (this.#leaving) return;
      const error = asMeshError(thrown, 'server-unreachable');
      this.#stopListening();
      this.#publish({status: 'failed', error});
      this.#report(error);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#tryNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #leave(): Promise<void> {
    const mesh = this.#parting = this.#mesh;
    this.#mesh = undefined;
    // First of all the others are told.
    const left = mesh?.leave();
    this.#hidden?.show();
    this.#tryNow?.();
    this.#publish({status: 'idle', peers: Object.freeze([]), absent: [], error: undefined});
    await left;
    this.#stopListening();
    // Who leaves one room often joins another.
    prepareSelf();
  }

  #createMesh(self: Self, isRetry: boolean): Mesh {
    const {url, list} = checkOptions(this.#options);
    const knock = isRetry && Date.now() - this.#dialledAt < DIAL_MS;
    if (!knock) this.#dialledAt = Date.now();
    const socket = this.#socket;
    this.#socket = undefined;
    const signalling = createDeepstreamSignalling({url, list, selfId: self.id, socket, ...isRetry && {retry: {knock}}});
    const mesh = new Mesh({
      signalling,
      createLink: hasWebRtc() ? simplePeerLinks() : undefined,
      iceServers: iceServersOf(this.#options.iceServers, url, () => signalling.hasIce),
      name: this.#name,
      topology: topologyOf(this.#options.topology),
      isForeign,
      routing: {load: () => import('../mesh/spare.js'), identity: 'sign' in self ? self : undefined},
      capacity: () => this.#relayPolicy.capacity,
      onMessage: this.#receive,
    });
    mesh.addEventListener('peers-change', () => this.#update());
    mesh.addEventListener('status-change', () => this.#update());
    mesh.addEventListener('error', ({error}: MeshErrorEvent) => this.#report(error));
    return mesh;
  }

  /** The connection that was begun is of no use any more, unless somebody has it. */
  #giveBack(): void {
    this.#socket?.giveBack();
    this.#socket = undefined;
  }

  #watch(): void {
    const life = this.#life = new PageLife();
    this.#relayPolicy.open();
    life.addEventListener('wake', ({network}) => {
      this.#mesh?.revive({network});
      this.#tryNow?.();
    });
    life.addEventListener('sleep', () => this.#mesh?.sleep());
    life.addEventListener('hide', () => this.#hide());
    life.addEventListener('show', () => this.#show());
    life.addEventListener('network-change', () => {
      this.#update();
      const {error} = this.#state;
      if (this.#isEntering && error) this.#publish({status: failedStatus(error)});
    });
  }

  /**
   * A page that goes away says so, to people and server, while it still can. So does one that may come back: browsers say that of each, and
   * keep none that has a connection open.
   */
  #hide(): void {
    if (this.#leaving) return this.#parting?.hangUp();
    const mesh = this.#mesh;
    this.#mesh = undefined;
    if (this.#hidden) return;
    this.#giveBack();
    let show = (): void => undefined;
    const shown = new Promise<void>(resolve => { show = resolve; });
    this.#hidden = {shown, show};
    mesh?.hangUp();
    if (this.#state.status !== 'failed') this.#publish({status: 'resuming', peers: Object.freeze([]), absent: []});
  }

  /** The visitor is back: as somebody new with the same name, since the one who left has said goodbye. */
  #show(): void {
    const hidden = this.#hidden;
    if (!hidden || this.#leaving) return;
    this.#hidden = undefined;
    this.#self = undefined;
    hidden.show();
    if (!this.#isEntering) void this.#enterAtLast();
  }

  /** Tells the state of the mesh, once the mesh has confirmed it. */
  #update(): void {
    const mesh = this.#mesh;
    if (!mesh) return;
    const status = statusOf(mesh) ?? this.#state.status;
    this.#publish({
      status,
      peers: this.#peersOf(mesh.peers),
      absent: mesh.absent.map(({id, name}) => ({id, name})),
      error: this.#standing(status),
    });
  }

  /** The same array, of the same objects, as long as nothing about them changes. */
  #peersOf(peers: readonly MeshPeer[]): readonly PeerState[] {
    const before = this.#state.peers;
    const told = peers.map(peer => {
      let known = this.#told.get(peer);
      if (!known) this.#told.set(peer, known = peerState(peer));
      return known;
    });
    return told.length === before.length && told.every((peer, i) => peer === before[i]) ? before : Object.freeze(told);
  }

  /** The error that belongs to `status`. */
  #standing(status: RoomStatus): MeshError | undefined {
    if (status === 'failed') return this.#state.error;
    if (status !== 'resuming' && status !== 'offline') return undefined;
    return this.#state.error ?? new MeshError('server-lost', 'The connection to the server was lost; it is being mended');
  }

  #publish(change: Partial<Omit<RoomState, 'error'>> & {readonly error?: MeshError | undefined}): void {
    const before = this.#state;
    const {error, absent, ...rest} = {...before, ...change};
    this.#state = Object.freeze({...rest, ...absent?.length && {absent: Object.freeze(absent)}, ...error && {error}});
    if (this.#state.status !== before.status || this.#state.error !== before.error) this.dispatchEvent(new Event('status-change'));
    if (this.#state.peers !== before.peers) this.dispatchEvent(new Event('peers-change'));
  }

  readonly #receive: OnMeshMessage = (from, channel, data, plain) => {
    this.dispatchEvent(plain ? new RoomMessageEvent(from, CHAT_CHANNEL, {text: data}) : new RoomMessageEvent(from, channel, data));
  };

  #report(error: MeshError): void {
    this.dispatchEvent(new RoomErrorEvent(error));
  }

  /** Who links to whom depends on who carries: a battery about its mark must not move links every other second. */
  #reconsiderSoon(): void {
    clearTimeout(this.#reconsidering);
    this.#reconsidering = setTimeout(() => this.#mesh?.reconsider(), RELAY_SETTLE_MS);
  }

  readonly #onAbort = (): void => void this.leave();

  #stopListening(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#life?.close();
    this.#life = undefined;
    this.#relayPolicy.close();
    clearTimeout(this.#reconsidering);
  }
}

const INSECURE = new MeshError('insecure-context',
  'This page is served over plain http: anybody on the way can read and change it. Serve it over https.');

/** A full mesh is there at once; what larger rooms need is loaded when the room is one. */
function topologyOf(name: RoomOptions['topology'] = 'auto'): Topology | LateTopology {
  if (name === 'full-mesh') return fullMesh;
  return {fullUpTo: name === 'auto' ? FULL_MESH_LIMIT : 0, load: async () => (await import('../mesh/spare.js')).topologies[name]};
}

/** Ids that this project does not make are those of pages that know only the List, and link to everybody in it. */
const isForeign = (id: string): boolean => !/^[0-9a-v]{20}$/.test(id);

const isOnline = (): boolean => globalThis.navigator?.onLine ?? true;

/** Whether nothing answered, or what did is gone again. */
const isSilence = (error: unknown): boolean =>
  error instanceof MeshError && (error.code === 'server-unreachable' || error.code === 'server-lost');

/** Whether what kept the user out may change by itself. That it is no deepstream is often concluded from what did not come in time. */
const mayPass = (error: unknown): boolean => isSilence(error) || (error instanceof MeshError && error.code === 'not-deepstream');

/** What it is called that `error` kept the user out. Without a network nothing has failed yet. */
const failedStatus = (error: MeshError): RoomStatus => isSilence(error) && !isOnline() ? 'offline' : 'failed';

/** What the mesh makes of the room's status; nothing while it is on its way in or out. */
function statusOf({status}: Mesh): RoomStatus | undefined {
  if (status === 'open') return 'joined';
  if (status === 'reconnecting') return isOnline() ? 'resuming' : 'offline';
  return undefined;
}

function peerState({id, name, link, via, plain, rttMs, away, reason, far}: MeshPeer): PeerState {
  return Object.freeze({
    id, name, link,
    ...via !== undefined && {via},
    ...rttMs !== undefined && {rttMs},
    ...plain && {plain},
    ...away && {away},
    ...far && {far},
    ...reason !== undefined && {reason},
  });
}

function textOf(data: RoomData): string | undefined {
  const text = typeof data === 'object' && data !== null ? (data as {text?: unknown}).text : undefined;
  return typeof text === 'string' ? text : undefined;
}
