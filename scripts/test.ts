/**
 * `npm test`: everything; `npm test -- roster chat`: the files whose path contains one of the words.
 * The last line reads `N passed, N failed`; the exit code is 1 if anything failed or nothing ran.
 */
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {ensureChrome} from '../test/helpers/chrome.js';
import {buildParts} from './build.js';
import {isFresh} from './build/fresh.js';
import {fromRoot} from './build/paths.js';
import {runNodeTests} from './test/node.js';
import {shortPath, Tally} from './test/report.js';
import {runWebTests} from './test/web.js';

/** Every `*.test.ts` below a folder, as sorted absolute paths. */
async function testFiles(folder: string): Promise<string[]> {
  const entries = await readdir(fromRoot(folder), {recursive: true, withFileTypes: true});
  return entries.filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map(entry => join(entry.parentPath, entry.name)).sort();
}

const words = process.argv.slice(2);
const isAsked = (path: string): boolean => !words.length || words.some(word => shortPath(path).includes(word));

const [server, tabs, src] = await Promise.all(['server', 'test', 'src'].map(testFiles));
const node = [...server ?? [], ...tabs ?? []].filter(isAsked);
const web = (src ?? []).filter(isAsked);

/** The server's tests speak to it from Node; of those in `test/` nobody can tell without reading them. */
const needsBrowser = (path: string): boolean => shortPath(path).startsWith('test');

const tally = new Tally();
/** Runs one part; a part that breaks is a failure, and the other part still runs. */
async function attempt(name: string, part: () => Promise<void>): Promise<boolean> {
  try {
    await part();
    return true;
  } catch (error) {
    tally.fail('npm test', name, error instanceof Error ? error.stack ?? error.message : String(error));
    return false;
  }
}

if (!node.length && !web.length) tally.fail('npm test', 'find test files', `None has ${words.join(' or ')} in its path`);
// The files in src/ are compiled one by one as the browser asks for them; the others use what is built.
const built = !node.length || await isFresh() || await attempt('build', () => buildParts());
if (built) {
  const hasBrowser = await attempt('find or install a browser', async () => { await ensureChrome(); });
  await attempt('tests in Node', () => runNodeTests(hasBrowser ? node : node.filter(path => !needsBrowser(path)), tally));
  if (hasBrowser) await attempt('tests in browsers', () => runWebTests(web, tally));
}
tally.end();
// Explicitly: a browser or server that a broken test left behind must not keep the result from being seen.
process.exit(tally.failures.length || !tally.passed ? 1 : 0);
