/**
 * `dist/lib`: what `import … from 'mesh-room'` gets. `lit` and `@lit/context` stay imports, so that an app has one copy of
 * them; the engine's vendors are inside, so that nobody's bundler needs Node polyfills for them.
 */
import {build} from 'esbuild';
import {relative, sep} from 'node:path';
import {thirdPartyLicenses} from './licenses.js';
import type {Files} from './output.js';
import {fromRoot} from './paths.js';
import {browserOptions} from './vendors.js';

/** Makes every file of `dist/lib`, in memory. */
export async function buildLib(): Promise<Files> {
  const outdir = fromRoot('dist/lib');
  const {outputFiles, metafile} = await build({
    ...browserOptions,
    entryPoints: [fromRoot('src/index.ts'), fromRoot('src/define.ts')],
    external: ['lit', 'lit/*', '@lit/context'],
    outdir,
    splitting: true,
    minifySyntax: true, // drops dead branches of the vendors; whitespace and names stay readable in stack traces
    sourcemap: true,
    metafile: true,
    write: false,
    chunkNames: 'chunks/[name]-[hash]',
  });
  const files: Files = new Map(outputFiles.map(({path, contents}) =>
    [relative(outdir, path).split(sep).join('/'), contents]));
  files.set('THIRD-PARTY-LICENSES.txt', new TextEncoder().encode(await thirdPartyLicenses(metafile)));
  return files;
}
