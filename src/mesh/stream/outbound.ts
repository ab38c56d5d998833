/**
 * Messages to one peer: in order per channel, each once, across as many links as it takes. What has been handed to a link stays here
 * until the peer has acknowledged it; a new link starts where the peer's hello says that it stopped.
 */
import type {Cancel, Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import type {Link} from '../link/types.js';
import {
  encodeBinaryLine, encodeCancel, encodeLine, encodeOpen, encodePiece, type MessageHead, type Received,
} from '../wire/frame.js';
import {LINE_BURST, LINES_PER_SECOND, MAX_OPEN_TRANSFERS} from '../wire/limits.js';
import {TokenBucket} from '../wire/token-bucket.js';
import type {OutgoingMessage} from './message.js';
import type {PieceSource} from './source.js';
import {BulkWindow} from './window.js';

/** A message waits this long for a link before `send` says that it did not arrive: longer than rebuilding a link takes. */
export const SEND_TIMEOUT_MS = 30_000;

/** Unacknowledged lines that are kept. A peer that reads acknowledges every 64 lines, so only one that does not gets here. */
const MAX_UNACKED_BYTES = 16 * 1024 * 1024;

interface Waiting {
  resolve(): void;
  reject(error: MeshError): void;
  readonly since: number;
}

interface LineEntry {
  readonly plainText: string | undefined;
  readonly head: MessageHead;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Transfer on the same channel that was sent before it; 0 for none. */
  readonly after: number;
  /** Number of the line; 0 until it has been handed over. */
  n: number;
  frame: string | Uint8Array<ArrayBuffer> | undefined;
  waiting: Waiting | undefined;
}

interface Transfer {
  readonly plainText: string | undefined;
  readonly id: number;
  readonly head: MessageHead;
  readonly source: PieceSource;
  /** Line on the same channel that was sent before it and must be handed over first. */
  readonly before: LineEntry | undefined;
  /** Bytes handed to the present link. */
  offset: number;
  opened: boolean;
  /** Whether all of it has been handed to some link. */
  taken: boolean;
  loading: boolean;
  waiting: Waiting | undefined;
}

export interface OutboundOptions {
  readonly clock: Clock;
  readonly peerId: string;
  /** A message whose `send` had already resolved could not be brought over after all. */
  readonly onLost: (error: MeshError) => void;
}

export class Outbound {
  readonly #options: OutboundOptions;
  readonly #bucket: TokenBucket;
  #window: BulkWindow;
  /** Every line that is not acknowledged; those before `#next` have been handed to the present link. */
  readonly #lines: LineEntry[] = [];
  readonly #transfers = new Map<number, Transfer>();
  /** Withdrawn transfers that the other side has not been told of yet. */
  #cancels: number[] = [];
  #next = 0;
  #unackedBytes = 0;
  #lastLine = 0;
  #lastTransfer = 0;
  #turn = 0;
  #link: Link | undefined;
  #plainLink: Link | undefined;
  #unlisten: Cancel | undefined;
  #paced: Cancel | undefined;
  #expiry: Cancel | undefined;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.clock, LINE_BURST * 0.75, LINES_PER_SECOND * 0.75);
    this.#window = new BulkWindow(options.clock);
  }

  /** Whether everything has been acknowledged. */
  get idle(): boolean {
    return this.#lines.length === 0 && this.#transfers.size === 0;
  }

  /**
   * Sends a message.
   * @returns `undefined` when the transport took all of it at once, otherwise a promise for that, which rejects with `undelivered` or
   *   `aborted` when the message will not be sent.
   */
  send(message: OutgoingMessage, signal?: AbortSignal): Promise<void> | undefined {
    const {plainText} = message;
    if (this.#plainLink) return this.#sendPlain(this.#plainLink, plainText) ? undefined : Promise.reject(this.#unreachable());
    if (message.lane === 'lines') {
      const entry: LineEntry = {
        plainText, head: message.head, body: message.body, after: this.#openTransferOn(message.head.channel),
        n: 0, frame: undefined, waiting: undefined,
      };
      this.#lines.push(entry);
      this.#pumpLines();
      if (entry.n > 0) return undefined;
      return this.#wait(entry, signal, () => this.#withdrawLine(entry));
    }
    const {head} = message;
    const transfer: Transfer = {
      plainText, id: ++this.#lastTransfer, head, source: message.open(), before: this.#waitingLineOn(head.channel),
      offset: 0, opened: false, taken: false, loading: false, waiting: undefined,
    };
    this.#transfers.set(transfer.id, transfer);
    const taken = this.#wait(transfer, signal, () => this.#withdrawTransfer(transfer));
    this.#pumpBulk();
    return taken;
  }

  /** Goes on over a new, open link, from where the peer says that it stopped. */
  attach(link: Link, got: Received | undefined): void {
    this.detach();
    if (got) this.ack(got.line, got.done);
    const parts = new Map(got?.parts);
    for (const transfer of this.#transfers.values()) {
      transfer.offset = Math.min(parts.get(transfer.id) ?? 0, transfer.source.size);
      transfer.opened = false;
    }
    this.#expiry?.();
    this.#expiry = undefined;
    const onDrain = () => this.#pump();
    link.addEventListener('drain', onDrain);
    this.#unlisten = () => link.removeEventListener('drain', onDrain);
    this.#link = link;
    this.#window = new BulkWindow(this.#options.clock);
    this.#pump();
  }

  /** The peer turned out to be a plain page: it gets the text of what waits, and of nothing else. */
  attachPlain(link: Link): void {
    this.detach();
    this.#plainLink = link;
    for (const {waiting, plainText} of [...this.#lines, ...this.#transfers.values()]) {
      if (this.#sendPlain(link, plainText)) waiting?.resolve();
      else waiting?.reject(this.#unreachable());
    }
    this.#lines.length = 0;
    this.#transfers.clear();
  }

  /** The link is gone: everything that is not acknowledged waits for the next one. */
  detach(): void {
    this.#link = this.#plainLink = undefined;
    this.#unlisten?.();
    this.#unlisten = undefined;
    this.#paced?.();
    this.#paced = undefined;
    this.#next = 0;
    this.#armExpiry();
  }

  /** The peer has all lines up to `line`, and these transfers. */
  ack(line: number, done: readonly number[]): void {
    let count = 0;
    for (const entry of this.#lines) {
      if (entry.n === 0 || entry.n > line) break;
      this.#unackedBytes -= entry.frame?.length ?? 0;
      count++;
    }
    if (count > 0) {
      this.#lines.splice(0, count);
      this.#next = Math.max(0, this.#next - count);
    }
    for (const id of done) {
      const transfer = this.#transfers.get(id);
      // An acknowledgement for what was never handed over whole is a remote's lie.
      if (!transfer?.taken) continue;
      this.#transfers.delete(id);
      transfer.waiting?.resolve();
    }
    if (count > 0 || done.length > 0) this.#pump();
  }

  /** The peer has taken so many bytes of pieces since the link opened. */
  taken(bytes: number): void {
    this.#window.report(bytes);
    this.#pumpBulk();
  }

  /** The peer has left for good: what waits is rejected, the rest forgotten. */
  close(error: MeshError): void {
    this.detach();
    this.#expiry?.();
    this.#expiry = undefined;
    for (const {waiting} of [...this.#lines, ...this.#transfers.values()]) waiting?.reject(error);
    this.#lines.length = 0;
    this.#transfers.clear();
  }

  /** A plain page has no use for anything but text, so that not sending it anything else is no failure. */
  #sendPlain(link: Link, plainText: string | undefined): boolean {
    return plainText === undefined || link.send('lines', plainText);
  }

  #unreachable(): MeshError {
    return new MeshError('undelivered', 'There is no connection to this person', {ids: [this.#options.peerId]});
  }

  #pump(): void {
    this.#pumpLines();
    this.#pumpBulk();
  }

  #pumpLines(): void {
    const link = this.#link;
    if (!link) return;
    while (this.#next < this.#lines.length) {
      const entry = this.#lines[this.#next]!;
      const fresh = entry.n === 0;
      if (fresh && this.#unackedBytes > MAX_UNACKED_BYTES) return;
      if (!this.#bucket.take()) return this.#paceLines();
      const frame = entry.frame ?? frameOf(entry, this.#lastLine + 1);
      if (!link.send('lines', frame)) return;
      this.#next++;
      if (!fresh) continue;
      entry.n = ++this.#lastLine;
      entry.frame = frame;
      this.#unackedBytes += frame.length;
      entry.waiting?.resolve();
      entry.waiting = undefined;
    }
  }

  #paceLines(): void {
    this.#paced ??= this.#options.clock.after(Math.ceil(this.#bucket.wait()), () => {
      this.#paced = undefined;
      this.#pump();
    });
  }

  #pumpBulk(): void {
    const link = this.#link;
    if (!link) return;
    for (let id = this.#cancels[0]; id !== undefined; id = this.#cancels[0]) {
      if (!link.send('bulk', encodeCancel(id))) return;
      this.#cancels.shift();
    }
    let active = this.#sendable();
    while (active.length > 0 && this.#window.open) {
      const transfer = active[this.#turn++ % active.length]!;
      if (!this.#sendPiece(link, transfer)) {
        if (!transfer.loading && this.#transfers.has(transfer.id)) return; // The lane is full: `drain` comes.
      }
      active = this.#sendable();
    }
  }

  /** Hands over the next piece of `transfer`; `false` when it cannot go on now. */
  #sendPiece(link: Link, transfer: Transfer): boolean {
    const {id, head, source, offset} = transfer;
    if (!transfer.opened) {
      const open = encodeOpen({transfer: id, head, size: source.size, offset, afterLine: this.#lastLine});
      if (!link.send('bulk', open)) return false;
      transfer.opened = true;
    }
    if (offset < source.size) {
      const piece = this.#read(transfer);
      if (!piece || !link.send('bulk', encodePiece(id, piece))) return false;
      transfer.offset += piece.length;
      this.#window.sent(piece.length);
    }
    if (transfer.offset >= source.size) {
      transfer.taken = true;
      source.release();
      transfer.waiting?.resolve();
      transfer.waiting = undefined;
    }
    return true;
  }

  #read(transfer: Transfer): Uint8Array | undefined {
    try {
      const piece = transfer.source.piece(transfer.offset);
      if (piece instanceof Uint8Array) return piece;
      transfer.loading = true;
      piece.then(() => {
        transfer.loading = false;
        this.#pumpBulk();
      }, (error: unknown) => this.#fail(transfer, error));
    } catch (error) {
      this.#fail(transfer, error);
    }
    return undefined;
  }

  /** The data cannot be read any more: a file that changed or went away, or a part that was let go. */
  #fail(transfer: Transfer, cause: unknown): void {
    const error = new MeshError('undelivered', 'The data to send could not be read', {cause, ids: [this.#options.peerId]});
    if (transfer.waiting) transfer.waiting.reject(error);
    else this.#options.onLost(error);
    this.#withdrawTransfer(transfer);
  }

  /** Transfers that could hand over a piece now: open ones, and as many new ones as may be open, one at a time per channel. */
  #sendable(): Transfer[] {
    const unfinished = [...this.#transfers.values()].filter(({offset, source, opened}) => offset < source.size || !opened);
    const channels = new Set<string>();
    return unfinished.slice(0, MAX_OPEN_TRANSFERS / 2).filter(({head, before, loading}) => {
      const first = !channels.has(head.channel);
      channels.add(head.channel);
      const handedOver = !before || before.n > 0 || !this.#lines.includes(before);
      return first && handedOver && !loading;
    });
  }

  #openTransferOn(channel: string): number {
    let last = 0;
    if (this.#transfers.size === 0) return last;
    for (const {id, head} of this.#transfers.values()) if (head.channel === channel) last = id;
    return last;
  }

  #waitingLineOn(channel: string): LineEntry | undefined {
    return this.#lines.findLast(({head, n}) => n === 0 && head.channel === channel);
  }

  #withdrawLine(entry: LineEntry): void {
    const index = this.#lines.indexOf(entry, this.#next);
    if (index >= 0 && entry.n === 0) this.#lines.splice(index, 1);
  }

  #withdrawTransfer(transfer: Transfer): void {
    if (!this.#transfers.delete(transfer.id)) return;
    // Also when it was never opened: a line on the same channel may wait for it at the other side.
    this.#cancels.push(transfer.id);
    this.#pumpBulk();
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
    this.#expiry = this.#options.clock.after(SEND_TIMEOUT_MS, () => {
      this.#expiry = undefined;
      const {clock} = this.#options;
      const expired = ({waiting}: LineEntry | Transfer) => waiting && clock.now() - waiting.since >= SEND_TIMEOUT_MS;
      for (const entry of this.#lines.filter(expired)) {
        entry.waiting?.reject(this.#unreachable());
        this.#withdrawLine(entry);
      }
      for (const transfer of [...this.#transfers.values()].filter(expired)) {
        transfer.waiting?.reject(this.#unreachable());
        this.#withdrawTransfer(transfer);
      }
      if ([...this.#lines, ...this.#transfers.values()].some(({waiting}) => waiting)) this.#armExpiry();
    });
  }
}

function frameOf({head, body, after}: LineEntry, n: number): string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' ? encodeLine(n, after, body) : encodeBinaryLine(n, after, head, body);
}
