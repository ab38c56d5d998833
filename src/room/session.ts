/** The engine behind a room: signalling over deepstream, links over WebRTC, a mesh of them, told as one frozen `RoomState`. */
import {MeshError, asMeshError} from '../mesh/errors.js';
import type {MeshErrorEvent} from '../mesh/events.js';
import {simplePeerLinks} from '../mesh/link/simple-peer.js';
import {Mesh} from '../mesh/mesh.js';
import type {MeshPeer} from '../mesh/pair.js';
import {createDeepstreamSignalling} from '../mesh/signalling/deepstream.js';
import {PageLife} from './page-life.js';
import {checkOptions, iceServersOf} from './checks.js';
import {
  IDLE_STATE, RoomErrorEvent, RoomMessageEvent,
  type CreateRoom, type PeerState, type RoomData, type RoomEventMap, type RoomOptions, type RoomSession, type RoomState, type RoomStatus,
  type SendOptions,
} from './types.js';

/**
 * Pauses between attempts to join where nothing answered, in milliseconds, from the first to the longest, each doubled and jittered by
 * half. A server that is restarted, or a device that thinks it is online in a tunnel, is back within seconds.
 */
const RETRY_FIRST_MS = 500;
const RETRY_LONGEST_MS = 3_000;

/** The channel that plain pages take part in: its data is `{text, …}`, of which they get and send the text. */
const CHAT_CHANNEL = 'chat';

export const createRoom: CreateRoom = options => new MeshRoomSession(options);

class MeshRoomSession extends EventTarget implements RoomSession {
  readonly #options: RoomOptions;
  readonly #selfId = randomId();
  #name: string;
  #mesh: Mesh | undefined;
  #state: RoomState;
  /** What has been made of a member; the mesh hands out another object when it changes. */
  readonly #told = new WeakMap<MeshPeer, PeerState>();
  #life: PageLife | undefined;
  #joining: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retries = 0;

