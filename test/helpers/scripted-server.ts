/** A server that speaks deepstream and says what a test wants it to say, in deepstream's own codec. */
import type {AddressInfo} from 'node:net';
import {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
import {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
import {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {WebSocketServer, type WebSocket} from 'ws';

export {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC, type Message};

/** Says something to the client. */
export type Say = (message: Message | string) => void;

/** Takes what the client says, and returns whether it has answered; otherwise the usual answer is given. */
export type Answer = (message: Message, say: Say) => boolean;

export interface ScriptedServer {
  readonly url: string;
  /** What the clients asked the HTTP server for. */
  readonly paths: readonly string[];
  /** Everything that was heard, pings left out. */
  readonly heard: readonly Message[];
  /** Says something to every client. */
  say(message: Message | string): void;
  stop(): Promise<void>;
}

export async function startScriptedServer(answer: Answer = () => false): Promise<ScriptedServer> {
  const server = new WebSocketServer({host: '127.0.0.1', port: 0});
  await new Promise(resolve => server.once('listening', resolve));
  const paths: string[] = [];
  const heard: Message[] = [];
  const sayTo = (socket: WebSocket): Say => message => socket.send(typeof message === 'string' ? message : getMessage(message, false));
  server.on('connection', (socket, request) => {
    paths.push(request.url ?? '');
    const say = sayTo(socket);
    socket.on('message', (data: Buffer) => {
      for (const message of parse(new Uint8Array(data)) as Message[]) {
        if (message.topic === TOPIC.CONNECTION && message.action === CONNECTION_ACTION.PING) {
          say({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PONG});
          continue;
        }
        heard.push(message);
        if (!answer(message, say)) usual(message, say);
      }
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/deepstream`, paths, heard,
    say: message => {
      for (const socket of server.clients) sayTo(socket)(message);
    },
    stop: () => new Promise(resolve => {
      server.close(() => resolve());
      for (const socket of server.clients) socket.terminate();
    }),
  };
}

/** Lets everybody in, and has an empty List at version 0 that takes every write. */
function usual(message: Message, say: Say): void {
  const {topic, action, name, names = [], correlationId} = message;
  if (topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.CHALLENGE) {
    say({topic, action: CONNECTION_ACTION.ACCEPT});
  } else if (topic === TOPIC.AUTH) {
    say({topic, action: AUTH_ACTION.AUTH_SUCCESSFUL, data: '{}'});
  } else if (topic === TOPIC.RECORD && action === RECORD_ACTION.SUBSCRIBECREATEANDREAD) {
    for (const each of names) say({topic, action: RECORD_ACTION.READ_RESPONSE, name: each, version: 0, data: '{}'});
  } else if (topic === TOPIC.RECORD && action === RECORD_ACTION.UPDATE) {
    say({topic, action: RECORD_ACTION.WRITE_ACKNOWLEDGEMENT, isWriteAck: true, ...(name !== undefined && {name}),
      ...(correlationId !== undefined && {correlationId})});
  }
}
