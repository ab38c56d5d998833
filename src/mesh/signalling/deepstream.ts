/**
 * Signalling over a deepstream server. The only file that names the vendor: it speaks deepstream's protocol over a WebSocket of
 * its own, with deepstream's own codec (`@deepstream/protobuf`), in place of `@deepstream/client`. Of that, this project would use a
 * tenth, and would have to work around the rest: `docs/decisions/deepstream-protocol.md`.
 */
import {AUTH_ACTION, CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
import {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
import type {Cancel} from '../clock.js';
import {MeshError, type MeshErrorCode} from '../errors.js';
import {ABSENCE_MS, HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS, PROBE_TIMEOUT_MS, WRITE_TIMEOUT_MS} from './bounds.js';
import {ListSignalling} from './list-signalling.js';
import type {Connect, Connection, ConnectionEvents, ConnectOptions, WriteOutcome} from './port.js';
import {RosterView} from './roster-view.js';
import type {CreateSignalling, PeerId} from './types.js';

/** Where deepstream lives when the URL names no path. */
const DEFAULT_PATH = '/deepstream';
/** What deepstream's client 7 says to the server; the server looks at none of it. */
const HELLO = {protocolVersion: '0.1a', sdkVersion: '7.0.5', sdkType: 'mesh-room'};
/** Redirects that one attempt follows. */
const MAX_REDIRECTS = 3;

export interface DeepstreamDeps {
  /** Where the platform has none, or a test wants another. */
  readonly WebSocket?: typeof WebSocket;
}

/** A `CreateSignalling` with dependencies of one's own. */
export const deepstreamSignalling = (deps: DeepstreamDeps = {}): CreateSignalling =>
  (options) => new ListSignalling(connectDeepstream(deps), options);

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
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
    throw new MeshError('bad-url', `Not a ws: or wss: URL: ${url}`);
  }
  if (parsed.hash !== '') throw new MeshError('bad-url', `A WebSocket URL has no fragment: ${url}`);
  if (parsed.pathname === '/') parsed.pathname = DEFAULT_PATH;
  return parsed;
}

type Stage = 'connecting' | 'greeting' | 'open' | 'closed';

interface Write {
  readonly correlationId: string;
  readonly entries: readonly PeerId[];
  readonly version: number;
  readonly done: (outcome: WriteOutcome) => void;
  readonly timeout: Cancel;
  /** On a guarded server: acknowledged, and waiting for the List that the server makes of it. */
  acknowledged: boolean;
}

interface Probe {
  readonly pattern: string;
  readonly found: Set<PeerId>;
  readonly ids: ReadonlySet<PeerId>;
  readonly done: (present: ReadonlySet<PeerId> | undefined) => void;
  timer: Cancel;
  heard: boolean;
}

class DeepstreamConnection implements Connection {
  readonly #WebSocket: typeof WebSocket;
  readonly #options: ConnectOptions;
  readonly #events: ConnectionEvents;
  readonly #url: URL;
  readonly #inbox: string;
  readonly #timers = new Set<Cancel>();
  #socket: WebSocket | undefined;
  #stage: Stage = 'connecting';
  #redirects = 0;
  #guarded = false;
  #heardAt = 0;
  #probing: AbortController | undefined;
  /** Version of the List as last reported; `undefined` until it has been read. */
  #version: number | undefined;
  #view = RosterView.empty;
  #write: Write | undefined;
  #probe: Probe | undefined;
  #correlation = 0;

