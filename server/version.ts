import {readFileSync} from 'node:fs';

/** Set by `scripts/build/server.ts`; absent when the server runs from its TypeScript source. */
declare const MESH_ROOM_VERSION: string | undefined;

/** Whether this code runs as built (`dist/server/`), so that files beside it are found. */
export const isBuilt = typeof MESH_ROOM_VERSION === 'string';

function versionOfSource(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as {version: string}).version;
}

export const version: string = typeof MESH_ROOM_VERSION === 'string' ? MESH_ROOM_VERSION : versionOfSource();
