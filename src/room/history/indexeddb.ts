import {deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction} from 'idb';
import {Owners} from './owners.js';
import {MAX_STORED_LINES, MAX_STORED_ROOMS, isUnsent, spare, type ChatStore, type StoreObserver, type StoredLine} from './types.js';

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
  readonly n: number;
}

interface Room {
  readonly room: string;
  /** Number of the next line. */
  readonly next: number;
  /** Larger for a room that was opened later. */
  readonly used: number;
}

interface Schema extends DBSchema {
  lines: {key: [room: string, id: string]; value: Row};
  rooms: {key: string; value: Room};
}

type Write = IDBPTransaction<Schema, ('lines' | 'rooms')[], 'readwrite'>;

/** Everything whose key begins with `room`: arrays sort behind all strings. */
const allOf = (room: string): IDBKeyRange => IDBKeyRange.bound([room], [room, []]);

const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === 'QuotaExceededError';

export interface IndexedDbStoreOptions extends Partial<StoreObserver> {
  readonly owners?: Owners;
  readonly name?: string;
  /** How long to wait for the browser's storage, in milliseconds. */
  readonly patienceMs?: number;
}

/** Keeps lines in the browser's database. A chunk of its own: no frame needs it. */
export class IndexedDbStore implements ChatStore {
  readonly #name: string;
  readonly #owners: Owners;
  readonly #observer: Partial<StoreObserver>;
  readonly #patienceMs: number;
  /** Between the pages of this machine: names of rooms that were removed. */
  #channel: BroadcastChannel | undefined;
  #db: Promise<IDBPDatabase<Schema>> | undefined;
  #broken = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs: number;

  constructor({owners = new Owners(), name = DATABASE, patienceMs = PATIENCE_MS, ...observer}: IndexedDbStoreOptions = {}) {
    this.#observer = observer;
    this.#owners = owners;
    this.#name = name;
    this.#patienceMs = this.#retryMs = patienceMs;
  }

  get works(): boolean {
    return !this.#broken;
  }

  async load(room: string, owner: string): Promise<readonly StoredLine[]> {
    this.#listen();
    const rows = await this.#try(room, () =>
      this.#owners.adopting(owner, isGone => this.#write(tx => this.#open(tx, room, owner, isGone))));
    return rows?.map(({room: _room, n: _n, ...line}) => line) ?? [];
  }

  async put(room: string, lines: readonly StoredLine[]): Promise<void> {
    await this.#try(room, async () => {
      await this.#owners.granted;
      await this.#write(tx => this.#put(tx, room, lines));
    });
  }

  async forget(room: string): Promise<void> {
    const remove = () => this.#write(async tx => {
      await Promise.all([tx.objectStore('lines').delete(allOf(room)), tx.objectStore('rooms').delete(room)]);
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

  async #open(tx: Write, room: string, owner: string, isGone: (line: StoredLine) => boolean): Promise<Row[]> {
    const rooms = (await tx.objectStore('rooms').getAll()).sort((a, b) => a.used - b.used);
    const present = rooms.find(each => each.room === room);
    // A room without lines is noted with its first one.
    if (present) await tx.objectStore('rooms').put({...present, used: (rooms.at(-1)?.used ?? 0) + 1});
    for (const old of rooms.filter(each => each !== present).slice(0, Math.max(0, rooms.length - MAX_STORED_ROOMS))) {
      if (await this.#drop(tx, old.room, 0) === 0) await tx.objectStore('rooms').delete(old.room);
    }
    const rows = await this.#rows(tx, room);
    const taken = rows.map(row => isUnsent(row) && isGone(row) ? {...row, owner} : row);
    await Promise.all(taken.filter((row, i) => row !== rows[i]).map(row => tx.objectStore('lines').put(row)));
    return taken.filter(row => !isUnsent(row) || row.owner === owner);
  }

  async #put(tx: Write, room: string, lines: readonly StoredLine[]): Promise<void> {
    const rooms = tx.objectStore('rooms');
    const store = tx.objectStore('lines');
    const present = await rooms.get(room);
    let next = present?.next ?? 0;
    const used = present?.used ?? Math.max(0, ...(await rooms.getAll()).map(each => each.used)) + 1;
    for (const line of lines) await store.put({...line, room, n: (await store.get([room, line.id]))?.n ?? next++});
    await rooms.put({room, next, used});
    // By a tenth more at a time, so that not every line costs a look at all.
    if (await store.count(allOf(room)) > MAX_STORED_LINES) await this.#drop(tx, room, MAX_STORED_LINES * 0.9);
  }

  async #rows(tx: Write, room: string): Promise<Row[]> {
    return (await tx.objectStore('lines').getAll(allOf(room))).sort((a, b) => a.n - b.n);
  }

  /** Drops the oldest lines of a room that can be dropped, down to `keep`. @returns how many are left. */
  async #drop(tx: Write, room: string, keep: number): Promise<number> {
    const rows = await this.#rows(tx, room);
    const gone = spare(rows, keep);
    await Promise.all(gone.map(({id}) => tx.objectStore('lines').delete([room, id])));
    return rows.length - gone.length;
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
    const open = () => openDB<Schema>(this.#name, 1, {
      upgrade(db) {
        db.createObjectStore('lines', {keyPath: ['room', 'id']});
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
        if (!--steps) reject(new SlowError(`storage has not answered for ${this.#patienceMs} ms`));
      }, this.#patienceMs / STEPS);
      promise.then(resolve, reject).finally(() => clearInterval(timer));
    });
  }

  async #again<T>(room: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (isFull(error)) {
        await this.#write(async tx => this.#drop(tx, room, (await tx.objectStore('lines').count(allOf(room))) / 2));
      } else {
        // The connection may have been closed under this one's hands; a new one tells.
        this.#disconnect();
      }
      return run();
    }
  }
}
