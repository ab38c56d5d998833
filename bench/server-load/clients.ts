/** What a user is to a server, without a browser: enters a room, learns who is there, sends signals and gets them. */
import {randomUUID} from 'node:crypto';

import {DeepstreamClient} from '@deepstream/client';
import {WebSocket} from 'ws';

import {systemClock} from '../../src/mesh/clock.js';
import {connectDeepstream} from '../../src/mesh/signalling/deepstream.js';
import type {Connection} from '../../src/mesh/signalling/port.js';

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

/** deepstream's client as it comes: an own event, the room's List, and an entry in it. */
const tutorial: Connect = async (url, room, onSignal) => {
  const client = new DeepstreamClient(url, {subscriptionInterval: 0, maxReconnectAttempts: 0});
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

/** This project's own connection to its server, as its rooms have one each. */
const meshRoom: Connect = async (url, room, onSignal) => {
  const endpoint = new URL('/deepstream', url);
  endpoint.protocol = 'ws:';
  const id = randomUUID();
  const connection = await new Promise<Connection>((resolve, reject) => {
    const made: Connection = connectDeepstream({
      url: endpoint.href, list: `mesh-room/${room}`, selfId: id, token: randomUUID(), explain: false, clock: systemClock,
    }, {
      onSignal, onOpen: nothing, onListLost: nothing, onWish: nothing,
      onList: ({entries}) => entries.includes(id) && resolve(made),
      onClose: reject, onListDenied: reject, onRefused: reject,
    });
  });
  return {
    id,
    signal: (to, signal) => connection.signal(to, {user: id, signal}),
    close: () => connection.close(),
  };
};

const nothing = (): void => {};

export const clients: Readonly<Record<string, Connect>> = {floor, 'mesh-room': meshRoom, tutorial};
