import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';

import {WebSocketServer, type WebSocket} from 'ws';

import type {ContestantServer} from '../contestant.js';

/** A bare WebSocket server on 127.0.0.1 that does with each socket what it is told. Port 0 is any that is free. */
export async function startRelay(
  wanted: number, onSocket: (socket: WebSocket, request: IncomingMessage) => void): Promise<ContestantServer> {
  const server = new WebSocketServer({host: '127.0.0.1', port: wanted});
  server.on('connection', onSocket);
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {url: `ws://127.0.0.1:${port}/`, port};
}
