import {once} from 'node:events';
import type {Server} from 'node:http';
import type {AddressInfo} from 'node:net';

import {PeerServer} from 'peer';

import type {ContestantServer} from '../contestant.js';

/** PeerJS's own server, which tells everybody who is there. */
export async function startServer(wanted: number): Promise<ContestantServer> {
  const server = await new Promise<Server>(resolve => {
    PeerServer({port: wanted, host: '127.0.0.1', path: '/', allow_discovery: true}, resolve);
  });
  if (!server.listening) await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {url: `http://127.0.0.1:${port}/`, port};
}
