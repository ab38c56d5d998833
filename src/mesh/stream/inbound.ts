/**
 * Messages from one peer: put together, in order per channel, each once, across as many links as it takes. Everything here is a
 * remote's word: what breaks the rules is dropped and reported, and what is held is bounded.
 */
import type {Cancel, Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import {decodeUtf8, type BulkFrame, type LineFrame, type Received, type TransferOpen} from '../wire/frame.js';
import {MAX_HELD_BYTES, MAX_OPEN_TRANSFERS} from '../wire/limits.js';

/** Acknowledge after so many lines … */
const ACK_LINES = 64;
/** … or this long after the first that is not acknowledged. It only lets the sender forget, and costs as much as a line does. */
const ACK_DELAY_MS = 1_000;
/** Sooner by so much where this side wakes up for something else, such as another peer's: a wake-up costs more than what is then said. */
const ACK_SLACK_MS = 250;
/** Or, before that, with a line of this side, once it has been owed for so long: more often would be more to read in each … */
const RIDE_MS = 500;
/**
 * … or for so many lines, the number drawn for each peer between these two: where all answer one member at once, a message of its own for
 * each acknowledgement, or each with the same line, would be one slow answer among many quick ones.
 */
const RIDE_LINES = 24;
const MOST_RIDE_LINES = 48;
/** Shortest piece but for the last: a remote must not make this side keep a million crumbs, each of which costs more than it brings. */
const MIN_PIECE_BYTES = 1024;
/** Finished transfers that a hello names: more than can be open at one time. */
const REMEMBERED_TRANSFERS = 4 * MAX_OPEN_TRANSFERS;
/** Pieces of a `Blob` are handed to the browser, which may keep them on disk, in parts of this size. */
const BLOB_PART_BYTES = 4 * 1024 * 1024;

type Message = Extract<LineFrame, {kind: 'message'}>;

/** A message whose size was declared gets its memory once so much of it has come: an empty promise costs nothing. */
const ALLOCATE_AT = 1 / 8;

interface Transfer {
  readonly open: TransferOpen;
  /** What a `Blob` has been given. */
  readonly parts: Blob[];
  /** Pieces that have not found their place yet. */
  loose: Array<Uint8Array<ArrayBuffer>>;
  looseBytes: number;
  /** Where the pieces of anything but a `Blob` belong, once it is allocated. */
  whole: Uint8Array<ArrayBuffer> | undefined;
  bytes: number;
}

/** A whole message that waits for an earlier one of its channel. */
interface Held {
  readonly data: unknown;
  /** Transfer that must be done first; 0 for none. */
  readonly afterTransfer: number;
  /** Line that must have arrived first; 0 for none. */
  readonly afterLine: number;
  readonly bytes: number;
}

export interface InboundOptions {
  readonly clock: Clock;
  readonly peerId: string;
  /** The last line that is not for this side. */
  readonly from: number;
  readonly onMessage: (from: string, channel: string, data: unknown) => void;
  /** What the peer sent was dropped. */
  readonly onFault: (error: MeshError) => void;
  /** A line before the one that came is missing: the link has lost it. */
  readonly onGap: () => void;
  /** Tells the peer what has arrived. */
  readonly sendAck: (line: number, done: readonly number[]) => void;
}

export class Inbound {
  readonly #options: InboundOptions;
  readonly #transfers = new Map<number, Transfer>();
  readonly #held = new Map<string, Held[]>();
  /** Transfers that are over, the newest last. */
  readonly #done: number[] = [];
  /** All transfers up to this one are over. */
  #doneUpTo = 0;
  #line: number;
  #unacked = 0;
  /** When the first of them came. */
  #owedSince = 0;
  /** With how many of them a line of this side takes the acknowledgement along. */
  readonly #rideLines: number;
  /** Bytes of unfinished and of waiting messages. */
  #heldBytes = 0;
  #ackTimer: Cancel | undefined;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#line = options.from;
    this.#rideLines = RIDE_LINES + Math.floor(options.clock.random() * (MOST_RIDE_LINES - RIDE_LINES));
  }

  /** What to tell the peer in a hello, so that it goes on from there. */
  received(boot: string): Received {
    const parts = [...this.#transfers.values()].map(({open, bytes}) => [open.transfer, bytes] as const);
    return {boot, line: this.#line, done: this.#done.slice(), parts};
  }

  /**
   * Number of the last line, when it is time that a line of this side takes its acknowledgement along.
   * @param heardAt - when the peer was last heard: near enough to now, without a look at the clock for each line.
   */
  rider(heardAt: number): number | undefined {
    const isDue = this.#unacked >= this.#rideLines || (this.#unacked > 0 && heardAt - this.#owedSince >= RIDE_MS);
    return isDue ? this.#line : undefined;
  }

  /** The peer has been told of all lines so far. */
  acknowledged(): void {
    this.#unacked = 0;
  }

  /** @param bytes size of its frame. */
  line({n, after, channel, data}: Message, bytes: number): void {
    const {peerId, onMessage, onGap} = this.#options;
    if (n <= this.#line) return; // Repeated over a new link; it has been delivered.
    // Nothing after a gap is taken: the next link brings it again, in order.
    if (n > this.#line + 1) return onGap();
    this.#line = n;
    this.#acknowledgeSoon();
    if (this.#held.has(channel) || (after > 0 && !this.#isDone(after))) {
      this.#hold(channel, {data, afterTransfer: after, afterLine: 0, bytes});
    } else {
      onMessage(peerId, channel, data);
    }
    if (this.#held.size > 0) this.#release();
  }

  /** The peer says that the link has brought all lines up to `line`. */
  expect(line: number): void {
    if (line > this.#line) this.#options.onGap();
  }

  bulk(frame: BulkFrame): void {
    switch (frame.kind) {
      case 'open': return this.#open(frame.open);
      case 'piece': return this.#piece(frame.transfer, frame.bytes);
      case 'cancel': return this.#finish(frame.transfer);
    }
  }

  /** Forgets everything; nothing is delivered any more. */
  close(): void {
    this.acknowledged();
    this.#ackTimer?.();
    this.#ackTimer = undefined;
    this.#transfers.clear();
    this.#held.clear();
    this.#heldBytes = 0;
  }

  #open(open: TransferOpen): void {
    if (this.#isDone(open.transfer)) return this.#options.sendAck(this.#line, [open.transfer]);
    const known = this.#transfers.get(open.transfer);
    if (known) {
      if (open.offset === known.bytes && open.size === known.open.size) return; // It goes on over a new link.
      return this.#drop(open.transfer, 'bad-frame', 'A message went on where it had not stopped');
    }
    if (open.offset !== 0) return this.#drop(open.transfer, 'bad-frame', 'A message went on that had not begun');
    if (this.#transfers.size >= MAX_OPEN_TRANSFERS) return this.#drop(open.transfer, 'flood', 'Too many large messages at one time');
    this.#transfers.set(open.transfer, {open, parts: [], loose: [], looseBytes: 0, whole: undefined, bytes: 0});
    if (open.size === 0) this.#complete(open.transfer);
  }

  #piece(id: number, bytes: Uint8Array<ArrayBuffer>): void {
    const transfer = this.#transfers.get(id);
    if (!transfer) return; // Dropped before, or never opened: the report was made then.
    if (bytes.length === 0 || transfer.bytes + bytes.length > transfer.open.size) {
      return this.#drop(id, 'bad-frame', 'A message had more data than was declared');
    }
    if (bytes.length < MIN_PIECE_BYTES && transfer.bytes + bytes.length < transfer.open.size) {
      return this.#drop(id, 'bad-frame', 'A message came in pieces that are too small');
    }
    if (this.#heldBytes + bytes.length > MAX_HELD_BYTES) return this.#drop(id, 'too-large', 'Too much unfinished data at one time');
    this.#heldBytes += bytes.length;
    add(transfer, bytes);
    if (transfer.bytes === transfer.open.size) this.#complete(id);
  }

  #complete(id: number): void {
    const transfer = this.#transfers.get(id);
    if (!transfer) return;
    const data = assemble(transfer);
    if (data === undefined) return this.#drop(id, 'bad-frame', 'A message was not the JSON that it was declared to be');
    const {head, afterLine} = transfer.open;
    // Lines of the channel that were sent after this message wait behind it.
    const queue = this.#held.get(head.channel) ?? [];
    const behind = queue.findIndex(({afterTransfer}) => afterTransfer >= id);
    queue.splice(behind < 0 ? queue.length : behind, 0, {data: data.value, afterTransfer: 0, afterLine, bytes: transfer.bytes});
    this.#held.set(head.channel, queue);
    transfer.bytes = 0; // Its bytes now count as those of the message that waits.
    this.#finish(id);
  }

  /** Refuses the rest of a transfer: it is over, and what waited for it is delivered. */
  #drop(id: number, code: 'bad-frame' | 'flood' | 'too-large', why: string): void {
    this.#options.onFault(new MeshError(code, why, {ids: [this.#options.peerId]}));
    this.#finish(id);
  }

  #finish(id: number): void {
    this.#heldBytes -= this.#transfers.get(id)?.bytes ?? 0;
    this.#transfers.delete(id);
    if (!this.#isDone(id)) this.#remember(id);
    this.#options.sendAck(this.#line, [id]);
    this.acknowledged();
    this.#release();
  }

  #remember(id: number): void {
    this.#done.push(id);
    if (this.#done.length <= REMEMBERED_TRANSFERS) return;
    this.#done.sort((a, b) => a - b);
    this.#doneUpTo = Math.max(this.#doneUpTo, this.#done.shift() ?? 0);
  }

  #isDone(id: number): boolean {
    return !this.#transfers.has(id) && (id <= this.#doneUpTo || this.#done.includes(id));
  }

  #hold(channel: string, held: Held): void {
    if (this.#heldBytes + held.bytes > MAX_HELD_BYTES) {
      return this.#options.onFault(new MeshError('flood', 'Too much waited for a large message', {ids: [this.#options.peerId]}));
    }
    this.#heldBytes += held.bytes;
    const queue = this.#held.get(channel);
    if (queue) queue.push(held);
    else this.#held.set(channel, [held]);
  }

  /** Delivers, per channel and in order, what waits for nothing any more. */
  #release(): void {
    const {peerId, onMessage} = this.#options;
    for (const [channel, queue] of this.#held) {
      let held = queue[0];
      while (held && held.afterLine <= this.#line && (held.afterTransfer === 0 || this.#isDone(held.afterTransfer))) {
        queue.shift();
        this.#heldBytes -= held.bytes;
        onMessage(peerId, channel, held.data);
        held = queue[0];
      }
      if (queue.length === 0) this.#held.delete(channel);
    }
  }

  #acknowledgeSoon(): void {
    if (++this.#unacked >= ACK_LINES) return this.#acknowledge();
    if (this.#unacked > 1) return;
    const {clock} = this.#options;
    this.#owedSince = clock.now();
    this.#ackTimer ??= clock.after(ACK_DELAY_MS, () => this.#acknowledgeInTime(), ACK_SLACK_MS);
  }

  /** The timer is not taken back for what has been acknowledged meanwhile: in a lively talk that would be for every few lines. */
  #acknowledgeInTime(): void {
    this.#ackTimer = undefined;
    if (this.#unacked === 0) return;
    const {clock} = this.#options;
    const left = this.#owedSince + ACK_DELAY_MS - clock.now();
    if (left <= ACK_SLACK_MS) this.#acknowledge();
    else this.#ackTimer = clock.after(Math.ceil(left), () => this.#acknowledgeInTime(), ACK_SLACK_MS);
  }

  #acknowledge(): void {
    this.acknowledged();
    this.#options.sendAck(this.#line, []);
  }
}

/** Puts a piece where it belongs as it comes, so that the last one is no more work than the others. */
function add(transfer: Transfer, piece: Uint8Array<ArrayBuffer>): void {
  const {open, whole} = transfer;
  if (whole) {
    whole.set(piece, transfer.bytes);
    transfer.bytes += piece.length;
    return;
  }
  transfer.bytes += piece.length;
  transfer.loose.push(piece);
  transfer.looseBytes += piece.length;
  if (open.head.kind !== 'blob') {
    if (transfer.bytes >= open.size * ALLOCATE_AT) transfer.whole = joined(transfer);
  } else if (transfer.looseBytes >= BLOB_PART_BYTES) {
    transfer.parts.push(new Blob(transfer.loose));
    transfer.loose = [];
    transfer.looseBytes = 0;
  }
}

function joined({open, loose}: Transfer): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(open.size);
  let offset = 0;
  for (const piece of loose.splice(0)) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

function assemble(transfer: Transfer): {readonly value: unknown} | undefined {
  const {open: {head: {kind, type}}, parts, loose} = transfer;
  if (kind === 'blob') return {value: new Blob([...parts, ...loose], {type})};
  const bytes = transfer.whole ?? joined(transfer);
  if (kind === 'buffer') return {value: bytes.buffer};
  const text = decodeUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    return {value: JSON.parse(text) as unknown};
  } catch {
    return undefined; // A remote's word: the caller drops and reports it.
  }
}
