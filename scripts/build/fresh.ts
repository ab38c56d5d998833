/** Whether the last whole build is newer than everything that it was made from. */
import {mkdir, readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {fromRoot} from './paths.js';

/** Outside of `dist`, which is published. */
const STAMP = fromRoot('node_modules/.cache/mesh-room/built');
const SOURCES = ['src', 'server', 'public', 'scripts/build', 'package.json', 'package-lock.json', 'tsconfig.json'];
const RESULTS = ['dist/web/mesh-room.js', 'dist/lib/index.js', 'dist/server/cli.js', 'dist/types/src/index.d.ts'];

/** Newest modification below `path`, in milliseconds; folders count, as they change when a file is removed. */
async function newest(path: string): Promise<number> {
  const info = await stat(path);
  if (!info.isDirectory()) return info.mtimeMs;
  const inside = await Promise.all((await readdir(path)).map(name => newest(join(path, name))));
  return Math.max(info.mtimeMs, ...inside);
}

/** Notes that a whole build, started at `startedAt` (milliseconds since 1970), is there. */
export async function noteBuild(startedAt: number): Promise<void> {
  await mkdir(dirname(STAMP), {recursive: true});
  await writeFile(STAMP, String(startedAt));
}

/** Whether `npm test` can do without a build. */
export async function isFresh(): Promise<boolean> {
  try {
    const startedAt = Number(await readFile(STAMP, 'utf8'));
    await Promise.all(RESULTS.map(path => stat(fromRoot(path))));
    return Math.max(...await Promise.all(SOURCES.map(path => newest(fromRoot(path))))) < startedAt;
  } catch {
    return false; // never built, or something of it is gone
  }
}
