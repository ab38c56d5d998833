import {HEARTBEAT_MS} from './bounds.js';
import {socketFactory, type Socket} from './deepstream-client.js';
import {endpoint} from './endpoint.js';

/** The WebSocket that deepstream's client makes for itself, which also knows messages. */
type MessageSocket = Socket & Pick<WebSocket, 'onopen' | 'onmessage' | 'onclose' | 'onerror' | 'readyState' | 'OPEN' | 'send'>;

const nothing = (): void => {};

/** A socket of deepstream's client that may be opened before there is a client. */
export class ClientSocket {
  readonly inner: MessageSocket;
  #told: 'nothing' | 'opened' | 'closed' = 'nothing';
  #isTaken = false;

  /** @throws what the platform's WebSocket throws at a URL that it refuses. */
  constructor(href: string) {
    this.inner = socketFactory(href, {jsonTransportMode: false}, HEARTBEAT_MS) as MessageSocket;
    this.inner.onopened = () => { this.#told = 'opened'; };
    this.inner.onclosed = () => { this.#told = 'closed'; };
    // `onclosed` follows and says the same; without a listener some platforms throw.
    this.inner.onerror = nothing;
  }

  /** From now on it tells these; what it has told nobody so far, in the next microtask. */
  take(onOpened: () => void, onClosed: () => void): void {
    const {inner} = this;
    this.#isTaken = true;
    inner.onopened = onOpened;
    inner.onclosed = onClosed;
    if (this.#told === 'opened') queueMicrotask(() => inner.onopened());
    else if (this.#told === 'closed') queueMicrotask(() => inner.onclosed());
  }

  /** Nobody needs it, unless it has been taken. Closed once it is open: browsers complain on the console of one that is closed before. */
  giveBack(): void {
    if (this.#isTaken) return;
    const {inner} = this;
    this.take(() => hangUp(inner), nothing);
  }
}

/** Closes a socket of deepstream's client, which tells nothing from then on. */
export function hangUp(socket: MessageSocket): void {
  socket.onclosed = socket.onopened = socket.onparsedmessages = nothing;
  // One that does not answer the closing handshake must not be heard from any more, nor be sent pings: `onclose` ends them.
  (socket.onclose as (() => void) | null)?.();
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
}

/** Begins to connect while it is not known yet as whom. `undefined` where that cannot be: whoever joins is told why. */
export function dial(url: string): ClientSocket | undefined {
  try {
    return new ClientSocket(endpoint(url).href);
  } catch {
    return undefined;
  }
}
