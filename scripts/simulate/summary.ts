/** What is told of the rooms of one size, topology and fault. */
import {quantile} from '../../bench/stats.js';
import type {Fault, Played} from './rooms.js';

export interface Case {
  readonly topology: string;
  readonly members: number;
  readonly fault: Fault;
}

export interface Summary extends Case {
  readonly rooms: number;
  readonly lines: number;
  /** Whether less was played than in smaller rooms. */
  readonly reduced: boolean;
  readonly degree: {readonly mean: number; readonly most: number};
  readonly hops: {readonly median: number; readonly most: number};
  /** What one member hands to its links for one line: all members in the mean, and who sends most. */
  readonly bytes: {readonly mean: number; readonly most: number};
  readonly idleBytesPerSecond: number;
  readonly ms: {readonly median: number; readonly p99: number; readonly most: number};
  readonly due: number;
  readonly delivered: number;
  readonly repeats: number;
  readonly orphans: number;
  readonly torn: number;
  readonly violations: {readonly count: number; readonly first: readonly string[]};
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const most = (values: readonly number[]): number => values.reduce((so, value) => Math.max(so, value), -Infinity);

export function summarize(of: Case, rooms: readonly Played[], reduced: boolean): Summary {
  const accounts = rooms.map(({account}) => account);
  const all = (key: 'times' | 'hops' | 'bytesMean' | 'bytesMost'): number[] => accounts.flatMap(account => account[key]);
  const sum = (key: 'due' | 'delivered' | 'orphans' | 'torn' | 'repeats'): number => accounts.reduce((so, account) => so + account[key], 0);
  const times = all('times');
  const hops = all('hops');
  const degrees = rooms.flatMap(room => [...room.degrees]);
  return {
    ...of, reduced,
    rooms: rooms.length,
    lines: all('bytesMean').length,
    degree: {mean: mean(degrees), most: most(degrees)},
    hops: {median: quantile(hops, 0.5), most: most(hops)},
    bytes: {mean: mean(all('bytesMean')), most: most(all('bytesMost'))},
    idleBytesPerSecond: mean(rooms.map(({idleBytesPerSecond}) => idleBytesPerSecond)),
    ms: {median: quantile(times, 0.5), p99: quantile(times, 0.99), most: most(times)},
    due: sum('due'), delivered: sum('delivered'), repeats: sum('repeats'), orphans: sum('orphans'), torn: sum('torn'),
    violations: {
      count: accounts.reduce((so, {violations}) => so + violations.count, 0),
      first: accounts.flatMap(({violations}) => [...violations.first]),
    },
  };
}
