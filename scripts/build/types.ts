/** `dist/types`: declarations for TypeScript users, those files only that the package's entries lead to. */
import {dirname, join, relative, sep} from 'node:path';
import ts from 'typescript';
import type {Files} from './output.js';
import {fromRoot} from './paths.js';

const ENTRIES = ['src/index.ts', 'src/define.ts', 'server/index.ts'];
/** Packages that a declaration may name: our own runtime dependencies, and Node where it is about the server. */
const ALLOWED = /^(lit|@lit\/context|node:.*)($|\/)/;

/**
 * TypeScript writes inferred types of lit by the package inside of lit that declares them. Users have that package too, but not
 * always where it could be found (pnpm), and `lit` exports the same types.
 */
const throughLit = (text: string): string => text.replace(/import\("(lit-html|lit-element|@lit\/reactive-element)"\)/g, 'import("lit")');

/** The modules that a declaration file names. */
const importsOf = (text: string): string[] => ts.preProcessFile(text).importedFiles.map(file => file.fileName);

/**
 * Makes every file of `dist/types`, in memory.
 * @throws if a declaration names a package that the user of ours does not get.
 */
export function buildTypes(): Files {
  const {config} = ts.readConfigFile(fromRoot('tsconfig.json'), path => ts.sys.readFile(path)) as {config: object};
  const {options} = ts.parseJsonConfigFileContent(config, ts.sys, fromRoot());
  const emitted = new Map<string, string>();
  const outDir = fromRoot('dist/types');
  ts.createProgram(ENTRIES.map(entry => fromRoot(entry)), {
    ...options, outDir, declaration: true, emitDeclarationOnly: true, noCheck: true, // `npm run typecheck` is the check
  }).emit(undefined, (path, text) => emitted.set(relative(outDir, path).split(sep).join('/'), throughLit(text)));

  const files: Files = new Map();
  const visit = (path: string): void => {
    const text = emitted.get(path);
    if (files.has(path) || text === undefined) return;
    files.set(path, new TextEncoder().encode(text));
    for (const name of importsOf(text)) {
      if (name.startsWith('.')) visit(join(dirname(path), name).split(sep).join('/').replace(/\.js$/, '.d.ts'));
      else if (!ALLOWED.test(name)) throw new Error(`dist/types/${path} names ${name}, which users of the package do not have`);
    }
  };
  for (const entry of ENTRIES) visit(entry.replace(/\.ts$/, '.d.ts'));
  return files;
}
