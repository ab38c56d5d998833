/**
 * What passes through a member: its own routed links' frames on their way out and in, and others' frames that it hands on. Handing on is
 * a favour with bounds: so many routes, so many bytes waiting for each, so many bytes a second for all.
 */
import type {Cancel, Clock} from '../clock.js';
import {OVERLAY} from '../detour.js';
import type {Bytes} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import {encodeRouteFrame, encodeRouteNotice, MAX_TTL, type RouteFrame, type RouteNotice} from '../wire/route-frame.js';
import {TokenBucket} from '../wire/token-bucket.js';
import {ROUTE_WINDOW_BYTES} from './routed-link.js';
import type {Carrier} from './types.js';

/** Routes that one member carries for others at one time. */
export const MAX_ROUTES = 64;
/** A route that nothing has passed for so long is over. In milliseconds. */
export const ROUTE_IDLE_MS = 60_000;
/** Bytes that wait for one route: what its ends may have on the way, and what sealing and addresses add. */
const MAX_QUEUED_BYTES = 1.25 * ROUTE_WINDOW_BYTES;
/** What a member hands on in a second, and at once: a call's worth of data, a fraction of what a home sends. */
export const RELAY_BYTES_PER_SECOND = 1024 * 1024;
/** Largest sealed frame; with its address it fits into a line that every link takes whole. */
const MAX_FRAME_BYTES = 16 * 1024;

/** A neighbour, for as long as there is a link to it. */
export interface Hop {
  /** Hands a frame to the link's `lines`. @returns whether it was taken; `Router.drained` says when to go on. */
  send(frame: string | Bytes): boolean;
}

export interface RouterOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  /** A neighbour whom there is an open link to. */
  readonly hop: (id: PeerId) => Hop | undefined;
  /** By which neighbour `to` is reached, whom there is no link to, with what `from` says to it. */
  readonly nextHop: (to: PeerId, from: PeerId) => PeerId | undefined;
  /** Whether this member carries for others. */
  readonly relays: () => boolean;
  /** What this member hands on at most. */
  readonly bytesPerSecond?: number;
}

/** Somebody else's route through here, in one direction. */
interface Passing {
  queued: number;
  usedAt: number;
}

interface Queued {
  readonly frame: RouteFrame;
  readonly bytes: Bytes;
  readonly passing: Passing;
}

