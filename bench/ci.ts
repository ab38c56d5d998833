/** `npm run bench:ci`: fails when this project has become clearly slower beside the floor. A minute; see README.md. */
import {readFile, writeFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

import type {Browser} from 'puppeteer-core';

import {ensureBuilt} from './built.js';
import {launchChromium} from './driver/browser.js';
import {numbers} from './numbers.js';
import {program} from './program.js';
import {calibrate, judge, pooled, type Baseline, type Judgement} from './regressions.js';
import {rowsFor, type RowName} from './rows.js';
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
 * Rounds of what every join and every message passes through, so many that the whole takes a minute. The slowest answers are left to the
 * whole benchmark: in so few rounds they are noise.
 */
const ROUNDS: Partial<Record<RowName, number>> = {late: 3, start: 9, broadcast: 2, burst: 2};
/** So many times as many rounds for rows that look slower: the verdict is on all of them together. */
const AGAIN = 3;

const ROWS = rowsFor([SIZE]).filter(({id, name}) => name in ROUNDS && id === `${name}-${SIZE}`);

async function measure(browser: Browser, rows = ROWS, times = 1): Promise<Results> {
  const runs: Results[] = [];
  for (const scenario of scenariosFor([SIZE], new Set(rows.map(({id}) => id)))) {
    const {name} = rows.find(({id}) => scenario.rowIds.includes(id))!;
    runs.push(await run({
      contestants: [FLOOR, SUBJECT], scenarios: [scenario], rounds: times * ROUNDS[name]!, browser, progress: line => console.error(line),
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
  await ensureBuilt();
  const browser = await launchChromium();
  try {
    await (times === undefined ? compare(browser) : writeBaseline(browser, times));
  } finally {
    await browser.close();
  }
});
