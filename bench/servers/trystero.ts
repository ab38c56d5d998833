import type {WebSocket} from 'ws';

import type {ContestantServer} from '../contestant.js';
import {startRelay} from './relay.js';

/** What Trystero's documentation asks of a relay of one's own: messages to a topic go to all who subscribe to it. */
export function startServer(port: number): Promise<ContestantServer> {
  const topics = new Map<string, Set<WebSocket>>();
  return startRelay(port, socket => {
    const mine = new Set<string>();
    const leave = (topic: string): void => {
      mine.delete(topic);
      topics.get(topic)?.delete(socket);
      if (topics.get(topic)?.size === 0) topics.delete(topic);
    };
    socket.on('message', (text: Buffer) => {
      const message = JSON.parse(text.toString()) as {type: string; topics?: string[]; topic?: string; payload?: unknown};
      const {type, topics: names = [], topic = '', payload} = message;
      for (const name of names) {
        if (type !== 'subscribe') {
          leave(name);
          continue;
        }
        topics.set(name, (topics.get(name) ?? new Set()).add(socket));
        mine.add(name);
      }
      if (type !== 'publish') return;
      const out = JSON.stringify({topic, payload});
      for (const reader of topics.get(topic) ?? []) reader.send(out);
    });
    socket.on('close', () => [...mine].forEach(leave));
  });
}
