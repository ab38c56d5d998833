import {resolve} from 'node:path';
import {parseArgs} from 'node:util';

import {INSTRUMENTS, type Instrument} from './driver/instruments.js';
import {numbers} from './numbers.js';
import {ROW_NAMES, SIZES, type RowName} from './rows.js';
import {entrants} from './servers/index.js';

export const USAGE = `npm run bench -- [options]

  --quick              rooms of 2 and 8, 3 rounds, joins, messages and one transfer: a few minutes
  --rows a,b           only these: ${ROW_NAMES.join(', ')}
  --n 2,8              sizes of the rooms that come in sizes (default ${SIZES.join(',')})
  --rounds 7           measured rounds of each (default 7; fewer of the slowest rows)
  --contestants a,b    default all: ${Object.keys(entrants).join(', ')}
  --json <file>        every round's figures
  --markdown <file>    the table, for a document
  --charts <folder>    the table as pictures
  --processor          also tells who took how much processor time: tabs, browser, server

One of these, whose figures then suffer:
  --profile <folder>      also writes CPU profiles of the first and the last tab
  --allocations <folder>  the same for the memory that scripts allocate
  --trace <folder>        also writes the browser's traces, with a summary by thread and task
`;

export interface Options {
  readonly rows: readonly RowName[];
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly contestants: readonly string[];
  readonly json?: string;
  readonly markdown?: string;
  readonly charts?: string;
  readonly processor: boolean;
  readonly instrument?: Instrument;
}

const QUICK = {sizes: [2, 8], rounds: 3, rows: ['late', 'start', 'broadcast', 'burst', 'bulk'] satisfies RowName[]};
const DEFAULT_ROUNDS = 7;

/** @returns `undefined` when help was asked for; @throws on anything that it does not know. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const {values} = parseArgs({
    args: [...args],
    options: {
      quick: {type: 'boolean'}, rows: {type: 'string'}, n: {type: 'string'}, rounds: {type: 'string'},
      contestants: {type: 'string'}, json: {type: 'string'}, markdown: {type: 'string'}, charts: {type: 'string'},
      processor: {type: 'boolean', default: false}, profile: {type: 'string'}, allocations: {type: 'string'}, trace: {type: 'string'},
      help: {type: 'boolean', short: 'h'},
    },
  });
  if (values.help) return undefined;
  const instrument = INSTRUMENTS.find(name => values[name] !== undefined);
  return {
    rows: values.rows === undefined ? (values.quick ? QUICK.rows : ROW_NAMES) : oneOf(values.rows, ROW_NAMES, '--rows'),
    sizes: numbers(values.n, '--n', 2) ?? (values.quick ? QUICK.sizes : SIZES),
    rounds: numbers(values.rounds, '--rounds', 1)?.[0] ?? (values.quick ? QUICK.rounds : DEFAULT_ROUNDS),
    contestants: values.contestants === undefined
      ? Object.keys(entrants) : oneOf(values.contestants, Object.keys(entrants), '--contestants'),
    processor: values.processor,
    ...values.json !== undefined && {json: values.json},
    ...values.markdown !== undefined && {markdown: values.markdown},
    ...values.charts !== undefined && {charts: values.charts},
    ...instrument !== undefined && {instrument: {name: instrument, folder: resolve(values[instrument]!)}},
  };
}

function oneOf<T extends string>(text: string, known: readonly T[], option: string): readonly T[] {
  const names = text.split(',');
  const unknown = names.filter(name => !known.includes(name as T));
  if (unknown.length > 0) throw new Error(`${option}: no ${unknown.join(', ')}; there is ${known.join(', ')}`);
  // In the order of `known`, which is that of the table.
  return known.filter(name => names.includes(name));
}
