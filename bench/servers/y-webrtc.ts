import type {ContestantServer} from '../contestant.js';
import {startProgram} from './program.js';

/** y-webrtc's own signalling server. */
export async function startServer(wanted = 0): Promise<ContestantServer> {
  const {port, stop} = await startProgram('y-webrtc/bin/server.js', wanted, free => ({env: {PORT: String(free)}}));
  return {url: `ws://127.0.0.1:${port}`, port, stop};
}
