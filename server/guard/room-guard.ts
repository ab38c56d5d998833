import {createHash} from 'node:crypto';
import type {DeepstreamCache, SubscriptionRegistry} from '@deepstream/types';
import type {Counters} from '../counters.js';
import type {Connection} from '../deepstream/connection.js';
import {denialOf, listUpdate, RECORD_ACTION, TOPIC, writeAck, type Message} from '../deepstream/protocol.js';
import {tellSubscribers} from '../deepstream/subscribers.js';
import type {ServerLimits} from '../options.js';
import type {Identity} from './identity.js';
import {isUserId} from './identity.js';

/**
 * How long changes to one List are gathered before its subscribers hear of them: 32 joins at one instant then cost one
 * update a subscriber, and nobody notices 5 ms.
 */
const FLUSH_MS = 5;
/** Bytes of one List as JSON; with it in a write, a message stays below the default bound of 64 kB. */
const MAX_LIST_BYTES = 48 * 1024;
/** Ids that left a List lately and are remembered, so that a stale view is not taken for a wish to be that id. */
const MAX_REMEMBERED = 64;
/** List versions start at the seconds since this moment, so that a restarted server's are above those that clients hold. */
const VERSION_EPOCH_MS = Date.UTC(2025, 0, 1);

interface Member {
  /** List version in which subscribers first see the member. */
  readonly since: number;
  /** What the write that added it would read without it. */
  readonly absence: string;
}

interface List {
  readonly name: string;
  version: number;
  bytes: number;
  readonly members: Map<string, Member>;
  /** Its entries in `version`, as subscribers know them. */
  entries: readonly string[];
  /** Ids that left → the version without them; oldest first. */
  readonly left: Map<string, number>;
  subscribers: number;
  /** Whether members differ from what was last sent. */
  changed: boolean;
  /** Writers whose own view may differ from the truth. */
  readonly writers: Set<Connection>;
  readonly acks: Array<{readonly connection: Connection; readonly reply: Message}>;
}

/** A List as its subscribers know it. */
export interface KnownList {
  readonly version: number;
  readonly entries: readonly string[];
}

/** One client's write to a List, as it came. */
export interface ListWrite {
  readonly name: string;
  readonly entries: readonly unknown[];
  /** The version that the client gave its own view; -1 when it has none. */
  readonly version: number;
  readonly message: Message;
}

export interface RoomGuardOptions {
  readonly limits: ServerLimits;
  readonly counters: Counters;
}

export interface RoomGuardServices {
  readonly identity: Identity;
  readonly cache: DeepstreamCache;
  readonly subscriptions: SubscriptionRegistry;
}

/**
 * Makes every List safe against its writers. A client's write, whatever it says, is reduced to one question: is the writer's
 * own id in or out? The server alone writes, and everybody, the writer included, gets the truth back.
 *
 * So joins at one instant cannot overwrite each other, no id is in a List twice, and nobody can add, remove or clear
 * anybody else. See `docs/decisions/list-guard.md`.
 */
export class RoomGuard {
  readonly #options: RoomGuardOptions;
  readonly #lists = new Map<string, List>();
  /** User id → the Lists that it is in. */
  readonly #presence = new Map<string, Set<List>>();
  readonly #dirty = new Set<List>();
  #services!: RoomGuardServices;
  #highestVersion = 0;
  #isScheduled = false;
  #flushedAt = -Infinity;
  #closed = false;

  constructor(options: RoomGuardOptions) {
    this.#options = options;
  }

  /** Hands over what exists only once deepstream runs. */
  attach(services: RoomGuardServices): void {
    this.#services = services;
  }

