import {createTopicStrategy, type Action, type Room} from '@trystero-p2p/core';
import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/**
 * The relay of its documentation ("Write your own strategy"), with its documentation's code. One for each room: it would keep its
 * connection for the next room, and a page is opened once.
 */
const relay = (made: (socket: WebSocket) => void) => createTopicStrategy<WebSocket>({
  init: ({relayConfig}) => new Promise((resolve, reject) => {
    const socket = new WebSocket(relayConfig.urls[0]!);
    made(socket);
    socket.addEventListener('open', () => resolve(socket), {once: true});
    socket.addEventListener('error', () => reject(new Error('no relay')), {once: true});
  }),
  subscribeTopic(socket, topic, onMessage) {
    const take = ({data}: MessageEvent<string>): void => {
      const message = JSON.parse(data) as {topic: string; payload: string};
      if (message.topic === topic) onMessage(topic, message.payload);
    };
    socket.addEventListener('message', take);
    socket.send(JSON.stringify({type: 'subscribe', topics: [topic]}));
    return () => {
      socket.removeEventListener('message', take);
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({type: 'unsubscribe', topics: [topic]}));
    };
  },
  publishTopic: (socket, topic, payload) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({type: 'publish', topic, payload}));
  },
});

/** Trystero's core over a relay on this machine. Its id belongs to the page and outlives rooms. */
class Trystero implements Contestant {
  readonly #peers = new Set<string>();
  #url = '';
  #socket: WebSocket | undefined;
  #room: Room | undefined;
  #text: Action | undefined;
  #bytes: Action | undefined;

  async load(serverUrl: string): Promise<void> {
    this.#url = serverUrl;
  }

  async join(name: string, events: ContestantEvents): Promise<void> {
    const join = relay(socket => {
      this.#socket = socket;
    });
    const room = this.#room = join({
      appId: 'bench', relayConfig: {urls: [this.#url]}, rtcConfig: {iceServers: []},
      // It keeps connections to people, too, for two minutes after a room was left.
      _test_only_sharedPeerIdleMs: 1,
    }, name);
    this.#text = room.makeAction('text');
    this.#bytes = room.makeAction('bytes');
    this.#text.onMessage = (data, {peerId}) => events.message(peerId, data as string);
    this.#bytes.onMessage = (data, {peerId}) => events.message(peerId, bufferOf(data as Uint8Array<ArrayBuffer> | ArrayBuffer));
    room.onPeerJoin = id => {
      this.#peers.add(id);
      events.peersChange();
    };
    room.onPeerLeave = id => {
      if (this.#peers.delete(id)) events.peersChange();
    };
  }

  peers(): readonly string[] {
    return [...this.#peers];
  }

  async send(data: Data, to?: string): Promise<void> {
    const action = typeof data === 'string' ? this.#text : this.#bytes;
    await action?.send(data, to === undefined ? {} : {target: to});
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
    this.#socket?.close();
    this.#socket = this.#room = undefined;
    this.#peers.clear();
  }
}

const bufferOf = (data: Uint8Array<ArrayBuffer> | ArrayBuffer): ArrayBuffer =>
  data instanceof ArrayBuffer ? data : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);

export const create = (): Contestant => new Trystero();
