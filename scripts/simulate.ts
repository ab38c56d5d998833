/**
 * `npm run simulate`: the real mesh in rooms of up to ten thousand, on links and a server in memory and a clock that does not wait.
 *
 *     npm run simulate                                    everything, and the charts in docs/charts
 *     npm run simulate -- 8 200 --topology tree           rooms of these sizes only
 *     npm run simulate -- --fault churn --seed 7 --jobs 1
 *
 * Exits with 1 when somebody who was present did not get a line exactly once and in its speaker's order. A seed gives the same table again.
 */
import {fork} from 'node:child_process';
import {availableParallelism} from 'node:os';
import {parseArgs} from 'node:util';
import {build} from 'esbuild';
import {fromRoot} from './build/paths.js';
import {writeCharts} from './simulate/charts.js';
import {plan, SIZES, TOPOLOGIES, type Job} from './simulate/plan.js';
import {FAULTS} from './simulate/rooms.js';
import type {Summary} from './simulate/summary.js';
import {toTable} from './simulate/table.js';
import type {JobDone} from './simulate/worker.js';

/** For ten thousand members with 25 links each. */
const HEAP_MEGABYTES = 8_000;
/** Space for what is young: the default is for a page, and most of what a room of ten thousand makes would be copied again and again. */
const YOUNG_MEGABYTES = 128;
const MAX_TOLD = 20;

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    topology: {type: 'string', multiple: true},
    fault: {type: 'string', multiple: true},
    seed: {type: 'string', default: '1'},
    jobs: {type: 'string', default: String(Math.min(2, availableParallelism()))},
    charts: {type: 'string'},
  },
});

function choose<T extends string>(what: string, known: readonly T[], asked: readonly string[] | undefined): readonly T[] {
  const unknown = asked?.find(each => !known.some(one => one === each));
  if (unknown !== undefined) throw new Error(`There is no ${what} “${unknown}”, only ${known.join(', ')}`);
  return known.filter(each => asked?.includes(each) ?? true);
}

const sizes = positionals.length ? positionals.map(Number) : SIZES;
if (sizes.some(size => !Number.isSafeInteger(size) || size < 2)) throw new Error('Sizes are whole numbers from 2');

/** Compiled once; a loader would leave helpers in the code that cost more than the code. */
async function buildWorker(): Promise<string> {
  const outfile = fromRoot('.tmp/simulate/worker.mjs');
  await build({entryPoints: [fromRoot('scripts/simulate/worker.ts')], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20'});
  return outfile;
}

function run(worker: string, job: Job): Promise<JobDone> {
  return new Promise((resolve, reject) => {
    const execArgv = [`--max-old-space-size=${HEAP_MEGABYTES}`, `--max-semi-space-size=${YOUNG_MEGABYTES}`];
    const child = fork(worker, [JSON.stringify(job)], {execArgv});
    let done: JobDone | undefined;
    child.on('message', message => {
      done = message as JobDone;
    });
    child.on('error', reject);
    child.on('exit', code => {
      if (done) resolve(done);
      else reject(new Error(`A room of ${job.members} (${job.topology}, ${job.faults.join(', ')}) ended with ${code ?? 'a signal'}`));
    });
  });
}

const worker = await buildWorker();
const topologies = choose('topology', TOPOLOGIES, values.topology);
const faults = choose('fault', FAULTS, values.fault);
const jobs = plan({sizes, topologies, faults, seed: Number(values.seed)});
const summaries: Summary[] = [];
let failed = false;

async function runSome(): Promise<void> {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    try {
      const {summaries: done, cpuSeconds, peakMegabytes} = await run(worker, job);
      summaries.push(...done);
      // Not on stdout: it is another one each time.
      console.error(`${job.topology}, ${job.members}, ${job.faults.join(' + ')}: ${cpuSeconds.toFixed(1)} s, ${Math.round(peakMegabytes)} MB`);
    } catch (error) {
      failed = true;
      console.error(error);
    }
  }
}
await Promise.all(Array.from({length: Math.max(1, Number(values.jobs))}, runSome));

const rank = ({topology, members, fault}: Summary): number =>
  TOPOLOGIES.findIndex(each => each === topology) * 1e9 + members * 10 + FAULTS.indexOf(fault);
summaries.sort((a, b) => rank(a) - rank(b));
console.log(toTable(summaries));
if (summaries.some(({reduced}) => reduced)) {
  console.log('\n* The same code, fewer lines and less time; who comes and goes does so in waves of a hundred.');
}

const broken = summaries.filter(({violations}) => violations.count > 0);
for (const {topology, members, fault, violations} of broken) {
  console.log(`\n${topology}, ${members}, ${fault}: ${violations.count} times it was not once, in order and in time`);
  for (const what of violations.first.slice(0, MAX_TOLD)) console.log(`- ${what}`);
}
const isWhole = positionals.length === 0 && !values.topology && !values.fault;
const charts = values.charts ?? (isWhole ? fromRoot('docs/charts') : undefined);
if (charts !== undefined) await writeCharts(charts, summaries);
if (broken.length || failed) process.exitCode = 1;
