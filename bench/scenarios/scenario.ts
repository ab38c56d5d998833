import {now, type RemoteTab} from '../driver/tabs.js';

export interface Round {
  /** Freshly loaded or idle, exactly `n` of them. */
  readonly tabs: readonly RemoteTab[];
  /** Ends the server and starts it anew `awayMs` later; resolves when it listens again. */
  readonly restart: (awayMs: number) => Promise<void>;
  /** A room that nobody has used. */
  readonly room: string;
  /** Takes a row's figure. A row that the round did not get to is a failure. */
  readonly record: (rowId: string, value: number) => void;
  /** Runs the part of the round that the row is about: who took processor time is noted, and profiled if that was asked for. */
  readonly watched: <T>(rowId: string, run: () => Promise<T>) => Promise<T>;
}

/** One round of one contestant. Its rows share what is costly to set up. */
export interface Scenario {
  readonly label: string;
  readonly n: number;
  /** Ids of the rows that a round records. */
  readonly rowIds: readonly string[];
  /** Fewer rounds than asked for, where one takes many seconds. */
  readonly mostRounds?: number;
  /** Whether a round leaves tabs behind that the next must not use. */
  readonly spoilsTabs?: boolean;
  /** @throws when the round failed: a wait went beyond its bound, or data came wrong. */
  run(round: Round): Promise<void>;
}

/** Nothing is measured for so long before something is, so that closing links of the step before do not count. */
const QUIET_MS = 250;
/** After so long a room has done what it does once after a join, such as first measurements of round trips. */
export const REST_MS = 2_000;

/** A bare wait: the driver has nothing better to await than the machine's rest. */
export const quiet = (ms = QUIET_MS): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** How long a room of `n` may take to mesh before the round has failed: some 20 times what the floor takes. */
export const meshBoundMs = (n: number): number => n > 8 ? 30_000 : 10_000;

/** The agreed instant for `n` tabs: late enough for the word to have reached them all. */
const soon = (n: number): number => now() + 200 + 25 * n;

/**
 * All of `joining` join at one instant.
 * @returns milliseconds from that instant until the last of all `tabs` had its last link
 */
export async function join({tabs, room}: Round, joining: readonly RemoteTab[]): Promise<number> {
  const n = tabs.length;
  const at = soon(joining.length);
  // All is asked before that instant; what ends a wait is the next that a tab says.
  const joined = allOf(joining.map(tab => tab.call('join', room, at)));
  // Alone, one is there when its join is through.
  const reached = n === 1 ? [at] : allOf(tabs.map(tab => tab.call('reached', n - 1, at, meshBoundMs(n))));
  const [times] = await Promise.all([reached, joined]);
  return Math.max(...times) - at;
}

/** All come, one after another, which everybody's rooms can; what many do at one instant is a row of its own. */
export async function fill(round: Round): Promise<void> {
  for (let count = 1; count <= round.tabs.length; count++) {
    const members = round.tabs.slice(0, count);
    await join({...round, tabs: members}, members.slice(-1));
    await Promise.all(members.map(tab => tab.call('settled', count - 1, meshBoundMs(count))));
  }
}

/** As `Promise.all`, but rejects only when all have ended and names every reason, so that a failed round is over when it is. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const reasons = results.flatMap(result => result.status === 'rejected' ? [(result.reason as Error).message] : []);
  if (reasons.length > 0) throw new Error([...new Set(reasons)].join('; '));
  return results.map(result => (result as PromiseFulfilledResult<T>).value);
}
