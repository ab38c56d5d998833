/** `npm run bench:ci`: fails when this project has become clearly slower beside the floor. A minute; see README.md. */
import {readFile, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import type {Browser} from 'puppeteer-core';

import {buildParts} from '../scripts/build.js';
import {isFresh} from '../scripts/build/fresh.js';
import {launchChromium} from './driver/browser.js';
import {numbers} from './numbers.js';
import {program} from './program.js';
import {calibrate, judge, pooled, type Baseline, type Judgement} from './regressions.js';
import {rowsFor, type Row} from './rows.js';
import {run, type Results} from './runner.js';
import {scenariosFor} from './scenarios/index.js';
import {FLOOR, SUBJECT} from './servers/index.js';
import {figure} from './stats.js';

const USAGE = `npm run bench:ci -- [options]

  --calibrate 6   measures so many times and writes baseline.json anew
`;

const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url));

const SIZE = 4;
/**
 * What every join and every message passes through, and rounds of it: so many that the whole takes a minute. The slowest answers are left
 * to the whole benchmark: in so few rounds they are noise.
 */
const PARTS = [
  {names: ['late'], rounds: 3},
  {names: ['start'], rounds: 9},
  {names: ['broadcast', 'burst'], rounds: 2},
] as const;
/** So many times as many rounds for rows that look slower: the verdict is on all of them together. */
const AGAIN = 3;

const rowsOf = (names: readonly string[]): readonly Row[] => rowsFor([SIZE]).filter(({id}) => names.some(name => id === `${name}-${SIZE}`));
const ROWS = PARTS.flatMap(({names}) => rowsOf(names));

async function measure(browser: Browser, wanted: readonly Row[] = ROWS, times = 1): Promise<Results> {
  const runs: Results[] = [];
  for (const {names, rounds} of PARTS) {
    const ids = new Set(rowsOf(names).map(({id}) => id).filter(id => wanted.some(row => row.id === id)));
    if (ids.size === 0) continue;
    runs.push(await run({
      contestants: [FLOOR, SUBJECT], scenarios: scenariosFor([SIZE], ids), rounds: times * rounds, browser,
      progress: line => console.error(line),
    }));
  }
  return pooled(runs);
}

async function writeBaseline(browser: Browser, times: number): Promise<void> {
  const runs: Results[] = [];
  for (let i = 0; i < times; i++) runs.push(await measure(browser));
  const baseline = calibrate(ROWS, runs);
  await writeFile(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`);
  console.log(JSON.stringify(baseline, null, 2));
}

async function compare(browser: Browser): Promise<void> {
  const baseline = JSON.parse(await readFile(BASELINE, 'utf8')) as Baseline;
  const missing = ROWS.filter(({id}) => !baseline[id]);
  if (missing.length > 0) throw new Error(`baseline.json has no ${missing.map(({id}) => id).join(', ')}: run with --calibrate 6`);
  const first = await measure(browser);
  const suspects = ROWS.filter(row => judge(row, first, baseline).verdict === 'slower');
  const results = suspects.length > 0 ? pooled([first, await measure(browser, suspects, AGAIN)]) : first;
  const judgements = ROWS.map(row => judge(row, results, baseline));
  for (const each of judgements) console.log(lineOf(each));
  for (const {contestant, scenario, round, reason} of results.failures) console.log(`  ${contestant}, ${scenario}, round ${round + 1}: ${reason}`);
  if (judgements.some(({verdict}) => verdict !== 'ok')) {
    throw new Error('slower than the baseline. If that is meant: npm run bench:ci -- --calibrate 6, and say in the commit why');
  }
}

const lineOf = ({row, cost, norm, limit, verdict}: Judgement): string =>
  `  ${verdict.padEnd(6)} ${row.label.padEnd(40)} ${figure(cost.typical)} × the floor (best rounds ${figure(cost.best)}), `
  + `was ${figure(norm?.cost ?? Number.NaN)}, limit ${figure(limit)}`;

await program(async () => {
  const {values} = parseArgs({options: {calibrate: {type: 'string'}, help: {type: 'boolean', short: 'h'}}});
  if (values.help) return console.log(USAGE);
  const times = numbers(values.calibrate, '--calibrate', 3)?.[0];
  if (!await isFresh()) await buildParts(['web']);
  const browser = await launchChromium();
  try {
    await (times === undefined ? compare(browser) : writeBaseline(browser, times));
  } finally {
    await browser.close();
  }
});
