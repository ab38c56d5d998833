import {pathToFileURL} from 'node:url';

import {fromRoot} from '../../scripts/build/paths.js';
import type * as ServerModule from '../../server/index.js';
import type {ContestantServer} from '../contestant.js';

/** This project's own server as it is built, and as `npm start` runs it, on any free port. It serves the built script too. */
export async function startServer(wanted: number): Promise<ContestantServer> {
  const server = await import(pathToFileURL(fromRoot('dist/server/index.js')).href) as typeof ServerModule;
  const {url, port} = await server.startServer({port: wanted});
  return {url, port};
}
