/** What passes through others, for one mesh: who can carry, the links, and what this member carries itself. A chunk of its own. */
import type {Cancel, Clock} from '../clock.js';
import type {RoutingFrame} from '../conversation.js';
import {OVERLAY, ROUTE_MS, SERVER, type Ways} from '../detour.js';
import {MeshError} from '../errors.js';
import type {Link} from '../link/types.js';
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId, SignalMessage} from '../signalling/types.js';
import {encodeAsk, encodeCan, encodePassed} from '../wire/frame.js';
import {MAX_TTL} from '../wire/route-frame.js';
import {TokenBucket} from '../wire/token-bucket.js';
import {chooseRelays, type Offer} from './choose.js';
import {RoutedLink} from './routed-link.js';
import {MAX_ROUTES, Router, type Hop} from './router.js';
import {ServerWays} from './server-ways.js';

/** Neighbours that are asked at one time whether they can carry. */
const MAX_ASKED = 8;
/** How long they have to answer: a round trip to a neighbour. In milliseconds. */
export const ASK_MS = 500;
/** Signals of others that a member hands on: some joinings at once. */
const SIGNAL_BURST = 100;
const SIGNALS_PER_SECOND = 20;
/** So many signals are known again, and paths remembered. */
const MAX_REMEMBERED = 256;
/** Copies of a signal that goes to everybody are that close together; later it is said again. In milliseconds. */
const COPIES_MS = 1_000;

export interface RoutingOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  /** Who this member is; without, it carries for others, and has no routed links itself. */
  readonly identity?: Identity | undefined;
  readonly cryptography?: Cryptography | undefined;
  /** A neighbour, over a link of their own that has a path. */
  readonly hop: (id: PeerId) => Hop | undefined;
  /** All of those, with round trips in milliseconds. */
  readonly hops: () => readonly (readonly [id: PeerId, rttMs: number])[];
  /** By which neighbour somebody is reached who is none; for rooms where not all are linked. */
  readonly nextHop: (to: PeerId) => PeerId | undefined;
  readonly relays: () => boolean;
  /** Says something to somebody through the server. */
  readonly emit: (to: PeerId, message: SignalMessage) => void;
  /** Whether the server can be reached, and carries frames. */
  readonly isServerUp: () => boolean;
  /** A signal came over a neighbour, who may have made it up: only one about a way around may be taken, since that is proved later. */
  readonly onSignal: (message: SignalMessage) => void;
}

export class Routing implements Ways {
  readonly #options: RoutingOptions;
  readonly #router: Router;
  readonly #server: ServerWays;
  readonly #signals: TokenBucket;
  /** When signals came that were handed on. */
  readonly #seen = new Map<string, number>();
  /**
   * Which neighbour brought what one member said to another first, by the two: what is said back goes there, as in AODV (RFC 3561, section
   * 6.5). So a signal that goes to everybody where the topology's way is broken leaves a path behind, which frames follow in order.
   */
  readonly #paths = new Map<string, {readonly by: PeerId; readonly at: number}>();
  /** Who waits for answers, by the other side. */
  readonly #asking = new Map<PeerId, Set<(from: PeerId, rttMs: number, load: number) => void>>();
  readonly #timers = new Set<Cancel>();

  constructor(options: RoutingOptions) {
    this.#options = options;
    const {clock, selfId, hop, relays, emit, isServerUp} = options;
    this.#router = new Router({clock, selfId, hop, relays, nextHop: (to, from) => this.#nextHop(to, from)});
    this.#server = new ServerWays({clock, selfId, emit, isUp: isServerUp});
    this.#signals = new TokenBucket(clock, SIGNAL_BURST, SIGNALS_PER_SECOND);
  }

  /** How much this member carries for others: routes, and bytes so far. */
  get relaying(): {readonly routes: number; readonly bytes: number} {
    return this.#router.relaying;
  }

  /** By which neighbour somebody is reached who is none. */
  nextHop(peerId: PeerId): PeerId | undefined {
    return this.#nextHop(peerId, this.#options.selfId);
  }

  async find(peerId: PeerId, isNeighbour: boolean): Promise<readonly PeerId[]> {
    const {identity, hops, nextHop, isServerUp, clock} = this.#options;
    if (!identity) return [];
    const neighbours = new Map(hops().filter(([id]) => id !== peerId));
    const isOnTheWay = nextHop(peerId) !== undefined;
    // Where the topology knows no way, asking everybody may still find one.
    const last = [...isOnTheWay ? [OVERLAY] : [], ...isServerUp() ? [SERVER] : [], ...!isOnTheWay && neighbours.size ? [OVERLAY] : []];
    // Who is no neighbour is on the way that everybody knows.
    if (!isNeighbour && isOnTheWay) return last;
    const asked = [...neighbours.keys()];
    // Any of them will do: those with the shortest way to here need not be near the other side.
    while (asked.length > MAX_ASKED) asked.splice(Math.floor(clock.random() * asked.length), 1);
    const offers = asked.length ? await this.#ask(peerId, asked, neighbours) : [];
    return [...chooseRelays(offers, () => clock.random()), ...last];
  }

