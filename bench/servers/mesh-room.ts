import {startServer as startMeshRoom} from '../../server/index.js';
import type {ContestantServer} from '../contestant.js';

/** This project's own server, as `npm start` runs it, on any free port. It serves the built script too. */
export async function startServer(): Promise<ContestantServer> {
  const server = await startMeshRoom({port: 0});
  return {url: server.url, stop: () => server.stop()};
}
