/**
 * Messages to one peer: in order per channel, each once, across as many links as it takes. What has been handed to a link stays here
 * until the peer has acknowledged it; a new link starts where the peer's hello says that it stopped.
 */
import type {Cancel, Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import type {Link} from '../link/types.js';
import type {Received} from '../wire/frame.js';
import {RESERVED} from '../wire/limits.js';
import {LineQueue, type LineEntry, type Rider} from './line-queue.js';
import type {OutgoingMessage} from './message.js';
import {TransferQueue, type Transfer} from './transfer-queue.js';

/** A message waits this long for a link before `send` says that it did not arrive: longer than rebuilding a link takes. */
export const SEND_TIMEOUT_MS = 30_000;

const turn = Promise.resolve();

export interface OutboundOptions {
  readonly clock: Clock;
  readonly peerId: string;
  /** A message whose `send` had already resolved could not be brought over after all. */
  readonly onLost: (error: MeshError) => void;
  /** What lines take along. */
  readonly rider: Rider;
}

export interface OutboundSendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the peer gets it later when it vanishes before and comes back. */
  readonly keep?: boolean;
}

export class Outbound {
  readonly #options: OutboundOptions;
  readonly #lines: LineQueue;
  readonly #transfers: TransferQueue;
  #link: Link | undefined;
  #plainLink: Link | undefined;
  #unlisten: Cancel | undefined;
  #expiry: Cancel | undefined;
  /** Whether a line has been sent in this turn of the event loop. */
  #isTurn = false;
  readonly #resume = (): void => this.#pump();
  readonly #endTurn = (): void => {
    this.#isTurn = false;
    this.#pump();
  };

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#lines = new LineQueue(options.clock, options.rider);
    this.#transfers = new TransferQueue({
      clock: options.clock,
      lastLine: () => this.#lines.last,
      resume: this.#resume,
      onUnreadable: (transfer, cause) => this.#fail(transfer, cause),
    });
  }

  /** Whether everything has been acknowledged. */
  get idle(): boolean {
    return this.#lines.entries.length === 0 && this.#transfers.idle;
  }

  /** Whether something of the page's has not been acknowledged. What the mesh says on its own channels is said anew over other links. */
  get owes(): boolean {
    return this.#all.some(({head}) => !head.channel.startsWith(RESERVED));
  }

  /** Number of the last line that the peer is known to have. */
  get acknowledged(): number {
    return this.#lines.acknowledged;
  }

  /** Number of the last line that the peer has once everything that the present link took has arrived. */
  get handedOver(): number {
    return this.#lines.handedOver;
  }

  /**
   * Sends a message.
   * @returns `undefined` when the transport took all of it at once, otherwise a promise for that, which rejects with `undelivered` or
   *   `aborted` when the message will not be sent.
   */
  send(message: OutgoingMessage, {signal, keep = false}: OutboundSendOptions = {}): Promise<void> | undefined {
    const {head, plainText} = message;
    if (this.#plainLink) return this.#sendPlain(this.#plainLink, plainText) ? undefined : Promise.reject(this.#unreachable());
    if (message.lane === 'lines') {
      const entry = this.#push(message, keep);
      this.#pumpOnce();
      return entry.n > 0 ? undefined : this.#wait(entry, signal, () => this.#lines.withdraw(entry));
    }
    const transfer = this.#transfers.push({head, source: message.open(), plainText, before: this.#lines.waitingOn(head.channel)});
    const taken = this.#wait(transfer, signal, () => this.#withdraw(transfer));
    this.#pump();
    return taken;
  }

  /** Hands over at once what waits for the end of this turn. */
  flush(): void {
    this.#pump();
  }

  /** A line for a peer that has vanished: it goes when the peer is back, and nobody waits for that. */
  keep(message: OutgoingMessage & {readonly lane: 'lines'}): void {
    this.#push(message, true);
  }

  /** Goes on over a new, open link, from where the peer says that it stopped. */
  attach(link: Link, got: Received | undefined): void {
    this.detach();
    if (got) this.ack(got.line, got.done);
    this.#transfers.restart(got?.parts ?? []);
    this.#expiry?.();
    this.#expiry = undefined;
    link.addEventListener('drain', this.#resume);
    this.#unlisten = () => link.removeEventListener('drain', this.#resume);
    this.#link = link;
    this.#pump();
  }

  /** The peer turned out to be a plain page: it gets the text of what waits, and of nothing else. */
  attachPlain(link: Link): void {
    this.detach();
    this.#plainLink = link;
    for (const {waiting, plainText} of this.#all) {
      if (this.#sendPlain(link, plainText)) waiting?.resolve();
      else waiting?.reject(this.#unreachable());
    }
    this.#lines.clear();
    this.#transfers.clear();
  }

  /** The link is gone: everything that is not acknowledged waits for the next one. */
  detach(): void {
    this.#link = this.#plainLink = undefined;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#lines.restart();
    this.#armExpiry();
  }

  /**
   * The peer has vanished and may come back. What is kept for it waits without anybody waiting for that; the rest is given back to its
   * sender with `error`. Messages may be sent while it is away.
   */
  suspend(error: MeshError): void {
    this.detach();
    this.#expiry?.();
    this.#expiry = undefined;
    for (const item of this.#all) {
      if ('source' in item || (item.n === 0 && !item.keep)) {
        item.waiting?.reject(error);
        if ('source' in item) this.#transfers.withdraw(item);
        else this.#lines.withdraw(item);
      } else {
        item.waiting?.resolve();
      }
    }
  }

  /** Bytes of lines that wait for the peer, or for its acknowledgement. */
  get keptBytes(): number {
    return this.#lines.entries.reduce((sum, {body}) => sum + body.length, 0);
  }

  /** The peer has all lines up to `line`, and these transfers. */
  ack(line: number, done: readonly number[]): void {
    this.#lines.ack(line);
    this.#transfers.ack(done);
    this.#pump();
  }

  /** The peer has taken so many bytes of pieces since the link opened. */
  taken(bytes: number): void {
    this.#transfers.report(bytes);
    this.#pump();
  }

  /** The peer has left for good: what waits is rejected, the rest forgotten. */
  close(error: MeshError): void {
    this.detach();
    this.#expiry?.();
    this.#expiry = undefined;
    for (const {waiting} of this.#all) waiting?.reject(error);
    this.#lines.clear();
    this.#transfers.clear();
  }

  get #all(): ReadonlyArray<LineEntry | Transfer> {
    return [...this.#lines.entries, ...this.#transfers.entries];
  }

  /** Hands over the first of what one turn of the event loop sends; the rest goes together at its end. */
  #pumpOnce(): void {
    if (this.#isTurn) return;
    this.#isTurn = true;
    // A reaction of the language's own: the page's `queueMicrotask` goes out of the script engine and back, for each line.
    void turn.then(this.#endTurn);
    this.#pump();
  }

  #pump(): void {
    const link = this.#link;
    if (!link) return;
    this.#lines.pump(link, this.#resume);
    if (this.#transfers.pumpable) this.#transfers.pump(link);
  }

  #push({head, body, plainText}: OutgoingMessage & {readonly lane: 'lines'}, keep: boolean): LineEntry {
    const after = this.#transfers.openOn(head.channel);
    const entry: LineEntry = {head, body, plainText, after, n: 0, keep, withdrawn: false, frame: undefined, waiting: undefined};
    this.#lines.push(entry);
    return entry;
  }

  /** A plain page has no use for anything but text, so that not sending it anything else is no failure. */
  #sendPlain(link: Link, plainText: string | undefined): boolean {
    return plainText === undefined || link.send('lines', plainText);
  }

  #unreachable(): MeshError {
    return new MeshError('undelivered', 'There is no connection to this person', {ids: [this.#options.peerId]});
  }

  #fail(transfer: Transfer, cause: unknown): void {
    const error = new MeshError('undelivered', 'The data to send could not be read', {cause, ids: [this.#options.peerId]});
    if (transfer.waiting) transfer.waiting.reject(error);
    else this.#options.onLost(error);
    this.#withdraw(transfer);
  }

  #withdraw(transfer: Transfer): void {
    this.#transfers.withdraw(transfer);
    this.#pump();
  }

  #wait(item: LineEntry | Transfer, signal: AbortSignal | undefined, withdraw: () => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const done = () => {
        signal?.removeEventListener('abort', abort);
        item.waiting = undefined;
      };
      const abort = () => {
        item.waiting?.reject(new MeshError('aborted', 'Sending was given up', {cause: signal?.reason as unknown}));
        withdraw();
      };
      item.waiting = {
        since: this.#options.clock.now(),
        resolve() {
          done();
          resolve();
        },
        reject(error) {
          done();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, {once: true});
      this.#armExpiry();
    });
  }

  /** While there is no link, what has waited for `SEND_TIMEOUT_MS` is given back to the sender, and not sent later. */
  #armExpiry(): void {
    if (this.#link || this.#expiry || this.idle) return;
    const {clock} = this.#options;
    this.#expiry = clock.after(SEND_TIMEOUT_MS, () => {
      this.#expiry = undefined;
      for (const item of this.#all) {
        if (!item.waiting || clock.now() - item.waiting.since < SEND_TIMEOUT_MS) continue;
        item.waiting.reject(this.#unreachable());
        if ('source' in item) this.#withdraw(item);
        else this.#lines.withdraw(item);
      }
      if (this.#all.some(({waiting}) => waiting)) this.#armExpiry();
    });
  }
}
