/** Writes a build's files: what changed is written, what no longer belongs is removed, so a running server keeps its files. */
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join, relative, sep} from 'node:path';
import {promisify} from 'node:util';
import {brotliCompress, constants, gzip} from 'node:zlib';

/** Files by path relative to the output folder, with forward slashes. */
export type Files = Map<string, Uint8Array>;

const TEXT = /\.(js|css|html|svg|json|webmanifest|txt)$/;
/** Below one packet compression gains nothing. */
const MIN_COMPRESS_BYTES = 1024;

/** Adds a `.br` and a `.gz` beside every text file that gets smaller by it. */
export async function precompress(files: Files): Promise<void> {
  await Promise.all([...files].map(async ([path, content]) => {
    if (!TEXT.test(path) || content.length < MIN_COMPRESS_BYTES) return;
    const [br, gz] = await Promise.all([
      promisify(brotliCompress)(content, {params: {[constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT}}),
      promisify(gzip)(content, {level: 9}),
    ]);
    if (br.length < content.length) files.set(`${path}.br`, br);
    if (gz.length < content.length) files.set(`${path}.gz`, gz);
  }));
}

/** Makes `folder` hold exactly `files`. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  await Promise.all([...files].map(async ([path, content]) => {
    const target = join(folder, path);
    const present = await readFile(target).catch(() => undefined); // absent: to be written
    if (present?.equals(content)) return;
    await mkdir(dirname(target), {recursive: true});
    await writeFile(target, content);
  }));
  const found = await readdir(folder, {recursive: true, withFileTypes: true});
  await Promise.all(found.filter(entry => entry.isFile()).map(async entry => {
    const path = join(entry.parentPath, entry.name);
    if (!files.has(relative(folder, path).split(sep).join('/'))) await rm(path);
  }));
}
