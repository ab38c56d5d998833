/** In-memory twin of the WebRTC link: same seam, no browser; time, loss and breakage are the test's to steer. */
import {systemClock, type Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import {hasTurn} from './turn.js';
import {
  LaneDrainEvent, LinkCloseEvent, LinkPathEvent, LinkSignalEvent,
  type CreateLink, type Lane, type LaneData, type Link, type LinkOptions, type LinkState,
} from './types.js';

const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;

export interface MemoryNetworkOptions {
  readonly clock?: Clock;
  /** One-way delay in milliseconds; default 1. */
  readonly latencyMs?: number;
  /** Bytes per second and lane; default unlimited. */
  readonly bytesPerSecond?: number;
}

interface MemorySignal {
  readonly type: 'offer' | 'answer' | 'restart' | 'restarted';
  readonly token: string;
}

/** What one side has handed to a lane. */
interface LaneState {
  /** Bytes that have not arrived. */
  buffered: number;
  /** When the wire takes what is sent next. */
  freeAt: number;
  readonly inFlight: LaneData[];
}

/** The wire between the memory links of one test. */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
  /** Links that stand or are being made; a test may `break` them. */
  readonly links = new Set<MemoryLink>();
  /** Whether new connections find a path; existing ones stay. */
  reachable = true;
  /** Pairs between whom there is no path, where links tell whose they are. */
  blocks: (a: string, b: string) => boolean = () => false;
  /** Whether the link loses a message, as browsers do now and then with the first on a channel. */
  loses: (lane: Lane) => boolean = () => false;
  /** One-way delay between two members in milliseconds, the same in both directions, where links tell whose they are. */
  latencyOf: (a: string, b: string) => number;
  /** Called with what a link has taken, and with what is about to be handed over: for who counts. `from` is the sender's link. */
  onSent: ((from: MemoryLink, data: LaneData) => void) | undefined;
  onArrival: ((from: MemoryLink, to: MemoryLink, data: LaneData) => void) | undefined;
  readonly #tokens = new Map<string, MemoryLink>();
  #next = 0;

  constructor({clock = systemClock, latencyMs = 1, bytesPerSecond = Infinity}: MemoryNetworkOptions = {}) {
    this.clock = clock;
    this.latencyMs = latencyMs;
    this.latencyOf = () => latencyMs;
    this.bytesPerSecond = bytesPerSecond;
  }

  readonly createLink: CreateLink = options => new MemoryLink(this, options);

  /** Links of one member, whose pairs `blocks` can tell apart. */
  linksOf(owner: string): CreateLink {
    return options => new MemoryLink(this, options, owner);
  }

  /** Whether a TURN server can be reached, by links that were given one. */
  turn = true;

  /** Whether there is a path between two links, and whether it passes a TURN server. */
  path(a: MemoryLink, b: MemoryLink): 'direct' | 'turn' | undefined {
    if (!this.reachable) return undefined;
    if (!a.relayOnly && !b.relayOnly && !this.blocks(a.owner, b.owner)) return 'direct';
    return this.turn && (a.hasTurn || b.hasTurn) ? 'turn' : undefined;
  }

  register(link: MemoryLink): string {
    const token = `link-${++this.#next}`;
    this.#tokens.set(token, link);
    this.links.add(link);
    return token;
  }

  find(token: string): MemoryLink | undefined {
    return this.#tokens.get(token);
  }

  forget(link: MemoryLink, token: string): void {
    this.#tokens.delete(token);
    this.links.delete(link);
  }
}

export class MemoryLink extends EventTarget implements Link {
  readonly initiator: boolean;
  readonly owner: string;
  readonly hasTurn: boolean;
  onmessage: ((lane: Lane, data: LaneData) => void) | undefined;
  readonly maxMessageSize = 256 * 1024;
  readonly #network: MemoryNetwork;
  readonly #token: string;
  readonly #lanes: Record<Lane, LaneState | undefined> = {lines: undefined, bulk: undefined};
  #other: MemoryLink | undefined;
  /** One way to the other side, once that is known. */
  #latencyMs: number;
  #state: LinkState = 'connecting';
  #closing = false;
  #path = true;
  /** Whether what is sent arrives. */
  #flows = true;
  #route: 'direct' | 'turn' = 'direct';
  #relayOnly: boolean;
  /** What crossed while the path was silent, in order: the transport repeats it when the path is back. */
  #stalled: Array<() => void> = [];

