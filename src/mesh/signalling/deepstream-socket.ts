import type {Clock} from '../clock.js';
import {HEARTBEAT_MS} from './bounds.js';
import {hangUp, type ClientSocket} from './client-socket.js';
import {C, type Message, type Socket} from './deepstream-client.js';

const {AUTH_ACTION, CONNECTION_ACTION, TOPIC} = C;

/** Heartbeats in a row without a word after which the server is not there. */
const SILENT_BEATS = 2;

export interface SocketWatch {
  /** The WebSocket stands. */
  readonly onOpened: () => void;
  /** The other end, or the network, has closed it. */
  readonly onClosed: () => void;
  /** What arrived is not deepstream's. */
  readonly onText: () => void;
  /** Whether the server need not be told what the client says. */
  readonly withhold: (message: Message) => boolean;
  /** What of a message the client is told, and in which words. */
  readonly admit: (message: Message) => readonly Message[];
  /** The client threw at what it was told. */
  readonly onFault: (error: unknown) => void;
}

export interface WatchedSocketOptions {
  /** Sent together with the greeting. */
  readonly login: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly watch: SocketWatch;
}

const nothing = (): void => {};

/**
 * The socket of deepstream's client, made by deepstream's client, with somebody in between (its option `socketFactory`).
 *
 * - What the client throws out of its WebSocket's handler (JSON that is none, a number sent as text) would be an uncaught error on
 *   the host's page.
 * - The client waits for the answer to its greeting before it logs in. The server does not mind to get both at once, which saves
 *   a round trip.
 * - What a server of this project has done with the login need not be asked for.
 * - The client calls a server dead after a time, also when it was this page that stood still. Here only heartbeats count that
 *   were looked at in time.
 * - When the socket is gone the client would wait and connect again. It hears of it only by being closed.
 */
export class WatchedSocket implements Socket {
  // The client sets these.
  onopened: () => void = nothing;
  onclosed: () => void = nothing;
  onerror: (error: unknown) => void = nothing;
  onparsedmessages: (messages: Message[]) => void = nothing;
  readonly #options: WatchedSocketOptions;
  #inner: ClientSocket['inner'] | undefined;
  #isLoginSent = false;
  #heard = 0;
  /** `#heard` at the last heartbeat. */
  #heardBefore = 0;
  #silentBeats = 0;
  #lookedAt: number;

  constructor(socket: ClientSocket, options: WatchedSocketOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
    const {watch} = options;
    const inner = this.#inner = socket.inner;
    // A page that was frozen may use a socket that has been closed meanwhile, before it is told so: browsers complain on the console.
    const send = inner.send.bind(inner);
    inner.send = data => { if (inner.readyState === inner.OPEN) send(data); };
    const receive = inner.onmessage as (event: MessageEvent<unknown>) => void;
    inner.onmessage = (event: MessageEvent<unknown>) => {
      // The client would take text for the size of a buffer.
      if (typeof event.data === 'string') watch.onText();
      else receive(event);
    };
    inner.onparsedmessages = messages => this.#receive(messages);
    socket.take(() => {
      watch.onOpened();
      this.onopened();
    }, () => {
      this.#inner = undefined;
      watch.onClosed();
    });
  }

  /** The client asks for this when the server sends it elsewhere; it then makes another socket. */
  close(): void {
    if (!this.#inner) return;
    this.#hangUp();
    this.onclosed();
  }

  sendParsedMessage(message: Message): void {
    if (message.topic === TOPIC.CONNECTION && message.action === CONNECTION_ACTION.CLOSING) {
      this.#hangUp();
      return;
    }
    const isLogin = message.topic === TOPIC.AUTH && message.action === AUTH_ACTION.REQUEST;
    if ((isLogin && this.#isLoginSent) || this.#options.watch.withhold(message)) return;
    this.#inner?.sendParsedMessage(message);
    if (message.topic === TOPIC.CONNECTION && message.action === CONNECTION_ACTION.CHALLENGE) {
      this.#isLoginSent = true;
      this.#inner?.sendParsedMessage({topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, parsedData: {...this.#options.login}});
    }
  }

  /** Messages that have come so far. */
  get heard(): number {
    return this.#heard;
  }

  /** Asks the server for a sign of life. */
  ping(): void {
    this.say({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING});
  }

  /** Says `message` to the server without the client's knowing. */
  say(message: Message): void {
    this.#inner?.sendParsedMessage(message);
  }

  /** Says `message` to the client as if the server had. */
  tell(message: Message): void {
    try {
      this.onparsedmessages([message]);
    } catch (error) {
      this.#options.watch.onFault(error);
    }
  }

  /** Called at every heartbeat; the client gives up when the answer is above two heartbeats. */
  getTimeSinceLastMessage(): number {
    const now = this.#options.clock.now();
    // Who looks late has stood still itself, and what the server has said meanwhile waits to be read.
    const isInTime = now - this.#lookedAt < 2 * HEARTBEAT_MS;
    this.#lookedAt = now;
    if (this.#heard > this.#heardBefore) this.#silentBeats = 0;
    else if (isInTime) this.#silentBeats++;
    this.#heardBefore = this.#heard;
    return this.#silentBeats >= SILENT_BEATS ? Infinity : 0;
  }

  #receive(messages: readonly Message[]): void {
    this.#heard += messages.length;
    for (const message of messages) {
      for (const admitted of this.#options.watch.admit(readData(message))) {
        if (this.#inner) this.tell(admitted);
      }
    }
  }

  #hangUp(): void {
    const inner = this.#inner;
    if (!inner) return;
    this.#inner = undefined;
    hangUp(inner);
  }
}

/** Reads the message's data, in its place: it has just been made, for nobody else. Without any where that is not JSON. */
function readData(message: Message): Message {
  const {data} = message;
  (message as {data: unknown}).data = undefined;
  if (typeof data !== 'string' || data === '') return message;
  try {
    message.parsedData = JSON.parse(data) as NonNullable<Message['parsedData']>;
  } catch {
    // A remote's word; whoever needs data drops it as it drops none.
  }
  return message;
}
