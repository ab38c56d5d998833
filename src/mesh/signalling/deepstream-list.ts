import type {Cancel} from '../clock.js';
import {MeshError} from '../errors.js';
import {WRITE_TIMEOUT_MS} from './bounds.js';
import {dataOf, RECORD_ACTION, TOPIC, type Message} from './deepstream-protocol.js';
import type {WriteOutcome} from './port.js';
import {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

export interface DeepstreamListOptions {
  readonly name: string;
  readonly selfId: PeerId;
  readonly guarded: boolean;
  readonly send: (message: Message) => void;
  readonly nextId: () => string;
  /** A timer that ends with the connection. */
  readonly after: (ms: number, run: () => void) => Cancel;
  readonly onList: (view: RosterView) => void;
  readonly onListLost: () => void;
  readonly onListDenied: (error: MeshError) => void;
}

interface Write {
  readonly correlationId: string;
  readonly entries: readonly PeerId[];
  readonly version: number;
  readonly done: (outcome: WriteOutcome) => void;
  readonly timeout: Cancel;
  /** With a guard: taken, and waiting for the List that the server makes of it. */
  isAcknowledged: boolean;
}

/**
 * One List over one connection. Every write names the version that it builds on, and the server refuses it when there is a newer one;
 * what is reported is only ever what the server said.
 */
export class DeepstreamList {
  readonly #options: DeepstreamListOptions;
  /** As last reported; `undefined` until it has been read. */
  #version: number | undefined;
  #view = RosterView.empty;
  #write: Write | undefined;

  constructor(options: DeepstreamListOptions) {
    this.#options = options;
  }

  /** Asks for the List and all its changes, and has it made if there is none. */
  subscribe(): void {
    const {name, send, nextId} = this.#options;
    this.#version = undefined;
    send({topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: [name], correlationId: nextId()});
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    const {name, guarded, send, nextId, after} = this.#options;
    // A write without a version would wipe the List of a server that has no guard. One at a time: a second one would build on
    // what the first has not made yet.
    if (this.#write || (this.#version === undefined && !guarded)) {
      done('conflict');
      return;
    }
    const correlationId = nextId();
    const version = guarded ? -1 : (this.#version ?? 0) + 1;
    const timeout = after(WRITE_TIMEOUT_MS, () => {
      // What the List is now is anybody's guess: ask, before anything is built on it.
      this.#read();
      this.#settle('lost');
    });
    this.#write = {correlationId, entries, version, done, timeout, isAcknowledged: false};
    const action = guarded ? RECORD_ACTION.CREATEANDUPDATE : RECORD_ACTION.UPDATE;
    send({topic: TOPIC.RECORD, action, name, version, data: JSON.stringify(entries), isWriteAck: true, correlationId});
  }

  /** Takes a message of topic `RECORD`. */
  receive(message: Message): void {
    if (message.isAck || (message.name !== undefined && message.name !== this.#options.name)) return;
    const {action, version = 0, correlationId, originalAction} = message;
    switch (action) {
      case RECORD_ACTION.READ_RESPONSE:
      case RECORD_ACTION.UPDATE:
        this.#take(version, RosterView.from(dataOf(message)));
        break;
      case RECORD_ACTION.VERSION_EXISTS:
        this.#take(version, RosterView.from(dataOf(message)));
        if (correlationId === this.#write?.correlationId) this.#settle('conflict');
        break;
      case RECORD_ACTION.WRITE_ACKNOWLEDGEMENT:
        if (this.#write && correlationId === this.#write.correlationId) this.#onWritten(this.#write);
        break;
      case RECORD_ACTION.INVALID_VERSION:
        // deepstream compares with the oldest write that it has in hand, so that a good one can be too new for it.
        this.#read();
        this.#settle('conflict');
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
        this.#options.onListLost();
        this.subscribe();
        this.#settle('lost');
        break;
      case RECORD_ACTION.MESSAGE_DENIED:
      case RECORD_ACTION.MESSAGE_PERMISSION_ERROR:
        if (originalAction === RECORD_ACTION.UPDATE || originalAction === RECORD_ACTION.CREATEANDUPDATE) {
          this.#settle('denied');
        } else {
          this.#options.onListDenied(new MeshError('denied', `The server does not let this user read the List ${this.#options.name}`));
        }
        break;
      default:
    }
  }

  #read(): void {
    this.#options.send({topic: TOPIC.RECORD, action: RECORD_ACTION.READ, name: this.#options.name});
  }

  /** The server said what the List is. */
  #take(version: number, view: RosterView): void {
    const {guarded, onList} = this.#options;
    // An answer that a newer state has overtaken. With a guard there is one writer and all comes in order, but versions may
    // start again: the server forgets Lists that are empty.
    if (!guarded && this.#version !== undefined && version < this.#version) return;
    this.#version = version;
    this.#view = view;
    onList(view);
    if (guarded && this.#write?.isAcknowledged) this.#onWritten(this.#write);
  }

  #onWritten(write: Write): void {
    const {guarded, selfId} = this.#options;
    if (guarded) {
      // The server makes its own List of it, which comes by itself, before this or after.
      write.isAcknowledged = true;
      if (this.#view.has(selfId) === write.entries.includes(selfId)) this.#settle('written');
      return;
    }
    // deepstream tells everybody but the writer.
    this.#take(write.version, new RosterView(write.entries));
    this.#settle('written');
  }

  #settle(outcome: WriteOutcome): void {
    const write = this.#write;
    if (!write) return;
    this.#write = undefined;
    write.timeout();
    write.done(outcome);
  }
}
