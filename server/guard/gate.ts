import type {SubscriptionRegistry} from '@deepstream/types';
import type {Counters, Denial, Drop} from '../counters.js';
import type {Connection} from '../deepstream/connection.js';
import {
  AUTH_ACTION, CONNECTION_ACTION, denialOf, EVENT_ACTION, isPlainEvent, RECORD_ACTION, TOPIC, type Message,
} from '../deepstream/protocol.js';
import type {SocketHub} from '../deepstream/socket-hub.js';
import {tellSubscribers} from '../deepstream/subscribers.js';
import type {ServerLimits} from '../options.js';
import {isUserId, type Identity} from './identity.js';
import {signalName, type KnownList, type RoomGuard} from './room-guard.js';

const MAX_LIST_NAME_LENGTH = 1024;
const SIGNAL_PREFIX = signalName('');
/** Bytes waiting for a receiver at which signals for it are dropped: senders repeat them, and it reads nothing now anyway. */
const MAX_SIGNAL_BACKLOG_BYTES = 1024 * 1024;

const SUBSCRIBING: ReadonlySet<number> = new Set([
  RECORD_ACTION.SUBSCRIBE, RECORD_ACTION.SUBSCRIBEANDHEAD, RECORD_ACTION.SUBSCRIBEANDREAD, RECORD_ACTION.SUBSCRIBECREATEANDREAD,
]);

/** What of an event may go on. */
interface Signal {
  readonly name: string;
  readonly data: string;
  /** What waits for its receiver already; of one that is not known by its id, nobody can say. */
  readonly backlogBytes: number | undefined;
}

export interface GateOptions {
  readonly limits: ServerLimits;
  readonly counters: Counters;
  /** Whether frames of routed links may pass. */
  readonly relay: boolean;
}

export interface GateServices {
  readonly hub: SocketHub;
  readonly identity: Identity;
  readonly guard: RoomGuard;
  /** deepstream's registry of event subscribers. */
  readonly events: SubscriptionRegistry;
}

/**
 * What a client may say to deepstream. The list is of what is allowed: reading and entering Lists, and signals under one's own
 * id. All else (patches, erasures, deletions, listening, RPC, presence …) is refused before deepstream sees it, and what is let
 * through is rebuilt from checked parts. So the known holes of deepstream 7.0.2, and those still unknown in what a room does not
 * use, cannot be reached. See `docs/decisions/embedded-server.md`.
 */
export class Gate {
  readonly #options: GateOptions;
  #services!: GateServices;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Hands over what exists only once deepstream runs. */
  attach(services: GateServices): void {
    this.#services = services;
  }

  /**
   * What of `message` may go on to deepstream. Signals go to who hears them from here.
   * @param frame the bytes that it was read from
   */
  admit(connection: Connection, message: Message, frame: Uint8Array): Message | undefined {
    const {topic, action} = message;
    if (topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.PING) return {topic, action};
    if (connection.phase !== 'open') return this.#admitEntry(connection, message);
    switch (topic) {
      case TOPIC.RECORD: return this.#admitRecord(connection, message);
      case TOPIC.EVENT: return this.#admitEvent(connection, message, frame);
      case TOPIC.RPC: case TOPIC.PRESENCE: return this.#deny(connection, message, 'action');
      case TOPIC.CONNECTION: return undefined;
      default: connection.end(1002, 'Unknown message.', 'protocol'); return undefined;
    }
  }

  /**
   * A user that logs in says which List it comes for: it hears its signals and is in, as if it had asked for both.
   * @returns the List as it is known until everybody hears of the user
   */
  enter(connection: Connection, list: unknown): KnownList | undefined {
    const {userId, wrapper} = connection;
    const {guard, events} = this.#services;
    if (userId === undefined || !isListName(list)) return undefined;
    const known = guard.enter(connection, list);
    if (!known) return undefined;
    const name = signalName(userId);
    events.subscribe(name, {topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, name}, wrapper, true);
    connection.events.add(name);
    return known;
  }

  /** Ends others' subscriptions to the signals of an id that now has an owner: they would overhear it. */
  evictEavesdroppers(id: string, owner: Connection): void {
    const {events, hub} = this.#services;
    const name = signalName(id);
    for (const wrapper of [...events.getLocalSubscribers(name)]) {
      if (wrapper === owner.wrapper) continue;
      const subscription: Message = {topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, name};
      events.unsubscribe(name, {...subscription, name}, wrapper, true);
      const connection = hub.connectionOf(wrapper);
      connection?.events.delete(name);
      if (connection) this.#deny(connection, subscription, 'identity');
    }
  }

