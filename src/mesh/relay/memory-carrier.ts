/** In-memory twin of the ways through a member or the server: what is in between is the test's to read, hold, change and lose. */
import type {Bytes} from '../secure/types.js';
import type {Carrier} from './types.js';

/** Frames that one direction holds before it says that it is full. */
const CAPACITY = 16;

export class MemoryCarrier implements Carrier {
  readonly via: string;
  readonly maxBytes = 16 * 1024;
  onframe: ((n: number, frame: Bytes) => void) | undefined;
  ondrain: (() => void) | undefined;
  ondown: ((why: string) => void) | undefined;
  /** What the one in between does with a frame: hands on what this returns, in that order. */
  relay: (n: number, frame: Bytes) => readonly (readonly [n: number, frame: Bytes])[] = (n, frame) => [[n, frame]];
  #other: MemoryCarrier | undefined;
  readonly #held: (readonly [n: number, frame: Bytes])[] = [];
  #closed = false;
  #onClosed: () => void = () => undefined;
  /** Resolves when the link has let go of it. */
  readonly closed = new Promise<void>(resolve => {
    this.#onClosed = resolve;
  });

  constructor(via: string) {
    this.via = via;
  }

  /** The two ends of one way. */
  static pair(via: string): readonly [MemoryCarrier, MemoryCarrier] {
    const ends = [new MemoryCarrier(via), new MemoryCarrier(via)] as const;
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  send(n: number, frame: Bytes): boolean {
    if (frame.length > this.maxBytes) throw new RangeError(`A frame of ${frame.length} bytes is too large for this way`);
    if (this.#closed || this.#held.length >= CAPACITY) return false;
    this.#held.push(...this.relay(n, frame));
    // A turn of the event loop later, as everything that comes over a network.
    setTimeout(() => {
      const wasFull = this.#held.length >= CAPACITY;
      for (const [number, bytes] of this.#held.splice(0)) this.#other?.onframe?.(number, bytes);
      if (wasFull) this.ondrain?.();
    });
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#onClosed();
  }

  /** Who is in between goes away. */
  break(why: string): void {
    for (const end of [this, this.#other]) {
      if (end && !end.#closed) end.ondown?.(why);
    }
  }
}
