/**
 * A link that passes through others: end to end sealed, numbered without gaps, with a window of its own. It does what a WebRTC link does
 * (`link/compliance.ts`), so that nothing above knows the difference but its rung.
 *
 * The two agree on keys over signals, in three messages (`secure/types.ts`): `{type: 'route', via, route, key}` from the initiator,
 * `{type: 'route', key, proof}` back, `{type: 'route', proof}`. The responder then says the first frame, and the initiator opens with it.
 */
import {SERVER} from '../detour.js';
import {MeshError} from '../errors.js';
import {
  LaneDrainEvent, LinkCloseEvent, LinkSignalEvent,
  type Lane, type LaneData, type Link, type LinkEventMap, type LinkRoute, type LinkState,
} from '../link/types.js';
import type {Listen} from '../listen.js';
import type {Agreed, Agreement, Bytes, Cryptography, Identity, Proof, Seal} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import {fromBase64, toBase64} from '../wire/base64.js';
import type {Carrier} from './types.js';

/** Bytes that may be on their way to the other side: what a relay has to hold for a link at most. */
export const ROUTE_WINDOW_BYTES = 256 * 1024;
/** The other side says after so many bytes that it has them. */
const CREDIT_BYTES = ROUTE_WINDOW_BYTES / 4;
/** Frames under one key; long before numbers or AES-GCM (NIST SP 800-38D, 8.3) come to their end. */
const MAX_FRAMES = 2 ** 32;
/** What a frame grows by when it is sealed, and the byte that says what it is. */
const OVERHEAD_BYTES = 17;
/** Largest message; the compliance suite asks for 64 KiB. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** What is in a frame, its first byte. */
const TEXT = 1;
const BULK = 2;
/** More of the same message follows. */
const MORE = 4;
/** Not a message: one of the next three. */
const CONTROL = 8;
const OPENED = CONTROL;
const CREDIT = CONTROL + 1;
const CLOSED = CONTROL + 2;

export interface RoutedLinkOptions {
  readonly initiator: boolean;
  readonly self: Identity;
  readonly peerId: PeerId;
  /** Unique among the links of these two; both sides name the same one. */
  readonly route: string;
  readonly carrier: Carrier;
  readonly cryptography: Cryptography;
}

interface RouteSignal {
  readonly key?: Bytes;
  readonly proof?: Proof;
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();
const NOTHING = new Uint8Array();

export class RoutedLink extends EventTarget implements Link {
  declare addEventListener: Listen<LinkEventMap>;
  onmessage: ((lane: Lane, data: LaneData) => void) | undefined;
  readonly initiator: boolean;
  readonly hasPath = true;
  readonly maxMessageSize = MAX_MESSAGE_BYTES;
  readonly #options: RoutedLinkOptions;
  readonly #agreement: Promise<Agreement>;
  #agreed: Promise<Agreed> | undefined;
  #verifying = false;
  #seal: Seal | undefined;
  #state: LinkState = 'connecting';
  #closing = false;
  /** Frames to be sealed and handed over, one after another. */
  readonly #queue: Bytes[] = [];
  #handingOver = false;
  /** Goes on with handing over. */
  #drained: (() => void) | undefined;
  #sent = 0;
  #received = 0;
  /** Opens frames one after another. */
  #opening = Promise.resolve();
  /** The parts of a message that is not whole yet. */
  readonly #parts: Bytes[] = [];
  #partBytes = 0;
  /** Bytes of messages: handed to this link, known to be there, taken from the other side, and told it so. */
  readonly #bytes = {sent: 0, credited: 0, taken: 0, told: 0};
  readonly #waiting = new Set<Lane>();

  constructor(options: RoutedLinkOptions) {
    super();
    this.#options = options;
    const {initiator, self, peerId, route, carrier, cryptography} = options;
    this.initiator = initiator;
    carrier.onframe = (n, frame) => this.#frame(n, frame);
    carrier.ondrain = () => this.#drained?.();
    carrier.ondown = why => this.close(this.#error(why));
    this.#agreement = cryptography.agree(self, {peerId, initiator, purpose: `${route} ${carrier.via}`});
    this.#agreement.then(({offer}) => {
      if (initiator) this.#signal({via: carrier.via, route, key: toBase64(offer)});
    }, (error: unknown) => this.#fail(error));
  }