  /** Lists, and memberships in them. */
  get counts(): {lists: number; memberships: number} {
    let memberships = 0;
    for (const list of this.#lists.values()) memberships += list.members.size;
    return {lists: this.#lists.size, memberships};
  }

  isPresent(id: string): boolean {
    return this.#presence.has(id);
  }

  /** Counts a subscriber in, making an empty List if there is none. False when there are too many Lists. */
  subscribe(connection: Connection, name: string): boolean {
    if (connection.lists.has(name)) return true;
    const list = this.#open(name);
    if (!list) return false;
    connection.lists.add(name);
    list.subscribers += 1;
    return true;
  }

  unsubscribe(connection: Connection, name: string): void {
    const list = this.#lists.get(name);
    if (!connection.lists.delete(name) || !list) return;
    list.subscribers -= 1;
    this.#dropIfIdle(list);
  }

  /**
   * Subscribes a user to a List and puts it in, as if it had asked for both.
   * @returns what the update builds on that tells everybody of it, this user too; `undefined` when a limit forbids it, and nothing was
   * done
   */
  enter(connection: Connection, name: string): KnownList | undefined {
    const {userId} = connection;
    if (userId === undefined || !this.subscribe(connection, name)) return undefined;
    const list = this.#lists.get(name)!;
    const {version, entries} = list;
    if (!this.#enter(userId, list, entries)) {
      this.unsubscribe(connection, name);
      return undefined;
    }
    const subscription = {topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBEANDREAD, name} as const;
    this.#services.subscriptions.subscribe(name, subscription, connection.wrapper, true);
    if (list.changed) this.#schedule(list);
    return {version, entries};
  }

  /** Takes a write, decides about the writer's own id, and answers after the next flush. */
  write(connection: Connection, write: ListWrite): void {
    const {message} = write;
    const list = this.#open(write.name);
    if (!list) return this.#deny(connection, message, 'limit');
    list.writers.add(connection);
    this.#schedule(list);
    const own = this.#ownId(connection, list, write);
    let refused = false;
    if (own !== undefined && write.entries.includes(own)) {
      refused = !this.#enter(own, list, write.entries);
      if (refused) this.#options.counters.denied.limit += 1;
    } else if (own !== undefined && this.#meansToLeave(own, list, write)) {
      this.#leave(own, list);
    } else if (own === undefined && write.entries.some(id => isUserId(id) && this.#isFresh(id, list, write))) {
      refused = true;
      this.#options.counters.denied.identity += 1;
    }
    if (refused) {
      list.acks.push({connection, reply: denialOf(message)!});
    } else if (message.isWriteAck && message.correlationId !== undefined) {
      list.acks.push({connection, reply: writeAck(list.name, message.correlationId)});
    }
  }

  /** Sends the truth to one client whose own view may differ after a refused write. */
  correct(connection: Connection, name: string): void {
    const list = this.#lists.get(name);
    if (list) connection.send(listUpdate(name, list.version, list.entries));
  }

  /** Takes a user out of every List. */
  removeEverywhere(id: string): void {
    if (this.#closed) return;
    for (const list of this.#presence.get(id) ?? []) {
      this.#leave(id, list);
      this.#schedule(list);
    }
  }

  /** Forgets a socket that is gone. */
  forget(connection: Connection): void {
    for (const name of [...connection.lists]) this.unsubscribe(connection, name);
    for (const list of this.#dirty) list.writers.delete(connection);
  }

  close(): void {
    this.#closed = true;
  }

  #deny(connection: Connection, message: Message, why: 'limit'): void {
    this.#options.counters.denied[why] += 1;
    connection.send(denialOf(message)!);
  }

  #open(name: string): List | undefined {
    const known = this.#lists.get(name);
    if (known) return known;
    if (this.#lists.size >= this.#options.limits.lists) return undefined;
    const version = Math.max(this.#highestVersion + 1, Math.floor((Date.now() - VERSION_EPOCH_MS) / 1000));
    const list: List = {
      name, version, bytes: 2, members: new Map(), entries: [], left: new Map(), subscribers: 0, changed: false,
      writers: new Set(), acks: [],
    };
    this.#lists.set(name, list);
    this.#store(list);
    return list;
  }

  #store(list: List): void {
    this.#highestVersion = Math.max(this.#highestVersion, list.version);
    this.#services.cache.set(list.name, list.version, list.entries, () => {});
  }

  #dropIfIdle(list: List): void {
    if (list.subscribers > 0 || list.members.size > 0 || this.#dirty.has(list)) return;
    this.#lists.delete(list.name);
    this.#services.cache.delete(list.name, () => {});
  }

  /** Whose write this is; binds a socket that has no id yet to the one that it adds. */
  #ownId(connection: Connection, list: List, write: ListWrite): string | undefined {
    if (connection.userId !== undefined && write.entries.includes(connection.userId)) return connection.userId;
    const {identity} = this.#services;
    const free = write.entries.filter((id): id is string => isUserId(id) && identity.isClaimable(id));
    const fresh = free.filter(id => this.#isFresh(id, list, write));
    // A page that left its room and enters another under a new id: fine, as long as the old one is in use nowhere.
    if (fresh.length > 0) identity.giveUp(connection);
    if (connection.userId !== undefined) return connection.userId;
    // Of several new ids the page's own is the one that it named at login or listens for; a page that did neither yet used
    // addEntry, which puts it last.
    const own = free.find(id => id === connection.claimedName)
      ?? free.find(id => connection.events.has(signalName(id)))
      ?? fresh.at(-1);
    if (own !== undefined) identity.claim(connection, own);
    return connection.userId;
  }

  /** Whether a write adds `id`, and not only because its writer cannot know yet that `id` has left. */
  #isFresh(id: string, list: List, {version}: ListWrite): boolean {
    const leftAt = list.left.get(id);
    return !list.members.has(id) && (leftAt === undefined || version === -1 || version - 1 >= leftAt);
  }

  /** @param entries - the List as the user will have seen it when it takes back its join */
  #enter(id: string, list: List, entries: readonly unknown[]): boolean {
    if (list.members.has(id)) return true;
    const {limits} = this.#options;
    const bytes = Buffer.byteLength(JSON.stringify(id)) + 1;
    const present = this.#presence.get(id) ?? new Set();
    if (list.members.size >= limits.idsPerList || list.bytes + bytes > MAX_LIST_BYTES
      || present.size >= limits.listsPerUser) return false;
    list.members.set(id, {since: list.version + 1, absence: digest(entries.filter(entry => entry !== id))});
    list.left.delete(id);
    list.bytes += bytes;
    list.changed = true;
    this.#presence.set(id, present.add(list));
    return true;
  }

  #leave(id: string, list: List): void {
    if (!list.members.delete(id)) return;
    list.bytes -= Buffer.byteLength(JSON.stringify(id)) + 1;
    list.changed = true;
    list.left.set(id, list.version + 1);
    if (list.left.size > MAX_REMEMBERED) list.left.delete(list.left.keys().next().value!);
    const present = this.#presence.get(id);
    present?.delete(list);
    if (present?.size === 0) this.#presence.delete(id);
  }

  /**
   * Whether a write without the writer's id says "I leave". Right after a join an update from before it may overwrite the
   * client's own view; if it then removes a neighbour, its id is missing without its knowing. So the writer must have seen
   * itself in the List, or the write must be exactly its join taken back.
   */
  #meansToLeave(id: string, list: List, write: ListWrite): boolean {
    const member = list.members.get(id);
    if (!member) return false;
    return write.version === -1 || write.version - 1 >= member.since || digest(write.entries) === member.absence;
  }

  #schedule(list: List): void {
    this.#dirty.add(list);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The first write after a pause is told at once: nobody who joins alone waits for company.
    if (performance.now() - this.#flushedAt < FLUSH_MS) setTimeout(() => this.#flush(), FLUSH_MS);
    else setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#closed) return;
    this.#isScheduled = false;
    this.#flushedAt = performance.now();
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const list of dirty) {
      if (list.changed) {
        list.changed = false;
        list.version += 1;
        list.entries = [...list.members.keys()];
        this.#store(list);
        tellSubscribers(this.#services.subscriptions, list.name, listUpdate(list.name, list.version, list.entries));
      } else {
        const update = listUpdate(list.name, list.version, list.entries);
        for (const writer of list.writers) if (writer.lists.has(list.name)) writer.send(update);
      }
      list.writers.clear();
      for (const {connection, reply} of list.acks.splice(0)) connection.send(reply);
      this.#dropIfIdle(list);
    }
  }
}

/** The event that carries signals for `id`. */
export const signalName = (id: string): string => `rtc-signal/${id}`;

const digest = (entries: readonly unknown[]): string => createHash('sha1').update(JSON.stringify(entries)).digest('base64');
