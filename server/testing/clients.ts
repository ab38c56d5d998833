/** What the server's tests connect with: the client that plain pages use, and sockets that say what no client would. */
import {once} from 'node:events';
import {after, afterEach, before} from 'node:test';
import {DeepstreamClient} from '@deepstream/client';
import {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
import {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
import {
  AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC,
} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {WebSocket} from 'ws';
import {startServer, type MeshServer, type ServerOptions} from '../index.js';

/** A server for one test: any free port, no files. */
export const startTestServer = (options: ServerOptions = {}): Promise<MeshServer> =>
  startServer({port: 0, static: false, ...options});

export const endpointOf = ({port}: {readonly port: number}): string => `ws://127.0.0.1:${port}/deepstream`;

export interface SharedServer {
  readonly url: string;
  readonly server: MeshServer;
  /** Keeps what a test has opened until it ends, and closes it then: what was opened last first. */
  readonly kept: <T extends {close(): unknown}>(made: T) => T;
}

/** A server for all tests of the `describe` that this is called in. */
export function sharedServer(): SharedServer {
  let server: MeshServer;
  const open: Array<{close(): unknown}> = [];
  before(async () => { server = await startTestServer(); });
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  after(() => server.stop());
  return {
    get server() { return server; },
    get url() { return endpointOf(server); },
    kept(made) {
      open.push(made);
      return made;
    },
  };
}

type List = ReturnType<DeepstreamClient['record']['getList']>;

/** A page that knows nothing of this project: deepstream's own client, used as its documentation shows. */
export class PlainPage {
  readonly client: DeepstreamClient;
  /** What the client complained about, as `topic/event`. */
  readonly errors: string[] = [];
  loginData: unknown;

  constructor(url: string) {
    // By default the client waits 100 ms before it subscribes, in which signals are lost.
    this.client = new DeepstreamClient(url, {subscriptionInterval: 0});
    this.client.on('error', (_message: unknown, event: unknown, topic: unknown) => this.errors.push(`${String(topic)}/${String(event)}`));
  }

  static async open(url: string, login: Record<string, string> = {}): Promise<PlainPage> {
    const page = new PlainPage(url);
    page.loginData = await page.client.login(login);
    return page;
  }

  async list(name: string): Promise<List> {
    const list = this.client.record.getList(name);
    await list.whenReady();
    return list;
  }

  /** Ends the socket without a word, like a network that went away. The client connects again by itself. */
  cut(): void {
    this.#socket().terminate();
  }

  close(): void {
    this.client.close();
  }

  #socket(): WebSocket {
    return (this.client as unknown as {services: {connection: {endpoint: WebSocket}}}).services.connection.endpoint;
  }
}

/** `addEntry` as a promise of the server's acknowledgement. */
export const add = (list: List, id: string): Promise<string | null> =>
  new Promise(resolve => list.addEntry(id, undefined, (error: string | null) => resolve(error)));

export const remove = (list: List, id: string): Promise<string | null> =>
  new Promise(resolve => list.removeEntry(id, undefined, (error: string | null) => resolve(error)));

/** Resolves with the entries as soon as they satisfy `test`. The test's own timeout bounds the wait. */
export function untilEntries(list: List, test: (entries: string[]) => boolean): Promise<string[]> {
  return new Promise(resolve => {
    const check = (): void => {
      const entries = list.getEntries();
      if (!test(entries)) return;
      list.unsubscribe(check);
      resolve(entries);
    };
    list.subscribe(check);
    check();
  });
}

/** A socket that speaks deepstream's protocol word by word. */
export class RawSocket {
  readonly socket: WebSocket;
  readonly received: Message[] = [];
  /** Code and reason of the close frame. */
  readonly closed: Promise<{code: number; reason: string}>;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer) => {
      this.received.push(...parse(data) as Message[]);
      for (const check of this.#waiting) check();
    });
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({code: code as number, reason: String(reason)}));
    this.socket.on('error', () => {}); // `close` follows
  }

  static async open(url: string): Promise<RawSocket> {
    const raw = new RawSocket(url);
    await once(raw.socket, 'open');
    return raw;
  }

  /** Connected, greeted and logged in. */
  static async logIn(url: string, login: unknown = {}): Promise<RawSocket> {
    const raw = await RawSocket.open(url);
    raw.greet();
    raw.send({topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: JSON.stringify(login)});
    await raw.next(({topic, action}) => topic === TOPIC.AUTH && action === AUTH_ACTION.AUTH_SUCCESSFUL);
    return raw;
  }

  greet(): void {
    this.send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CHALLENGE, url: 'x'});
  }

  send(message: Message): void {
    this.socket.send(getMessage(message, false));
  }

  /** The first message, received or to come, that satisfies `test`. */
  next(test: (message: Message) => boolean): Promise<Message> {
    return new Promise(resolve => {
      const check = (): void => {
        const message = this.received.find(test);
        if (!message) return;
        this.#waiting.delete(check);
        resolve(message);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves once the server has dealt with all that was sent before. */
  async settled(): Promise<void> {
    const before = this.received.filter(isPong).length;
    this.send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING});
    await this.next(message => isPong(message) && this.received.filter(isPong).length > before);
  }

  subscribe(...names: string[]): void {
    this.send({topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names, correlationId: '1'});
  }

  emit(name: string, data: unknown): void {
    this.send({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name, data: JSON.stringify(data)});
  }

  /** Writes a List; settles with what the server answered. */
  async write(name: string, entries: unknown, correlationId: string): Promise<Message> {
    this.send({
      topic: TOPIC.RECORD, action: RECORD_ACTION.CREATEANDUPDATE, name, version: -1, data: JSON.stringify(entries),
      isWriteAck: true, correlationId,
    });
    return this.next(message => message.topic === TOPIC.RECORD && message.correlationId === correlationId);
  }

  /** The content of a List, or `undefined` when the server has none of that name. */
  async read(name: string): Promise<unknown> {
    const count = this.received.length;
    this.send({topic: TOPIC.RECORD, action: RECORD_ACTION.READ, name});
    const answer = await this.next(message => this.received.indexOf(message) >= count && message.name === name
      && (message.action === RECORD_ACTION.READ_RESPONSE || message.action === RECORD_ACTION.RECORD_NOT_FOUND));
    return answer.data === undefined ? undefined : JSON.parse(String(answer.data)) as unknown;
  }

  /** The signals that came in for `id`. */
  signals(id: string): unknown[] {
    return this.received.filter(({topic, action, name}) =>
      topic === TOPIC.EVENT && action === EVENT_ACTION.EMIT && name === `rtc-signal/${id}`)
      .map(({data}) => JSON.parse(String(data)) as unknown);
  }

  /** Whether the server refused something about `name` (or anything at all). */
  isDenied(name?: string): boolean {
    return this.received.some(message => message.isError === true && (name === undefined || message.name === name));
  }

  /** Settles once the server, too, has let go of the socket: it answers the close frame. */
  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

const isPong = ({topic, action}: Message): boolean => topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.PONG;
