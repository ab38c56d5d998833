import {deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction} from 'idb';
import {Owners} from './owners.js';
import {
  MAX_STORED_LINES, MAX_STORED_ROOMS, NO_LINES, PAGE_LINES, isUnsent, isWaiting, linesOf,
  type ChatStore, type StoreObserver, type StoredLine, type StoredPage,
} from './types.js';

export const DATABASE = 'mesh-room';

/**
 * Nothing that storage does takes longer, or it is given up: some browsers never answer in a private window. A machine under load takes
 * some 100 ms. In milliseconds.
 */
const PATIENCE_MS = 3000;

/** Patience is counted in so many steps, so that a page that stood still for long has lost one of them and not all. */
const STEPS = 6;

/** Storage that was too slow is tried again: at first after as long as the patience with it, then at doubled pauses, at most this one. */
const RETRY_LONGEST_MS = 5 * 60_000;

/** It has not answered in time, and may yet. */
class SlowError extends Error {}

/** A line and its place in its room: by number and not by time, since clocks are set. */
interface Row extends StoredLine {
  readonly room: string;
  /** Grows by as many as the line before counts as. */
  readonly n: number;
  /** The room, for a line that is still to be sent. */
  readonly waits?: string;
}

interface Room {
  readonly room: string;
  /** Number of the first line that may be there; those before it wait to be sent. */
  readonly first: number;
  /** Number of the next line. */
  readonly next: number;
  /** Larger for a room that was opened later. */
  readonly used: number;
}

interface Schema extends DBSchema {
  lines: {key: [room: string, n: number]; value: Row; indexes: {id: [room: string, id: string]; waits: string}};
  rooms: {key: string; value: Room};
}

type Write = IDBPTransaction<Schema, ('lines' | 'rooms')[], 'readwrite'>;

/** The lines from number `from` on and before `to`; arrays sort behind all numbers. */
const between = (room: string, from: number, to: number | [] = []): IDBKeyRange => IDBKeyRange.bound([room, from], [room, to], false, true);

const rowOf = (room: string, n: number, line: StoredLine): Row => ({...line, room, n, ...isUnsent(line) && {waits: room}});

const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';

export interface IndexedDbStoreOptions extends Partial<StoreObserver> {
  readonly owners?: Owners;
  readonly name?: string;
  readonly maxLines?: number;
}

/** Keeps lines in the browser's database. A chunk of its own: no frame needs it. */
export class IndexedDbStore implements ChatStore {
  readonly #name: string;
  readonly #owners: Owners;
  readonly #observer: Partial<StoreObserver>;
  readonly #maxLines: number;
  /** Between the pages of this machine: names of rooms that were removed. */
  #channel: BroadcastChannel | undefined;
  #db: Promise<IDBPDatabase<Schema>> | undefined;
  #broken = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = PATIENCE_MS;

  constructor(options: IndexedDbStoreOptions = {}) {
    const {owners = new Owners(), name = DATABASE, maxLines = MAX_STORED_LINES, ...observer} = options;
    this.#observer = observer;
    this.#owners = owners;
    this.#name = name;
    this.#maxLines = maxLines;
  }

  get works(): boolean {
    return !this.#broken;
  }

  async load(room: string, owner: string): Promise<StoredPage> {
    this.#listen();
    const page = await this.#try(room, () =>
      this.#owners.adopting(owner, isGone => this.#write(tx => this.#open(tx, room, owner, isGone))));
    return page ?? NO_LINES;
  }

