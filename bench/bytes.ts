import {readFile} from 'node:fs/promises';
import {gzipSync} from 'node:zlib';

import {fromRoot} from '../scripts/build/paths.js';
import {allImports, bundleScript, outputOf, staticImports} from '../scripts/build/web.js';

/** What the script costs a visitor, in one line: bundled anew and held against `size-budget.json`, as `npm run size` does. */
export async function describeBytes(): Promise<string> {
  const {metafile, outputFiles} = await bundleScript();
  const budget = JSON.parse(await readFile(fromRoot('size-budget.json'), 'utf8')) as Readonly<Record<string, number>>;
  const entry = outputOf(metafile, 'src/define.ts');
  const gzipOf = (outputs: Iterable<string>): number => [...outputs].reduce((sum, output) =>
    sum + gzipSync(outputFiles.find(({path}) => path === fromRoot(output))?.contents ?? '', {level: 9}).length, 0);
  const words = (name: string, bytes: number, limit = 0): string =>
    `${name} ${(bytes / 1024).toFixed(1)} of ${limit / 1024} kB (${bytes <= limit ? 'ok' : 'short'})`;
  return `gzip: ${words('before first paint', gzipOf(staticImports(metafile, entry)), budget.firstPaintGzipBytes)}, `
    + words('complete with chat', gzipOf(allImports(metafile, entry)), budget.completeGzipBytes);
}
