import type {Cancel} from '../clock.js';
import {WRITE_TIMEOUT_MS} from './bounds.js';
import type {DeepstreamClient, List, MergeStrategy} from './deepstream-client.js';
import {OVERTAKEN, type KnownList} from './deepstream-repairs.js';
import type {WriteOutcome} from './port.js';
import {RosterView} from './roster-view.js';
import type {PeerId} from './types.js';

/** A List as a server of this project tells it to who enters it with the login: without that one still, as a rule. */
export interface EnteredList {
  readonly version: number;
  readonly entries: readonly string[];
}

export interface DeepstreamListOptions {
  readonly client: DeepstreamClient;
  readonly name: string;
  readonly selfId: PeerId;
  readonly guarded: boolean;
  /** The user has been put in with the login. */
  readonly entered: boolean;
  /** A timer that ends with the connection. */
  readonly after: (ms: number, run: () => void) => Cancel;
  /** Has the client read the List again. */
  readonly readAgain: () => void;
  /** The server does not tell any more what the List is; only a new connection helps. */
  readonly onBroken: () => void;
  readonly onList: (view: RosterView) => void;
  readonly onListLost: () => void;
}

interface Write {
  readonly entries: readonly PeerId[];
  readonly done: (outcome: WriteOutcome) => void;
  readonly timeout: Cancel;
  /** With a guard: taken, and waiting for the List that the server makes of it. */
  isAcknowledged: boolean;
}

/**
 * One List of deepstream's client. The client shows its own writes at once, taken or not; what is reported here is only ever what
 * the server said.
 */
export class DeepstreamList implements KnownList {
  readonly #options: DeepstreamListOptions;
  #list: List | undefined;
  #view = RosterView.empty;
  #write: Write | undefined;
  /** The client's copy holds a write of ours that the server has not taken yet, or never will. */
  #isAhead = false;
  /** The client is changing its copy by itself: what it tells us meanwhile is not from the server. */
  #isMuted = false;
  #reading: Cancel | undefined;

  constructor(options: DeepstreamListOptions) {
    this.#options = options;
    options.client.record.setMergeStrategy(options.name, this.#takeTheirs);
  }

  get name(): string {
    return this.#options.name;
  }

  get isReady(): boolean {
    return this.#list?.isReady ?? false;
  }

  get version(): number {
    return this.#list?.version ?? -1;
  }

  /** Asks for the List and all its changes, and has it made if there is none. */
  open(): void {
    const {client, name} = this.#options;
    const list = this.#list = client.record.getList(name);
    list.subscribe(() => {
      if (!this.#isMuted) this.#report();
    });
    list.on('delete', () => this.#onDelete());
  }

  write(entries: readonly PeerId[], done: (outcome: WriteOutcome) => void): void {
    const {client, name, selfId, guarded, entered, after} = this.#options;
    // One at a time: a second one would build on what the first has not made yet.
    if (this.#write || (this.#list ? !this.isReady : !guarded)) return done('conflict');
    if (this.#isAhead) return done('lost');
    const write: Write = this.#write = {
      entries, done, isAcknowledged: false, timeout: after(WRITE_TIMEOUT_MS, () => this.#lose('lost')),
    };
    const answered = (error: string | null): void => {
      if (this.#write === write) this.#onAnswer(write, error);
    };
    if (this.#list) {
      this.#isAhead = true;
      this.#muted(() => this.#list?.setEntries([...entries], answered));
    } else if (entered && entries.includes(selfId)) {
      write.isAcknowledged = true;
    } else {
      // Not open yet, so that the client sends it as it is. Without a guard it would wipe the List.
      void client.record.setDataWithAck(name, [...entries], answered);
    }
  }

  /** Whenever the client's copy and the server's List are not of one line: the server is right. */
  readonly #takeTheirs: MergeStrategy = (_ours, _version, theirs, _theirVersion, done) => {
    // On its way the client tells once more what it had.
    this.#muted(() => done(null, theirs));
    this.#report();
  };

  #muted(run: () => void): void {
    this.#isMuted = true;
    try {
      run();
    } finally {
      this.#isMuted = false;
    }
  }

  /** The client's copy is what the server said. */
  #report(): void {
    this.#isAhead = false;
    this.#reading?.();
    this.#reading = undefined;
    this.#view = RosterView.from(this.#list?.getEntries());
    this.#options.onList(this.#view);
    if (this.#write?.isAcknowledged) this.#settleIfSeen(this.#write);
  }

  #onAnswer(write: Write, error: string | null): void {
    if (error === null) {
      write.isAcknowledged = this.#options.guarded;
      if (write.isAcknowledged) return this.#settleIfSeen(write);
      // deepstream tells everybody but the writer.
      if (this.#isAhead) this.#report();
      this.#settle('written');
    } else if (error === OVERTAKEN) {
      this.#lose('conflict');
    } else if (error === 'MESSAGE_DENIED' || error === 'MESSAGE_PERMISSION_ERROR') {
      this.#lose('denied');
    } else {
      this.#lose('lost');
    }
  }

  /** With a guard the server makes its own List of a write, which comes by itself, before the answer or after. */
  #settleIfSeen({entries}: Write): void {
    const {selfId} = this.#options;
    if (this.#view.has(selfId) === entries.includes(selfId)) this.#settle('written');
  }

  /** The write was not made, or nobody knows: what the List is now must be asked, before anything is built on it. */
  #lose(outcome: WriteOutcome): void {
    const {after, readAgain, onBroken} = this.#options;
    if (this.#isAhead && this.isReady && !this.#reading) {
      this.#reading = after(WRITE_TIMEOUT_MS, onBroken);
      readAgain();
    }
    this.#settle(outcome);
  }

  #onDelete(): void {
    const {onListLost, onBroken} = this.#options;
    if (this.#reading) return onBroken(); // the answer to that would be taken for one to the next
    this.#list = undefined;
    this.#isAhead = false;
    onListLost();
    // The client lets go of the old List only after it has told us.
    queueMicrotask(() => this.open());
    this.#settle('lost');
  }

  #settle(outcome: WriteOutcome): void {
    const write = this.#write;
    if (!write) return;
    this.#write = undefined;
    write.timeout();
    write.done(outcome);
  }
}
