/**
 * In-memory twin of a server with Lists and events: same seam, no network. Time, loss and outages are the test's to steer. Delivering
 * a change costs each member O(1): all share one immutable view of the List.
 */
import {systemClock, type Cancel, type Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import {CHECK_MS, HANDSHAKE_TIMEOUT_MS} from './bounds.js';
import {ListSignalling} from './list-signalling.js';
import type {Connect, Connection, ConnectionEvents, ConnectOptions, ProbeAnswer, WriteOutcome} from './port.js';
import {RosterView} from './roster-view.js';
import type {CreateSignalling, PeerId} from './types.js';

export interface MemoryServerOptions {
  readonly clock?: Clock;
  /** One-way delay in milliseconds, the same for all so that order is kept; default 0. */
  readonly latencyMs?: number;
  /** Whether the server alone writes Lists and removes who dies, as ours does; default true. */
  readonly guarded?: boolean;
  /** With a guard: how long writes are gathered before all are told; default 0, the next turn. */
  readonly flushMs?: number;
  /** With a guard: how long after its connection's end a member stays in, so that it can come back; default 500. */
  readonly graceMs?: number;
}

/** What goes wrong; called for each, so that a test decides by chance, by number or by name. */
export interface MemoryFaults {
  /** The signal never arrives. */
  loseSignal?(from: PeerId, to: PeerId): boolean;
  /** Without a guard: somebody was faster with this write. */
  conflictWrite?(by: PeerId): boolean;
  /** The write is not made, or made and not answered; the connection says `lost`. */
  loseWrite?(by: PeerId): 'before' | 'after' | undefined;
  /** The List cannot be read. */
  denyList?(by: PeerId): boolean;
  /** What this one sends is swallowed, its connection stands. */
  silence?(by: PeerId): boolean;
  /** The server does not find this one when it is asked who is there. */
  hideFromProbe?(id: PeerId): boolean;
}

/** A `CreateSignalling` whose members meet at `server`. */
export const createMemorySignalling = (server: MemorySignallingServer): CreateSignalling =>
  options => new ListSignalling(server.connect, {clock: server.clock, ...options});

/** One List and who hears of it. */
class MemoryList {
  readonly name: string;
  view = RosterView.empty;
  version = 0;
  readonly readers = new Set<MemoryConnection>();
  /** With a guard: who is in, and what of it the readers have not been told. */
  readonly inside = new Set<PeerId>();
  flush: Cancel | undefined;
  readonly unacknowledged: Array<() => void> = [];

  constructor(name: string) {
    this.name = name;
  }
}

/** A List changed, on the server and before anybody was told. */
export class ListChangeEvent extends Event {
  constructor(readonly list: string, readonly entries: readonly PeerId[]) {
    super('list-change');
  }
}

/** Fires `ListChangeEvent`. */
export class MemorySignallingServer extends EventTarget {
  readonly clock: Clock;
  readonly guarded: boolean;
  readonly latencyMs: number;
  faults: MemoryFaults = {};
  /** Whether new connections find somebody. */
  reachable = true;
  /** Whether frames of routed links pass; new connections are told. */
  relays = true;
  /** Milliseconds that each signal takes, one after another: a machine that is slow for all. */
  signalMs = 0;
  /** Messages that reached the server, by kind. */
  readonly counts = {connections: 0, writes: 0, signals: 0};
  readonly #flushMs: number;
  readonly #graceMs: number;
  readonly #lists = new Map<string, MemoryList>();
  readonly #connections = new Set<MemoryConnection>();
  /** Who hears `rtc-signal/<id>`. */
  readonly #inboxes = new Map<PeerId, Set<MemoryConnection>>();
  readonly #graces = new Set<Cancel>();
  /** When the last signal will have been handed on. */
  #busyUntil = 0;

  constructor({clock = systemClock, latencyMs = 0, guarded = true, flushMs = 0, graceMs = 500}: MemoryServerOptions = {}) {
    super();
    this.clock = clock;
    this.latencyMs = latencyMs;
    this.guarded = guarded;
    this.#flushMs = flushMs;
    this.#graceMs = graceMs;
  }

  readonly connect: Connect = (options, events) => new MemoryConnection(this, options, events);

  /** The List as the server has it. */
  entries(list: string): readonly PeerId[] {
    return this.#lists.get(list)?.view.entries ?? [];
  }

  /** Writes a List as a careless client does: over whatever is there. Without a guard only. */
  overwrite(list: string, entries: readonly PeerId[]): void {
    this.#publish(this.list(list), new RosterView(entries));
  }

  /** Hands `data` to whoever listens for signals to `to`, as any client can. */
  inject(to: PeerId, data: unknown): void {
    for (const connection of this.#inboxes.get(to) ?? []) this.deliver(connection, () => connection.events.onSignal(data));
  }

  /** Ends every connection, and forgets the Lists as a server without storage does when it restarts. */
  restart(): void {
    for (const cancel of this.#graces) cancel();
    this.#graces.clear();
    for (const list of this.#lists.values()) list.flush?.();
    this.#lists.clear();
    for (const connection of [...this.#connections]) this.drop(connection);
  }

  /** Ends the connections of one user, or of all, as a network that went away; they connect again. */
  disconnect(id?: PeerId): void {
    for (const connection of [...this.#connections]) {
      if (id === undefined || connection.options.selfId === id) this.drop(connection);
    }
  }

  /** Ends one user's connections without its noticing, until it asks. */
  kill(id: PeerId): void {
    for (const connection of [...this.#connections]) if (connection.options.selfId === id) connection.close();
  }

  /** The connections that there are now; after every user has closed there must be none. */
  get connections(): number {
    return this.#connections.size;
  }

  /** @internal Runs after the way to the connection, if it still stands then. */
  deliver(connection: MemoryConnection, run: () => void): void {
    this.clock.after(this.latencyMs, () => {
      if (!connection.closed) run();
    });
  }

  /** @internal */
  list(name: string): MemoryList {
    let list = this.#lists.get(name);
    if (!list) this.#lists.set(name, list = new MemoryList(name));
    return list;
  }

  /** @internal A connection has reached the server. */
  accept(connection: MemoryConnection): void {
    this.counts.connections++;
    const {selfId, list: name} = connection.options;
    this.#connections.add(connection);
    const inbox = this.#inboxes.get(selfId) ?? new Set();
    this.#inboxes.set(selfId, inbox.add(connection));
    this.deliver(connection, () => connection.events.onOpen());
    if (this.faults.denyList?.(selfId)) {
      this.deliver(connection, () => connection.events.onListDenied(new MeshError('denied', `${name} may not be read`)));
      return;
    }
    const list = this.list(name);
    list.readers.add(connection);
    const {view, version} = list;
    this.deliver(connection, () => connection.take(view, version));
  }

  /** @internal The connection's own end of it: no more is delivered, and the guard's grace begins. */
  forget(connection: MemoryConnection): void {
    if (!this.#connections.delete(connection)) return;
    const {selfId, list: name} = connection.options;
    const inbox = this.#inboxes.get(selfId);
    inbox?.delete(connection);
    if (inbox?.size === 0) this.#inboxes.delete(selfId);
    const list = this.#lists.get(name);
    list?.readers.delete(connection);
    if (!this.guarded || !list?.inside.has(selfId)) return;
    const cancel = this.clock.after(this.#graceMs, () => {
      this.#graces.delete(cancel);
      const back = [...this.#inboxes.get(selfId) ?? []].some(({options}) => options.list === name);
      if (!back) this.#guard(list, selfId, false);
    });
    this.#graces.add(cancel);
  }

  /** @internal */
  drop(connection: MemoryConnection): void {
    this.forget(connection);
    this.deliver(connection, () => connection.lose(new MeshError('server-lost', 'The server closed the connection')));
  }

  /** @internal */
  signal(from: PeerId, to: PeerId, data: unknown): void {
    this.counts.signals++;
    if (!this.relays && (data as {route?: unknown} | undefined)?.route !== undefined) return;
    if (this.faults.loseSignal?.(from, to)) return;
    if (this.signalMs === 0) return this.inject(to, data);
    const now = this.clock.now();
    this.#busyUntil = Math.max(now, this.#busyUntil) + this.signalMs;
    this.clock.after(this.#busyUntil - now, () => this.inject(to, data));
  }

  /** @internal */
  write(connection: MemoryConnection, entries: readonly PeerId[], version: number, done: (outcome: WriteOutcome) => void): void {
    this.counts.writes++;
    const {selfId, list: name} = connection.options;
    const list = this.list(name);
    const answer = (outcome: WriteOutcome): void => this.deliver(connection, () => done(outcome));
    const lost = this.faults.loseWrite?.(selfId);
    if (lost === 'before') {
      answer('lost');
    } else if (this.guarded) {
      list.unacknowledged.push(() => answer(lost ? 'lost' : 'written'));
      this.#guard(list, selfId, entries.includes(selfId));
    } else if (version !== list.version + 1 || this.faults.conflictWrite?.(selfId)) {
      const {view, version: newest} = list;
      this.deliver(connection, () => connection.take(view, newest));
      answer('conflict');
    } else {
      this.#publish(list, new RosterView(entries));
      answer(lost ? 'lost' : 'written');
    }
  }

  /** @internal */
  wish(connection: MemoryConnection, isIn: boolean): void {
    const {selfId, list} = connection.options;
    const others = [...this.list(list).readers].filter(reader => reader !== connection);
    this.clock.after(this.latencyMs, () => {
      for (const other of others) if (!other.closed) other.events.onWish(selfId, isIn);
    });
  }

  /** @internal */
  isListening(id: PeerId): boolean {
    return this.#inboxes.has(id) && !this.faults.hideFromProbe?.(id);
  }

  #guard(list: MemoryList, id: PeerId, isIn: boolean): void {
    if (isIn) list.inside.add(id);
    else list.inside.delete(id);
    list.flush ??= this.clock.after(this.#flushMs, () => {
      list.flush = undefined;
      this.#publish(list, new RosterView([...list.inside]));
      for (const acknowledge of list.unacknowledged.splice(0)) acknowledge();
    });
  }

  #publish(list: MemoryList, view: RosterView): void {
    list.view = view;
    const version = ++list.version;
    this.dispatchEvent(new ListChangeEvent(list.name, view.entries));
    // One timer for all: ten thousand readers of one change are one event.
    const readers = [...list.readers];
    this.clock.after(this.latencyMs, () => {
      for (const reader of readers) if (!reader.closed) reader.take(view, version);
    });
  }
}

class MemoryConnection implements Connection {
  readonly entered = false;
  readonly hasIce = false;
  readonly relays: boolean;
  readonly options: ConnectOptions;
  readonly events: ConnectionEvents;
  readonly #server: MemorySignallingServer;
  #version = 0;
  #closed = false;
  /** The wait for the server to take the connection. */
  readonly #handshake: Cancel;

  constructor(server: MemorySignallingServer, options: ConnectOptions, events: ConnectionEvents) {
    this.#server = server;
    this.relays = server.relays;
    this.options = options;
    this.events = events;
    const giveUp = () => this.lose(new MeshError('server-unreachable', 'Nobody answers'));
    this.#handshake = server.clock.after(HANDSHAKE_TIMEOUT_MS, giveUp);
    this.#toServer(() => {
      this.#handshake();
      if (server.reachable) server.accept(this);
      else server.deliver(this, () => this.lose(new MeshError('server-unreachable', 'Nobody is there')));
    });
  }

  get guarded(): boolean {
    return this.#server.guarded;
  }

  get closed(): boolean {
    return this.#closed;
  }

  signal(to: PeerId, data: unknown): void {
    // As on a real wire: what arrives is a copy.
    const copy: unknown = structuredClone(data);
    this.#toServer(() => this.#server.signal(this.options.selfId, to, copy));
  }

  wish(isIn: boolean): void {
    if (!this.guarded) this.#toServer(() => this.#server.wish(this, isIn));
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    const version = this.#version + 1;
    this.#toServer(() => this.#server.write(this, entries, version, done));
  }

  probe(ids: readonly PeerId[], done: ProbeAnswer): void {
    this.#toServer(() => {
      if (!this.#server.isListening(this.options.selfId)) {
        this.#server.deliver(this, () => done(undefined));
        return;
      }
      const present = new Set(ids.filter(id => this.#server.isListening(id)));
      this.#server.deliver(this, () => done(present, present));
    });
  }

  check(): void {
    const giveUp = this.#server.clock.after(CHECK_MS, () => {
      this.lose(new MeshError('server-lost', 'The server does not answer'));
    });
    this.#toServer(() => this.#server.deliver(this, giveUp));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handshake();
    // The server learns of it at once: a connection that is closed has nothing more to say.
    this.#server.forget(this);
  }

  take(view: RosterView, version: number): void {
    if (version < this.#version) return;
    this.#version = version;
    this.events.onList(view);
  }

  lose(error: MeshError): void {
    this.close();
    this.events.onClose(error);
  }

  #toServer(run: () => void): void {
    this.#server.clock.after(this.#server.latencyMs, () => {
      if (!this.#closed && !this.#server.faults.silence?.(this.options.selfId)) run();
    });
  }
}
