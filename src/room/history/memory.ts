import {MAX_STORED_LINES, MAX_STORED_ROOMS, PAGE_LINES, isUnsent, isWaiting, linesOf, type ChatStore, type StoredLine, type StoredPage} from './types.js';

/** What outlives the pages of a test. */
export class MemoryDisk {
  /** Lines by id, by room; the room that was opened last stands last. */
  readonly rooms = new Map<string, Map<string, StoredLine>>();
  readonly owners = new Set<string>();
  readonly maxLines: number;

  constructor(maxLines = MAX_STORED_LINES) {
    this.maxLines = maxLines;
  }
}

/** The in-memory twin of the store: one page's view of a disk. */
export class MemoryStore implements ChatStore {
  /** Set to false for storage that keeps nothing. */
  works = true;
  /** Set to false for storage that does not answer who reads back. */
  answers = true;
  /** What the next writes wait for. */
  gate: Promise<void> = Promise.resolve();
  readonly #disk: MemoryDisk;
  readonly #held = new Set<string>();
  #closed = false;

  constructor(disk = new MemoryDisk()) {
    this.#disk = disk;
  }

  /** The page is gone, and with it what it held; it writes nothing any more. */
  close(): void {
    this.#closed = true;
    for (const owner of this.#held) this.#disk.owners.delete(owner);
  }

  async load(room: string, owner: string): Promise<StoredPage> {
    this.hold(owner, true);
    await Promise.resolve();
    const {rooms, owners} = this.#disk;
    const lines = rooms.get(room) ?? new Map<string, StoredLine>();
    rooms.delete(room);
    rooms.set(room, lines);
    for (const [key, kept] of rooms) {
      if (rooms.size <= MAX_STORED_ROOMS) break;
      drop(kept, 0);
      if (!kept.size) rooms.delete(key);
    }
    for (const line of lines.values()) if (isUnsent(line) && !owners.has(line.owner)) lines.set(line.id, {...line, owner});
    const all = [...lines.values()];
    const waiting = all.findIndex(line => isWaiting(line) && line.owner === owner);
    return this.#pageOf(all.filter(line => !isUnsent(line) || line.owner === owner), waiting < 0 ? PAGE_LINES : all.length - waiting);
  }

  /** The last of `lines`, at least so many. */
  #pageOf(lines: readonly StoredLine[], least: number): StoredPage {
    const from = lines.length - Math.max(PAGE_LINES, least);
    if (from <= 0) return {lines};
    return {
      lines: lines.slice(from),
      earlier: () => Promise.resolve(this.answers ? this.#pageOf(lines.slice(0, from), PAGE_LINES) : undefined),
    };
  }

  async put(room: string, lines: readonly StoredLine[]): Promise<void> {
    await this.gate;
    if (this.#closed || !this.works) return;
    const kept = this.#disk.rooms.get(room) ?? new Map<string, StoredLine>();
    this.#disk.rooms.set(room, kept);
    for (const line of lines) kept.set(line.id, structuredClone(line));
    drop(kept, this.#disk.maxLines);
  }

  async forget(room: string): Promise<void> {
    await Promise.resolve();
    this.#disk.rooms.delete(room);
  }

  hold(owner: string, on: boolean): void {
    if (this.#closed) return;
    for (const owners of [this.#disk.owners, this.#held]) {
      if (on) owners.add(owner);
      else owners.delete(owner);
    }
  }
}

/** Drops the oldest lines, but for those that wait, down to `keep`. */
function drop(lines: Map<string, StoredLine>, keep: number): void {
  let kept = 0;
  for (const line of lines.values()) kept += linesOf(line);
  for (const line of lines.values()) {
    if (kept <= keep) return;
    if (isUnsent(line)) continue;
    lines.delete(line.id);
    kept -= linesOf(line);
  }
}
