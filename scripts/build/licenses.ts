/** The licences of what a bundle contains, as their authors ask. */
import type {Metafile} from 'esbuild';
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fromRoot} from './paths.js';

/** Folders of the packages that the bundle holds code of, relative to the repository. */
function packageFolders(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    if (input.startsWith('(disabled):')) continue; // left out by the package's own `browser` field: an empty module stands there
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match?.[1]) folders.add(match[1]);
  }
  return [...folders].sort();
}

/**
 * The text of `THIRD-PARTY-LICENSES.txt` for a bundle.
 * @throws if a package in it states no licence at all.
 */
export async function thirdPartyLicenses(...metafiles: Metafile[]): Promise<string> {
  const folders = [...new Set(metafiles.flatMap(packageFolders))];
  const texts = await Promise.all(folders.map(async folder => {
    const {name, version, license} = JSON.parse(await readFile(fromRoot(folder, 'package.json'), 'utf8')) as
      {name: string; version: string; license?: string};
    const file = (await readdir(fromRoot(folder))).find(entry => /^licen[cs]e/i.test(entry));
    if (!license && !file) throw new Error(`${name} is bundled and states no licence`);
    const text = file ? await readFile(join(fromRoot(folder), file), 'utf8') : 'No licence file in the package.';
    return `${name} ${version} (${license ?? 'see below'})\n\n${text.trim()}\n`;
  }));
  return `This software contains parts of the following packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
