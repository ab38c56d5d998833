/** What `/mesh-room.js` costs a visitor, bundled anew, and what it may cost. */
import type {Metafile} from 'esbuild';
import {readFile} from 'node:fs/promises';
import {relative} from 'node:path';
import {gzipSync} from 'node:zlib';
import {fromRoot} from './paths.js';
import {allImports, bundleScript, outputOf, SPARE_ENTRIES, staticImports} from './web.js';

/** `size-budget.json`. */
interface Budget {
  /** The script and what it imports statically: what must arrive before a room's frame is painted. */
  readonly firstPaintGzipBytes: number;
  /** What a room of a few people comes to load, chat included. */
  readonly completeGzipBytes: number;
  /** Everything that the script can come to load: ways around broken pairs and larger rooms as well. */
  readonly everythingGzipBytes: number;
}

export interface Sizes {
  readonly metafile: Metafile;
  /** Every output's text, by its name. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  /** Names of the outputs before the first paint, of those that a room of a few people comes to load, and of all. */
  readonly first: ReadonlySet<string>;
  readonly complete: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
  /** Bytes by output. */
  readonly bytes: ReadonlyMap<string, {readonly min: number; readonly gzip: number}>;
  readonly firstPaintGzipBytes: number;
  readonly completeGzipBytes: number;
  readonly everythingGzipBytes: number;
  readonly budget: Budget;
}

export async function measureSizes(): Promise<Sizes> {
  const {metafile, outputFiles} = await bundleScript();
  const budget = JSON.parse(await readFile(fromRoot('size-budget.json'), 'utf8')) as Budget;
  const entry = outputOf(metafile, 'src/define.ts');
  const first = new Set(staticImports(metafile, entry));
  const complete = new Set(allImports(metafile, entry, SPARE_ENTRIES));
  const all = new Set(allImports(metafile, entry));
  const outputs = new Map(outputFiles.map(({path, contents}) => [relative(fromRoot(), path), contents]));
  const bytes = new Map([...outputs].map(([output, contents]) =>
    [output, {min: contents.length, gzip: gzipSync(contents, {level: 9}).length}]));
  const gzipOf = (names: Iterable<string>): number =>
    [...names].reduce((sum, output) => sum + (bytes.get(output)?.gzip ?? 0), 0);
  return {
    metafile, outputs, first, complete, all, bytes, budget,
    firstPaintGzipBytes: gzipOf(first),
    completeGzipBytes: gzipOf(complete),
    everythingGzipBytes: gzipOf(all),
  };
}
