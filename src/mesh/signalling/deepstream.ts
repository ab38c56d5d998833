/** Signalling over a deepstream server, by deepstream's own client: one connection is one client that never connects again. */
import type {Cancel} from '../clock.js';
import {MeshError, type MeshErrorCode} from '../errors.js';
import {CHECK_MS, HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS, PROBE_TIMEOUT_MS} from './bounds.js';
import {ClientSocket} from './client-socket.js';
import {C, DeepstreamClient, type EventData, type Message, type RecordOfflineStore} from './deepstream-client.js';
import {DeepstreamList, type EnteredList} from './deepstream-list.js';
import {DeepstreamProbe} from './deepstream-probe.js';
import {readAgain, repaired} from './deepstream-repairs.js';
import {WatchedSocket} from './deepstream-socket.js';
import {answersHttp, endpoint} from './endpoint.js';
import {ListSignalling} from './list-signalling.js';
import {signalEvent, wishEvent} from './names.js';
import type {Connect, Connection, ConnectionEvents, ConnectOptions, ProbeAnswer, WriteOutcome} from './port.js';
import type {PeerId, Signalling, SignallingOptions} from './types.js';

const {AUTH_ACTION, CONNECTION_ACTION, CONNECTION_STATE, EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, TOPIC} = C;

/** Redirects that one attempt follows. */
const MAX_REDIRECTS = 3;
/** For waits of the client that end in a line on the console and in nothing else; the longest that timers know, 25 days. */
const NEVER_MS = 2 ** 31 - 1;

/** Where records would be kept across visits, which rooms must not be. */
const NO_STORAGE: RecordOfflineStore = {
  get: (name, done) => done(name, -1, null),
  set: (name, _version, _data, done) => done(null, name),
  delete: (name, done) => done(null, name),
  reset: done => done(null),
};

/**
 * Every attempt is a new client, so that nothing of a connection that failed is left in the next.
 * @param socket to the endpoint; a new one by default
 */
export const connectDeepstream = (options: ConnectOptions, events: ConnectionEvents, socket?: ClientSocket): Connection =>
  new DeepstreamConnection(options, events, socket);

export interface DeepstreamOptions extends SignallingOptions {
  /** To the same endpoint, of `dial()`: the first attempt takes it. */
  readonly socket?: ClientSocket | undefined;
}

export function createDeepstreamSignalling({socket, ...options}: DeepstreamOptions): Signalling {
  let unused = socket;
  const connect: Connect = (connection, events) => {
    const first = unused;
    unused = undefined;
    return connectDeepstream(connection, events, first);
  };
  return new ListSignalling(connect, options, (url, signal) => answersHttp(endpoint(url), signal));
}

type Stage = 'connecting' | 'greeting' | 'open' | 'closed';

class DeepstreamConnection implements Connection {
  readonly #options: ConnectOptions;
  readonly #events: ConnectionEvents;
  readonly #url: URL;
  readonly #timers = new Set<Cancel>();
  readonly #explaining = new AbortController();
  readonly #client: DeepstreamClient;
  readonly #probe: DeepstreamProbe;
  #unused: ClientSocket | undefined;
  #socket: WatchedSocket | undefined;
  #list: DeepstreamList | undefined;
  #stage: Stage = 'connecting';
  #dials = 0;
  #guarded = false;
  #hasIce = false;
  #relays = true;
  #entered = false;
  /** The List as the login's answer had it, until the client has been told. */
  #untold: EnteredList | undefined;
  /** Answers to what the server has done with the login and is not asked for again. */
  readonly #answers: Message[] = [];

  constructor(options: ConnectOptions, events: ConnectionEvents, socket: ClientSocket | undefined) {
    this.#options = options;
    this.#unused = socket;
    this.#events = events;
    this.#url = endpoint(options.url);
    const {selfId, token, list} = options;
    const login = {username: selfId, token, client: 'mesh-room', enter: list};
    const client = this.#client = this.#createClient(login);
    this.#probe = new DeepstreamProbe({selfId, after: this.#after, say: message => this.#socket?.say(message)});
    client.on('connectionStateChanged', this.#onState);
    client.on('error', this.#onClientError);
    client.login(login, (isIn, data) => {
      if (isIn) this.#onLogin(data);
      else this.#fail('denied', 'refused the login');
    });
    this.#after(HANDSHAKE_TIMEOUT_MS, () => {
      if (this.#stage === 'connecting') this.#fail('server-unreachable', 'did not answer in time');
      else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'takes WebSockets and does not answer deepstream\'s greeting');
    });
  }

