import {startServer as startMeshRoom} from '../../server/index.js';
import type {ContestantServer} from '../contestant.js';

/** This project's own server, as `npm start` runs it, on any free port. It serves the built script too. */
export async function startServer(port = 0): Promise<ContestantServer> {
  const server = await startMeshRoom({port});
  return {url: server.url, port: server.port, stop: () => server.stop()};
}
