import {ContextProvider} from '@lit/context';
import type {ReactiveController, ReactiveControllerHost} from 'lit';
import {MeshError, asMeshError} from '../mesh/errors.js';
import type {ChatLog} from './chat-log.js';
import type {ChatLogs} from './chat-logs.js';
import {EMPTY_CHAT, RECEIPT_CHANNEL} from './chat.js';
import {idleView, roomContext, type RoomView} from './context.js';
import {withDefaultUrl, type LoadEngine} from './engine.js';
import {cleanName} from './names.js';
import {
  IDLE_STATE, type Relaying, type RoomErrorEvent, type RoomMessageEvent, type RoomOptions, type RoomSession, type RoomState,
  type SendOptions,
} from './types.js';

/** Until what could not be loaded is asked for again, in milliseconds. */
const RELOAD_MS = 5_000;

export type RoomControllerHost = ReactiveControllerHost & HTMLElement;

/** What the host is told. */
export interface RoomObserver {
  /** `state` has replaced `before`. */
  onState(state: RoomState, before: RoomState): void;
  onMessage(event: RoomMessageEvent): void;
  onError(error: MeshError): void;
}

export interface RoomControllerOptions {
  /** Which room to be in, read at every update of the host; an empty `room` means none. */
  readonly options: () => RoomOptions;
  readonly load: () => LoadEngine;
  /** Loads what keeps the chat. */
  readonly loadChats: () => Promise<ChatLogs>;
  readonly observer: RoomObserver;
}

/**
 * Keeps its host in the room that it names: joins when it is connected, leaves when it is removed (not when it is moved), changes
 * rooms when it names another. Publishes what is known of the room as a `RoomView`, by context.
 */
export class RoomController implements ReactiveController {
  readonly #host: RoomControllerHost;
  readonly #deps: RoomControllerOptions;
  readonly #provider: ContextProvider<typeof roomContext>;
  #logs: Promise<ChatLogs> | undefined;
  #session: RoomSession | undefined;
  #state: RoomState = IDLE_STATE;
  /** The chat of the room that the host is in, on its way to, or has just left. */
  #log: Promise<ChatLog> | undefined;
  #logKey = '';
  #unwatch = new AbortController();
  /** What identifies the room that the host is in or on its way to; empty for none. */
  #key = '';
  /** The key of the room that the host names but has asked to be out of; empty for none. */
  #left = '';
  /** One per attempt to be in a room; what belongs to an older one comes too late. */
  #attempt = new AbortController();
  /** Settles when every earlier session has left. */
  #leaving: Promise<void> = Promise.resolve();
  #lastError: MeshError | undefined;

  constructor(host: RoomControllerHost, deps: RoomControllerOptions) {
    this.#host = host;
    this.#deps = deps;
    this.#provider = new ContextProvider(host, {context: roomContext, initialValue: idleView(host)});
    host.addController(this);
  }

  get state(): RoomState {
    return this.#state;
  }

  get view(): RoomView {
    return this.#provider.value;
  }

  hostConnected(): void {
    globalThis.addEventListener('online', this.#online);
    this.#host.requestUpdate();
  }

  hostUpdate(): void {
    this.#follow();
  }

  hostDisconnected(): void {
    globalThis.removeEventListener('online', this.#online);
    // An element that is moved is connected again by the time that this runs, and has never left.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.#follow();
    });
  }

  /** Leaves until `rejoin()`, or until the host names another room. Settles once out. */
  async leave(): Promise<void> {
    const {key, options} = this.#wanted();
    this.#left = key;
    await this.#enter('', options);
    await this.#leaving;
  }

  /** Leaves if need be and joins anew; settles once joined. @throws {MeshError} what kept it from joining. */
  async rejoin(): Promise<void> {
    const {key, options} = this.#wanted();
    if (!key) throw new MeshError('bad-room', 'there is no room to join: set `room`, and have the element in the page');
    this.#left = '';
    await this.#enter(key, options);
  }

  get relaying(): Relaying {
    return this.#session?.relaying ?? {routes: 0, bytes: 0};
  }

