/** Where lines are kept between visits. A store belongs to this machine and user, and is shared by all tabs of the page's origin. */
import type {ChatMessage} from '../chat.js';

/** A line as it is kept: `owner` is the log that answers for sending it. */
export interface StoredLine extends Omit<ChatMessage, 'seq'> {
  readonly owner: string;
}

/** Lines that are kept of one room; long ones count as several, so that all are 80 MB at most. The oldest go first, but for unsent ones. */
export const MAX_STORED_LINES = 100_000;

/** UTF-16 units of text that count as one line. */
const LINE_UNITS = 256;

/** Lines that a page takes up at a time, the newest first, counted alike: so many that what comes once more is among the first. */
export const PAGE_LINES = 1000;

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

/** Lines of a room, oldest first. */
export interface StoredPage {
  readonly lines: readonly StoredLine[];
  /** The lines before these, or nothing where storage does not answer now; absent where there are none. */
  readonly earlier?: () => Promise<StoredPage | undefined>;
}

export const NO_LINES: StoredPage = Object.freeze({lines: Object.freeze([])});

/**
 * The seam to what keeps lines; an adapter passes `compliance.ts`. Nothing here rejects or takes for ever: storage that does not work keeps
 * nothing, and the room goes on.
 */
export interface ChatStore {
  /** Whether anything can be kept, as far as is known. */
  readonly works: boolean;
  /**
   * The newest lines of `room`, about `PAGE_LINES` at a time. Unsent ones whose log is gone now belong to `owner`, and those of them that
   * have not failed are all among the first; those of logs that live in other tabs are left out.
   */
  load(room: string, owner: string): Promise<StoredPage>;
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

/** Whether it is sent, sooner or later, without anybody's asking. */
export const isWaiting = (line: Pick<StoredLine, 'own' | 'status' | 'pending'>): boolean => isUnsent(line) && line.status !== 'failed';

/** How many lines it counts as. */
export const linesOf = ({text}: Pick<StoredLine, 'text'>): number => Math.max(1, Math.ceil(text.length / LINE_UNITS));
