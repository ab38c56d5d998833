/** `sw.js`: the service worker with the list of what it keeps. */
import {build, type Metafile} from 'esbuild';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createHash} from 'node:crypto';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {writeFiles, type Files} from './output.js';
import {fromRoot} from './paths.js';
import {browserOptions} from './vendors.js';

/** All that the app needs to open; not source maps, pictures for app stores, or licences. */
const KEPT = ['index.html', 'mesh-room.js', 'assets/*.{js,css}', 'icon.svg', 'icon-192.png', 'icon-badge.png', 'manifest.webmanifest'];

/** Whoever runs a static host sets `data-links` in it by hand, so its content is not held against the build's. */
const EDITABLE = new Set(['index.html', 'manifest.webmanifest']);

/** Makes the worker that keeps `files`, paths relative to the web root. Its list says for each what it must be. */
export async function buildWorker(files: Files): Promise<{worker: Uint8Array; metafile: Metafile}> {
  const {injectManifest} = await import('workbox-build');
  const {outputFiles, metafile} = await build({
    ...browserOptions,
    define: {...browserOptions.define, 'process.env.NODE_ENV': '"production"'},
    entryPoints: [fromRoot('src/shell/worker.ts')], format: 'iife', minify: true, metafile: true, write: false,
  });
  // workbox-build reads files, and the build keeps its own in memory until all of them are there.
  const folder = await mkdtemp(join(tmpdir(), 'mesh-room-worker-'));
  try {
    const web = join(folder, 'web');
    await writeFiles(web, files);
    const [swSrc, swDest] = [join(folder, 'src.js'), join(folder, 'sw.js')];
    await writeFile(swSrc, outputFiles[0]!.contents);
    const {warnings} = await injectManifest({
      swSrc, swDest,
      globDirectory: web,
      globPatterns: KEPT,
      dontCacheBustURLsMatching: /^assets\//,
      manifestTransforms: [entries => ({manifest: entries.map(({url, ...entry}) => {
        const integrity = `sha256-${createHash('sha256').update(files.get(url)!).digest('base64')}`;
        return {...entry, url: `/${url}`, ...!EDITABLE.has(url) && {integrity}};
      })})],
    });
    if (warnings.length) throw new Error(warnings.join('\n'));
    return {worker: await readFile(swDest), metafile};
  } finally {
    await rm(folder, {recursive: true});
  }
}
