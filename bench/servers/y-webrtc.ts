import {fileURLToPath, pathToFileURL} from 'node:url';

import type {ContestantServer} from '../contestant.js';
import {freePort, listens} from './ports.js';

/** A program that begins when it is loaded. */
const PROGRAM = fileURLToPath(new URL('../node_modules/y-webrtc/bin/server.js', import.meta.url));

/** y-webrtc's own signalling server. */
export async function startServer(wanted: number): Promise<ContestantServer> {
  const port = wanted || await freePort();
  process.env.PORT = String(port);
  await import(pathToFileURL(PROGRAM).href);
  await listens(port);
  return {url: `ws://127.0.0.1:${port}`, port};
}