  get state(): LinkState {
    return this.#state;
  }

  accept(signal: unknown): void {
    const {key, proof} = readSignal(signal) ?? {};
    if (this.#state === 'closed' || this.#closing) return;
    if (key && !this.#agreed) {
      this.#agreed = this.#agreement.then(agreement => agreement.accept(key));
      this.#agreed.then(({proof: ours}) => {
        // The initiator proves itself when it has seen the other's proof.
        if (!this.initiator) void this.#agreement.then(({offer}) => this.#signal({key: toBase64(offer), proof: encodeProof(ours)}));
      }, (error: unknown) => this.#fail(error));
    }
    if (!proof || !this.#agreed || this.#verifying) return;
    this.#verifying = true;
    void this.#agreed.then(async agreed => {
      this.#seal = await agreed.verify(proof);
      if (this.initiator) this.#signal({proof: encodeProof(agreed.proof)});
      else this.#opened();
    }).catch((error: unknown) => this.#fail(error));
  }

  send(lane: Lane, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean {
    if (this.#state !== 'open' || this.#closing) return false;
    if (this.#bytes.sent - this.#bytes.credited >= ROUTE_WINDOW_BYTES) {
      this.#waiting.add(lane);
      return false;
    }
    const isText = typeof data === 'string';
    const bytes = isText ? utf8.encode(data) : bytesOf(data);
    const kind = (isText ? TEXT : 0) + (lane === 'bulk' ? BULK : 0);
    const size = this.#options.carrier.maxBytes - OVERHEAD_BYTES;
    let at = 0;
    do {
      const end = Math.min(bytes.length, at + size);
      this.#push(kind + (end < bytes.length ? MORE : 0), bytes.subarray(at, end));
      at = end;
    } while (at < bytes.length);
    this.#bytes.sent += bytes.length;
    return true;
  }

  /** Of both lanes: they share the way. */
  buffered(): number {
    return this.#queue.reduce((sum, {length}) => sum + length, 0);
  }

  /** There is one way only; another is another link. */
  restart(): void {
    // Nothing to do.
  }

  async route(): Promise<LinkRoute> {
    return this.#options.carrier.via === SERVER ? 'server' : 'relayed';
  }

  close(error?: MeshError): void {
    if (this.#state === 'closed' || this.#closing) return;
    if (this.#state === 'open') this.#push(CLOSED, NOTHING);
    this.#closing = true;
    queueMicrotask(() => {
      this.#state = 'closed';
      this.#waiting.clear();
      this.dispatchEvent(new LinkCloseEvent(error));
      // What was said before it goes first.
      this.#drained?.();
      void this.#handOver();
    });
  }

  #opened(): void {
    if (this.#state !== 'connecting' || this.#closing) return;
    this.#state = 'open';
    if (!this.initiator) this.#push(OPENED, NOTHING);
    this.dispatchEvent(new Event('open'));
  }

  #push(kind: number, bytes: Bytes): void {
    const frame = new Uint8Array(1 + bytes.length);
    frame[0] = kind;
    frame.set(bytes, 1);
    this.#queue.push(frame);
    void this.#handOver();
  }

  async #handOver(): Promise<void> {
    if (this.#handingOver) return;
    this.#handingOver = true;
    const {carrier, route, self, peerId} = this.#options;
    const header = headerOf(route, self.id, peerId);
    try {
      for (let frame = this.#queue.shift(); frame && this.#seal; frame = this.#queue.shift()) {
        const sealed = await this.#seal.seal(this.#sent, header, frame);
        while (!carrier.send(this.#sent, sealed)) {
          if (this.#state === 'closed') return;
          await new Promise<void>(resolve => { this.#drained = resolve; });
        }
        if (++this.#sent >= MAX_FRAMES) this.close(this.#error('the keys are used up'));
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#handingOver = false;
      if (this.#state === 'closed') carrier.close();
    }
  }

  #frame(n: number, frame: Bytes): void {
    if (this.#state === 'closed' || this.#closing) return;
    // A gap is a loss, a repetition or a forgery: the stream goes on over another link, from what has arrived.
    if (n !== this.#received) return this.close(this.#error('a frame was lost on the way'));
    this.#received++;
    const {route, self, peerId} = this.#options;
    this.#opening = this.#opening.then(async () => {
      const plain = await this.#seal?.open(n, headerOf(route, peerId, self.id), frame);
      if (this.#state === 'closed' || this.#closing) return;
      if (plain?.length) this.#take(plain[0]!, plain.subarray(1));
      else this.close(this.#error('a frame was not the other side\'s'));
    });
  }

  #take(kind: number, bytes: Bytes): void {
    if (kind === OPENED && this.initiator) return this.#opened();
    if (kind === CLOSED) return this.close(this.#error('the other side closed the connection'));
    if (kind === CREDIT && bytes.length === 8) return this.#credited(Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)));
    if (kind & CONTROL || this.#state !== 'open') return this.close(this.#error('the other side does not keep to the protocol'));
    this.#partBytes += bytes.length;
    if (this.#partBytes > MAX_MESSAGE_BYTES) return this.close(this.#error('the other side sent a message that is too large'));
    this.#parts.push(bytes);
    if (kind & MORE) return;
    const whole = joined(this.#parts.splice(0), this.#partBytes);
    this.#bytes.taken += this.#partBytes;
    this.#partBytes = 0;
    this.onmessage?.(kind & BULK ? 'bulk' : 'lines', kind & TEXT ? fromUtf8.decode(whole) : whole.buffer);
    if (this.#bytes.taken - this.#bytes.told < CREDIT_BYTES || this.#closing) return;
    this.#bytes.told = this.#bytes.taken;
    const credit = new Uint8Array(8);
    new DataView(credit.buffer).setBigUint64(0, BigInt(this.#bytes.told));
    this.#push(CREDIT, credit);
  }

  #credited(total: number): void {
    // A remote's word: more than was sent, or less than before.
    if (total <= this.#bytes.credited || total > this.#bytes.sent) return;
    this.#bytes.credited = total;
    if (this.#bytes.sent - total > ROUTE_WINDOW_BYTES / 2) return;
    const waiting = [...this.#waiting];
    // Who is told may fill it again, and wait again.
    this.#waiting.clear();
    for (const lane of waiting) this.dispatchEvent(new LaneDrainEvent(lane));
  }

  #signal(signal: Readonly<Record<string, unknown>>): void {
    if (this.#state !== 'closed' && !this.#closing) this.dispatchEvent(new LinkSignalEvent({type: 'route', ...signal}));
  }

  #fail(cause: unknown): void {
    this.close(new MeshError('link-failed', 'No link: the two could not agree on keys', {ids: [this.#options.peerId], cause}));
  }

  #error(why: string): MeshError {
    return new MeshError('link-failed', `No link: ${why}`, {ids: [this.#options.peerId]});
  }
}

/** What is sealed with a frame beside its number: where it comes from and goes to. */
const headerOf = (route: string, from: PeerId, to: PeerId): Bytes => utf8.encode(JSON.stringify([from, to, route]));

const encodeProof = ({publicKey, signature}: Proof): readonly string[] => [toBase64(publicKey), toBase64(signature)];

/** A remote's signal, if it is one of a routed link. */
function readSignal(value: unknown): RouteSignal | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const {type, key, proof} = value as Record<string, unknown>;
  if (type !== 'route') return undefined;
  const [publicKey, signature] = Array.isArray(proof) ? proof.map(fromBase64) : [];
  const bytes = fromBase64(key);
  return {...bytes && {key: bytes}, ...publicKey && signature && {proof: {publicKey, signature}}};
}

function bytesOf(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Bytes {
  // A copy: the sender may use its buffer again.
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

function joined(parts: readonly Bytes[], length: number): Bytes {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
