/** Between tabs and the room's server: keeps what passes, and loses signals, as a server does that is half broken. */
import {createServer, request} from 'node:http';
import type {AddressInfo} from 'node:net';
import {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
import {EVENT_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {WebSocket, WebSocketServer, type RawData} from 'ws';

const SIGNAL = 'rtc-signal/';

export interface SignalTap {
  /** Where tabs reach the server through it. */
  readonly url: string;
  /** While true, no signal between two who came this way arrives. */
  loses: boolean;
  /** Signals that were lost. */
  readonly lost: number;
  /** Everything that has passed, in both directions, as text of Latin-1: one character a byte. */
  readonly passed: readonly string[];
  stop(): Promise<void>;
}

export async function startSignalTap(targetPort: number): Promise<SignalTap> {
  const here = new Set<string>();
  const passed: string[] = [];
  const sockets = new Set<WebSocket>();
  let lost = 0;

  /** Whether a message of a tab's goes on to the server. */
  const goesOn = ({topic, action, name = '', names = [], data}: Message): boolean => {
    // Whoever logs in hears its signals.
    if (topic === TOPIC.AUTH) here.add(SIGNAL + (JSON.parse(String(data)) as {username: string}).username);
    if (topic !== TOPIC.EVENT) return true;
    if (action === EVENT_ACTION.SUBSCRIBE) for (const each of [name, ...names]) here.add(each);
    if (action !== EVENT_ACTION.EMIT || !name.startsWith(SIGNAL) || !tap.loses || !here.has(name)) return true;
    lost++;
    return false;
  };
  const pass = (from: WebSocket, to: WebSocket, isFromTab: boolean): void => {
    sockets.add(from);
    const waiting: Buffer[] = [];
    to.on('open', () => { for (const data of waiting.splice(0)) to.send(data); });
    from.on('message', (raw: RawData) => {
      const data = raw as Buffer;
      if (isFromTab && !parse(data).every(message => goesOn(message as Message))) return;
      passed.push(data.toString('latin1'));
      if (to.readyState === WebSocket.OPEN) to.send(data);
      else if (to.readyState === WebSocket.CONNECTING) waiting.push(data);
    });
    from.on('error', () => to.terminate());
    from.on('close', () => {
      sockets.delete(from);
      to.terminate();
    });
  };
  const server = createServer((question, answer) => {
    const {url, method, headers} = question;
    const onward = request({port: targetPort, host: '127.0.0.1', path: url, method, headers}, response => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    question.pipe(onward);
  });
  const upgrades = new WebSocketServer({server});
  upgrades.on('connection', (client, {url}) => {
    const upstream = new WebSocket(`ws://127.0.0.1:${targetPort}${url ?? '/'}`);
    pass(client, upstream, true);
    pass(upstream, client, false);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const tap = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/deepstream`,
    loses: false,
    passed,
    get lost() {
      return lost;
    },
    stop(): Promise<void> {
      return new Promise(resolve => {
        for (const socket of sockets) socket.terminate();
        upgrades.close();
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return tap;
}
