import {ContextProvider} from '@lit/context';
import type {ReactiveController, ReactiveControllerHost} from 'lit';
import {MeshError, asMeshError} from '../mesh/errors.js';
import {ChatLog} from './chat-log.js';
import {idleView, roomContext, type RoomView} from './context.js';
import {withDefaultUrl, type LoadEngine} from './engine.js';
import {cleanName} from './names.js';
import {IDLE_STATE, type RoomErrorEvent, type RoomMessageEvent, type RoomOptions, type RoomSession, type RoomState, type SendOptions}
  from './types.js';

/** Chats of rooms that were left are kept, so that coming back shows them, and what was not sent yet is sent; so many at most. */
const MAX_LOGS = 8;

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
  readonly #logs = new Map<string, ChatLog>();
  #session: RoomSession | undefined;
  #state: RoomState = IDLE_STATE;
  #log = new ChatLog();
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

  async send(data: unknown, options?: SendOptions): Promise<void> {
    if (!this.#session) throw new MeshError('not-joined', 'send() before the room is joined');
    await this.#session.send(data, options);
  }

  async say(text: string): Promise<void> {
    if (!this.#key && !this.#left) throw new MeshError('not-joined', 'there is no room to say it in: set `room`');
    await this.#log.say(text, this.view.name);
  }

  async retry(id: string): Promise<void> {
    await this.#log.retry(id);
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
    if (key && key === this.#left) return;
    this.#left = '';
    // Nobody awaits this one: a failure is told by state and event.
    if (key !== this.#key) this.#enter(key, options).catch(() => undefined);
  }

  async #enter(key: string, options: RoomOptions): Promise<void> {
    this.#exit();
    this.#key = key;
    const {signal} = this.#attempt = new AbortController();
    this.#log = key ? this.#logOf(key) : this.#left ? this.#log : new ChatLog();
    const room = key || this.#left ? options.room : '';
    this.#commit(Object.freeze({...IDLE_STATE, room, status: key ? 'joining' : 'idle'}));
    if (!key) return;
    try {
      // One room after the other, so that nobody sees this user in both.
      const [create] = await Promise.all([this.#deps.load()(), this.#leaving]);
      if (signal.aborted) throw new MeshError('aborted', 'another room was named, or the element removed, before this one was joined');
      await this.#open(create({...options, name: this.view.name, signal}), signal).join();
    } catch (thrown) {
      const error = asMeshError(thrown, 'server-unreachable');
      if (!signal.aborted) this.#fail(error);
      throw error;
    }
  }

  #open(session: RoomSession, signal: AbortSignal): RoomSession {
    this.#session = session;
    const mirror = () => this.#commit(session.state);
    session.addEventListener('status-change', mirror, {signal});
    session.addEventListener('peers-change', mirror, {signal});
    session.addEventListener('message', (event) => this.#deps.observer.onMessage(event), {signal});
    session.addEventListener('error', ({error}: RoomErrorEvent) => this.#report(error), {signal});
    // After the mirror: whoever reads a chat line finds its author among the peers.
    this.#log.attach(session);
    return session;
  }

  #exit(): void {
    this.#attempt.abort();
    this.#log.detach();
    const session = this.#session;
    this.#session = undefined;
    if (session) this.#leaving = Promise.all([this.#leaving, session.leave()]).then(() => undefined, (error: unknown) => this.#report(error));
  }

  #fail(error: MeshError): void {
    if (this.#state.status !== 'failed') this.#commit(Object.freeze({...this.#state, status: 'failed', error}));
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
    this.#publish({state, chat: this.#log.state});
    this.#deps.observer.onState(state, before);
  }

  #publish(change: Partial<RoomView>): void {
    this.#provider.setValue(Object.freeze({...this.view, ...change}));
  }

  #logOf(key: string): ChatLog {
    const log = this.#logs.get(key) ?? new ChatLog();
    if (!this.#logs.has(key)) log.addEventListener('change', () => log === this.#log && this.#publish({chat: log.state}));
    // Newest last; the oldest that holds nothing unsent is forgotten.
    this.#logs.delete(key);
    const spare = this.#logs.size >= MAX_LOGS && [...this.#logs].find(([, each]) => !each.unsent);
    if (spare) this.#logs.delete(spare[0]);
    this.#logs.set(key, log);
    return log;
  }
}
