import type {IncomingMessage} from 'node:http';
import {STATUS_CODES} from 'node:http';
import type {Duplex} from 'node:stream';
import type {
  DeepstreamHTTPService, DeepstreamServices, SocketWrapper, SocketWrapperFactory, WebSocketConnectionEndpoint,
} from '@deepstream/types';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {WebSocket, WebSocketServer} from 'ws';
import type {Counters, Cut} from '../counters.js';
import type {ServerLimits} from '../options.js';
import {Connection, type Handshake} from './connection.js';
import {parse} from './protocol.js';

/** Silence, in heartbeats, after which a socket is cut. Between two and three, so that one lost ping costs nothing. */
const SILENT_HEARTBEATS = 2.5;
/** Bytes waiting for one socket at which it is cut: it has not read for long. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

export interface SocketHubOptions {
  readonly limits: ServerLimits;
  readonly heartbeatMs: number;
  readonly allowedOrigins: ReadonlySet<string> | undefined;
  readonly counters: Counters;
  readonly onError: (error: unknown) => void;
}

/** deepstream's own maker of socket wrappers, which its types call a `Function`. */
type CreateWrapper = (
  socket: WebSocket, handshake: Handshake, services: Readonly<DeepstreamServices>, options: object,
  endpoint: WebSocketConnectionEndpoint,
) => SocketWrapper;

/** What the hub asks about messages and tells of sockets. */
export interface SocketHubHandlers {
  /** What of `message`, read from `frame`, may go on to deepstream; `undefined` when nothing may. */
  admit(connection: Connection, message: Message, frame: Uint8Array): Message | undefined;
  closed(connection: Connection): void;
}

/**
 * deepstream's sockets, in place of its own HTTP service. Everything that a client sends passes here first: size, rate, form
 * and (through `admit`) right. So nothing that deepstream mishandles reaches it, without a patch to its code.
 *
 * Heartbeats are WebSocket pings from this side. Browsers answer those below the page, so that a background tab whose timers
 * are throttled counts as alive; deepstream's own heartbeat expects the page's timers to run. Whether a page is frozen shows in whether
 * it still says anything, for which there is more time.
 */
export class SocketHub implements DeepstreamHTTPService {
  readonly description = 'Mesh Room sockets';
  readonly connections = new Set<Connection>();
  /** deepstream's services; set before it starts. */
  services!: Readonly<DeepstreamServices>;
  readonly #options: SocketHubOptions;
  readonly #handlers: SocketHubHandlers;
  readonly #sockets: WebSocketServer;
  readonly #bySocketWrapper = new WeakMap<SocketWrapper, Connection>();
  #endpoint: WebSocketConnectionEndpoint | undefined;
  #createWrapper: CreateWrapper | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #stopping = false;

  constructor(options: SocketHubOptions, handlers: SocketHubHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#sockets = new WebSocketServer({noServer: true, clientTracking: false, maxPayload: options.limits.messageBytes});
  }

