/** The rows of the benchmark, with the bounds that this project sets itself. */

export type Bound =
  /** At most so many times the floor's median. */
  | {readonly kind: 'at-most'; readonly ratio: number}
  /** At least so many times the floor's median. */
  | {readonly kind: 'at-least'; readonly ratio: number}
  /** Less than or equal to `value` in every round, whatever the floor does. */
  | {readonly kind: 'limit'; readonly value: number};

export type RowName = 'start' | 'late' | 'broadcast' | 'burst' | 'bulk' | 'chat';

export interface Row {
  /** Unique, e.g. `start-8`. */
  readonly id: string;
  readonly name: RowName;
  readonly label: string;
  readonly unit: 'ms' | '/s' | 'MB/s';
  readonly bound?: Bound;
}

export const ROW_NAMES: readonly RowName[] = ['late', 'start', 'broadcast', 'burst', 'bulk', 'chat'];
export const SIZES: readonly number[] = [2, 4, 8, 16];
/** Peers in the room for messages. */
export const MESSAGES_N = 8;
export const BURST = 2_000;
export const BULK_MB = 64;
export const CHAT_BULK_MB = 200;

const atMost: Bound = {kind: 'at-most', ratio: 1.3};
const atLeast: Bound = {kind: 'at-least', ratio: 0.9};

/** All rows, for these sizes of a joining room. */
export function rowsFor(sizes: readonly number[]): readonly Row[] {
  return [
    ...sizes.map((n): Row => ({
      id: `late-${n}`, name: 'late', unit: 'ms', bound: atMost,
      label: n === 2 ? 'second peer joins, until linked' : `peer ${n} joins, until linked to all ${n - 1}`,
    })),
    ...sizes.map((n): Row => ({
      id: `start-${n}`, name: 'start', unit: 'ms', bound: atMost, label: `${n} peers start at once, until full mesh`,
    })),
    {id: 'broadcast', name: 'broadcast', unit: 'ms', bound: atMost, label: 'broadcast and all 7 answers, p50'},
    {id: 'broadcast-p99', name: 'broadcast', unit: 'ms', label: 'broadcast and all 7 answers, p99'},
    {id: 'burst', name: 'burst', unit: '/s', bound: atLeast, label: `${BURST.toLocaleString('en')} small broadcasts to 7`},
    {id: 'bulk', name: 'bulk', unit: 'MB/s', bound: atLeast, label: `${BULK_MB} MB to one peer`},
    {id: 'chat-p99', name: 'chat', unit: 'ms', label: `chat line during a ${CHAT_BULK_MB} MB transfer, p99`},
    {
      id: 'chat', name: 'chat', unit: 'ms', bound: {kind: 'limit', value: 100},
      label: `chat line during a ${CHAT_BULK_MB} MB transfer, slowest`,
    },
  ];
}
