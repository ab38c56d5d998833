/** `npm run bench`: how fast this project is beside the floor, in the same run. See README.md. */
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {cpus} from 'node:os';
import {dirname} from 'node:path';

import type {Browser} from 'puppeteer-core';

import {ensureBuilt} from './built.js';
import {describeBytes} from './heading.js';
import {writeCharts} from './charts.js';
import {launchChromium} from './driver/browser.js';
import {ensurePeers} from './peers.js';
import {parseOptions, USAGE, type Options} from './options.js';
import {program} from './program.js';
import {makeReport, toMarkdown, toText} from './report.js';
import {processorTable} from './processor-table.js';
import {rowsFor} from './rows.js';
import {run} from './runner.js';
import {scenariosFor} from './scenarios/index.js';
import {SUBJECT} from './servers/index.js';

async function main(options: Options): Promise<void> {
  const rows = rowsFor(options.sizes).filter(({name}) => options.rows.includes(name));
  const scenarios = scenariosFor(options.sizes, new Set(rows.map(({id}) => id)));
  if (options.contestants.includes(SUBJECT)) await ensureBuilt();
  const browser = await launchChromium();
  try {
    const peers = await ensurePeers(options.contestants);
    const heading = [...await describeRun(browser, options), ...peers.length ? [peers.join(', ')] : []];
    const begun = performance.now();
    const results = await run({
      contestants: options.contestants, scenarios, rounds: options.rounds, browser,
      progress: line => console.error(line),
      ...options.instrument !== undefined && {instrument: options.instrument},
    });
    const seconds = Math.round((performance.now() - begun) / 1_000);
    const report = makeReport(rows, results, [...heading, `${options.rounds} rounds each in turn, ${seconds} s in all`]);
    const spent = options.processor ? processorTable(rows, results.spent) : [];
    console.log([toText(report), ...spent].join('\n'));
    if (options.json) await write(options.json, JSON.stringify({
      heading: report.heading, failures: results.failures,
      figures: Object.fromEntries([...results.figures].map(([name, byRow]) => [name, Object.fromEntries(byRow)])),
    }, null, 2));
    if (options.charts) await writeCharts(options.charts, report);
    if (options.markdown) await write(options.markdown, [toMarkdown(report), ...spent].join('\n'));
  } finally {
    await browser.close();
  }
}

/** What somebody needs to know to repeat the run. */
async function describeRun(browser: Browser, {contestants, instrument}: Options): Promise<string[]> {
  const {version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {version: string};
  const processors = cpus();
  return [
    `Mesh Room ${version}${commit()}, ${await browser.version()}, Node ${process.version.slice(1)}`,
    `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, loopback`,
    ...contestants.includes(SUBJECT) ? [await describeBytes()] : [],
    ...instrument === undefined ? [] : ['profiled: these figures are slower than they would be'],
  ];
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim();
    return ` (${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'src', 'server') ? ', changed' : ''})`;
  } catch {
    // Not in a git checkout, or no git: the version has to do.
    return '';
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), {recursive: true});
  await writeFile(file, text);
}

await program(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options) await main(options);
  else console.log(USAGE);
});
