/** `npm run bench:bytes`: what a visitor fetches, of this project and of others, and how soon the first line is said. See README.md. */
import {parseArgs} from 'node:util';

import {ensureBuilt} from './built.js';
import {IMPORTED, ownSizes, sizesOf} from './bytes/sizes.js';
import {ELEMENT, serveVisits} from './bytes/visits.js';
import {launchChromium} from './driver/browser.js';
import {numbers} from './numbers.js';
import {ensurePeers} from './peers.js';
import {program, tell} from './program.js';
import {entrants} from './servers/index.js';
import {comparison, sideBySide} from './side-by-side.js';

const kb = (bytes: number): string => (bytes / 1_024).toFixed(1);

async function sizesTable(): Promise<string[]> {
  return [
    '| script, kB | raw | gzip | Brotli |', '| --- | --- | --- | --- |',
    ...[...await ownSizes(), ...await sizesOf(IMPORTED)].map(({name, raw, gzip, brotli}) => `| ${name} | ${kb(raw)} | ${kb(gzip)} | ${kb(brotli)} |`),
  ];
}

const ROWS = {
  requests: 'requests and sockets', downKb: 'kB that came', upKb: 'kB that sockets sent', paintMs: 'first paint, ms', lineMs: 'first line is there, ms',
} as const;

async function visitsTable(rounds: number): Promise<string[]> {
  const names = [...Object.keys(entrants), ELEMENT];
  // This one has to see the network.
  const browser = await launchChromium({networkEnabled: true});
  const visits = new Map(await Promise.all(names.map(async name => [name, await serveVisits(name)] as const)));
  try {
    const results = await sideBySide({
      // The first is the browser's own start.
      label: 'visits', names, rounds, warmUps: 1,
      play: (name, round) => visits.get(name)!.play(browser, `visit-${process.pid}-${round}`),
    });
    return comparison({heading: 'a first visit', rows: ROWS, results});
  } finally {
    for (const visit of visits.values()) await visit.stop();
    await browser.close();
  }
}

await program(async () => {
  const {values} = parseArgs({options: {rounds: {type: 'string', default: '7'}, markdown: {type: 'string'}}});
  const [rounds] = numbers(values.rounds, '--rounds', 1);
  await ensurePeers(Object.keys(entrants));
  await ensureBuilt();
  await tell([
    ...await sizesTable(), '', ...await visitsTable(rounds!), '', 'Median of all visits (least–most); nothing in the cache.',
  ], values.markdown);
});
