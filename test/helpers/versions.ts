/** Builds of the page that differ: what a server hands out before and after an update. */
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, relative, sep} from 'node:path';
import {writeFiles, type Files} from '../../scripts/build/output.js';
import {fromRoot} from '../../scripts/build/paths.js';
import {buildWorker} from '../../scripts/build/worker.js';

export interface Version {
  /** For `startServer({webDir})`. */
  readonly webDir: string;
  remove(): Promise<void>;
}

export interface Changes {
  /** Changes the page's HTML. */
  readonly page?: (html: string) => string;
  /** Changes the room's script. */
  readonly script?: (script: string) => string;
  /** Changes the worker that was made for all of it. */
  readonly worker?: (script: string) => string;
}

/** What is built now, with `changes`, in a folder of its own. */
export async function makeVersion({page, script, worker}: Changes = {}): Promise<Version> {
  const files: Files = new Map();
  const web = fromRoot('dist/web');
  for (const entry of await readdir(web, {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    // The compressed copies would be served in place of what is changed here.
    if (entry.isFile() && !/\.(br|gz|map)$/.test(path)) files.set(relative(web, path).split(sep).join('/'), await readFile(path));
  }
  const change = (name: string, by: ((text: string) => string) | undefined): void => {
    if (by) files.set(name, new TextEncoder().encode(by(new TextDecoder().decode(files.get(name)))));
  };
  change('index.html', page);
  change('mesh-room.js', script);
  files.set('sw.js', (await buildWorker(files)).worker);
  change('sw.js', worker);
  const webDir = await mkdtemp(join(tmpdir(), 'mesh-room-version-'));
  await writeFiles(webDir, files);
  return {webDir, remove: () => rm(webDir, {recursive: true})};
}

/** A page that says which version it is, in `document.documentElement.dataset.version`. */
export const named = (version: string) => (html: string): string => html.replace('<html ', `<html data-version="${version}" `);
