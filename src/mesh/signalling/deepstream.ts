/** Signalling over a deepstream server: one connection is one WebSocket that greets, logs in, and carries one List and signals. */
import type {Cancel} from '../clock.js';
import {MeshError, type MeshErrorCode} from '../errors.js';
import {HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS, PROBE_TIMEOUT_MS} from './bounds.js';
import {DeepstreamList} from './deepstream-list.js';
import {DeepstreamProbe} from './deepstream-probe.js';
import {
  AUTH_ACTION, CONNECTION_ACTION, dataOf, decode, encode, EVENT_ACTION, signalEvent, TOPIC, wishEvent, type Message,
} from './deepstream-protocol.js';
import {ListSignalling} from './list-signalling.js';
import type {Connect, Connection, ConnectionEvents, ConnectOptions, ProbeAnswer, WriteOutcome} from './port.js';
import type {CreateSignalling, PeerId} from './types.js';

/** Where deepstream lives when the URL names no path. */
const DEFAULT_PATH = '/deepstream';
/** What deepstream's own client 7 says; servers look at none of it. */
const GREETING = {protocolVersion: '0.1a', sdkVersion: '7.0.5', sdkType: 'mesh-room'};
/** Redirects that one attempt follows. */
const MAX_REDIRECTS = 3;

export interface DeepstreamDeps {
  /** For platforms that have none, such as Node 20. */
  readonly WebSocket?: typeof WebSocket;
}

/** A `CreateSignalling` with dependencies of one's own. */
export const deepstreamSignalling = (deps: DeepstreamDeps = {}): CreateSignalling =>
  options => new ListSignalling(connectDeepstream(deps), options);

export const createDeepstreamSignalling: CreateSignalling = deepstreamSignalling();

const connectDeepstream = (deps: DeepstreamDeps): Connect =>
  (options, events) => new DeepstreamConnection(deps.WebSocket ?? globalThis.WebSocket, options, events);

/** @throws {MeshError} `bad-url` */
function endpoint(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw new MeshError('bad-url', `Not a URL: ${url}`, {cause: error});
  }
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') throw new MeshError('bad-url', `Not a ws: or wss: URL: ${url}`);
  if (parsed.hash !== '') throw new MeshError('bad-url', `A WebSocket URL has no fragment: ${url}`);
  if (parsed.pathname === '/') parsed.pathname = DEFAULT_PATH;
  return parsed;
}

type Stage = 'connecting' | 'greeting' | 'open' | 'closed';

class DeepstreamConnection implements Connection {
  readonly #WebSocket: typeof WebSocket;
  readonly #options: ConnectOptions;
  readonly #events: ConnectionEvents;
  readonly #url: URL;
  readonly #timers = new Set<Cancel>();
  readonly #explaining = new AbortController();
  readonly #probe: DeepstreamProbe;
  #list: DeepstreamList | undefined;
  #socket: WebSocket | undefined;
  #stage: Stage = 'connecting';
  #redirects = 0;
  #guarded = false;
  #heardAt = 0;
  #lastId = 0;
  /** Of the subscription to wishes. */
  #wishesId: string | undefined;

