/**
 * Part of `npm run lint`: imports run the way that `docs/architecture.md` draws, and vendors are named in their adapter only.
 * Data flows signalling → mesh → room → components; imports run the other way.
 */
import {readdir, readFile} from 'node:fs/promises';
import {dirname, join, relative, sep} from 'node:path';
import ts from 'typescript';
import {fromRoot} from './build/paths.js';

interface Layer {
  /** Folder, with a slash at the end. The longest that fits a file is its layer. */
  readonly folder: string;
  /** Folders and files that it may import besides itself. A folder does not include the layers inside of it. */
  readonly may: readonly string[];
}

/** Beneath the mesh's own layers: errors, time, and how events are listened to. */
const BASICS = ['src/mesh/errors.ts', 'src/mesh/clock.ts', 'src/mesh/listen.ts'];

/** The table in `docs/architecture.md`. */
const LAYERS: readonly Layer[] = [
  {folder: 'src/mesh/signalling/', may: BASICS},
  {folder: 'src/mesh/link/', may: BASICS},
  {folder: 'src/mesh/wire/', may: BASICS},
  {folder: 'src/mesh/topology/', may: []},
  {folder: 'src/mesh/stream/', may: [...BASICS, 'src/mesh/wire/', 'src/mesh/link/types.ts', 'src/mesh/signalling/types.ts']},
  {folder: 'src/mesh/secure/', may: [...BASICS, 'src/mesh/signalling/types.ts']},
  {
    folder: 'src/mesh/relay/',
    may: [...BASICS, 'src/mesh/secure/', 'src/mesh/wire/', 'src/mesh/link/types.ts', 'src/mesh/signalling/types.ts',
      'src/mesh/conversation.ts', 'src/mesh/detour.ts'],
  },
  {
    folder: 'src/mesh/casts/',
    may: [...BASICS, 'src/mesh/secure/', 'src/mesh/wire/', 'src/mesh/stream/', 'src/mesh/signalling/types.ts'],
  },
  {
    folder: 'src/mesh/',
    may: ['src/mesh/signalling/', 'src/mesh/link/', 'src/mesh/wire/', 'src/mesh/topology/', 'src/mesh/stream/', 'src/mesh/secure/',
      'src/mesh/relay/', 'src/mesh/casts/'],
  },
  {
    folder: 'src/room/',
    may: ['src/mesh/', 'src/mesh/signalling/', 'src/mesh/link/', 'src/mesh/wire/', 'src/mesh/topology/', 'src/mesh/secure/'],
  },
  {folder: 'src/components/', may: ['src/room/', 'src/mesh/errors.ts']},
  {folder: 'src/shell/', may: []},
  {folder: 'src/page/', may: ['src/shell/']}, // knows the tags as any other page does
  {folder: 'src/', may: ['src/components/', 'src/room/', 'src/mesh/errors.ts']},
  {folder: 'server/', may: []},
];

/** Packages that one file alone may name. */
const VENDORS: Readonly<Record<string, string>> = {
  '@deepstream/client': 'src/mesh/signalling/deepstream-client.ts',
  '@deepstream/protobuf': 'src/mesh/signalling/deepstream-client.ts',
  'simple-peer': 'src/mesh/link/simple-peer.ts',
};

/** Tests and what is made for them reach further: helpers of `test/`, and twins of other layers. */
const isTest = (path: string): boolean => /\.test\.ts$|\/testing\//.test(path);

const layerOf = (path: string): Layer | undefined =>
  LAYERS.filter(({folder}) => path.startsWith(folder)).sort((a, b) => b.folder.length - a.folder.length)[0];

function isAllowed(layer: Layer, target: string): boolean {
  if (layer.may.includes(target)) return true;
  const targetLayer = layerOf(target);
  return targetLayer === layer || (targetLayer !== undefined && layer.may.includes(targetLayer.folder));
}

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(fromRoot(folder), {recursive: true, withFileTypes: true});
  return entries.filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(fromRoot(), join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** What is wrong with one file's imports; dynamic ones and types count too. */
async function problemsOf(path: string): Promise<string[]> {
  const layer = layerOf(path);
  const problems: string[] = [];
  const {importedFiles} = ts.preProcessFile(await readFile(fromRoot(path), 'utf8'), true, true);
  for (const {fileName: name} of importedFiles) {
    const vendor = Object.keys(VENDORS).find(known => name === known || name.startsWith(`${known}/`));
    if (vendor !== undefined && path.startsWith('src/') && VENDORS[vendor] !== path) {
      problems.push(`${path} names ${vendor}, which only ${VENDORS[vendor] ?? ''} may`);
    }
    if (!name.startsWith('.') || !layer) continue;
    const target = join(dirname(path), name).split(sep).join('/').replace(/\.js$/, '.ts');
    if (!isAllowed(layer, target)) problems.push(`${path} imports ${target}, which ${layer.folder} may not`);
  }
  return problems;
}

const files = (await Promise.all(['src', 'server'].map(sources))).flat().filter(path => !isTest(path));
const problems = (await Promise.all(files.map(problemsOf))).flat();
for (const problem of problems) console.error(problem);
if (problems.length) {
  console.error(`\n${problems.length} imports run against docs/architecture.md`);
  process.exitCode = 1;
} else {
  console.log(`Layers: ${files.length} files, every import runs the right way`);
}
