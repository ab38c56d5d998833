import type {RemoteTab} from '../driver/tabs.js';
import {now} from '../driver/tabs.js';

export interface Round {
  /** Freshly loaded or idle, exactly `n` of them. */
  readonly tabs: readonly RemoteTab[];
  /** A room that nobody has used. */
  readonly room: string;
  /** Takes a row's figure. A row that the round did not get to is a failure. */
  record(rowId: string, value: number): void;
}

/** One round of one contestant. Its rows share what is costly to set up. */
export interface Scenario {
  readonly label: string;
  readonly n: number;
  /** Ids of the rows that a round records. */
  readonly rowIds: readonly string[];
  /** @throws when the round failed: a wait went beyond its bound, or data came wrong. */
  run(round: Round): Promise<void>;
}

/** Nothing is measured for so long before something is, so that closing links of the step before do not count. */
export const QUIET_MS = 250;

/** A bare wait: by the driver, which has nothing better to await than the machine's rest. */
export const quiet = (): Promise<void> => new Promise(resolve => setTimeout(resolve, QUIET_MS));

/** How long a room of `n` may take to mesh before the round has failed: some 20 times what the floor takes. */
export const meshBoundMs = (n: number): number => n > 8 ? 30_000 : 10_000;

/** The agreed instant for `n` tabs: late enough for the word to have reached them all. */
export const soon = (n: number): number => now() + 100 + 10 * n;

/**
 * All tabs join at one instant.
 * @returns milliseconds from that instant until the last tab had its last link
 */
export async function startTogether({tabs, room}: Round): Promise<number> {
  const at = soon(tabs.length);
  await Promise.all(tabs.map(tab => tab.call('join', room, at)));
  return await lastReached(tabs, at) - at;
}

/** When the last of `tabs` had a link to all others, not counting what was before `since`. */
export async function lastReached(tabs: readonly RemoteTab[], since: number): Promise<number> {
  const n = tabs.length;
  return Math.max(...await allOf(tabs.map(tab => tab.call('reached', n - 1, since, meshBoundMs(n)))));
}

/** As `Promise.all`, but rejects only when all have ended and names every reason, so that a failed round is over when it is. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const reasons = results.flatMap(result => result.status === 'rejected' ? [(result.reason as Error).message] : []);
  if (reasons.length > 0) throw new Error([...new Set(reasons)].join('; '));
  return results.map(result => (result as PromiseFulfilledResult<T>).value);
}
