/** The packages that others are made of: installed when they are first asked for, so that nobody else has to have them. */
import {execFile} from 'node:child_process';
import {access, readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

import {entrants} from './servers/index.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs what these contestants need and is not there. @returns name and version of each. */
export async function ensurePeers(contestants: readonly string[]): Promise<readonly string[]> {
  const packages = contestants.flatMap(name => entrants[name]?.package ?? []);
  const manifests = packages.map(name => `${folder}node_modules/${name}/package.json`);
  const found = await Promise.all(manifests.map(file => access(file).then(() => true, () => false)));
  if (found.includes(false)) await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {cwd: folder});
  return Promise.all(manifests.map(async (file, i) => {
    const {version} = JSON.parse(await readFile(file, 'utf8')) as {version: string};
    return `${packages[i]!} ${version}`;
  }));
}
