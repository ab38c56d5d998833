/** Where lines are kept between visits. A store belongs to this machine and user, and is shared by all tabs of the page's origin. */
import type {ChatMessage} from '../chat.js';

/** A line as it is kept: `owner` is the log that answers for sending it. */
export interface StoredLine extends Omit<ChatMessage, 'seq'> {
  readonly owner: string;
}

/** Lines that are kept of one room. The oldest go first, but for own ones that wait. */
export const MAX_STORED_LINES = 1000;

/** Rooms that are kept. Those that were not opened for longest go first, but for own lines that wait. */
export const MAX_STORED_ROOMS = 50;

/** An own line of a log that is gone, where a browser cannot tell whether it is: after so long it is. In milliseconds. */
export const ORPHAN_MS = 24 * 3_600_000;

/** What a store tells of its own accord. */
export interface StoreObserver {
  /** Nothing can be kept any more. Told once, or once more after `onMended`. */
  onBroken(error: unknown): void;
  /** Lines can be kept again; what was put meanwhile was not. */
  onMended(): void;
  /** Another page has removed the lines of `room`. */
  onForgotten(room: string): void;
}

/**
 * The seam to what keeps lines; an adapter passes `compliance.ts`. Nothing here rejects or takes for ever: storage that does not work keeps
 * nothing, and the room goes on.
 */
export interface ChatStore {
  /** Whether anything can be kept, as far as is known. */
  readonly works: boolean;
  /**
   * The lines of `room`, oldest first. Own lines that wait and whose log is gone now belong to `owner`; those of logs that live in
   * other tabs are left out.
   */
  load(room: string, owner: string): Promise<readonly StoredLine[]>;
  /** Adds lines behind those that are there, or replaces those of the same id. Settles once they are kept, or cannot be. */
  put(room: string, lines: readonly StoredLine[]): Promise<void>;
  /** Removes all lines of a room, and tells the other pages' stores. Tries also where nothing can be kept any more. */
  forget(room: string): Promise<void>;
  /** Whether `owner` lives and has lines to send: as long as it does, no other log takes them. */
  hold(owner: string, on: boolean): void;
}

/** Whether a line is still to be sent to somebody, so that it must not be dropped. */
export const isUnsent = ({own, status, pending}: Pick<StoredLine, 'own' | 'status' | 'pending'>): boolean =>
  own && (status !== 'sent' || !!pending?.length);

/** Which of `lines`, oldest first, to drop so that at most `keep` are left. */
export function spare<Line extends StoredLine>(lines: readonly Line[], keep: number): Line[] {
  return lines.filter(line => !isUnsent(line)).slice(0, Math.max(0, lines.length - keep));
}