  constructor(WebSocketClass: typeof WebSocket, options: ConnectOptions, events: ConnectionEvents) {
    this.#WebSocket = WebSocketClass;
    this.#options = options;
    this.#events = events;
    this.#url = endpoint(options.url);
    this.#probe = new DeepstreamProbe({
      selfId: options.selfId, send: this.#send, nextId: this.#nextId, after: this.#after,
    });
    this.#dial(this.#url.href);
    this.#after(HANDSHAKE_TIMEOUT_MS, () => {
      if (this.#stage === 'connecting') this.#fail('server-unreachable', 'did not answer in time');
      else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'takes WebSockets and does not answer deepstream\'s greeting');
    });
  }

  get guarded(): boolean {
    return this.#guarded;
  }

  signal(to: PeerId, data: unknown): void {
    if (this.#stage !== 'open') return;
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name: signalEvent(to), data: JSON.stringify(data)});
  }

  wish(isIn: boolean): void {
    if (this.#stage !== 'open' || this.#guarded) return;
    const {selfId, list} = this.#options;
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name: wishEvent(list), data: JSON.stringify({user: selfId, in: isIn})});
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    if (this.#list) this.#list.write(entries, done);
    else done('lost');
  }

  probe(ids: readonly PeerId[], done: ProbeAnswer): void {
    if (this.#stage === 'open') this.#probe.ask(ids, done);
    else done(undefined);
  }

  close(): void {
    if (this.#stage === 'closed') return;
    this.#stage = 'closed';
    for (const cancel of this.#timers) cancel();
    this.#explaining.abort();
    this.#hangUp();
  }

  #dial(url: string): void {
    let socket: WebSocket;
    try {
      socket = new this.#WebSocket(url);
    } catch (error) {
      // The browser refuses the URL itself: `ws:` from a page of `https:`, or a port that it blocks.
      throw new MeshError('bad-url', `This page cannot connect to ${url}`, {cause: error});
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#greet();
    socket.onmessage = ({data}: MessageEvent<unknown>) => this.#receive(data);
    socket.onclose = () => this.#onSocketClose();
    // `close` follows and says the same; without a listener some platforms throw.
    socket.onerror = () => undefined;
  }

  #hangUp(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    // One that does not answer the closing handshake must not be heard from any more.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #onSocketClose(): void {
    this.#socket = undefined;
    if (this.#stage === 'open') this.#fail('server-lost', 'closed the connection');
    else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'closed the connection in deepstream\'s greeting');
    else if (this.#stage === 'connecting' && this.#options.explain) void this.#explain();
    else if (this.#stage === 'connecting') this.#fail('server-unreachable', 'cannot be reached');
  }

  /** No WebSocket came about, and the platform does not say why: whether anything is there at all, plain HTTP can tell. */
  async #explain(): Promise<void> {
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
    const {signal} = this.#explaining;
    this.#after(PROBE_TIMEOUT_MS, () => this.#explaining.abort());
    let isThere = false;
    try {
      const response = await fetch(url, {mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal});
      isThere = true;
      await response.body?.cancel();
    } catch {
      // Nothing there, or nothing that this page may speak to: either way it cannot be reached.
    }
    if (isThere) this.#fail('not-deepstream', 'answers, but takes no WebSocket');
    else this.#fail('server-unreachable', 'cannot be reached');
  }

  #fail(code: MeshErrorCode, what: string, options: ErrorOptions = {}): void {
    if (this.#stage === 'closed') return;
    this.close();
    this.#events.onClose(new MeshError(code, `${this.#url.href} ${what}`, options));
  }

  readonly #send = (message: Message): void => {
    if (this.#socket?.readyState === 1) this.#socket.send(encode(message));
  };

  readonly #nextId = (): string => String(++this.#lastId);

  /** A timer that ends with the connection. */
  readonly #after = (ms: number, run: () => void): Cancel => {
    const stop = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = (): void => {
      this.#timers.delete(cancel);
      stop();
    };
    this.#timers.add(cancel);
    return cancel;
  };

  #greet(): void {
    this.#stage = 'greeting';
    // Both at once: the server takes the login as soon as it has accepted the greeting, which saves a round trip.
    this.#send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CHALLENGE, url: this.#url.href, ...GREETING});
    const {selfId, token} = this.#options;
    const login = JSON.stringify({username: selfId, token, client: 'mesh-room'});
    this.#send({topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: login});
  }

  #receive(data: unknown): void {
    this.#heardAt = this.#options.clock.now();
    if (!(data instanceof ArrayBuffer)) {
      this.#fail('not-deepstream', 'sends text where deepstream sends binary');
      return;
    }
    for (const message of decode(data)) {
      switch (message.topic) {
        case TOPIC.CONNECTION: this.#onConnection(message); break;
        case TOPIC.AUTH: this.#onAuth(message); break;
        case TOPIC.EVENT: this.#onEvent(message); break;
        case TOPIC.RECORD: this.#list?.receive(message); break;
        case TOPIC.PRESENCE: this.#probe.receivePresence(message); break;
        case TOPIC.PARSER:
          // In the greeting: not deepstream. Later: one message that our codec could not read, and one message less.
          if (this.#stage === 'greeting') this.#fail('not-deepstream', 'does not speak deepstream');
          break;
        default:
      }
    }
  }

  #onConnection({action, url}: Message): void {
    switch (action) {
      case CONNECTION_ACTION.REJECT: return this.#fail('denied', 'rejected the connection');
      case CONNECTION_ACTION.REDIRECT: return this.#redirect(url ?? '');
      case CONNECTION_ACTION.AUTHENTICATION_TIMEOUT: return this.#fail('denied', 'gave up waiting for a login');
      case CONNECTION_ACTION.CLOSING:
      case CONNECTION_ACTION.CLOSED: return this.#fail('server-lost', 'is closing');
      default:
    }
  }

  #redirect(url: string): void {
    if (++this.#redirects > MAX_REDIRECTS) return this.#fail('not-deepstream', 'redirects in circles');
    this.#hangUp();
    this.#stage = 'connecting';
    try {
      this.#dial(endpoint(url).href);
    } catch (error) {
      this.#fail('not-deepstream', `redirects to ${url}`, {cause: error});
    }
  }

  #onAuth(message: Message): void {
    if (this.#stage !== 'greeting') return;
    // The same bytes back: an echo.
    if (message.action === AUTH_ACTION.REQUEST) return this.#fail('not-deepstream', 'does not speak deepstream');
    if (message.action !== AUTH_ACTION.AUTH_SUCCESSFUL) return this.#fail('denied', 'refused the login');
    this.#stage = 'open';
    const clientData = dataOf(message);
    this.#guarded = typeof clientData === 'object' && clientData !== null && 'guard' in clientData && clientData.guard === true;
    this.#beat();
    const {selfId, list: name} = this.#options;
    const {onList, onListLost, onListDenied} = this.#events;
    this.#list = new DeepstreamList({
      name, selfId, guarded: this.#guarded, send: this.#send, nextId: this.#nextId, after: this.#after, onList, onListLost, onListDenied,
    });
    // Ears first: whoever sees us in the List may send an offer at once.
    this.#hear(signalEvent(selfId));
    if (!this.#guarded) this.#wishesId = this.#hear(wishEvent(name));
    this.#list.subscribe();
    this.#events.onOpen();
  }

  /** @returns the id by which the server refers to it. */
  #hear(event: string): string {
    const correlationId = this.#nextId();
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names: [event], correlationId});
    return correlationId;
  }

  #onWish(data: unknown): void {
    if (typeof data !== 'object' || data === null || !('user' in data) || !('in' in data)) return;
    if (typeof data.user === 'string' && data.user !== '' && typeof data.in === 'boolean') this.#events.onWish(data.user, data.in);
  }

  #beat(): void {
    this.#after(HEARTBEAT_MS, () => {
      if (this.#options.clock.now() - this.#heardAt >= 2 * HEARTBEAT_MS) return this.#fail('server-lost', 'has fallen silent');
      this.#send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING});
      this.#beat();
    });
  }

  #onEvent(message: Message): void {
    const {action, name, isAck, originalAction, correlationId} = message;
    if (isAck) return;
    switch (action) {
      case EVENT_ACTION.EMIT:
        if (name === signalEvent(this.#options.selfId)) this.#events.onSignal(dataOf(message));
        else if (name === wishEvent(this.#options.list)) this.#onWish(dataOf(message));
        break;
      case EVENT_ACTION.SUBSCRIPTION_FOR_PATTERN_FOUND:
        this.#probe.receiveFound(message);
        break;
      case EVENT_ACTION.INVALID_LISTEN_REGEX:
        this.#probe.refuse();
        break;
      case EVENT_ACTION.MESSAGE_DENIED:
      case EVENT_ACTION.MESSAGE_PERMISSION_ERROR:
        // Without wishes it takes longer, and works.
        if (name === wishEvent(this.#options.list) || (correlationId !== undefined && correlationId === this.#wishesId)) break;
        if (originalAction === EVENT_ACTION.LISTEN) {
          this.#probe.refuse();
        } else if (originalAction !== EVENT_ACTION.UNLISTEN) {
          this.#events.onRefused(new MeshError('denied', originalAction === EVENT_ACTION.SUBSCRIBE
            ? 'The server does not let this user hear its own signals' : `The server refused a signal to ${name ?? 'somebody'}`));
        }
        break;
      default:
    }
  }
}
