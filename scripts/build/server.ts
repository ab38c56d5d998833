/** The server as published: `dist/server/`, which needs Node and nothing else. */
import {readFile} from 'node:fs/promises';
import {relative} from 'node:path';
import {build as bundle, type Plugin} from 'esbuild';
import {thirdPartyLicenses} from './licenses.js';
import {writeFiles, type Files} from './output.js';
import {fromRoot, ROOT} from './paths.js';

const FAIL = `() => { throw new Error('not part of this bundle'); }`;
/** For what is loaded and never used: it throws if it is used after all. */
const NOTHING = `module.exports = new Proxy(${FAIL}, {get: (target, key) => key === '__esModule' ? false : ${FAIL}});`;

/**
 * What deepstream requires at its top and this server never calls: other transports and loggers, its command line, its
 * configuration files, the HTTP service that ours stands in for. Without it the bundle has half the size and half the licences.
 */
const REPLACED: Readonly<Record<string, string>> = {
  'better-ajv-errors': NOTHING,
  'commander': NOTHING,
  'content-type': NOTHING,
  'glob': NOTHING,
  'http-shutdown': NOTHING,
  'js-yaml': NOTHING,
  'mqtt-connection': NOTHING,
  'needle': NOTHING,
  'pino': NOTHING,
  'uWebSockets.js': NOTHING,
  // deepstream's HTTP service is constructed, though never started.
  'body-parser': `module.exports = {json: () => ${FAIL}};`,
  // It changes the process that loads it, and a bundle without source maps gains nothing by it.
  'source-map-support': 'module.exports = {install() {}};',
};

const replace: Plugin = {
  name: 'replace-unused',
  setup(build) {
    build.onResolve({filter: /^[^./]/}, ({path}) => Object.hasOwn(REPLACED, path) ? {path, namespace: 'replaced'} : undefined);
    build.onLoad({filter: /.*/, namespace: 'replaced'}, ({path}) => ({contents: REPLACED[path]!}));
  },
};

/** Bundles `server/index.ts` and `server/cli.ts` with deepstream and all else that they need. */
export async function buildServer(outDir = fromRoot('dist/server')): Promise<void> {
  const {version} = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as {version: string};
  const {metafile, outputFiles} = await bundle({
    absWorkingDir: ROOT,
    entryPoints: ['server/index.ts', 'server/cli.ts'],
    outdir: outDir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    chunkNames: 'chunk-[hash]',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: {
      MESH_ROOM_VERSION: JSON.stringify(version),
      // Keeps `ws` from looking for native helpers in whatever project this is installed in.
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
    },
    // CommonJS packages ask for Node's modules by `require`, which an ES module has not.
    banner: {js: `import {createRequire as __createRequire} from 'node:module';const require=__createRequire(import.meta.url);`},
    plugins: [replace],
    // deepstream finds plugins by a `require` whose name is known at run time only; none is configured here.
    logOverride: {'indirect-require': 'silent'},
    logLevel: 'warning',
  });
  const files: Files = new Map(outputFiles.map(({path, contents}) => [relative(outDir, path).replaceAll('\\', '/'), contents]));
  const utf8 = new TextEncoder();
  files.set('cli.js', Buffer.concat([utf8.encode('#!/usr/bin/env node\n'), files.get('cli.js')!]));
  files.set('THIRD-PARTY-LICENSES.txt', utf8.encode(await thirdPartyLicenses(metafile)));
  await writeFiles(outDir, files);
}
