/** What a user is to a server, without a browser: enters a room, learns who is there, sends signals and gets them. */
import {DeepstreamClient} from '@deepstream/client';
import {WebSocket} from 'ws';

export interface Client {
  /** What signals to it are sent to. */
  readonly id: string;
  signal(to: string, text: string): void;
  close(): void;
}

/** @returns once the server names the user to all others in the room */
export type Connect = (url: string, room: string, onSignal: () => void) => Promise<Client>;

/** The floor's relay: the room is in the address, and the server gives ids, which it tells the others only. */
const floor: Connect = async (url, room, onSignal) => {
  const socket = new WebSocket(`${url}?room=${room}`);
  const id = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (text: Buffer) => {
      const message = JSON.parse(text.toString()) as {peers?: readonly string[]; self?: string; description?: string};
      if (message.self !== undefined) resolve(message.self);
      if (message.description !== undefined) onSignal();
    });
  });
  return {
    id,
    signal: (to, description) => socket.send(JSON.stringify({to, description})),
    close: () => socket.terminate(),
  };
};

/** deepstream's client as this project's rooms use it: an own event, the room's List, and an entry in it. */
const deepstream = (path: string): Connect => async (url, room, onSignal) => {
  const address = new URL(path, url);
  address.protocol = 'ws:';
  const client = new DeepstreamClient(address.href, {subscriptionInterval: 0, maxReconnectAttempts: 0});
  await new Promise<void>((resolve, reject) => {
    client.on('error', (...words: unknown[]) => reject(new Error(words.join(' '))));
    client.login({}).then(() => resolve(), reject);
  });
  const id = client.getUid();
  client.event.subscribe(`rtc-signal/${id}`, onSignal);
  const list = client.record.getList(`mesh-room/${room}`);
  await list.whenReady();
  await new Promise<void>(resolve => list.addEntry(id, undefined, () => resolve()));
  return {
    id,
    signal: (to, text) => client.event.emit(`rtc-signal/${to}`, {user: id, signal: text}),
    close: () => client.close(),
  };
};

export const clients: Readonly<Record<string, Connect>> = {
  'floor': floor,
  'mesh-room': deepstream('/deepstream'),
  'tutorial': deepstream('/deepstream'),
};
