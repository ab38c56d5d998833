import type {WebSocket} from 'ws';

import type {ContestantServer} from '../contestant.js';
import {startRelay} from './relay.js';

/**
 * The floor's relay. A socket names its room and is told its id and who is in it; after that, a message with a `to` goes there with the
 * sender's id as `from`, and that a socket closed goes to everybody in its room.
 */
export function startServer(port: number): Promise<ContestantServer> {
  const rooms = new Map<string, Map<string, WebSocket>>();
  let ids = 0;
  return startRelay(port, (socket, request) => {
    const name = new URL(request.url ?? '', 'ws://relay').searchParams.get('room') ?? '';
    const room = rooms.get(name) ?? new Map<string, WebSocket>();
    rooms.set(name, room);
    const from = String(ids++);
    socket.send(JSON.stringify({self: from, peers: [...room.keys()]}));
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
}
