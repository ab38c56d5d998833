/** What passes through others, for one mesh: who can carry, the links, and what this member carries itself. A chunk of its own. */
import type {Cancel, Clock} from '../clock.js';
import type {RoutingFrame} from '../conversation.js';
import type {Ways} from '../detour.js';
import {MeshError} from '../errors.js';
import type {Link} from '../link/types.js';
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId, SignalMessage} from '../signalling/types.js';
import {encodeAsk, encodeCan, encodePassed} from '../wire/frame.js';
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
  /** Who waits for answers, by the other side. */
  readonly #asking = new Map<PeerId, Set<(from: PeerId, rttMs: number, load: number) => void>>();
  readonly #timers = new Set<Cancel>();

  constructor(options: RoutingOptions) {
    this.#options = options;
    const {clock, selfId, hop, relays, emit, isServerUp} = options;
    this.#router = new Router({clock, selfId, hop, relays, nextHop: () => undefined});
    this.#server = new ServerWays({clock, selfId, emit, isUp: isServerUp});
    this.#signals = new TokenBucket(clock, SIGNAL_BURST, SIGNALS_PER_SECOND);
  }

  /** How much this member carries for others: routes, and bytes so far. */
  get relaying(): {readonly routes: number; readonly bytes: number} {
    return this.#router.relaying;
  }

  async find(peerId: PeerId): Promise<readonly PeerId[]> {
    const {identity, hops, isServerUp, clock} = this.#options;
    if (!identity) return [];
    const neighbours = new Map(hops().filter(([id]) => id !== peerId));
    const asked = [...neighbours.keys()];
    // Any of them will do: those with the shortest way to here need not be near the other side.
    while (asked.length > MAX_ASKED) asked.splice(Math.floor(clock.random() * asked.length), 1);
    const offers = asked.length ? await this.#ask(peerId, asked, neighbours) : [];
    return [...chooseRelays(offers, () => clock.random()), ...isServerUp() ? [''] : []];
  }

  createLink({initiator, peerId, route, via}: Parameters<Ways['createLink']>[0]): Link {
    const {identity, cryptography, isServerUp} = this.#options;
    if (!identity || !cryptography) throw new MeshError('insecure-context', 'Without cryptography nothing can pass through others');
    if (via === '' && !isServerUp()) throw new MeshError('link-failed', 'The server carries no links', {ids: [peerId]});
    const carrier = via === '' ? this.#server.carrier(peerId, route) : this.#router.carrier(peerId, route, via);
    return new RoutedLink({initiator, self: identity, peerId, route, carrier, cryptography});
  }

  signal(peerId: PeerId, via: PeerId, message: SignalMessage): void {
    this.#options.hop(via)?.send(encodePassed(peerId, this.#options.selfId, message));
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
        if (frame.to === selfId) onSignal({...frame.message, user: frame.from});
        // Nobody passes on what claims to be of somebody else.
        else if (frame.from === from && relays() && this.#signals.take()) hop(frame.to)?.send(encodePassed(frame.to, from, frame.message));
    }
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