export class Router {
  readonly #options: RouterOptions;
  /** Own links' ways, by the other end and the route. */
  readonly #ways = new Map<string, Way>();
  readonly #passing = new Map<string, Passing>();
  /** What waits to be handed on, by neighbour. */
  readonly #queues = new Map<PeerId, Queued[]>();
  readonly #budget: TokenBucket;
  readonly #paced = new Map<PeerId, Cancel>();
  #bytes = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    const {clock, bytesPerSecond = RELAY_BYTES_PER_SECOND} = options;
    this.#budget = new TokenBucket(clock, bytesPerSecond, bytesPerSecond);
  }

  /** How much this member carries for others: routes that are in use, each direction for itself, and all bytes so far. */
  get relaying(): {readonly routes: number; readonly bytes: number} {
    this.#forgetIdle();
    return {routes: this.#passing.size, bytes: this.#bytes};
  }

  /** The way to `peerId` through the neighbour `via`, for one link. */
  carrier(peerId: PeerId, route: string, via: PeerId): Carrier {
    const key = wayKey(peerId, route);
    const way = new Way(via, {
      send: (n, body) => {
        const {selfId, hop} = this.#options;
        const next = via === OVERLAY ? this.#next(peerId, selfId) : via;
        if (next === undefined) {
          // Not in the middle of what whoever sends is doing.
          queueMicrotask(() => way.ondown?.('no neighbour leads to the other side'));
          return false;
        }
        const ttl = via === OVERLAY ? MAX_TTL : 1;
        const taken = hop(next)?.send(encodeRouteFrame({to: peerId, from: selfId, route, n, ttl, body})) ?? false;
        if (taken) way.last = next;
        return taken;
      },
      close: () => {
        if (this.#ways.get(key) === way) this.#ways.delete(key);
      },
    });
    this.#ways.set(key, way);
    return way;
  }

  /** Takes a frame that came over the link to `neighbour`. */
  receive(neighbour: PeerId, frame: RouteFrame): void {
    const {to, from, route, n, body} = frame;
    if (to !== this.#options.selfId) return this.#handOn(neighbour, frame);
    const way = this.#ways.get(wayKey(from, route));
    // Who is not the one in between may not say anything on this way.
    if (way?.via === neighbour || way?.via === OVERLAY) way.onframe?.(n, body);
    else this.#refuse(neighbour, frame, 'the other side has closed the connection');
  }

  /** Takes the word that a frame could not be handed on. */
  notice(neighbour: PeerId, notice: RouteNotice): void {
    const {to, from, route, why} = notice;
    if (to !== this.#options.selfId) {
      // Back the way that the frame came; where that is not known any more, pings tell.
      const hop = this.#options.hop(this.#next(to, from) ?? '');
      if (this.#passing.delete(passingKey(to, from, route))) hop?.send(encodeRouteNotice(notice));
      return;
    }
    const way = this.#ways.get(wayKey(from, route));
    if (way?.via === neighbour || way?.via === OVERLAY) way.ondown?.(why);
  }

  /** The link to `id` takes data again. */
  drained(id: PeerId): void {
    for (const way of [...this.#ways.values()]) if (way.via === id || way.via === OVERLAY) way.ondrain?.();
    this.#pump(id);
  }

  /** There is no link to `id` any more. */
  gone(id: PeerId): void {
    for (const way of [...this.#ways.values()]) if (way.via === id || way.last === id) way.ondown?.('the member in between cannot be reached');
    const queue = this.#queues.get(id) ?? [];
    this.#stop(id);
    for (const {frame} of queue) this.#refuseTo(frame, 'the other side cannot be reached from the member in between');
  }

  /** Leaves nothing behind: no timer, nothing queued. */
  close(): void {
    for (const id of [...this.#queues.keys()]) this.#stop(id);
    this.#ways.clear();
    this.#passing.clear();
  }

  #handOn(neighbour: PeerId, frame: RouteFrame): void {
    const {hop, relays, clock} = this.#options;
    if (!relays()) return this.#refuse(neighbour, frame, 'the member in between does not relay');
    const next = this.#next(frame.to, frame.from);
    if (next === undefined || next === neighbour || frame.ttl < 1 || !hop(next)) {
      return this.#refuse(neighbour, frame, 'the other side cannot be reached from the member in between');
    }
    const passing = this.#pass(frame);
    if (!passing) return this.#refuse(neighbour, frame, 'the member in between carries too much');
    const bytes = encodeRouteFrame({...frame, ttl: frame.ttl - 1});
    if (passing.queued + bytes.length > MAX_QUEUED_BYTES) {
      return this.#refuse(neighbour, frame, 'there is more on the way than the member in between holds');
    }
    passing.queued += bytes.length;
    passing.usedAt = clock.now();
    const queue = this.#queues.get(next) ?? [];
    this.#queues.set(next, queue);
    queue.push({frame, bytes, passing});
    this.#pump(next);
  }

  /** By whom `to` is reached: itself, or the neighbour on the way there. */
  #next(to: PeerId, from: PeerId): PeerId | undefined {
    const {hop, nextHop} = this.#options;
    return hop(to) ? to : nextHop(to, from);
  }

  /** The route that `frame` belongs to; none when there are too many. */
  #pass({from, to, route}: RouteFrame): Passing | undefined {
    const key = passingKey(from, to, route);
    const known = this.#passing.get(key);
    if (known) return known;
    this.#forgetIdle();
    if (this.#passing.size >= 2 * MAX_ROUTES) return undefined;
    const passing = {queued: 0, usedAt: this.#options.clock.now()};
    this.#passing.set(key, passing);
    return passing;
  }

  #forgetIdle(): void {
    const now = this.#options.clock.now();
    for (const [each, {usedAt, queued}] of this.#passing) if (!queued && now - usedAt > ROUTE_IDLE_MS) this.#passing.delete(each);
  }

  #pump(id: PeerId): void {
    const queue = this.#queues.get(id);
    const hop = this.#options.hop(id);
    if (!queue || !hop || this.#paced.has(id)) return;
    for (let next = queue[0]; next; next = queue[0]) {
      if (this.#budget.wait(next.bytes.length) > 0) {
        this.#paced.set(id, this.#options.clock.after(Math.ceil(this.#budget.wait(next.bytes.length)), () => {
          this.#paced.delete(id);
          this.#pump(id);
        }));
        return;
      }
      if (!hop.send(next.bytes)) return;
      this.#budget.take(next.bytes.length);
      this.#bytes += next.bytes.length;
      next.passing.queued -= next.bytes.length;
      queue.shift();
    }
    this.#queues.delete(id);
  }

  #stop(id: PeerId): void {
    this.#paced.get(id)?.();
    this.#paced.delete(id);
    for (const {bytes, passing} of this.#queues.get(id) ?? []) passing.queued -= bytes.length;
    this.#queues.delete(id);
  }

  #refuse(neighbour: PeerId, {from, to, route}: RouteFrame, why: string): void {
    this.#passing.delete(passingKey(from, to, route));
    this.#options.hop(neighbour)?.send(encodeRouteNotice({to: from, from: to, route, why}));
  }

  #refuseTo(frame: RouteFrame, why: string): void {
    this.#refuse(this.#next(frame.from, frame.to) ?? '', frame, why);
  }
}

const wayKey = (peerId: PeerId, route: string): string => `${peerId} ${route}`;
const passingKey = (from: PeerId, to: PeerId, route: string): string => `${from} ${to} ${route}`;

class Way implements Carrier {
  /** Who was handed the latest frame. */
  last: PeerId | undefined;
  readonly via: PeerId;
  readonly maxBytes = MAX_FRAME_BYTES;
  readonly send: Carrier['send'];
  readonly close: () => void;
  onframe: Carrier['onframe'];
  ondrain: Carrier['ondrain'];
  ondown: Carrier['ondown'];

  constructor(via: PeerId, {send, close}: Pick<Carrier, 'send' | 'close'>) {
    this.via = via;
    this.send = send;
    this.close = close;
  }
}
