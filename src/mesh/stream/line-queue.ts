/** The small messages to one peer: numbered as they are handed over, kept until acknowledged, paced to what the peer takes. */
import type {Cancel, Clock} from '../clock.js';
import type {Link} from '../link/types.js';
import {encodeBinaryLine, encodeLine, joinFrames, type MessageHead} from '../wire/frame.js';
import {LINE_BURST, LINES_PER_SECOND, MAX_BATCH_LENGTH} from '../wire/limits.js';
import {TokenBucket} from '../wire/token-bucket.js';
import type {Waiting} from './waiting.js';

/** Unacknowledged lines that are kept. A peer that reads acknowledges every 64 lines, so only one that does not gets here. */
const MAX_UNACKED_BYTES = 16 * 1024 * 1024;
/** Of what a peer may send at one time: jitter must not make the receiver drop a line of an honest sender. */
const SHARE = 0.75;

type LineFrameData = string | Uint8Array<ArrayBuffer>;

export interface LineEntry {
  readonly head: MessageHead;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly plainText: string | undefined;
  /** Transfer on the same channel that was sent before it; 0 for none. */
  readonly after: number;
  /** Whether a peer that vanishes gets it when it is back. */
  readonly keep: boolean;
  /** Number of the line; 0 until it has been handed over. */
  n: number;
  withdrawn: boolean;
  frame: LineFrameData | undefined;
  waiting: Waiting | undefined;
}

/** What travels along with a line because it is due soon, and costs little beside a message of its own. */
export interface Rider {
  /** `undefined` when there is nothing. */
  frame(): string | undefined;
  /** The link has taken it. */
  sent(): void;
}

export class LineQueue {
  readonly #clock: Clock;
  readonly #rider: Rider;
  readonly #bucket: TokenBucket;
  /** Every line that is not acknowledged; those before `#next` have been handed to the present link. */
  readonly #lines: LineEntry[] = [];
  #next = 0;
  #unackedBytes = 0;
  #last = 0;
  #paced: Cancel | undefined;

  constructor(clock: Clock, rider: Rider) {
    this.#clock = clock;
    this.#rider = rider;
    this.#bucket = new TokenBucket(clock, LINE_BURST * SHARE, LINES_PER_SECOND * SHARE);
  }

  get entries(): readonly LineEntry[] {
    return this.#lines;
  }

  /** Number of the last line that was handed over. */
  get last(): number {
    return this.#last;
  }

  /** Number of the last line that the peer has. */
  get acknowledged(): number {
    const oldest = this.#lines[0];
    return oldest && oldest.n > 0 ? oldest.n - 1 : this.#last;
  }

  /** Number of the last line that the present link has taken, or that need not go over it. */
  get handedOver(): number {
    return this.#next > 0 ? this.#lines[this.#next - 1]!.n : this.acknowledged;
  }

  push(entry: LineEntry): void {
    this.#lines.push(entry);
  }

  /** The last line on `channel` that has not been handed over. */
  waitingOn(channel: string): LineEntry | undefined {
    return this.#lines.findLast(({head, n}) => n === 0 && head.channel === channel);
  }

  /** A new link starts with what is not acknowledged. */
  restart(): void {
    this.#next = 0;
    this.#paced?.();
    this.#paced = undefined;
  }

  /** Hands over what the link takes, several at a time; `resume` is called when pacing lets more of it go. */
  pump(link: Link, resume: () => void): void {
    while (this.#next < this.#lines.length) {
      if (!this.#bucket.has(1)) return this.#pace(resume);
      const frames = this.#batch();
      const first = frames[0];
      if (first === undefined) return;
      const rider = typeof first === 'string' ? this.#rider.frame() : undefined;
      const joined = rider === undefined ? frames : [...frames, rider];
      if (!link.send('lines', joined.length > 1 ? joinFrames(joined as string[]) : first)) return;
      if (rider !== undefined) this.#rider.sent();
      this.#bucket.take(joined.length);
      for (const frame of frames) this.#handOver(this.#lines[this.#next++]!, frame);
    }
  }

  /** Frames of the next lines that may go: text that fits into one message, or a binary one. */
  #batch(): LineFrameData[] {
    let frames: LineFrameData[] = [];
    let size = 0;
    let fresh = 0;
    for (let i = this.#next; i < this.#lines.length && this.#bucket.has(frames.length + 1); i++) {
      const entry = this.#lines[i]!;
      if (entry.n === 0 && this.#unackedBytes + size > MAX_UNACKED_BYTES) break;
      const frame = entry.frame ?? frameOf(entry, this.#last + ++fresh);
      size += frame.length + 1;
      if (frames.length && (typeof frame !== 'string' || size > MAX_BATCH_LENGTH)) break;
      // A literal makes room for the one that there is, as a rule; a push to an empty array for 17.
      if (frames.length) frames.push(frame);
      else frames = [frame];
      if (typeof frame !== 'string') break;
    }
    return frames;
  }

  #handOver(entry: LineEntry, frame: LineFrameData): void {
    if (entry.n > 0) return;
    entry.n = ++this.#last;
    entry.frame = frame;
    this.#unackedBytes += frame.length;
    entry.waiting?.resolve();
  }

  /** The peer has all lines up to `line`. */
  ack(line: number): void {
    let count = 0;
    for (const {n, frame} of this.#lines) {
      if (n === 0 || n > line) break;
      this.#unackedBytes -= frame?.length ?? 0;
      count++;
    }
    if (count === 0) return;
    this.#lines.splice(0, count);
    this.#next = Math.max(0, this.#next - count);
  }

  /** Takes back a line that has not been handed over. */
  withdraw(entry: LineEntry): void {
    const index = entry.n === 0 ? this.#lines.indexOf(entry, this.#next) : -1;
    if (index < 0) return;
    this.#lines.splice(index, 1);
    entry.withdrawn = true;
  }

  clear(): void {
    this.restart();
    this.#lines.length = 0;
  }

  #pace(resume: () => void): void {
    this.#paced ??= this.#clock.after(Math.ceil(this.#bucket.wait()), () => {
      this.#paced = undefined;
      resume();
    });
  }
}

function frameOf({head, body, after}: LineEntry, n: number): LineFrameData {
  return typeof body === 'string' ? encodeLine(n, after, body) : encodeBinaryLine(n, after, head, body);
}
