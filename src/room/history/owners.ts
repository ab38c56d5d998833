/** Which logs live, over all tabs of an origin: each that has lines to send holds a lock of its name, which goes when its tab goes. */
import {ORPHAN_MS, type StoredLine} from './types.js';

const PREFIX = 'mesh-room/';
const ADOPTING = 'mesh-room-adopting';

type IsGone = (line: StoredLine) => boolean;

export class Owners {
  readonly #locks: LockManager | null;
  readonly #releases = new Map<string, () => void>();
  #granted: Promise<unknown> = Promise.resolve();

  /** @param locks - null where pages have none: over plain http. */
  constructor(locks: LockManager | null = globalThis.navigator?.locks ?? null) {
    this.#locks = locks;
  }

  /** Settles once everything that was to be held is. */
  get granted(): Promise<unknown> {
    return this.#granted;
  }

  hold(owner: string, on: boolean): void {
    if (!on) {
      this.#releases.get(owner)?.();
      this.#releases.delete(owner);
    } else if (this.#locks && !this.#releases.has(owner)) {
      const held = new Promise<void>(resolve => this.#releases.set(owner, resolve));
      this.#granted = new Promise<void>(resolve => {
        // A page that may not have locks, such as a sandboxed one, goes without.
        this.#locks!.request(PREFIX + owner, () => {
          resolve();
          return held;
        }).catch(() => resolve());
      });
    }
  }

  /** Runs `adopt` with a test for lines whose log is gone, in one tab at a time, so that no line is taken twice. */
  async adopting<T>(owner: string, adopt: (isGone: IsGone) => Promise<T>): Promise<T> {
    const locks = this.#locks;
    if (!locks) return adopt(isOrphan(owner));
    this.hold(owner, true);
    await this.#granted;
    return locks.request(ADOPTING, async () => {
      const held = new Set((await locks.query()).held?.map(({name}) => name));
      return adopt(line => !held.has(PREFIX + line.owner));
    });
  }
}

/** Without locks: lines of an earlier page of the same tab, and old ones. */
function isOrphan(owner: string): IsGone {
  const tab = owner.slice(0, owner.indexOf('/') + 1);
  // A clock that was set back makes a line of the future, which is as old as can be.
  return line => (tab.length > 1 && line.owner.startsWith(tab)) || Math.abs(Date.now() - line.at) > ORPHAN_MS;
}

/** This tab's name, the same after a reload; empty where a page may not keep one. */
export function tabId(newId: () => string): string {
  try {
    const key = 'mesh-room-tab';
    const id = sessionStorage.getItem(key) ?? newId();
    sessionStorage.setItem(key, id);
    return id;
  } catch {
    return '';
  }
}