  constructor(WebSocketClass: typeof WebSocket, options: ConnectOptions, events: ConnectionEvents) {
    this.#WebSocket = WebSocketClass;
    this.#options = options;
    this.#events = events;
    this.#url = endpoint(options.url);
    this.#inbox = `rtc-signal/${options.selfId}`;
    this.#dial(this.#url.href);
    this.#after(HANDSHAKE_TIMEOUT_MS, () => {
      if (this.#stage === 'connecting') this.#fail('server-unreachable', 'did not answer in time');
      else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'opened a WebSocket and did not answer deepstream\'s greeting');
    });
  }

  get guarded(): boolean {
    return this.#guarded;
  }

  signal(to: PeerId, data: unknown): void {
    if (this.#stage !== 'open') return;
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name: `rtc-signal/${to}`, data: JSON.stringify(data)});
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    // A write without a version would wipe the List of a server that has no guard.
    if (this.#stage !== 'open' || this.#write || (this.#version === undefined && !this.#guarded)) {
      done('lost');
      return;
    }
    const correlationId = this.#nextId();
    const version = this.#guarded ? -1 : (this.#version ?? 0) + 1;
    this.#write = {
      correlationId, entries, version, done, acknowledged: false,
      timeout: this.#after(WRITE_TIMEOUT_MS, () => {
        // What the List is now is anybody's guess: ask, before anything is built on it.
        this.#read();
        this.#settleWrite('lost');
      }),
    };
    this.#send({
      topic: TOPIC.RECORD, action: this.#guarded ? RECORD_ACTION.CREATEANDUPDATE : RECORD_ACTION.UPDATE,
      name: this.#options.list, version, data: JSON.stringify(entries), isWriteAck: true, correlationId,
    });
  }

  /**
   * deepstream tells a listener whose pattern matches a subscription that there is one. Nobody provides anything here: every
   * such question is rejected, so that others are asked too, and the pattern is taken back. One's own subscription is asked for
   * along with the others': as long as that is not reported, silence about others means nothing.
   */
  probe(ids: readonly PeerId[], done: (present: ReadonlySet<PeerId> | undefined) => void): void {
    if (this.#stage !== 'open' || this.#probe) {
      done(undefined);
      return;
    }
    const names = [this.#options.selfId, ...ids].map((id) => id.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
    const pattern = `^rtc-signal/(${names.join('|')})$`;
    const probe: Probe = {
      pattern, ids: new Set(ids), found: new Set(), done, heard: false,
      timer: this.#after(2 * ABSENCE_MS, () => this.#settleProbe(undefined)),
    };
    this.#probe = probe;
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN, name: pattern});
  }

  close(): void {
    if (this.#stage === 'closed') return;
    this.#stage = 'closed';
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#probing?.abort();
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
    socket.onopen = () => {
      this.#stage = 'greeting';
      // Both at once: the server takes the login as soon as it has accepted the greeting, which saves a round trip.
      this.#send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CHALLENGE, url: this.#url.href, ...HELLO});
      const {selfId, token} = this.#options;
      this.#send({
        topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: JSON.stringify({username: selfId, token, client: 'mesh-room'}),
      });
    };
    socket.onmessage = ({data}: MessageEvent<unknown>) => this.#receive(data);
    socket.onclose = () => this.#onSocketClose();
    // `close` follows and says the same; without a listener some platforms throw.
    socket.onerror = () => undefined;
  }

  #hangUp(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    // A server that does not answer the closing handshake must not be heard from any more.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #onSocketClose(): void {
    if (this.#stage === 'open') this.#fail('server-lost', 'closed the connection');
    else if (this.#stage === 'greeting') this.#fail('not-deepstream', 'closed the connection in deepstream\'s greeting');
    else if (this.#stage === 'connecting') void this.#explain();
  }

  /** No WebSocket came about, and the platform does not say why: whether anything is there at all, plain HTTP can tell. */
  async #explain(): Promise<void> {
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
    const probing = this.#probing = new AbortController();
    this.#after(PROBE_TIMEOUT_MS, () => probing.abort());
    const answered = await fetch(url, {mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal: probing.signal})
      .then((response) => response.body?.cancel().then(() => true) ?? true, () => false);
    if (answered) this.#fail('not-deepstream', 'answers, but not as deepstream does');
    else this.#fail('server-unreachable', 'cannot be reached');
  }

  #fail(code: MeshErrorCode, what: string, cause?: unknown): void {
    if (this.#stage === 'closed') return;
    this.close();
    this.#events.onClose(new MeshError(code, `${this.#url.href} ${what}`, cause === undefined ? {} : {cause}));
  }

  #send(message: Message): void {
    if (this.#socket?.readyState === 1) this.#socket.send(getMessage(message, false) as Uint8Array<ArrayBuffer>);
  }

  #nextId(): string {
    return String(++this.#correlation);
  }

  #after(ms: number, run: () => void): Cancel {
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
  }

  #receive(data: unknown): void {
    this.#heardAt = this.#options.clock.now();
    if (!(data instanceof ArrayBuffer)) {
      this.#fail('not-deepstream', 'sends text where deepstream sends binary');
      return;
    }
    for (const result of parse(new Uint8Array(data) as Parameters<typeof parse>[0])) {
      const message = result as Message;
      switch (message.topic) {
        case TOPIC.CONNECTION: this.#onConnection(message); break;
        case TOPIC.AUTH: this.#onAuth(message); break;
        case TOPIC.EVENT: this.#onEvent(message); break;
        case TOPIC.RECORD: this.#onRecord(message); break;
        case TOPIC.PARSER:
          // Our own codec could not read it. In the greeting that means that it is not deepstream; later, one message less.
          if (this.#stage === 'greeting') this.#fail('not-deepstream', 'does not answer in deepstream\'s words');
          break;
        default:
      }
    }
  }

  #onConnection({action, url}: Message): void {
    switch (action) {
      case CONNECTION_ACTION.REJECT:
        this.#fail('denied', 'rejected the connection');
        break;
      case CONNECTION_ACTION.REDIRECT:
        if (url === undefined || ++this.#redirects > MAX_REDIRECTS) {
          this.#fail('not-deepstream', 'redirects in circles');
          break;
        }
        this.#hangUp();
        this.#stage = 'connecting';
        try {
          this.#dial(endpoint(url).href);
        } catch (error) {
          this.#fail('not-deepstream', `redirects to ${url}`, error);
        }
        break;
      case CONNECTION_ACTION.AUTHENTICATION_TIMEOUT:
        this.#fail('denied', 'gave up waiting for a login');
        break;
      case CONNECTION_ACTION.CLOSING:
      case CONNECTION_ACTION.CLOSED:
        this.#fail('server-lost', 'is closing');
        break;
      default:
    }
  }

  #onAuth({action, data}: Message): void {
    if (action !== AUTH_ACTION.AUTH_SUCCESSFUL) {
      this.#fail('denied', 'refused the login');
      return;
    }
    if (this.#stage !== 'greeting') return;
    this.#stage = 'open';
    const clientData = json(data);
    this.#guarded = typeof clientData === 'object' && clientData !== null && (clientData as {guard?: unknown}).guard === true;
    this.#beat();
    // Ears first: whoever sees us in the List may send an offer at once.
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.SUBSCRIBE, names: [this.#inbox], correlationId: this.#nextId()});
    this.#subscribe();
    this.#events.onOpen();
  }

  #subscribe(): void {
    this.#version = undefined;
    this.#send({
      topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: [this.#options.list], correlationId: this.#nextId(),
    });
  }

  #read(): void {
    this.#send({topic: TOPIC.RECORD, action: RECORD_ACTION.READ, name: this.#options.list});
  }

  #beat(): void {
    this.#after(HEARTBEAT_MS, () => {
      if (this.#options.clock.now() - this.#heardAt >= 2 * HEARTBEAT_MS) {
        this.#fail('server-lost', 'has fallen silent');
        return;
      }
      this.#send({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PING});
      this.#beat();
    });
  }

  #onEvent({action, name, data, isAck, originalAction, subscription}: Message): void {
    if (isAck) return;
    switch (action) {
      case EVENT_ACTION.EMIT:
        if (name === this.#inbox) this.#events.onSignal(json(data));
        break;
      case EVENT_ACTION.MESSAGE_DENIED:
      case EVENT_ACTION.MESSAGE_PERMISSION_ERROR:
        if (originalAction === EVENT_ACTION.LISTEN) this.#settleProbe(undefined);
        else this.#events.onRefused(new MeshError('denied', originalAction === EVENT_ACTION.SUBSCRIBE
          ? 'The server does not let this user hear its own signals' : `The server refused a signal to ${name ?? 'somebody'}`));
        break;
      case EVENT_ACTION.SUBSCRIPTION_FOR_PATTERN_FOUND:
        if (name === undefined || subscription === undefined) break;
        this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN_REJECT, name, subscription});
        this.#onFound(name, subscription);
        break;
      case EVENT_ACTION.INVALID_LISTEN_REGEX:
        this.#settleProbe(undefined);
        break;
      default:
    }
  }

  #onFound(pattern: string, subscription: string): void {
    const probe = this.#probe;
    if (!probe || probe.pattern !== pattern) return;
    const id = subscription.slice('rtc-signal/'.length);
    if (probe.ids.has(id)) probe.found.add(id);
    if (id === this.#options.selfId && !probe.heard) {
      probe.heard = true;
      probe.timer();
      probe.timer = this.#after(ABSENCE_MS, () => this.#settleProbe(probe.found));
    }
    if (probe.heard && probe.found.size === probe.ids.size) this.#settleProbe(probe.found);
  }

  #settleProbe(present: ReadonlySet<PeerId> | undefined): void {
    const probe = this.#probe;
    if (!probe) return;
    this.#probe = undefined;
    probe.timer();
    this.#send({topic: TOPIC.EVENT, action: EVENT_ACTION.UNLISTEN, name: probe.pattern});
    probe.done(present);
  }

  #onRecord(message: Message): void {
    if (message.isAck || (message.name !== undefined && message.name !== this.#options.list)) return;
    const {action, version = 0, data, correlationId, originalAction} = message;
    switch (action) {
      case RECORD_ACTION.READ_RESPONSE:
      case RECORD_ACTION.UPDATE:
        this.#take(version, json(data));
        break;
      case RECORD_ACTION.VERSION_EXISTS:
        this.#take(version, json(data));
        if (correlationId === this.#write?.correlationId) this.#settleWrite('conflict');
        break;
      case RECORD_ACTION.WRITE_ACKNOWLEDGEMENT:
        if (this.#write && correlationId === this.#write.correlationId) this.#onWritten(this.#write);
        break;
      case RECORD_ACTION.PATCH:
      case RECORD_ACTION.ERASE:
        // Somebody changes a part of the List in a way that no List does.
        this.#read();
        break;
      case RECORD_ACTION.DELETED:
      case RECORD_ACTION.RECORD_UPDATE_ERROR:
      case RECORD_ACTION.RECORD_NOT_FOUND:
        // There is no such List any more, nor our subscription to it: make it anew.
        this.#events.onListLost();
        this.#subscribe();
        this.#settleWrite('lost');
        break;
      case RECORD_ACTION.MESSAGE_DENIED:
      case RECORD_ACTION.MESSAGE_PERMISSION_ERROR:
        if (originalAction === RECORD_ACTION.UPDATE || originalAction === RECORD_ACTION.CREATEANDUPDATE) {
          this.#settleWrite('denied');
        } else {
          this.#events.onListDenied(new MeshError('denied', `The server does not let this user read the List ${this.#options.list}`));
        }
        break;
      case RECORD_ACTION.INVALID_VERSION:
        // deepstream compares with the oldest write that it has in hand, so that a write can be too new for it.
        this.#read();
        this.#settleWrite('conflict');
        break;
      default:
    }
  }

  /** The server said what the List is. */
  #take(version: number, data: unknown): void {
    // A reply that was overtaken by a newer state. With a guard there is one writer and all comes in order, but versions may
    // start again: the server forgets Lists that are empty.
    if (!this.#guarded && this.#version !== undefined && version < this.#version) return;
    this.#version = version;
    this.#view = RosterView.from(data);
    this.#events.onList(this.#view);
    if (this.#guarded && this.#write?.acknowledged) this.#onWritten(this.#write);
  }

  #onWritten(write: Write): void {
    if (this.#guarded) {
      // The server makes its own List of it, which comes by itself, before or after this.
      write.acknowledged = true;
      const {selfId} = this.#options;
      if (this.#view.has(selfId) === write.entries.includes(selfId)) this.#settleWrite('written');
      return;
    }
    this.#take(write.version, write.entries);
    this.#settleWrite('written');
  }

  #settleWrite(outcome: WriteOutcome): void {
    const write = this.#write;
    if (!write) return;
    this.#write = undefined;
    write.timeout();
    write.done(outcome);
  }
}

/** What a server sent as JSON; `undefined` when it is none. */
function json(data: Message['data']): unknown {
  if (data === undefined) return undefined;
  try {
    return JSON.parse(typeof data === 'string' ? data : new TextDecoder().decode(data));
  } catch {
    return undefined; // Not JSON: treated like nothing, and dropped where something is needed.
  }
}
