/** `npm run size`: what `/mesh-room.js` costs a visitor. Fails above the budgets of `size-budget.json`. */
import type {Metafile} from 'esbuild';
import {readFile} from 'node:fs/promises';
import {relative} from 'node:path';
import {gzipSync} from 'node:zlib';
import {fromRoot} from './build/paths.js';
import {allImports, bundleScript, outputOf, staticImports} from './build/web.js';

interface Budget {
  /** The script and what it imports statically: what must arrive before a room's frame is painted. */
  readonly firstPaintGzipBytes: number;
  /** Everything that the script can come to load. */
  readonly completeGzipBytes: number;
}

const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} kB`.padStart(9);
const row = (name: string, ...bytes: number[]): string => `  ${name.padEnd(44)}${bytes.map(kb).join('')}`;

/** The package or folder that a module belongs to. */
function ownerOf(module: string): string {
  const match = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(module);
  return match?.[1] ?? module.replace(/\/[^/]*$/, '');
}

/** Minified bytes by package or folder, largest first. */
function byOwner(metafile: Metafile, outputs: Iterable<string>): [string, number][] {
  const sums = new Map<string, number>();
  for (const output of outputs) {
    for (const [module, {bytesInOutput}] of Object.entries(metafile.outputs[output]?.inputs ?? {})) {
      const owner = ownerOf(module);
      sums.set(owner, (sums.get(owner) ?? 0) + bytesInOutput);
    }
  }
  return [...sums].sort(([, a], [, b]) => b - a);
}

const {metafile, outputFiles} = await bundleScript();
const entry = outputOf(metafile, 'src/define.ts');
const first = staticImports(metafile, entry);
const all = allImports(metafile, entry);
const sizes = new Map(outputFiles.map(({path, contents}) =>
  [relative(fromRoot(), path), {min: contents.length, gzip: gzipSync(contents, {level: 9}).length}]));
const gzipOf = (outputs: Iterable<string>): number =>
  [...outputs].reduce((sum, output) => sum + (sizes.get(output)?.gzip ?? 0), 0);

console.log(`  ${'Chunk'.padEnd(44)} minified     gzip`);
for (const output of all) {
  const {min, gzip} = sizes.get(output) ?? {min: 0, gzip: 0};
  console.log(row(`${relative('dist/web', output)}${first.has(output) ? '  (first paint)' : ''}`, min, gzip));
}
console.log(`\n  ${'By package or folder'.padEnd(44)} minified`);
for (const [owner, bytes] of byOwner(metafile, all)) console.log(row(owner, bytes));

const budget = JSON.parse(await readFile(fromRoot('size-budget.json'), 'utf8')) as Budget;
const checks = [
  {name: 'First paint of the frame, gzip', bytes: gzipOf(first), limit: budget.firstPaintGzipBytes},
  {name: 'Complete script with chat, gzip', bytes: gzipOf(all), limit: budget.completeGzipBytes},
];
console.log(`\n  ${'Budget'.padEnd(44)}     size    limit`);
for (const {name, bytes, limit} of checks) console.log(`${row(name, bytes, limit)}${bytes > limit ? '  TOO LARGE' : ''}`);
if (checks.some(({bytes, limit}) => bytes > limit)) process.exitCode = 1;