  init(): void {
    this.#beatAt = performance.now();
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.heartbeatMs);
  }

  async whenReady(): Promise<void> {}

  /** Takes a WebSocket handshake. The caller has matched the path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const {allowedOrigins, limits} = this.#options;
    const {origin} = request.headers;
    if (this.#stopping || !this.#endpoint) return refuseUpgrade(socket, 503);
    if (allowedOrigins && origin !== undefined && !allowedOrigins.has(origin)) return this.#refuse(socket, 403, 'origin');
    if (this.connections.size >= limits.sockets) return this.#refuse(socket, 503, 'full');
    this.#sockets.handleUpgrade(request, socket, head, webSocket => this.#open(webSocket, request));
  }

  connectionOf(wrapper: SocketWrapper): Connection | undefined {
    return this.#bySocketWrapper.get(wrapper);
  }

  /** Hands an admitted message to deepstream. */
  deliver(connection: Connection, message: Message): void {
    if (connection.phase === 'closing') return;
    this.#contain(connection, () => (connection.wrapper.onMessage as (messages: Message[]) => void)([message]));
  }

  /** Closes every socket; settles once all are closed, those that do not answer included. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    await Promise.all([...this.connections].map(connection => new Promise<void>(resolve => {
      connection.socket.once('close', () => resolve());
      connection.end(1001, 'The server is stopping.');
    })));
  }

  // The names from here on are deepstream's.

  registerWebsocketEndpoint(_path: string, create: SocketWrapperFactory, endpoint: WebSocketConnectionEndpoint): void {
    this.#createWrapper = create as CreateWrapper;
    this.#endpoint = endpoint;
  }

  registerPostPathPrefix(): void {}

  registerGetPathPrefix(): void {}

  sendWebsocketMessage(socket: WebSocket, message: Uint8Array): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#connectionOn(socket)?.terminate('slow');
      return;
    }
    // A failed send means that the socket is closing: its `close` event does what is to be done.
    socket.send(message, nothing);
  }

  getSocketWrappersForUserId(userId: string): SocketWrapper[] {
    return [...this.connections].map(connection => connection.wrapper).filter(wrapper => wrapper.userId === userId);
  }

  closeWebsocket(socket: WebSocket): void {
    this.#connectionOn(socket)?.end(1000, '');
  }

  // …to here.

  #connectionOn(socket: WebSocket): Connection | undefined {
    for (const connection of this.connections) if (connection.socket === socket) return connection;
    return undefined;
  }

  #refuse(socket: Duplex, status: number, cut: Cut): void {
    this.#options.counters.cut[cut] += 1;
    refuseUpgrade(socket, status);
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const endpoint = this.#endpoint!;
    const {counters, limits} = this.#options;
    const connection = new Connection(
      socket, {remoteAddress: request.socket.remoteAddress ?? '', counters, limits, now: performance.now()});
    const wrapper = this.#createWrapper!(socket, connection.handshake, this.services, endpoint.wsOptions, endpoint);
    // deepstream closes by `ws.close()`, which waits 30 s for a frozen client.
    wrapper.destroy = () => connection.end(1008, 'Refused.', 'protocol');
    connection.wrapper = wrapper;
    this.#bySocketWrapper.set(wrapper, connection);
    this.connections.add(connection);
    socket.on('message', (data: Buffer, isBinary) => this.#receive(connection, data, isBinary));
    socket.on('pong', () => { connection.lastSeenAt = performance.now(); });
    socket.on('error', error => {
      // `ws` closes the socket by itself after this; all that is left is to count what a client provoked.
      const {code} = error as NodeJS.ErrnoException;
      if (code?.startsWith('WS_ERR_') && connection.phase !== 'closing') {
        counters.cut[code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'size' : 'protocol'] += 1;
        connection.phase = 'closing';
      }
    });
    socket.once('close', () => {
      this.connections.delete(connection);
      this.#contain(connection, () => endpoint.onSocketClose(wrapper));
      this.#contain(connection, () => this.#handlers.closed(connection));
    });
    endpoint.onConnection(wrapper);
  }

  #receive(connection: Connection, data: Buffer, isBinary: boolean): void {
    if (connection.phase === 'closing') return;
    const {counters} = this.#options;
    const now = connection.lastSeenAt = connection.lastMessageAt = performance.now();
    if (!isBinary) return connection.end(1003, 'Text frames are not part of the protocol.', 'protocol');
    if (!connection.messages.take(1, now)) return connection.end(1008, 'Too many messages.', 'rate');
    counters.messages += 1;
    this.#contain(connection, () => {
      // One frame holds one message.
      for (const message of parse(data) as Message[]) {
        const admitted = this.#handlers.admit(connection, message, data);
        if (admitted) this.deliver(connection, admitted);
      }
    });
  }

  /** Whatever a client's message makes deepstream throw costs that client its socket, and nobody else anything. */
  #contain(connection: Connection, run: () => void): void {
    try {
      run();
    } catch (error) {
      connection.end(1011, 'Internal error.', 'failure');
      this.#options.onError(error);
    }
  }

  #beat(): void {
    const {heartbeatMs, limits} = this.#options;
    const now = performance.now();
    // After a stall of this process, or a sleep of the machine, everybody looks silent: nobody is to blame.
    const stalled = now - this.#beatAt > 2 * heartbeatMs;
    this.#beatAt = now;
    for (const connection of this.connections) {
      if (stalled) connection.lastSeenAt = connection.lastMessageAt = now;
      if (connection.phase === 'closing') continue;
      const isSilent = now - connection.lastSeenAt > SILENT_HEARTBEATS * heartbeatMs || now - connection.lastMessageAt > limits.silentMs;
      if (isSilent) connection.terminate('silent');
      else if (connection.phase !== 'open' && now - connection.openedAt > limits.loginMs) {
        // Not deepstream's AUTHENTICATION_TIMEOUT: its client would never connect again, however late its user logs in.
        connection.end(1008, 'Log in first.', 'login');
      } else connection.socket.ping();
    }
  }
}

const nothing = (): void => {};

/** Answers a WebSocket handshake with an HTTP status. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
