/** The large messages to one peer: handed over in pieces, by turns, no more at a time than keeps the peer's queue short. */
import type {Clock} from '../clock.js';
import type {Link} from '../link/types.js';
import {encodeCancel, encodeOpen, encodePiece, type MessageHead} from '../wire/frame.js';
import {BULK_PIECE_BYTES, MAX_OPEN_TRANSFERS} from '../wire/limits.js';
import type {LineEntry} from './line-queue.js';
import type {PieceSource} from './source.js';
import type {Waiting} from './waiting.js';
import {BulkWindow} from './window.js';

/** Of what a peer may have open at one time: one that was given up may still count at the other side. */
const MAX_OPEN = MAX_OPEN_TRANSFERS / 2;

export interface Transfer {
  readonly id: number;
  readonly head: MessageHead;
  readonly source: PieceSource;
  readonly plainText: string | undefined;
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

export interface TransferQueueOptions {
  readonly clock: Clock;
  /** Number of the last line that was handed over. */
  readonly lastLine: () => number;
  /** Pumps again: data that had to be read is there. */
  readonly resume: () => void;
  /** The data cannot be read any more: a file that changed or went away, or a part that was let go. */
  readonly onUnreadable: (transfer: Transfer, cause: unknown) => void;
}

export class TransferQueue {
  readonly #options: TransferQueueOptions;
  readonly #transfers = new Map<number, Transfer>();
  /** Withdrawn transfers that the other side has not been told of yet. */
  readonly #cancels: number[] = [];
  #window: BulkWindow;
  /**
   * The frame that is handed over at the moment: one for all pieces, which would otherwise keep the garbage collector busy. Made when first
   * needed: most peers are never sent anything large.
   */
  #scratch: Uint8Array<ArrayBuffer> | undefined;
  #last = 0;
  #turn = 0;

  constructor(options: TransferQueueOptions) {
    this.#options = options;
    this.#window = new BulkWindow(options.clock);
  }

  get entries(): readonly Transfer[] {
    return [...this.#transfers.values()];
  }

  get idle(): boolean {
    return this.#transfers.size === 0;
  }

  /** Whether there is anything that `pump` could hand over. */
  get pumpable(): boolean {
    return this.#transfers.size > 0 || this.#cancels.length > 0;
  }

  push(transfer: Pick<Transfer, 'head' | 'source' | 'plainText' | 'before'>): Transfer {
    const entry = {...transfer, id: ++this.#last, offset: 0, opened: false, taken: false, loading: false, waiting: undefined};
    this.#transfers.set(entry.id, entry);
    return entry;
  }

  /** The last transfer on `channel` that is not acknowledged; 0 for none. */
  openOn(channel: string): number {
    let last = 0;
    if (this.#transfers.size === 0) return last;
    for (const {id, head} of this.#transfers.values()) if (head.channel === channel) last = id;
    return last;
  }

  /** A new link goes on where the peer says that each has stopped. */
  restart(parts: ReadonlyArray<readonly [transfer: number, bytes: number]>): void {
    const arrived = new Map(parts);
    for (const transfer of this.#transfers.values()) {
      transfer.offset = Math.min(arrived.get(transfer.id) ?? 0, transfer.source.size);
      transfer.opened = false;
    }
    this.#window = new BulkWindow(this.#options.clock);
  }

  /** Hands over what the link and the peer take. */
  pump(link: Link): void {
    for (let id = this.#cancels[0]; id !== undefined; id = this.#cancels[0]) {
      if (!link.send('bulk', encodeCancel(id))) return;
      this.#cancels.shift();
    }
    let active = this.#sendable();
    while (active.length > 0 && this.#window.open) {
      const transfer = active[this.#turn++ % active.length]!;
      const stopped = !this.#sendPiece(link, transfer);
      if (stopped && !transfer.loading && this.#transfers.has(transfer.id)) return; // The lane is full: `drain` comes.
      active = this.#sendable();
    }
  }

  /** The peer has these transfers whole. */
  ack(done: readonly number[]): void {
    for (const id of done) {
      const transfer = this.#transfers.get(id);
      // An acknowledgement for what was never handed over whole is a remote's lie.
      if (!transfer?.taken) continue;
      this.#transfers.delete(id);
      transfer.waiting?.resolve();
    }
  }

  /** The peer has taken so many bytes of pieces since the link opened. */
  report(bytes: number): void {
    this.#window.report(bytes);
  }

  withdraw(transfer: Transfer): void {
    // Also when it was never opened: a line on the same channel may wait for it at the other side.
    if (this.#transfers.delete(transfer.id)) this.#cancels.push(transfer.id);
  }

  clear(): void {
    this.#transfers.clear();
    this.#cancels.length = 0;
  }

  /** Hands over the next piece of `transfer`; `false` when it cannot go on now. */
  #sendPiece(link: Link, transfer: Transfer): boolean {
    const {id, head, source, offset} = transfer;
    if (!transfer.opened) {
      const open = encodeOpen({transfer: id, head, size: source.size, offset, afterLine: this.#options.lastLine()});
      if (!link.send('bulk', open)) return false;
      transfer.opened = true;
    }
    if (offset < source.size) {
      const piece = this.#read(transfer);
      if (!piece || !link.send('bulk', encodePiece(id, piece, this.#scratch ??= new Uint8Array(4 + BULK_PIECE_BYTES)))) return false;
      transfer.offset += piece.length;
      this.#window.sent(piece.length);
    }
    if (transfer.offset >= source.size) {
      transfer.taken = true;
      source.release();
      transfer.waiting?.resolve();
    }
    return true;
  }

  #read(transfer: Transfer): Uint8Array | undefined {
    const {resume, onUnreadable} = this.#options;
    try {
      const piece = transfer.source.piece(transfer.offset);
      if (piece instanceof Uint8Array) return piece;
      transfer.loading = true;
      piece.then(() => {
        transfer.loading = false;
        resume();
      }, (error: unknown) => onUnreadable(transfer, error));
    } catch (error) {
      onUnreadable(transfer, error);
    }
    return undefined;
  }

  /** Transfers that could hand over a piece now: open ones, and as many new ones as may be open, one at a time per channel. */
  #sendable(): Transfer[] {
    const unfinished = this.entries.filter(({offset, source, opened}) => offset < source.size || !opened);
    const channels = new Set<string>();
    return unfinished.slice(0, MAX_OPEN).filter(({head, before, loading}) => {
      const first = !channels.has(head.channel);
      channels.add(head.channel);
      const isNext = !before || before.n > 0 || before.withdrawn;
      return first && isNext && !loading;
    });
  }
}
