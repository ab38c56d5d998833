import {startServer as startMeshRoom} from '../../server/index.js';
import type {ContestantServer} from '../contestant.js';

/** This project's own server, as `npm start` runs it, on any free port. It serves the built script too. */
export async function startServer(wanted: number): Promise<ContestantServer> {
  const {url, port} = await startMeshRoom({port: wanted});
  return {url, port};
}
