/** `npm run size`: what `/mesh-room.js` costs a visitor. Fails above the budgets of `size-budget.json`. */
import type {Metafile} from 'esbuild';
import {relative} from 'node:path';
import {measureSizes} from './build/sizes.js';

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

const {metafile, first, all, bytes: sizes, budget, firstPaintGzipBytes, completeGzipBytes, everythingGzipBytes} = await measureSizes();

console.log(`  ${'Chunk'.padEnd(44)} minified     gzip`);
for (const output of all) {
  const {min, gzip} = sizes.get(output) ?? {min: 0, gzip: 0};
  console.log(row(`${relative('dist/web', output)}${first.has(output) ? '  (first paint)' : ''}`, min, gzip));
}
console.log(`\n  ${'By package or folder'.padEnd(44)} minified`);
for (const [owner, bytes] of byOwner(metafile, all)) console.log(row(owner, bytes));

const checks = [
  {name: 'First paint of the frame, gzip', bytes: firstPaintGzipBytes, limit: budget.firstPaintGzipBytes},
  {name: 'Complete script with chat, gzip', bytes: completeGzipBytes, limit: budget.completeGzipBytes},
  {name: 'With ways around and large rooms, gzip', bytes: everythingGzipBytes, limit: budget.everythingGzipBytes},
];
console.log(`\n  ${'Budget'.padEnd(44)}     size    limit`);
for (const {name, bytes, limit} of checks) console.log(`${row(name, bytes, limit)}${bytes > limit ? '  TOO LARGE' : ''}`);
if (checks.some(({bytes, limit}) => bytes > limit)) process.exitCode = 1;