  constructor(options: RoomOptions) {
    super();
    this.#options = options;
    this.#name = options.name ?? '';
    this.#state = Object.freeze({...IDLE_STATE, room: options.room, selfId: this.#selfId});
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

  join(): Promise<void> {
    this.#joining ??= this.#join();
    return this.#joining;
  }

  async send(data: RoomData, {to, channel = '', signal}: SendOptions = {}): Promise<void> {
    if (!this.#mesh) throw new MeshError('not-joined', 'The room has not been joined, or has been left');
    const plainText = channel === CHAT_CHANNEL ? textOf(data) : undefined;
    await this.#mesh.send(data, {
      channel,
      ...to !== undefined && {to: typeof to === 'string' ? [to] : to},
      ...plainText !== undefined && {plainText},
      ...signal && {signal},
    });
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #join(): Promise<void> {
    const {signal, topology} = this.#options;
    try {
      if (this.#leaving || signal?.aborted) throw new MeshError('aborted', 'Joining was given up');
      const {url, list} = checkOptions(this.#options);
      this.#publish({status: 'joining'});
      if (!globalThis.isSecureContext) this.#report(INSECURE);
      if (topology === 'small-world' || topology === 'tree') this.#report(noTopology(topology));
      signal?.addEventListener('abort', this.#onAbort, {once: true});
      globalThis.addEventListener?.('pagehide', this.#onPageHide);
      this.#watch(() => this.#tryAgain(url, list));
      await this.#enter(url, list);
    } catch (error) {
      const failure = asMeshError(error, 'server-unreachable');
      // Who gave up does not want to read of a failure.
      if (failure.code === 'aborted') this.#publish({status: 'idle', error: undefined});
      else {
        this.#publish({status: failedStatus(failure), peers: Object.freeze([]), error: failure});
        this.#report(failure);
      }
      if (!this.#retry) this.#stopListening();
      throw failure;
    }
  }

  /** One attempt to join; where nothing answers another follows, out of sight, until the room is left. */
  async #enter(url: string, list: string): Promise<void> {
    const {signal} = this.#options;
    const mesh = this.#mesh = this.#createMesh(url, list);
    try {
      await mesh.join(signal ? {signal} : {});
      this.#retries = 0;
      this.#update();
    } catch (error) {
      this.#mesh = undefined;
      if (!this.#leaving && error instanceof MeshError && error.code === 'server-unreachable') {
        const longest = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** this.#retries++);
        this.#retry = setTimeout(() => this.#tryAgain(url, list), longest * (0.5 + Math.random() / 2));
      }
      throw error;
    }
  }

  #tryAgain(url: string, list: string): void {
    if (!this.#retry) return;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#enter(url, list).catch((thrown: unknown) => {
      // The same again is no news; anything else ends it.
      if (this.#retry || this.#leaving) return;
      this.#retries = 0;
      const error = asMeshError(thrown, 'server-unreachable');
      this.#stopListening();
      this.#publish({status: 'failed', error});
      this.#report(error);
    });
  }

  async #leave(): Promise<void> {
    const mesh = this.#mesh;
    this.#mesh = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#stopListening();
    this.#publish({status: 'idle', peers: Object.freeze([]), error: undefined});
    await mesh?.leave();
  }

  #createMesh(url: string, list: string): Mesh {
    const mesh = new Mesh({
      signalling: createDeepstreamSignalling({url, list, selfId: this.#selfId}),
      createLink: simplePeerLinks(),
      iceServers: iceServersOf(this.#options.iceServers, url),
      name: this.#name,
      onMessage: (from, channel, data, plain) => this.#receive(from, channel, data, plain),
    });
    mesh.addEventListener('peers-change', () => this.#update());
    mesh.addEventListener('status-change', () => this.#update());
    mesh.addEventListener('error', ({error}: MeshErrorEvent) => this.#report(error));
    return mesh;
  }

  #watch(tryAgain: () => void): void {
    const life = this.#life = new PageLife();
    life.addEventListener('wake', () => {
      this.#mesh?.revive();
      tryAgain();
    });
    life.addEventListener('sleep', () => this.#mesh?.sleep());
    life.addEventListener('network-change', () => {
      this.#update();
      const {error} = this.#state;
      if (this.#retries && error) this.#publish({status: failedStatus(error)});
    });
  }

  /** Tells the state of the mesh, once the mesh has confirmed it. */
  #update(): void {
    const mesh = this.#mesh;
    // How joining fails is told by who joins.
    if (!mesh || mesh.status === 'closed') return;
    const status = statusOf(mesh);
    // An attempt that follows a failure is not told until it succeeds: the words would change with each.
    if (this.#retries && status === 'joining') return;
    this.#publish({
      status,
      peers: this.#peersOf(mesh.peers),
      error: this.#standing(status),
    });
  }

  /** The same array, of the same objects, as long as nothing about them changes. */
  #peersOf(peers: readonly MeshPeer[]): readonly PeerState[] {
    const before = this.#state.peers;
    const told = peers.map(peer => {
      const known = this.#told.get(peer) ?? peerState(peer);
      this.#told.set(peer, known);
      return known;
    });
    return told.length === before.length && told.every((peer, i) => peer === before[i]) ? before : Object.freeze(told);
  }

  /** The error that belongs to `status`. */
  #standing(status: RoomStatus): MeshError | undefined {
    if (status !== 'resuming' && status !== 'offline') return undefined;
    return this.#state.error ?? new MeshError('server-lost', 'The connection to the server was lost; it is being mended');
  }

  #publish(change: Partial<Omit<RoomState, 'error'>> & {readonly error?: MeshError | undefined}): void {
    const before = this.#state;
    const {error, ...rest} = {...before, ...change};
    this.#state = Object.freeze(error ? {...rest, error} : rest);
    if (this.#state.status !== before.status || this.#state.error !== before.error) this.dispatchEvent(new Event('status-change'));
    if (this.#state.peers !== before.peers) this.dispatchEvent(new Event('peers-change'));
  }

  #receive(from: string, channel: string, data: unknown, plain: boolean): void {
    this.dispatchEvent(plain ? new RoomMessageEvent(from, CHAT_CHANNEL, {text: data}) : new RoomMessageEvent(from, channel, data));
  }

  #report(error: MeshError): void {
    this.dispatchEvent(new RoomErrorEvent(error));
  }

  readonly #onAbort = (): void => void this.leave();

  readonly #onPageHide = ({persisted}: PageTransitionEvent): void => {
    // A page in the back/forward cache may come back; one that goes away says so, to people and server, while it still can.
    if (!persisted) void this.leave();
  };

  #stopListening(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    globalThis.removeEventListener?.('pagehide', this.#onPageHide);
    this.#life?.close();
    this.#life = undefined;
  }

  override addEventListener<K extends keyof RoomEventMap>(
    type: K, listener: (event: RoomEventMap[K]) => void, options?: AddEventListenerOptions | boolean): void;
  override addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
  override addEventListener(type: string, listener: unknown, options?: AddEventListenerOptions | boolean): void {
    super.addEventListener(type, listener as EventListener, options);
  }
}

const INSECURE = new MeshError('insecure-context',
  'This page is served over plain http: anybody on the way can read and change it. Serve it over https.');

const noTopology = (topology: string): MeshError =>
  new MeshError('bad-data', `This version has no topology "${topology}"; the room is a full mesh`);

const isOnline = (): boolean => globalThis.navigator?.onLine ?? true;

/** What it is called that `error` kept the user out. Without a network nothing has failed yet. */
const failedStatus = ({code}: MeshError): RoomStatus => code === 'server-unreachable' && !isOnline() ? 'offline' : 'failed';

function statusOf({status}: Mesh): RoomStatus {
  switch (status) {
    case 'idle':
    case 'connecting':
      return 'joining';
    case 'open':
      return 'joined';
    case 'reconnecting':
      return isOnline() ? 'resuming' : 'offline';
    case 'closed':
      return 'failed';
  }
}

function peerState({id, name, link, plain, rttMs, away, reason}: MeshPeer): PeerState {
  return Object.freeze({
    id, name, link,
    ...rttMs !== undefined && {rttMs},
    ...plain && {plain},
    ...away && {away},
    ...reason !== undefined && {reason},
  });
}

function textOf(data: RoomData): string | undefined {
  const text = typeof data === 'object' && data !== null ? (data as {text?: unknown}).text : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** 100 random bits in letters and digits: nobody can guess an id before its owner has entered the List. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(bytes, byte => (byte & 31).toString(32)).join('');
}
