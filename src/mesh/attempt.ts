/** One attempt at a link to one peer: its session, its signals, its bound in time, and the hello that makes it usable. */
import type {Cancel, Clock} from './clock.js';
import {MeshError} from './errors.js';
import type {CreateLink, Lane, LaneData, Link} from './link/types.js';
import {Negotiation, type Stamp} from './negotiation.js';
import {decodeLine, encodeHello, type Hello} from './wire/frame.js';
import {PROTOCOL_VERSION} from './wire/limits.js';

/**
 * From the first signal to an open link. ICE itself takes up to 15 s to give up in Chromium, and says nothing at all when the other
 * side never answers; a pair that can connect does so within 5 s even through TURN over TCP.
 */
export const LINK_TIMEOUT_MS = 15_000;
/** From an open link to the other side's hello: one flight of data on a working path. */
export const HELLO_TIMEOUT_MS = 5_000;

/**
 * Who has had no hello says its own again after so long, or this share of what the link has taken until it was open, where that is
 * longer; then after twice that, up to `MAX_GREET_AGAIN_MS`. Where one side alone makes the channel, Chromium loses the first word on it
 * about once in forty links when all cores are busy. Where both do (`negotiated`), none of 4,900 was lost, in Chromium and Firefox: they
 * only come late, and the first pause is the longest.
 */
const GREET_AGAIN_MS = 50;
const GREET_AGAIN_SHARE = 0.25;
const MAX_GREET_AGAIN_MS = 400;
/** A plain page cannot say that it listens: text for it waits this long after the channel is open on this side, where this side called. */
const PLAIN_SETTLE_MS = 100;
/**
 * Bytes of frames that are kept until the hello, which may come by another lane, or be lost and said again: four times what a lane takes at
 * once. A frame counts as `EARLY_FRAME_BYTES` more than is in it.
 */
const MAX_EARLY_BYTES = 4 * 1024 * 1024;
const EARLY_FRAME_BYTES = 100;

export interface AttemptOptions {
  readonly clock: Clock;
  readonly session: string;
  readonly peerId: string;
  readonly initiator: boolean;
  readonly iceServers: readonly RTCIceServer[];
  readonly relayOnly?: boolean;
  /** As for a link. */
  readonly negotiated?: boolean;
  readonly createLink: CreateLink;
  /** As for a negotiation. */
  readonly isBusy?: () => boolean;
  /** Sends a signal of this attempt to the peer. */
  readonly send: (stamp: Stamp, signal?: unknown) => void;
  readonly hello: () => Hello;
  /** The link can be used. Without a hello the peer is a plain page. */
  readonly onOpen: (hello: Hello | undefined) => void;
  /** Data on an open link. */
  readonly onData: (lane: Lane, data: LaneData) => void;
  readonly onPathChange: (up: boolean) => void;
  /** The attempt is over; fires once, also after `close()`. */
  readonly onClose: (error: MeshError) => void;
}

export class Attempt {
  readonly link: Link;
  readonly negotiation: Negotiation;
  readonly #options: AttemptOptions;
  /** Data that came before the hello, which travels on another lane than some of it. */
  #early: Array<readonly [Lane, LaneData]> = [];
  #earlyBytes = 0;
  readonly #startedAt: number;
  #bound: Cancel;
  #again: Cancel | undefined;
  #hello: Hello | undefined;
  #open = false;
  #over = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    const {clock, session, initiator, iceServers, relayOnly = false, negotiated = false, createLink, isBusy, send} = options;
    this.negotiation = new Negotiation({clock, session, ...isBusy && {isBusy}, send, onSignal: signal => this.link.accept(signal)});
    this.link = createLink({initiator, iceServers, relayOnly, negotiated});
    this.link.addEventListener('signal', ({signal}) => this.negotiation.send(signal));
    this.link.addEventListener('open', () => this.#linkOpened());
    this.link.onmessage = (lane, data) => this.#receive(lane, data);
    this.link.addEventListener('path-change', ({up}) => options.onPathChange(up));
    this.link.addEventListener('close', ({error}) => this.#closed(error));
    this.#startedAt = clock.now();
    this.#bound = clock.after(LINK_TIMEOUT_MS, () => this.close(this.#error('no connection was found in time')));
  }

  get session(): string {
    return this.#options.session;
  }

  /** Whether the link can be used. */
  get open(): boolean {
    return this.#open;
  }

  close(error: MeshError): void {
    this.link.close(error);
  }

  #linkOpened(): void {
    this.negotiation.settle();
    this.#bound();
    const {clock, initiator, negotiated} = this.#options;
    if (this.negotiation.plain) {
      if (initiator) this.#bound = clock.after(PLAIN_SETTLE_MS, () => this.#opened());
      else this.#opened();
      return;
    }
    this.#bound = clock.after(HELLO_TIMEOUT_MS, () => this.close(this.#error('the other side said no hello')));
    const shareMs = negotiated ? MAX_GREET_AGAIN_MS : GREET_AGAIN_SHARE * (clock.now() - this.#startedAt);
    this.#greetUntilGreeted(Math.min(MAX_GREET_AGAIN_MS, Math.max(GREET_AGAIN_MS, shareMs)));
    if (this.#hello) this.#opened();
  }

  #greet(): void {
    this.link.send('lines', encodeHello({...this.#options.hello(), ...this.#hello && {re: true}}));
  }

  #greetUntilGreeted(pauseMs: number): void {
    this.#greet();
    this.#again = this.#options.clock.after(pauseMs, () => this.#greetUntilGreeted(Math.min(MAX_GREET_AGAIN_MS, 2 * pauseMs)));
  }

  /** A hello on an open link, of who has not had ours if it does not say so. */
  greeted({re = false}: Hello): void {
    if (!re) this.#greet();
  }

  #receive(lane: Lane, data: LaneData): void {
    if (this.#over) return;
    const frame = lane === 'lines' && !this.#hello ? decodeLine(data) : undefined;
    if (frame?.kind === 'hello') return this.#greeted(frame.hello);
    this.#early.push([lane, data]);
    this.#earlyBytes += EARLY_FRAME_BYTES + (typeof data === 'string' ? data.length : data.byteLength);
    // A peer that floods before its hello loses the link.
    if (this.#earlyBytes > MAX_EARLY_BYTES) this.close(this.#error('the other side said no hello'));
  }

  #greeted(hello: Hello): void {
    if (hello.v !== PROTOCOL_VERSION) {
      const message = `The other side speaks version ${hello.v} of the protocol, this side ${PROTOCOL_VERSION}`;
      return this.close(new MeshError('bad-version', message, {ids: [this.#options.peerId]}));
    }
    this.#hello = hello;
    if (this.link.state !== 'open') return;
    // What is said before the other side's channel is open, browsers drop where that side did not make it itself (`negotiated`).
    if (this.#options.initiator && !this.#options.negotiated && !hello.re) this.#greet();
    this.#opened();
  }

  #opened(): void {
    this.#bound();
    this.#again?.();
    this.#open = true;
    const {onOpen, onData} = this.#options;
    // Each call on the way of a message is felt: from here on there is nothing to look at.
    this.link.onmessage = onData;
    onOpen(this.#hello);
    for (const [lane, data] of this.#early.splice(0)) onData(lane, data);
  }

  #closed(error: MeshError | undefined): void {
    this.#over = true;
    this.#bound();
    this.#again?.();
    this.negotiation.close();
    this.#early = [];
    this.#options.onClose(error ?? this.#error('the connection was closed'));
  }

  #error(why: string): MeshError {
    return new MeshError('link-failed', `No link: ${why}`, {ids: [this.#options.peerId]});
  }
}
