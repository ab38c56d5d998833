/**
 * How the engine's two vendors get into browsers' bundles: without Node polyfills and without what this project never calls.
 * The script-tag bundle, the npm package and the test runner's dev server all use this, so the tests run what ships.
 * What is replaced, and what that saves, is in `docs/decisions/vendors.md`.
 */
import type {BuildOptions, Plugin} from 'esbuild';
import {readFile} from 'node:fs/promises';
import {fromRoot} from './paths.js';

const shim = (name: string): string => fromRoot('scripts/build/shims', `${name}.cjs`);

/** Modules that simple-peer and deepstream's client ask for, and what they get instead. */
const REPLACED: Readonly<Record<string, string>> = {
  // simple-peer is a Duplex stream; this project uses its events, `signal`, `send` and `destroy` only.
  'readable-stream': shim('readable-stream'),
  buffer: shim('buffer'),
  debug: shim('debug'),
  randombytes: shim('randombytes'),
  // protobufjs uses it for 64-bit fields if it is there. deepstream's messages have none.
  long: shim('long'),
  './float': shim('float'),
  // Persistence of records across visits (`offlineEnabled`), which rooms must not have.
  './storage/indexdb-storage-service': shim('deepstream-storage'),
  './storage/localstorage-storage-service': shim('deepstream-storage'),
  // Remote procedures, and kinds of records that no room has.
  './rpc/rpc-handler': shim('deepstream-unused'),
  './anonymous-record': shim('deepstream-unused'),
  './dequeue': shim('deepstream-unused'),
};

/** Only these ask for the names above in our bundles; anything else that does keeps what it asked for. */
const ASKERS = /[\\/]node_modules[\\/](simple-peer|protobufjs|@deepstream[\\/]client)[\\/]/;

/**
 * Messages between servers and ones that no room has, whose absence makes the parser take them for malformed; and tables of names that
 * deepstream has once more elsewhere.
 */
const UNUSED_MESSAGES =
  /\$root\.(\w+_ACTION|STATE_REGISTRY_TOPIC|(Cluster|Lock|Monitoring|Rpc|State)Message) = \(function\(\) \{[^]*?\n\}\)\(\);\n/g;

export const vendorPlugin: Plugin = {
  name: 'vendors',
  setup(build) {
    const names = Object.keys(REPLACED).map(name => name.replace(/[.]/g, '\\.')).join('|');
    build.onResolve({filter: new RegExp(`^(${names})$`)}, ({path, importer}) => {
      const replacement = REPLACED[path];
      return replacement !== undefined && ASKERS.test(importer) ? {path: replacement} : null;
    });
    // deepstream's client wants its version and pulls in its whole package.json for it.
    build.onLoad({filter: /@deepstream[\\/]client[\\/](dist[\\/])?package\.json$/}, async ({path}) => {
      const {name, version} = JSON.parse(await readFile(path, 'utf8')) as {name: string; version: string};
      return {contents: JSON.stringify({name, version}), loader: 'json'};
    });
    build.onLoad({filter: /@deepstream[\\/]protobuf[\\/]dist[\\/]generated[\\/]protobuf\.js$/}, async ({path}) =>
      ({contents: (await readFile(path, 'utf8')).replace(UNUSED_MESSAGES, ''), loader: 'js'}));
  },
};

/** What every bundle for browsers shares. */
export const browserOptions = {
  absWorkingDir: fromRoot(),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  charset: 'utf8',
  legalComments: 'none', // licences are gathered into one file, see licenses.ts
  // deepstream's client reads `global.setTimeout` and checks for `Buffer` before it falls back to typed arrays.
  define: {global: 'globalThis', Buffer: 'Uint8Array'},
  plugins: [vendorPlugin],
  logLevel: 'silent', // problems are printed once, by the caller
} as const satisfies BuildOptions;
