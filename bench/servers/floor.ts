import type {AddressInfo} from 'node:net';

import {WebSocketServer, type WebSocket} from 'ws';

import type {ContestantServer} from '../contestant.js';

/**
 * The floor's relay. A socket names its room and is told who is in it; after that, a message with a `to` goes there with the
 * sender's id as `from`, and that a socket closed goes to everybody in its room.
 */
export async function startServer(): Promise<ContestantServer> {
  const rooms = new Map<string, Map<string, WebSocket>>();
  let ids = 0;
  const server = new WebSocketServer({host: '127.0.0.1', port: 0});
  server.on('connection', (socket, request) => {
    const name = new URL(request.url ?? '', 'ws://relay').searchParams.get('room') ?? '';
    const room = rooms.get(name) ?? new Map<string, WebSocket>();
    rooms.set(name, room);
    const from = String(ids++);
    socket.send(JSON.stringify({peers: [...room.keys()]}));
    room.set(from, socket);
    socket.on('message', (text: Buffer) => {
      const {to, ...message} = JSON.parse(text.toString()) as {to: string};
      room.get(to)?.send(JSON.stringify({from, ...message}));
    });
    socket.on('close', () => {
      room.delete(from);
      if (room.size === 0) rooms.delete(name);
      for (const other of room.values()) other.send(JSON.stringify({left: from}));
    });
  });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => new Promise(resolve => {
      for (const socket of server.clients) socket.terminate();
      server.close(() => resolve());
    }),
  };
}
