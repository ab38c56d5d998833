/** Where the pieces of a large message come from. */
import {BULK_PIECE_BYTES} from '../wire/limits.js';

/**
 * What may still be on its way when the last piece has been handed over: the lane's buffer (1 MiB) and what SCTP has in flight (its
 * window in browsers is at most 5 MiB). After that the sender needs this much of its data to go on over a new link, no more.
 */
const TAIL_BYTES = 8 * 1024 * 1024;

/** Reads of a `Blob` cross a process boundary in browsers: fewer, larger ones. */
const BLOCK_BYTES = 32 * BULK_PIECE_BYTES;

export interface PieceSource {
  readonly size: number;
  /**
   * The piece at `offset`, at most `BULK_PIECE_BYTES` long; or a promise after which the same call gives it.
   * @throws {RangeError} when this part of the data is no longer kept.
   */
  piece(offset: number): Uint8Array | Promise<void>;
  /** The sender may change or drop its data from now on: keep what a new link could still ask for. */
  release(): void;
}

export class BytesSource implements PieceSource {
  readonly size: number;
  #bytes: Uint8Array;
  #start = 0;

  constructor(bytes: Uint8Array) {
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  piece(offset: number): Uint8Array {
    if (offset < this.#start) throw new RangeError('This part of the message is no longer kept');
    const from = offset - this.#start;
    return this.#bytes.subarray(from, from + BULK_PIECE_BYTES);
  }

  release(): void {
    this.#start = Math.max(0, this.size - TAIL_BYTES);
    this.#bytes = this.#bytes.slice(-TAIL_BYTES);
  }
}

export class BlobSource implements PieceSource {
  readonly size: number;
  readonly #blob: Blob;
  #block: Uint8Array = new Uint8Array();
  #start = 0;
  #loading: Promise<void> | undefined;

  constructor(blob: Blob) {
    this.size = blob.size;
    this.#blob = blob;
  }

  piece(offset: number): Uint8Array | Promise<void> {
    const from = offset - this.#start;
    if (from >= 0 && from < this.#block.length) return this.#block.subarray(from, from + BULK_PIECE_BYTES);
    this.#loading ??= this.#load(offset).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  release(): void {
    // A Blob cannot change, and holds its data outside this page's heap.
  }

  async #load(offset: number): Promise<void> {
    const buffer = await this.#blob.slice(offset, offset + BLOCK_BYTES).arrayBuffer();
    this.#block = new Uint8Array(buffer);
    this.#start = offset;
  }
}