  async put(room: string, lines: readonly StoredLine[]): Promise<void> {
    await this.#try(room, async () => {
      await this.#owners.granted;
      await this.#write(tx => this.#put(tx, room, lines));
    });
  }

  async forget(room: string): Promise<void> {
    const remove = () => this.#write(async tx => {
      await Promise.all([tx.objectStore('lines').delete(between(room, 0)), tx.objectStore('rooms').delete(room)]);
    });
    try {
      await this.#inTime(this.#again(room, remove));
    } catch (error) {
      this.#giveUp(error);
    }
    this.#listen().postMessage(room);
  }

  hold(owner: string, on: boolean): void {
    this.#owners.hold(owner, on);
  }

  /** Lets go of the database; the next use opens it again. */
  close(): void {
    clearTimeout(this.#retry);
    this.#disconnect();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #disconnect(): void {
    this.#db?.then(db => db.close(), () => undefined);
    this.#db = undefined;
  }

  #listen(): BroadcastChannel {
    if (!this.#channel) {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({data}: MessageEvent<unknown>) => {
        if (typeof data === 'string') this.#observer.onForgotten?.(data);
      };
    }
    return this.#channel;
  }

  async #open(tx: Write, room: string, owner: string, isGone: (line: StoredLine) => boolean): Promise<StoredPage> {
    const rooms = (await tx.objectStore('rooms').getAll()).sort((a, b) => a.used - b.used);
    const present = rooms.find(each => each.room === room);
    for (const old of rooms.filter(each => each !== present).slice(0, Math.max(0, rooms.length - MAX_STORED_ROOMS))) {
      if (await this.#drop(tx, old, old.next) === 0) await tx.objectStore('rooms').delete(old.room);
    }
    // A room without lines is noted with its first one.
    if (!present) return NO_LINES;
    await tx.objectStore('rooms').put({...present, used: (rooms.at(-1)?.used ?? 0) + 1});
    const lines = tx.objectStore('lines');
    const waiting = await lines.index('waits').getAll(room);
    const orphans = waiting.filter(isGone);
    await Promise.all(orphans.map(row => lines.put({...row, owner})));
    // As far back as its own that wait, so that they are where they were said.
    const own = waiting.filter(row => isWaiting(row) && (row.owner === owner || orphans.includes(row)));
    return this.#page(tx, room, owner, Math.min(present.next - PAGE_LINES, ...own.map(({n}) => n)), present.next);
  }

  /** The lines from number `from` on and before `to`. */
  async #page(tx: Write, room: string, owner: string, from: number, to: number): Promise<StoredPage> {
    const lines = tx.objectStore('lines');
    const [rows, before] = await Promise.all([
      lines.getAll(between(room, from, to)), from > 0 ? lines.openKeyCursor(between(room, 0, from), 'prev') : undefined,
    ]);
    // Between own lines that wait and the rest there may be a gap.
    const end = before ? before.key[1] + 1 : 0;
    return {
      lines: rows.filter(row => !isUnsent(row) || row.owner === owner).map(({room: _room, n: _n, waits: _waits, ...line}) => line),
      ...before && {earlier: () => this.#try(room, () => this.#write(again => this.#page(again, room, owner, end - PAGE_LINES, end)))},
    };
  }

  async #put(tx: Write, room: string, lines: readonly StoredLine[]): Promise<void> {
    const [rooms, store] = [tx.objectStore('rooms'), tx.objectStore('lines')];
    const used = async () => Math.max(0, ...(await rooms.getAll()).map(each => each.used)) + 1;
    const present = await rooms.get(room) ?? {room, first: 0, next: 0, used: await used()};
    const keys = await Promise.all(lines.map(({id}) => store.index('id').getKey([room, id])));
    let {next} = present;
    await Promise.all(lines.map((line, i) => {
      const n = keys[i]?.[1] ?? next;
      if (n === next) next += linesOf(line);
      return store.put(rowOf(room, n, line));
    }));
    const noted = {...present, next};
    await rooms.put(noted);
    // By a tenth more at a time, so that not every line drops one.
    if (next - noted.first > this.#maxLines) await this.#drop(tx, noted, next - Math.floor(this.#maxLines * 0.9));
  }

  /** Drops the lines of a room before number `to`, but for those that wait. @returns how many are left of those. */
  async #drop(tx: Write, room: Room, to: number): Promise<number> {
    const lines = tx.objectStore('lines');
    const waiting = (await lines.index('waits').getAll(room.room)).filter(({n}) => n < to);
    await lines.delete(between(room.room, 0, to));
    await Promise.all(waiting.map(row => lines.put(row)));
    await tx.objectStore('rooms').put({...room, first: to});
    return waiting.length;
  }

  async #write<T>(run: (tx: Write) => Promise<T>): Promise<T> {
    const tx = (await this.#opened()).transaction(['lines', 'rooms'], 'readwrite');
    // A transaction that fails rejects `done` as well as the request that failed: one of them is reported.
    const done = tx.done;
    done.catch(() => undefined);
    const result = await run(tx);
    await done;
    return result;
  }

  #opened(): Promise<IDBPDatabase<Schema>> {
    return this.#db ??= this.#connect();
  }

  async #connect(): Promise<IDBPDatabase<Schema>> {
    const open = () => openDB<Schema>(this.#name, 2, {
      upgrade(db) {
        // Version 1 was never released.
        for (const name of db.objectStoreNames) db.deleteObjectStore(name);
        const lines = db.createObjectStore('lines', {keyPath: ['room', 'n']});
        lines.createIndex('id', ['room', 'id']);
        lines.createIndex('waits', 'waits');
        db.createObjectStore('rooms', {keyPath: 'room'});
      },
      // Another tab wants to remove or change the database: this one must not stand in its way.
      blocking: () => this.#disconnect(),
      terminated: () => this.#disconnect(),
    });
    try {
      return await open();
    } catch (error) {
      if (isFull(error)) throw error;
      // What cannot be opened is of no use to anybody: corrupted, or of a later version.
      await deleteDB(this.#name);
      return open();
    }
  }

  /** Does something with the database; when it is full, once more with half of the room's lines gone. */
  async #try<T>(room: string, run: () => Promise<T>): Promise<T | undefined> {
    if (this.#broken) return undefined;
    try {
      return await this.#inTime(this.#again(room, run));
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#disconnect();
    if (error instanceof SlowError) this.#tryLater();
    this.#observer.onBroken?.(error);
  }

  #tryLater(): void {
    this.#retry = setTimeout(() => void this.#inTime(this.#write(() => Promise.resolve())).then(() => {
      this.#broken = false;
      this.#observer.onMended?.();
    }, () => {
      this.#disconnect();
      this.#tryLater();
    }), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_LONGEST_MS);
  }

  #inTime<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let steps = STEPS;
      const timer = setInterval(() => {
        if (!--steps) reject(new SlowError(`storage has not answered for ${PATIENCE_MS} ms`));
      }, PATIENCE_MS / STEPS);
      promise.then(resolve, reject).finally(() => clearInterval(timer));
    });
  }

  async #again<T>(room: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (isFull(error)) {
        await this.#write(async tx => {
          const present = await tx.objectStore('rooms').get(room);
          if (present) await this.#drop(tx, present, Math.ceil((present.first + present.next) / 2));
        });
      } else {
        // The connection may have been closed under this one's hands; a new one tells.
        this.#disconnect();
      }
      return run();
    }
  }
}
