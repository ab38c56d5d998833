/** The rows of the benchmark, with the bounds that this project sets itself. */

export type Bound =
  /** At most so many times the floor's median. */
  | {readonly kind: 'at-most'; readonly ratio: number}
  /** At least so many times the floor's median. */
  | {readonly kind: 'at-least'; readonly ratio: number}
  /** Less than or equal to `value` in every round, whatever the floor does. */
  | {readonly kind: 'limit'; readonly value: number};

export const ROW_NAMES = [
  'late', 'start', 'broadcast', 'burst', 'bulk', 'bulk-all', 'chat', 'heap', 'idle', 'busy', 'left', 'killed', 'thaw', 'restart',
] as const;
export type RowName = typeof ROW_NAMES[number];

/** Whether less is better, and what a failed round counts as, follow from it. */
export type Unit = 'ms' | '/s' | 'MB/s' | 'MB' | 'ms/s';

export interface Row {
  /** Unique, e.g. `start-8`. */
  readonly id: string;
  readonly name: RowName;
  readonly label: string;
  readonly unit: Unit;
  readonly bound?: Bound;
}

export const SIZES: readonly number[] = [2, 4, 8, 16];
/** Peers in the room for what is about one of them: 64 MB to all, and comings and goings. */
export const ROOM_N = 4;
export const BURST = 2_000;
export const BULK_MB = 64;
export const CHAT_BULK_MB = 200;
export const FROZEN_MS = 10_000;
/** Lines that each tab says in a second of a busy room. */
export const BUSY_RATE = 5;

const atMost: Bound = {kind: 'at-most', ratio: 1.3};
const atLeast: Bound = {kind: 'at-least', ratio: 0.9};

export const lessIsBetter = (unit: Unit): boolean => unit !== '/s' && unit !== 'MB/s';

/** All rows, for these sizes of the rooms that come in sizes. */
export function rowsFor(sizes: readonly number[]): readonly Row[] {
  const others = (n: number): string => n === 2 ? '1 other' : `${n - 1} others`;
  const each = (make: (n: number) => Row): readonly Row[] => sizes.map(make);
  return [
    ...each(n => ({id: `late-${n}`, name: 'late', unit: 'ms', bound: atMost, label: `joins ${others(n)}, until linked to all`})),
    ...each(n => ({id: `start-${n}`, name: 'start', unit: 'ms', bound: atMost, label: `${n} start at once, until full mesh`})),
    ...each(n => ({id: `broadcast-${n}`, name: 'broadcast', unit: 'ms', bound: atMost, label: `broadcast, answered by ${others(n)}, p50`})),
    ...each(n => ({id: `broadcast-p99-${n}`, name: 'broadcast', unit: 'ms', label: `broadcast, answered by ${others(n)}, p99`})),
    ...each(n => ({id: `burst-${n}`, name: 'burst', unit: '/s', bound: atLeast, label: `${BURST.toLocaleString('en')} small broadcasts to ${others(n)}`})),
    {id: 'bulk', name: 'bulk', unit: 'MB/s', bound: atLeast, label: `${BULK_MB} MB to one`},
    {id: 'bulk-all', name: 'bulk-all', unit: 'MB/s', bound: atLeast, label: `${BULK_MB} MB to ${others(ROOM_N)} at once, each gets`},
    {id: 'chat-p99', name: 'chat', unit: 'ms', label: `chat line during a ${CHAT_BULK_MB} MB transfer, p99`},
    {
      id: 'chat', name: 'chat', unit: 'ms', bound: {kind: 'limit', value: 100},
      label: `chat line during a ${CHAT_BULK_MB} MB transfer, slowest`,
    },
    ...each(n => ({id: `heap-${n}`, name: 'heap', unit: 'MB', label: `JS heap a tab, room of ${n}`})),
    ...each(n => ({id: `idle-${n}`, name: 'idle', unit: 'ms/s', label: `processor a tab, idle room of ${n}`})),
    ...each(n => ({id: `busy-${n}`, name: 'busy', unit: 'ms/s', label: `processor a tab, all of ${n} say ${BUSY_RATE} lines a second`})),
    {id: 'left', name: 'left', unit: 'ms', label: `one leaves, ${others(ROOM_N)} know`},
    {id: 'killed', name: 'killed', unit: 'ms', label: `one is killed, ${others(ROOM_N)} know`},
    {id: 'thaw', name: 'thaw', unit: 'ms', label: `one thaws after ${FROZEN_MS / 1_000} s, until ${others(ROOM_N)} answer`},
    {id: 'thaw-join', name: 'thaw', unit: 'ms', label: `one has thawed; who comes then is linked to ${others(ROOM_N + 1)}`},
    {id: 'restart', name: 'restart', unit: 'ms', label: `the server restarts; from then, who comes is linked to ${others(ROOM_N)}`},
  ];
}