  constructor(network: MemoryNetwork, {initiator, iceServers, relayOnly = false}: LinkOptions, owner = '') {
    super();
    this.owner = owner;
    this.hasTurn = hasTurn(iceServers);
    this.#relayOnly = relayOnly;
    this.#network = network;
    this.#latencyMs = network.latencyMs;
    this.initiator = initiator;
    this.#token = network.register(this);
    if (initiator) queueMicrotask(() => this.#signal({type: 'offer', token: this.#token}));
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The link at the other side, once known. */
  get peer(): MemoryLink | undefined {
    return this.#other;
  }

  get hasPath(): boolean {
    return this.#path;
  }

  get relayOnly(): boolean {
    return this.#relayOnly;
  }

  restart(): void {
    this.#relayOnly = false;
    if (this.#state === 'open' && this.initiator) this.#signal({type: 'restart', token: this.#token});
  }

  accept(signal: unknown): void {
    if (this.#state === 'open' && isMemorySignal(signal)) return this.#restarted(signal);
    if (this.#state !== 'connecting' || this.#closing || this.#other || !isMemorySignal(signal)) return;
    const other = this.#network.find(signal.token);
    if (!other) return this.close(new MeshError('link-failed', 'The other side is gone'));
    this.#other = other;
    this.#latencyMs = this.#network.latencyOf(this.owner, other.owner);
    if (signal.type === 'offer') this.#signal({type: 'answer', token: this.#token});
    else if (this.#findPath()) this.#later(() => [this, other].forEach(link => link.#open()));
  }

  send(lane: Lane, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean {
    const state = this.#lanes[lane] ??= {buffered: 0, freeAt: 0, inFlight: []};
    if (this.#state !== 'open' || state.buffered > HIGH_WATER) return false;
    const copy = typeof data === 'string' ? data : copyOf(data);
    const size = sizeOf(copy);
    const {clock, bytesPerSecond, onSent} = this.#network;
    const now = clock.now();
    state.freeAt = Math.max(now, state.freeAt) + (size / bytesPerSecond) * 1000;
    state.buffered += size;
    state.inFlight.push(copy);
    // Timers of different lengths may fire out of order; what is due is always the oldest.
    clock.after(state.freeAt - now + this.#latencyMs, () => this.#arrive(lane, state));
    onSent?.(this, copy);
    return true;
  }

  buffered(lane: Lane): number {
    return this.#lanes[lane]?.buffered ?? 0;
  }

  async route(): Promise<'direct' | 'turn'> {
    return this.#route;
  }

  close(error?: MeshError): void {
    if (this.#state === 'closed' || this.#closing) return;
    this.#closing = true;
    // As with WebRTC, a connection that never came about cannot tell the other side that it is over.
    const other = this.#state === 'open' ? this.#other : undefined;
    queueMicrotask(() => this.#close(error));
    if (other) this.#later(() => other.close(new MeshError('link-failed', 'The other side closed the connection')));
  }

  /** Loses the link without a word to either side until `failAfterMs`, as a dead network path does. */
  break(failAfterMs: number): void {
    this.silence(true);
    this.#network.clock.after(failAfterMs, () => {
      for (const link of [this, this.#other]) link?.close(new MeshError('link-failed', 'Ice connection failed.'));
    });
  }

  /**
   * Stops (`true`) or resumes (`false`) everything on this link, in both directions; nothing is lost by it.
   * @param told - whether the link knows.
   */
  silence(silent: boolean, told = true): void {
    for (const link of [this, this.#other]) {
      if (!link || link.#flows === !silent || link.#state === 'closed') continue;
      link.#flows = !silent;
      if ((told || !silent) && link.#path === silent) {
        link.#path = !silent;
        link.dispatchEvent(new LinkPathEvent(!silent));
      }
      if (!silent) for (const deliver of link.#stalled.splice(0)) deliver();
    }
  }

  #restarted({type}: MemorySignal): void {
    if (type === 'restart') this.#signal({type: 'restarted', token: this.#token});
    else if (type === 'restarted' && this.#findPath()) this.silence(false);
  }

  #findPath(): boolean {
    const path = this.#other && this.#network.path(this, this.#other);
    if (path) for (const link of [this, this.#other]) link!.#route = path;
    return path !== undefined;
  }

  #arrive(lane: Lane, state: LaneState): void {
    const data = state.inFlight.shift();
    if (data === undefined || this.#state !== 'open' || !this.#other) return;
    if (this.#flows) this.#deliver(lane, state, data);
    else this.#stalled.push(() => this.#deliver(lane, state, data));
  }

  #deliver(lane: Lane, state: LaneState, data: LaneData): void {
    const other = this.#other!;
    const before = state.buffered;
    state.buffered -= sizeOf(data);
    if (other.#state === 'open' && !this.#network.loses(lane)) {
      this.#network.onArrival?.(this, other, data);
      other.onmessage?.(lane, data);
    }
    if (before > LOW_WATER && state.buffered <= LOW_WATER) this.dispatchEvent(new LaneDrainEvent(lane));
  }

  #signal(signal: MemorySignal): void {
    if (!this.#closing) this.dispatchEvent(new LinkSignalEvent(signal));
  }

  #later(run: () => void): void {
    this.#network.clock.after(this.#latencyMs, run);
  }

  #open(): void {
    if (this.#state !== 'connecting' || this.#closing) return;
    this.#state = 'open';
    this.dispatchEvent(new Event('open'));
  }

  #close(error: MeshError | undefined): void {
    this.#state = 'closed';
    this.#network.forget(this, this.#token);
    this.#stalled = [];
    this.dispatchEvent(new LinkCloseEvent(error));
  }
}

const sizeOf = (data: LaneData): number => typeof data === 'string' ? data.length : data.byteLength;

function copyOf(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer {
  if (data instanceof ArrayBuffer) return data.slice(0);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

function isMemorySignal(value: unknown): value is MemorySignal {
  return typeof value === 'object' && value !== null && typeof (value as MemorySignal).token === 'string';
}
