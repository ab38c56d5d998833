import type {ContestantServer} from '../contestant.js';
import {startProgram} from './program.js';

/** PeerJS's own server, which tells everybody who is there. */
export async function startServer(wanted = 0): Promise<ContestantServer> {
  const {port, stop} = await startProgram('peer/dist/bin/peerjs.js', wanted, free => ({
    args: ['--port', String(free), '--host', '127.0.0.1', '--path', '/', '--allow_discovery'],
  }));
  return {url: `http://127.0.0.1:${port}/`, port, stop};
}