  async send(data: unknown, options?: SendOptions): Promise<void> {
    if (!this.#session) throw new MeshError('not-joined', 'send() before the room is joined');
    await this.#session.send(data, options);
  }

  async say(text: string): Promise<void> {
    if (!this.#log) throw new MeshError('not-joined', 'there is no room to say it in: set `room`');
    await (await this.#log).say(text, this.view.name);
  }

  async retry(id: string): Promise<void> {
    await (await this.#log)?.retry(id);
  }

  /** A machine that was offline when it tried can reach the server now. */
  readonly #online = (): void => {
    const {status, error} = this.#state;
    if (status === 'failed' && error?.code === 'server-unreachable') this.rejoin().catch(() => undefined);
  };

  #wanted(): {key: string; options: RoomOptions} {
    const options = withDefaultUrl(this.#deps.options());
    const {room, url, list, topology} = options;
    return {key: room && this.#host.isConnected ? JSON.stringify([room, url, list, topology]) : '', options};
  }

  /** Does what the host's properties now ask for. */
  #follow(): void {
    const {key, options} = this.#wanted();
    const name = cleanName(options.name);
    if (name !== this.view.name) {
      this.#publish({name});
      if (this.#session) this.#session.name = name;
    }
    if (this.#session) this.#session.relay = options.relay ?? true;
    if (key && key === this.#left) return;
    this.#left = '';
    // Nobody awaits this one: a failure is told by state and event.
    if (key !== this.#key) this.#enter(key, options).catch(() => undefined);
  }

  async #enter(key: string, options: RoomOptions): Promise<void> {
    this.#exit();
    this.#key = key;
    const {signal} = this.#attempt = new AbortController();
    this.#useLog(key || this.#left, options);
    const room = key || this.#left ? options.room : '';
    this.#commit(Object.freeze({...IDLE_STATE, room, status: key ? 'joining' : 'idle'}));
    if (!key) return;
    try {
      // One room after the other, so that nobody sees this user in both.
      const [create, log] = await Promise.all([this.#deps.load()(), this.#log!, this.#leaving]);
      if (signal.aborted) throw new MeshError('aborted', 'another room was named, or the element removed, before this one was joined');
      const session = create({...options, name: this.view.name, signal});
      this.#open(session, signal);
      // After the mirror, so that whoever reads a chat line finds its author among the people.
      log.attach(session);
      await session.join();
    } catch (thrown) {
      const error = asMeshError(thrown, 'server-unreachable');
      if (!signal.aborted) this.#fail(error);
      throw error;
    }
  }

  #open(session: RoomSession, signal: AbortSignal): void {
    this.#session = session;
    const mirror = () => this.#commit(session.state);
    session.addEventListener('status-change', mirror, {signal});
    session.addEventListener('peers-change', mirror, {signal});
    session.addEventListener('message', event => {
      // What chats say to each other is nobody else's business.
      if (event.channel !== RECEIPT_CHANNEL) this.#deps.observer.onMessage(event);
    }, {signal});
    session.addEventListener('error', ({error}: RoomErrorEvent) => this.#report(error), {signal});
  }

  #exit(): void {
    this.#attempt.abort();
    this.#log?.then(log => log.detach(), () => undefined);
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    const left = Promise.all([this.#leaving, session.leave()]);
    this.#leaving = left.then(() => undefined, (error: unknown) => this.#report(error));
  }

  #fail(error: MeshError): void {
    if (this.#state.status === 'joining') {
      // No session came about that would go on trying: what makes them could not be loaded.
      this.#commit(Object.freeze({...this.#state, status: 'failed', error}));
      setTimeout(this.#online, RELOAD_MS);
    }
    this.#report(error);
  }

  /** Tells of an error once, though it may come both as a rejection and as an event. */
  #report(thrown: unknown): void {
    const error = asMeshError(thrown, 'server-lost');
    if (error === this.#lastError) return;
    this.#lastError = error;
    this.#deps.observer.onError(error);
  }

  #commit(state: RoomState): void {
    const before = this.#state;
    this.#state = state;
    this.#publish({state});
    this.#deps.observer.onState(state, before);
  }

  #publish(change: Partial<RoomView>): void {
    this.#provider.setValue(Object.freeze({...this.view, ...change}));
  }

  /** Shows the chat of the room `key`, empty until the log is loaded; that of no room is empty. */
  #useLog(key: string, {room, url, list}: RoomOptions): void {
    if (key === this.#logKey) return;
    this.#logKey = key;
    this.#unwatch.abort();
    const {signal} = this.#unwatch = new AbortController();
    this.#publish({chat: EMPTY_CHAT});
    this.#log = undefined;
    if (!key) return;
    this.#logs ??= this.#deps.loadChats();
    // Whatever else changes, it is the same chat.
    this.#log = this.#logs.then(logs => logs.of(JSON.stringify([url, list ?? '', room])));
    this.#log.then(log => {
      if (signal.aborted) return;
      this.#publish({chat: log.state});
      log.addEventListener('change', () => this.#publish({chat: log.state}), {signal});
    }, () => {
      // A chunk that could not be loaded is asked for again at the next attempt.
      this.#logs = undefined;
      if (!signal.aborted) this.#logKey = '';
    });
  }
}
