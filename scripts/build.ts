/** `npm run build`: everything that is published or served, into `dist/`. `npm run build -- web lib` makes those parts only. */
import {formatMessages, type BuildFailure} from 'esbuild';
import {noteBuild} from './build/fresh.js';
import {writeFiles} from './build/output.js';
import {fromRoot} from './build/paths.js';

/** What can be built. The modules are loaded on demand: TypeScript alone takes half a second. */
const PARTS = {
  web: async () => writeFiles(fromRoot('dist/web'), await (await import('./build/web.js')).buildWeb()),
  lib: async () => writeFiles(fromRoot('dist/lib'), await (await import('./build/lib.js')).buildLib()),
  server: async () => { await (await import('./build/server.js')).buildServer(); },
  types: async () => writeFiles(fromRoot('dist/types'), (await import('./build/types.js')).buildTypes()),
} as const;

export type Part = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Part[];

/** Builds the named parts, all by default. Prints how long it took. */
export async function buildParts(parts: readonly Part[] = NAMES): Promise<void> {
  const start = Date.now();
  // Started together; `types` holds this thread while the bundlers work in theirs.
  const results = await Promise.allSettled(parts.map(part => PARTS[part]()));
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
  if (NAMES.every(name => parts.includes(name))) await noteBuild(start);
  console.log(`Built ${parts.map(part => `dist/${part}`).join(', ')} in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);

if (process.argv[1] === fromRoot('scripts/build.ts')) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter(part => !(part in PARTS));
  try {
    if (unknown.length) throw new Error(`No part ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    await buildParts(asked.length ? asked as Part[] : NAMES);
  } catch (error) {
    const text = isBuildFailure(error)
      ? (await formatMessages(error.errors, {kind: 'error', color: process.stderr.isTTY})).join('\n')
      : `Build failed: ${error instanceof Error ? error.message : String(error)}`;
    console.error(text);
    process.exitCode = 1;
  }
}
