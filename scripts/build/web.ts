/** `dist/web`: what a server hands out. The script for other people's pages, and the project's own page. */
import {build, type Metafile, type OutputFile} from 'esbuild';
import {readdir, readFile} from 'node:fs/promises';
import {join, relative, sep} from 'node:path';
import {thirdPartyLicenses} from './licenses.js';
import {minifierMark, minifyScripts} from './minify.js';
import {precompress, type Files} from './output.js';
import {fromRoot} from './paths.js';
import {browserOptions} from './vendors.js';
import {buildWorker} from './worker.js';

const SCRIPT_ENTRY = 'src/define.ts';
const PAGE_ENTRIES = ['src/page/page.ts', 'src/page/page.css'];
/** What most rooms never load: ways around broken pairs, what larger rooms need, and what asks for TURN servers where there are any. */
export const SPARE_ENTRIES: readonly string[] = ['src/mesh/spare.ts', 'src/room/turn-servers.ts'];
/** Runs before the first paint, inside the page; the server allows inline scripts by their hash. */
const EARLY_ENTRY = 'src/page/view.ts';
const OUT = 'dist/web';

const webOptions = {
  ...browserOptions,
  outdir: fromRoot(OUT),
  splitting: true,
  minify: true,
  sourcemap: true,
  metafile: true,
  write: false,
  chunkNames: 'assets/[name]-[hash]',
} as const;

export interface Bundle {
  readonly metafile: Metafile;
  readonly outputFiles: readonly OutputFile[];
}

/** The script for pages: `mesh-room.js`, which keeps its name, and chunks named by their content. */
export async function bundleScript(): Promise<Bundle> {
  const {metafile, outputFiles} = await build({
    ...webOptions, footer: {js: minifierMark}, entryPoints: {'mesh-room': fromRoot(SCRIPT_ENTRY)}, entryNames: '[name]',
  });
  return {metafile, outputFiles: await minifyScripts(hasten(metafile, outputFiles))};
}

/**
 * The script asks at once for what its parts will need, too: from those alone a browser would learn of it a round trip later. Stands at the
 * end, so that nothing in the source map moves.
 */
function hasten(metafile: Metafile, outputFiles: readonly OutputFile[]): OutputFile[] {
  const script = outputOf(metafile, SCRIPT_ENTRY);
  const first = staticImports(metafile, script);
  const parts = [...first].flatMap(output => metafile.outputs[output]!.imports)
    .filter(({kind, external}) => kind === 'dynamic-import' && !external).map(({path}) => path);
  const needed = new Set(parts.flatMap(part => [...staticImports(metafile, part)]));
  // Where it does not come, the part that needs it says so.
  const asked = [...needed].filter(output => !first.has(output) && !parts.includes(output))
    .map(output => `import(".${urlOf(output)}").catch(()=>{});`);
  return outputFiles.map(file => {
    if (file.path !== fromRoot(script)) return file;
    const text = `${file.text}\n${asked.join('')}`;
    return {...file, text, contents: new TextEncoder().encode(text)};
  });
}

const bundlePage = (): Promise<Bundle> =>
  build({...webOptions, entryPoints: PAGE_ENTRIES.map(path => fromRoot(path)), entryNames: 'assets/[name]-[hash]'});

/** A chunk and everything that it imports statically; these load before the chunk runs. */
export function staticImports(metafile: Metafile, output: string, seen = new Set<string>()): Set<string> {
  if (seen.has(output)) return seen;
  seen.add(output);
  for (const {path, kind, external} of metafile.outputs[output]?.imports ?? []) {
    if (kind === 'import-statement' && !external) staticImports(metafile, path, seen);
  }
  return seen;
}

/** Every chunk that an output can come to load, itself included. @param without - entries that are left out, and what only they load. */
export function allImports(metafile: Metafile, output: string, without: readonly string[] = [], seen = new Set<string>()): Set<string> {
  if (seen.has(output) || without.includes(metafile.outputs[output]?.entryPoint ?? '')) return seen;
  seen.add(output);
  for (const {path, external} of metafile.outputs[output]?.imports ?? []) {
    if (!external) allImports(metafile, path, without, seen);
  }
  return seen;
}

/** The output that was made from an entry. */
export function outputOf(metafile: Metafile, entry: string): string {
  const found = Object.entries(metafile.outputs).find(([path, {entryPoint}]) => entryPoint === entry && !path.endsWith('.map'));
  if (!found) throw new Error(`${entry} is no entry of this bundle`);
  return found[0];
}

const bundleEarly = (): Promise<Bundle> => build({
  ...webOptions, splitting: false, sourcemap: false, format: 'iife', entryPoints: [fromRoot(EARLY_ENTRY)],
});

const urlOf = (output: string): string => `/${relative(OUT, output).split(sep).join('/')}`;

function replaceOnce(html: string, what: string, by: string): string {
  if (html.split(what).length !== 2) throw new Error(`public/index.html must have ${what} exactly once`);
  return html.replace(what, () => by);
}

/**
 * The page with the names that its files got. `public/index.html` names their sources, as one would read it, and asks for the
 * script's chunks with one `<!-- preload -->`.
 */
function page(html: string, pageMeta: Metafile, early: string, scriptMeta: Metafile): string {
  for (const entry of PAGE_ENTRIES) html = replaceOnce(html, `"/${entry}"`, `"${urlOf(outputOf(pageMeta, entry))}"`);
  html = replaceOnce(html, `<script src="/${EARLY_ENTRY}"></script>`, `<script>${early.trim()}</script>`);
  // The room's own chunks too, engine included: this page is going to join a room, so nothing is fetched in vain.
  const script = outputOf(scriptMeta, SCRIPT_ENTRY);
  const links = [...allImports(scriptMeta, script, SPARE_ENTRIES)].filter(output => output !== script && output.endsWith('.js'))
    .map(output => `<link rel="modulepreload" href="${urlOf(output)}">`);
  return replaceOnce(html, '<!-- preload -->', links.join('\n    '));
}

/** Makes every file of `dist/web`, in memory. */
export async function buildWeb(): Promise<Files> {
  const [script, pageBundle, early] = await Promise.all([bundleScript(), bundlePage(), bundleEarly()]);
  const files: Files = new Map();
  for (const {path, contents} of [...script.outputFiles, ...pageBundle.outputFiles]) {
    files.set(relative(fromRoot(OUT), path).split(sep).join('/'), contents);
  }
  const publicFolder = fromRoot('public');
  for (const entry of await readdir(publicFolder, {recursive: true, withFileTypes: true})) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    const name = relative(publicFolder, path).split(sep).join('/');
    files.set(name, name === 'index.html'
      ? new TextEncoder().encode(page(content.toString(), pageBundle.metafile, early.outputFiles[0]?.text ?? '', script.metafile))
      : content);
  }
  const {worker, metafile: workerMeta} = await buildWorker(files);
  files.set('sw.js', worker);
  const licenses = await thirdPartyLicenses(script.metafile, pageBundle.metafile, workerMeta);
  files.set('third-party-licenses.txt', new TextEncoder().encode(licenses));
  await precompress(files);
  return files;
}