  #admitEntry(connection: Connection, message: Message): Message | undefined {
    const {topic, action} = message;
    if (connection.phase === 'new' && topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.CHALLENGE) {
      connection.phase = 'challenged';
      return {topic, action};
    }
    if (connection.phase === 'challenged' && topic === TOPIC.AUTH && action === AUTH_ACTION.REQUEST) {
      const login = parse(message.data);
      if (isObject(login)) {
        connection.phase = 'entering';
        // With `parsedData` there deepstream does not parse again: its own JSON.parse is not guarded.
        return {topic, action, parsedData: login as Record<string, never>};
      }
    }
    connection.end(1002, 'Log in first.', 'protocol');
    return undefined;
  }

  #admitRecord(connection: Connection, message: Message): Message | undefined {
    const {topic, action, name, correlationId} = message;
    if (SUBSCRIBING.has(action)) return this.#admitSubscription(connection, message);
    switch (action) {
      case RECORD_ACTION.UNSUBSCRIBE: {
        const names = message.names ?? [];
        for (const each of names) this.#services.guard.unsubscribe(connection, each);
        return forwardNames(message, names);
      }
      case RECORD_ACTION.READ: case RECORD_ACTION.HEAD:
        if (!isListName(name)) return this.#deny(connection, message, 'data');
        return {topic, action, name, ...(correlationId !== undefined && {correlationId})};
      case RECORD_ACTION.UPDATE: case RECORD_ACTION.CREATEANDUPDATE:
        this.#write(connection, message);
        return undefined;
      default:
        this.#deny(connection, message, 'action');
        // deepstream's client keeps a refused change in its own view until the next update.
        if (isListName(name) && connection.lists.has(name)) this.#services.guard.correct(connection, name);
        return undefined;
    }
  }

  #write(connection: Connection, message: Message): void {
    const {name, path, version = -1} = message;
    const entries = path === undefined ? parse(message.data) : undefined;
    if (!isListName(name) || !Array.isArray(entries)) {
      this.#deny(connection, message, 'data');
      if (isListName(name) && connection.lists.has(name)) this.#services.guard.correct(connection, name);
      return;
    }
    this.#services.guard.write(connection, {name, entries, version, message});
  }

  #admitSubscription(connection: Connection, message: Message): Message | undefined {
    const {guard} = this.#services;
    return forwardNames(message, this.#filterNames(connection, message, (name, isKnown) => {
      if (!isListName(name)) return 'data';
      return isKnown || guard.subscribe(connection, name) ? undefined : 'limit';
    }, connection.lists));
  }

  #admitEvent(connection: Connection, message: Message, frame: Uint8Array): Message | undefined {
    switch (message.action) {
      case EVENT_ACTION.SUBSCRIBE:
        return forwardNames(message, this.#filterNames(connection, message, name => this.#hear(connection, message, name),
          connection.events));
      case EVENT_ACTION.UNSUBSCRIBE: {
        const names = message.names ?? [];
        for (const each of names) connection.events.delete(each);
        return forwardNames(message, names);
      }
      case EVENT_ACTION.EMIT: this.#handOn(connection, message, frame); return undefined;
      default: return this.#deny(connection, message, 'action');
    }
  }

  /** Lets a socket hear an id's signals, or says why not; `'later'` when that is yet to be found out. */
  #hear(connection: Connection, message: Message, name: string): Denial | 'later' | undefined {
    const {identity} = this.#services;
    const id = signalTarget(name);
    if (id === undefined) return 'event';
    if (connection.userId !== undefined && connection.userId !== id) return 'identity';
    const owner = connection.userId === undefined ? identity.unprovenOwner(id, connection) : undefined;
    if (owner) {
      void this.#hearUnlessAlive(owner, connection, message, name);
      return 'later';
    }
    if (identity.isForeign(id, connection)) return 'identity';
    // A plain page's deepstream client that connects again subscribes again: that is how its id knows it.
    if (identity.isAwaited(id)) identity.claim(connection, id);
    connection.events.add(name);
    return undefined;
  }

  /**
   * A plain page whose network changed connects again while its old socket still looks open here. A refusal would leave it deaf
   * for good, because its client forgets refused subscriptions; so the old socket is asked first whether it is there.
   */
  async #hearUnlessAlive(owner: Connection, connection: Connection, message: Message, name: string): Promise<void> {
    const why = await owner.isAlive() ? 'identity' : this.#hear(connection, message, name);
    if (connection.phase !== 'open' || why === 'later') return;
    if (why) this.#deny(connection, message, why, name);
    else this.#services.hub.deliver(connection, forwardNames(message, [name])!);
  }

  #handOn(connection: Connection, message: Message, frame: Uint8Array): void {
    const signal = this.#admitSignal(connection, message);
    if (!signal) return;
    const {name, data, backlogBytes} = signal;
    // The frame is a part of what was read at one time, all of which it keeps in memory: it may not wait.
    const isAsCame = backlogBytes === 0 && isPlainEvent(frame, name, data);
    const {topic, action} = message;
    tellSubscribers(this.#services.events, name, {topic, action, name, data}, {
      except: connection.wrapper, frame: isAsCame ? frame : undefined,
    });
  }

  /** The signal in `message` that others may hear. */
  #admitSignal(connection: Connection, message: Message): Signal | undefined {
    const {identity} = this.#services;
    const {limits, counters} = this.#options;
    const {name = '', data} = message;
    const to = signalTarget(name);
    if (to === undefined) return this.#deny(connection, message, 'event');
    const size = typeof data === 'string' ? Buffer.byteLength(data) : 0;
    if (size > limits.eventBytes) return this.#refuseLarge(connection, message);
    // Before anything is made of it, which costs more.
    if (!connection.allowance.takeEvent(size, performance.now())) return this.#drop(connection, 'events');
    const content = parse(data);
    if (!isObject(content)) return this.#deny(connection, message, 'data');
    const {user} = content;
    const isOwn = connection.userId === undefined
      ? isUserId(user) && !identity.isForeign(user, connection)
      : user === connection.userId;
    if (!isOwn) return this.#deny(connection, message, 'identity');
    const backlogBytes = identity.owner(to)?.socket.bufferedAmount;
    if (backlogBytes !== undefined && backlogBytes > MAX_SIGNAL_BACKLOG_BYTES) {
      counters.dropped.slow += 1;
      return undefined;
    }
    if (content.route !== undefined && !this.#admitFrame(connection, message, size)) return undefined;
    return {name, data: data as string, backlogBytes};
  }

  /** Whether a frame of a routed link, an event of so many bytes, may pass. */
  #admitFrame(connection: Connection, message: Message, size: number): boolean {
    const {limits, counters, relay} = this.#options;
    if (!relay) this.#deny(connection, message, 'action');
    else if (size > limits.frameBytes) this.#refuseLarge(connection, message);
    else if (!connection.allowance.takeFrame(size, performance.now())) this.#drop(connection, 'frames');
    else {
      counters.relayed.frames += 1;
      counters.relayed.bytes += size;
      return true;
    }
    return false;
  }

  #refuseLarge(connection: Connection, message: Message): undefined {
    this.#deny(connection, message, 'limit');
    this.#exceed(connection);
  }

  /** Not refused: an answer to each would double what is too much. */
  #drop(connection: Connection, why: Drop): undefined {
    this.#options.counters.dropped[why] += 1;
    this.#exceed(connection);
  }

  #exceed(connection: Connection): void {
    if (!connection.allowance.exceed(performance.now())) connection.end(1008, 'Too many events.', 'flood');
  }

  /** The names of a bulk message that pass `refusal`, each once; the others are refused one by one, now or later. */
  #filterNames(
    connection: Connection, message: Message, refusal: (name: string, isKnown: boolean) => Denial | 'later' | undefined,
    known: ReadonlySet<string>,
  ): string[] {
    const {limits} = this.#options;
    const allowed: string[] = [];
    for (const name of new Set(message.names)) {
      const isKnown = known.has(name);
      const isTooMany = !isKnown && connection.lists.size + connection.events.size >= limits.subscriptionsPerSocket;
      const why = isTooMany ? 'limit' : refusal(name, isKnown);
      if (!why) allowed.push(name);
      else if (why !== 'later') this.#deny(connection, message, why, name);
    }
    return allowed;
  }

  #deny(connection: Connection, message: Message, why: Denial, name = message.name): undefined {
    this.#options.counters.denied[why] += 1;
    const denial = denialOf(message, name);
    if (denial) connection.send(denial);
    return undefined;
  }
}

const isListName = (name: unknown): name is string =>
  typeof name === 'string' && name.length > 0 && name.length <= MAX_LIST_NAME_LENGTH;

/** The id that an event carries signals for; `undefined` for any other event. */
function signalTarget(name: string): string | undefined {
  if (!name.startsWith(SIGNAL_PREFIX)) return undefined;
  const id = name.slice(SIGNAL_PREFIX.length);
  return isUserId(id) ? id : undefined;
}

function forwardNames({topic, action, correlationId}: Message, names: string[]): Message | undefined {
  return names.length === 0 ? undefined : {topic, action, names, ...(correlationId !== undefined && {correlationId})};
}

/** The JSON in `data`; `undefined` when there is none. */
function parse(data: Message['data']): unknown {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    // Not JSON: the caller refuses it like any other unfit value.
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