  get guarded(): boolean {
    return this.#guarded;
  }

  get entered(): boolean {
    return this.#entered;
  }

  get hasIce(): boolean {
    return this.#hasIce;
  }

  get relays(): boolean {
    return this.#relays;
  }

  signal(to: PeerId, data: unknown): void {
    if (this.#stage === 'open') this.#client.event.emit(signalEvent(to), data as EventData);
  }

  wish(isIn: boolean): void {
    if (this.#stage !== 'open' || this.#guarded) return;
    const {selfId, list} = this.#options;
    this.#client.event.emit(wishEvent(list), {user: selfId, in: isIn});
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    if (this.#stage === 'open' && this.#list) this.#list.write(entries, done);
    else done('lost');
  }

  probe(ids: readonly PeerId[], done: ProbeAnswer): void {
    if (this.#stage === 'open') this.#probe.ask(ids, done);
    else done(undefined);
  }

  check(): void {
    const socket = this.#socket;
    // A greeting has a bound of its own.
    if (this.#stage !== 'open' || !socket) return;
    const {heard} = socket;
    socket.ping();
    this.#after(CHECK_MS, () => {
      if (socket.heard === heard) this.#fail('server-lost', 'does not answer');
    });
  }

  close(): void {
    if (this.#stage === 'closed') return;
    this.#stage = 'closed';
    for (const cancel of this.#timers) cancel();
    this.#explaining.abort();
    this.#client.close();
  }

  #createClient(login: Readonly<Record<string, string>>): DeepstreamClient {
    return new DeepstreamClient(this.#url.href, {
      socketFactory: url => this.#dial(url, login),
      // Connecting again is done above, with a new client.
      maxReconnectAttempts: 0,
      // Nothing is kept, but without a storage of one's own the client lets a timer pass for each List; a second in a hidden tab.
      offlineEnabled: true,
      storageName: 'none',
      storage: NO_STORAGE,
      // Otherwise it looks at its timers every 50 ms, for ever.
      nativeTimerRegistry: true,
      // By default what is said in the 100 ms after subscribing is lost.
      subscriptionInterval: 0,
      subscriptionTimeout: NEVER_MS,
      heartbeatInterval: HEARTBEAT_MS,
      // Nobody here changes what the client hands out.
      recordDeepCopy: false,
    });
  }

  /** @throws {MeshError} `bad-url`; `not-deepstream` where the server redirects in circles */
  #dial(url: string, login: Readonly<Record<string, string>>): WatchedSocket {
    if (this.#dials++ > MAX_REDIRECTS) throw new MeshError('not-deepstream', `${this.#url.href} redirects in circles`);
    // The client takes the slashes out of a path of several parts.
    const {href} = this.#dials === 1 ? this.#url : endpoint(url);
    this.#stage = 'connecting';
    try {
      const socket = this.#unused ?? new ClientSocket(href);
      this.#unused = undefined;
      this.#socket = new WatchedSocket(socket, {
        login, clock: this.#options.clock,
        watch: {
          onOpened: () => { this.#stage = 'greeting'; },
          onClosed: () => this.#onSocketClose(),
          onText: () => this.#fail('not-deepstream', 'sends text where deepstream sends binary'),
          withhold: message => this.#withhold(message),
          admit: message => this.#admit(message),
          onFault: error => this.#onFault(error),
        },
      });
    } catch (error) {
      // The browser refuses the URL itself: `ws:` from a page of `https:`, or a port that it blocks.
      throw new MeshError('bad-url', `This page cannot connect to ${href}`, {cause: error});
    }
    return this.#socket;
  }

  #onSocketClose(): void {
    if (this.#stage === 'open') this.#fail('server-lost', 'closed the connection');
    else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'closed the connection in deepstream\'s greeting');
    else if (this.#stage === 'connecting' && this.#options.explain) void this.#explain();
    else if (this.#stage === 'connecting') this.#fail('server-unreachable', 'cannot be reached');
  }

  /** No WebSocket came about, and the platform does not say why: whether anything is there at all, plain HTTP can tell. */
  async #explain(): Promise<void> {
    this.#after(PROBE_TIMEOUT_MS, () => this.#explaining.abort());
    if (await answersHttp(this.#url, this.#explaining.signal)) this.#fail('not-deepstream', 'answers, but takes no WebSocket');
    else this.#fail('server-unreachable', 'cannot be reached');
  }

  #fail(code: MeshErrorCode, what: string, options: ErrorOptions = {}): void {
    if (this.#stage === 'closed') return;
    this.close();
    this.#events.onClose(new MeshError(code, `${this.#url.href} ${what}`, options));
  }

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

  readonly #onState = (state: unknown): void => {
    if (state === CONNECTION_STATE.CHALLENGE_DENIED) this.#fail('denied', 'rejected the connection');
    else if (state === CONNECTION_STATE.TOO_MANY_AUTH_ATTEMPTS) this.#fail('denied', 'refused the login');
  };

  /** What the server refuses is read before the client hears it, which would not say what it was. */
  readonly #onClientError = (_detail: unknown, event: string): void => {
    if (event !== 'HEARTBEAT_TIMEOUT') return;
    if (this.#stage === 'open') this.#fail('server-lost', 'has fallen silent');
    else this.#fail('not-deepstream', 'takes WebSockets and does not answer deepstream\'s greeting');
  };

  #onFault(error: unknown): void {
    if (this.#stage === 'open') {
      this.#events.onRefused(new MeshError('bad-frame', `${this.#url.href} said what its client cannot take`, {cause: error}));
    } else {
      this.#fail('not-deepstream', 'said what deepstream\'s client cannot take', {cause: error});
    }
  }

  #onLogin(clientData: unknown): void {
    this.#stage = 'open';
    const {guard, ice, relay, entered} = (typeof clientData === 'object' && clientData !== null ? clientData : {}) as Readonly<Record<string, unknown>>;
    this.#guarded = guard === true;
    this.#hasIce = ice === true;
    this.#relays = relay !== false;
    this.#untold = this.#guarded ? enteredList(entered) : undefined;
    this.#entered = this.#untold !== undefined;
    const {event} = this.#client;
    const {selfId, list: name} = this.#options;
    const {onSignal, onList, onListLost, onOpen} = this.#events;
    // Ears first: whoever sees us in the List may send an offer at once.
    event.subscribe(signalEvent(selfId), data => {
      if (this.#stage === 'open') onSignal(data);
    });
    if (!this.#guarded) event.subscribe(wishEvent(name), data => this.#onWish(data));
    this.#list = new DeepstreamList({
      client: this.#client, name, selfId, guarded: this.#guarded, entered: this.#entered, after: this.#after, onList, onListLost,
      readAgain: () => this.#socket?.tell(readAgain(name)),
      onBroken: () => this.#fail('server-lost', `does not tell what the List ${name} is`),
    });
    // Where the server guards its Lists, the first write comes before the List is opened: see there.
    onOpen();
    if (this.#stage !== 'open') return;
    this.#list.open();
    this.#untold = undefined;
    for (const answer of this.#answers.splice(0)) this.#socket?.tell(answer);
  }

  /** Whether the server has done with the login what the client asks for. */
  #withhold({topic, action, names, correlationId}: Message): boolean {
    const {selfId, list} = this.#options;
    if (!this.#untold || names?.length !== 1) return false;
    const isSignals = topic === TOPIC.EVENT && action === EVENT_ACTION.SUBSCRIBE && names[0] === signalEvent(selfId);
    const isList = topic === TOPIC.RECORD && action === RECORD_ACTION.SUBSCRIBECREATEANDREAD && names[0] === list;
    if (!isSignals && !isList) return false;
    this.#answers.push({topic, action, isAck: true, ...(correlationId !== undefined && {correlationId})});
    if (isList) {
      const {version, entries} = this.#untold;
      this.#answers.push({topic, action: RECORD_ACTION.READ_RESPONSE, name: list, version, parsedData: [...entries]});
    }
    return true;
  }

  #onWish(data: unknown): void {
    if (this.#stage !== 'open' || typeof data !== 'object' || data === null || !('user' in data) || !('in' in data)) return;
    const {user, in: isIn} = data;
    // The client hands an event to its sender too.
    if (typeof user !== 'string' || user === '' || user === this.#options.selfId || typeof isIn !== 'boolean') return;
    this.#events.onWish(user, isIn);
  }

  /** What of a message the client is told. It writes to the console at much that it does not expect. */
  #admit(message: Message): readonly Message[] {
    if (this.#stage === 'closed') return [];
    const {topic, action, originalAction} = message;
    switch (topic) {
      case TOPIC.CONNECTION: return this.#admitConnection(message);
      case TOPIC.AUTH:
        // The same bytes back: an echo.
        if (action === AUTH_ACTION.REQUEST) this.#fail('not-deepstream', 'does not speak deepstream');
        return this.#client.getConnectionState() === CONNECTION_STATE.AUTHENTICATING ? [message] : [];
      case TOPIC.EVENT: return this.#admitEvent(message);
      case TOPIC.PRESENCE:
        if (action === PRESENCE_ACTION.QUERY_RESPONSE || originalAction === PRESENCE_ACTION.QUERY) this.#probe.hearPresence(message);
        return [];
      case TOPIC.RECORD: return this.#admitRecord(message);
      case TOPIC.PARSER:
        // In the greeting: not deepstream. Later: one message that the client could not read, and one message less.
        if (this.#stage === 'greeting') this.#fail('not-deepstream', 'does not speak deepstream');
        return [];
      default: return [];
    }
  }

  #admitConnection(message: Message): readonly Message[] {
    switch (message.action) {
      case CONNECTION_ACTION.ACCEPT:
      case CONNECTION_ACTION.REJECT:
      case CONNECTION_ACTION.REDIRECT:
        return this.#client.getConnectionState() === CONNECTION_STATE.CHALLENGING ? [message] : [];
      case CONNECTION_ACTION.AUTHENTICATION_TIMEOUT: this.#fail('denied', 'gave up waiting for a login'); break;
      case CONNECTION_ACTION.CLOSING:
      case CONNECTION_ACTION.CLOSED: this.#fail('server-lost', 'is closing'); break;
      default:
    }
    return [];
  }

  #admitEvent(message: Message): readonly Message[] {
    const {action, name = 'somebody', originalAction, isAck} = message;
    if (isAck) return [message];
    switch (action) {
      case EVENT_ACTION.EMIT:
        return [message];
      case EVENT_ACTION.SUBSCRIPTION_FOR_PATTERN_FOUND:
        this.#probe.hearSubscription(message);
        break;
      case EVENT_ACTION.INVALID_LISTEN_REGEX:
        this.#probe.refuse();
        break;
      case EVENT_ACTION.MESSAGE_DENIED:
      case EVENT_ACTION.MESSAGE_PERMISSION_ERROR:
        if (originalAction === EVENT_ACTION.LISTEN) {
          this.#probe.refuse();
        } else if (originalAction !== EVENT_ACTION.UNLISTEN) {
          this.#events.onRefused(new MeshError('denied', originalAction === EVENT_ACTION.SUBSCRIBE
            ? 'The server does not let this user hear its own signals' : `The server refused a signal to ${name}`));
        }
        break;
      default:
    }
    return [];
  }

  #admitRecord(message: Message): readonly Message[] {
    const {action, name, isAck, isWriteAck} = message;
    const list = this.#list;
    // Some answers to writes name no List.
    if (!list || (name !== list.name && !isAck && !(isWriteAck && name === undefined))) return [];
    const isDenial = action === RECORD_ACTION.MESSAGE_DENIED || action === RECORD_ACTION.MESSAGE_PERMISSION_ERROR;
    if (isDenial && !isWriteAck) {
      this.#events.onListDenied(new MeshError('denied', `The server does not let this user read the List ${list.name}`));
    }
    return repaired(message, list);
  }
}

/** What the login's answer says of the List; `undefined` where it says nothing of use. */
function enteredList(value: unknown): EnteredList | undefined {
  if (typeof value !== 'object' || value === null || !('version' in value) || !('entries' in value)) return undefined;
  const {version, entries} = value;
  if (!Number.isSafeInteger(version) || !Array.isArray(entries)) return undefined;
  return {version: version as number, entries: entries.filter(id => typeof id === 'string')};
}