  createLink({initiator, peerId, route, via}: Parameters<Ways['createLink']>[0]): Link {
    const {identity, cryptography, isServerUp} = this.#options;
    if (!identity || !cryptography) throw new MeshError('insecure-context', 'Without cryptography nothing can pass through others');
    if (via === SERVER && !isServerUp()) throw new MeshError('link-failed', 'The server carries no links', {ids: [peerId]});
    const carrier = via === SERVER ? this.#server.carrier(peerId, route) : this.#router.carrier(peerId, route, via);
    return new RoutedLink({initiator, self: identity, peerId, route, carrier, cryptography});
  }

  signal(peerId: PeerId, via: PeerId, message: SignalMessage): void {
    const {hop, selfId, emit, isServerUp} = this.#options;
    if (via !== OVERLAY) hop(via)?.send(encodePassed(peerId, selfId, message));
    else if (isServerUp()) emit(peerId, message);
    else this.#pass(selfId, selfId, peerId, encodePassed(peerId, selfId, message, MAX_TTL));
  }

  /** Takes what the neighbour `from` says. */
  receive(from: PeerId, frame: RoutingFrame): void {
    const {selfId, hop, relays, hops, onSignal} = this.#options;
    switch (frame.kind) {
      case 'routed': return this.#router.receive(from, frame.frame);
      case 'unrouted': return this.#router.notice(from, frame.notice);
      case 'can':
        for (const take of this.#asking.get(frame.to) ?? []) take(from, frame.rttMs, frame.load);
        return;
      case 'ask': {
        const known = hops().find(([id]) => id === frame.to);
        const {routes} = this.#router.relaying;
        if (known && relays() && routes < MAX_ROUTES) hop(from)?.send(encodeCan(frame.to, Math.round(known[1]), routes));
        return;
      }
      case 'passed':
        if (frame.from === selfId || !this.#isFirst(encodePassed(frame.to, frame.from, frame.message))) return;
        if (frame.to !== selfId && !(frame.ttl > 0 && relays() && this.#signals.take())) return;
        remember(this.#paths, pathKey(frame.from, frame.to), {by: from, at: this.#options.clock.now()});
        if (frame.to === selfId) onSignal({...frame.message, user: frame.from});
        else this.#pass(from, frame.from, frame.to, encodePassed(frame.to, frame.from, frame.message, frame.ttl - 1));
    }
  }

  /** Hands a signal of `from` on: to whom it is for, on the way there, or, where none is known, to everybody. */
  #pass(neighbour: PeerId, from: PeerId, to: PeerId, frame: string): void {
    const {hop, hops} = this.#options;
    // An answer goes back where the question came from; a new question may be asked because that has broken.
    const next = hop(to) ? to : this.#nextHop(to, from, ROUTE_MS);
    if (next !== undefined && next !== neighbour) return void hop(next)?.send(frame);
    for (const [id] of hops()) if (id !== neighbour) hop(id)?.send(frame);
  }

  /** By which neighbour `to` is reached with what `from` says: the one by which it answers, or else as the topology knows. */
  #nextHop(to: PeerId, from: PeerId, maxAgeMs = Infinity): PeerId | undefined {
    const {hop, nextHop, clock} = this.#options;
    const path = this.#paths.get(pathKey(to, from));
    return path && hop(path.by) && clock.now() - path.at <= maxAgeMs ? path.by : nextHop(to);
  }

  /** Whether this is not another copy of a signal that was here a moment ago. */
  #isFirst(signal: string): boolean {
    const now = this.#options.clock.now();
    const before = this.#seen.get(signal);
    if (before !== undefined && now - before < COPIES_MS) return false;
    remember(this.#seen, signal, now);
    return true;
  }

  /** Takes what came through the server. */
  receiveFromServer(message: SignalMessage): void {
    this.#server.receive(message);
  }

  drained(id: PeerId): void {
    this.#router.drained(id);
  }

  gone(id: PeerId): void {
    this.#router.gone(id);
  }

  serverLost(): void {
    this.#server.down();
  }

  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#router.close();
    this.#server.close();
  }

  #ask(peerId: PeerId, asked: readonly PeerId[], rtts: ReadonlyMap<PeerId, number>): Promise<readonly Offer[]> {
    return new Promise(resolve => {
      const offers = new Map<PeerId, Offer>();
      const takers = this.#asking.get(peerId) ?? new Set();
      this.#asking.set(peerId, takers);
      const end = (): void => {
        cancel();
        this.#timers.delete(cancel);
        takers.delete(take);
        if (!takers.size) this.#asking.delete(peerId);
        resolve([...offers.values()]);
      };
      const take = (id: PeerId, rttMs: number, load: number): void => {
        if (!asked.includes(id)) return;
        offers.set(id, {id, rttMs: rttMs + (rtts.get(id) ?? 0), load});
        if (offers.size === asked.length) end();
      };
      const cancel = this.#options.clock.after(ASK_MS, end);
      this.#timers.add(cancel);
      takers.add(take);
      for (const id of asked) this.#options.hop(id)?.send(encodeAsk(peerId));
    });
  }
}

const pathKey = (from: PeerId, to: PeerId): string => `${from} ${to}`;

/** Keeps the latest. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!);
}
