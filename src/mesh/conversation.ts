/**
 * What two members say to each other over whatever link there is at the moment: messages in both directions, names, round trips,
 * goodbyes. It outlives its links, which is why a link that is replaced loses and repeats nothing.
 */
import type {Cancel, Clock} from './clock.js';
import {MeshError, type MeshErrorCode} from './errors.js';
import type {OnMeshMessage} from './events.js';
import {Faults} from './faults.js';
import type {Lane, LaneData, Link, LinkRoute} from './link/types.js';
import type {PeerId} from './signalling/types.js';
import {Inbound} from './stream/inbound.js';
import {Outbound} from './stream/outbound.js';
import {REPORT_BYTES} from './stream/window.js';
import {
  AWAY, BYE, decodeBulk, decodeLine, decodeUtf8,
  encodeAck, encodeName, encodePing, encodePong, encodeTaken, isJoined, isOversized, splitFrames, type Hello, type LineFrame,
} from './wire/frame.js';
import {LINE_BURST, LINES_PER_SECOND, MAX_LINE_FRAME_BYTES, PROTOCOL_VERSION} from './wire/limits.js';
import {TokenBucket} from './wire/token-bucket.js';

/** Round trips are measured again after so long: often enough for a roster. What an idle link is asked measures them anyway. */
const RTT_MS = 10_000;
/** Of so many the one in the middle is told: one that a busy machine answered late says nothing of the way. */
const RTTS = 3;
/** The first question waits until the joining is over. */
const FIRST_MS = 1_000;
const FIRST_SLACK_MS = 500;
/**
 * The initiator asks whom it has not heard for so long. Its question is its word, so that an idle link costs one a time. Until `SILENT_MS`
 * what is lost of question and answer can be sent again twice (RFC 9260: the data channel's retransmission timer begins at 0.4 to 1 s).
 */
const QUIET_MS = 2_500;
/** The other side asks when it has heard nothing for so long, the initiator's question included. */
const UNASKED_MS = 3_000;
/** Whoever will be asked before long is asked in the turn in which another is: waking up costs a page more than a message does. */
const SLACK_MS = 1_000;
/** Nothing for so long, the question included: the path may be gone. ICE takes 5 s and more to say so. */
export const SILENT_MS = 4_000;
/** Nothing for so long although ICE, which the browser does and not the page, has its answers: the peer stands still. */
const AWAY_MS = 10_000;
/**
 * Which way a link takes is asked of the browser this often: it changes without a word, but hardly ever, and its statistics cost more than
 * all else that an idle link does. Who passes a TURN server, or has just found a path, is asked at once.
 */
const ROUTE_MS = 15_000;
/**
 * All pauses are so much longer through the server, where everybody shares what there is and nothing is noticed sooner for being asked more
 * often, and beside somebody who stands still: that one asks itself when it goes on, and would first have to answer all that waits for it.
 */
const SELDOM = 5;
/** A round trip that differs by less, in milliseconds or as a share, is the same one: each change is told, and drawn, in all rosters. */
const SAME_RTT_MS = 5;
const SAME_RTT_SHARE = 0.2;
/** A timer that is later than this tells that this page stood still itself: what has come meanwhile is still to be read. */
const LATE_MS = 1_500;
/** So much of `SILENT_MS` is left then. */
const GRACE_MS = 2_000;
/** And so long later it is looked again: a page that wakes up has its own to do first, and asks everybody then. */
const WAKING_MS = 100;

export type RoutingFrame = Extract<LineFrame, {kind: 'ask' | 'can' | 'passed' | 'routed' | 'unrouted'}>;

export interface ConversationOptions {
  readonly clock: Clock;
  readonly peerId: PeerId;
  /** Whether this side of the pair makes the links. */
  readonly initiator: boolean;
  /** Whether links are being made with others. */
  readonly isBusy: () => boolean;
  /** Random per joined mesh; the numbers of messages belong to it. */
  readonly boot: string;
  readonly name: () => string;
  readonly onMessage: OnMeshMessage;
  /** Text of a plain page. */
  readonly onPlainText: (text: string) => void;
  /** The peer's name, round trip or route may have changed. */
  readonly onChange: () => void;
  /** The peer says hello again. */
  readonly onHello: (hello: Hello) => void;
  /** The peer said goodbye. */
  readonly onBye: () => void;
  /** The peer says something about what passes through members. */
  readonly onRouting: (frame: RoutingFrame) => void;
  /** Nothing has come for `SILENT_MS`, or something has again. */
  readonly onSilence: (silent: boolean) => void;
  /** A signal for another link between the two. */
  readonly onSignal: (message: Readonly<Record<string, unknown>>) => void;
  readonly onError: (error: MeshError) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #outbound: Outbound;
  readonly #faults: Faults;
  readonly #bucket: TokenBucket;
  readonly #probes = new Set<() => void>();
  #inbound: Inbound;
  /** `boot` of the peer that the numbers of `#inbound` belong to. */
  #peerBoot = '';
  #link: Link | undefined;
  #look: Cancel | undefined;
  /** When that is due. */
  #due = 0;
  /** Bytes of pieces that have come over the present link, and those that the peer has been told of. */
  #taken = 0;
  #reported = 0;
  /** The name that the peer was told last. */
  #told = '';
  #pingId = 0;
  #pingAt = 0;
  #routeAt = 0;
  #heardAt = 0;
  #silent = false;
  #away = false;
  #plain = false;
  #closed = false;
  #name = '';
  #rttMs: number | undefined;
  /** The last of the present link, the newest first. */
  #rtts: readonly number[] = [];
  #route: LinkRoute = 'direct';

  constructor(options: ConversationOptions) {
    this.#options = options;
    const {clock, peerId} = options;
    this.#faults = new Faults(clock, error => options.onError(error));
    this.#bucket = new TokenBucket(clock, LINE_BURST, LINES_PER_SECOND);
    this.#outbound = new Outbound({
      clock, peerId,
      onLost: error => options.onError(error),
      rider: {
        frame: () => {
          const line = this.#inbound.rider(this.#heardAt);
          return line === undefined ? undefined : encodeAck(line, []);
        },
        sent: () => this.#inbound.acknowledged(),
      },
    });
    this.#inbound = this.#createInbound(0);
  }

  get name(): string {
    return this.#name;
  }

  /** Whether the peer speaks plain text only. */
  get plain(): boolean {
    return this.#plain;
  }

  /** Round trip in milliseconds, as a rule: the middle one of the last three. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Whether the peer stands still: its page is frozen, or its machine sleeps. */
  get away(): boolean {
    return this.#away;
  }

  /** Whether so much time has passed since the peer was heard that the path may be gone. */
  get silent(): boolean {
    return this.#silent;
  }

  /** How the present link reaches the peer. */
  get route(): LinkRoute {
    return this.#route;
  }

  /** Whether the peer has ever said hello. */
  get met(): boolean {
    return this.#peerBoot !== '';
  }

  /** Messages to this peer. */
  get outbound(): Outbound {
    return this.#outbound;
  }

  /** Frames of this peer that were dropped. */
  get faults(): number {
    return this.#faults.total;
  }

  /** What to say first on a new link. */
  hello(): Hello {
    const {boot, name} = this.#options;
    this.#told = name();
    const hello = {v: PROTOCOL_VERSION, boot, name: this.#told, from: this.#outbound.acknowledged};
    return this.#peerBoot === '' ? hello : {...hello, got: this.#inbound.received(this.#peerBoot)};
  }

  /** Goes on over a new, open link; without a hello the peer is a plain page. */
  attach(link: Link, hello: Hello | undefined, route: LinkRoute = 'direct'): void {
    this.#link = link;
    this.#plain = !hello;
    this.#route = route;
    this.#rttMs = undefined;
    this.#rtts = [];
    // The first question is due, also on a page that is younger than the pause between two.
    this.#pingAt = this.#routeAt = -Infinity;
    this.#heardAt = this.#options.clock.now();
    this.#silent = this.#away = false;
    this.#taken = this.#reported = 0;
    if (!hello) return this.#outbound.attachPlain(link);
    this.#name = hello.name;
    const isAgain = this.met;
    if (hello.boot !== this.#peerBoot) {
      // Another instance under the same id: its messages are numbered anew.
      this.#inbound.close();
      this.#inbound = this.#createInbound(hello.from);
      this.#peerBoot = hello.boot;
    }
    const {got} = hello;
    this.#outbound.attach(link, got?.boot === this.#options.boot ? got : undefined);
    // It may have changed between this side's hello and the other's; while another link was there, which of the two was heard is not known.
    if (isAgain) this.#told = '';
    this.rename();
    this.#lookIn(FIRST_MS, FIRST_SLACK_MS);
  }

  /** The link is gone; what is not acknowledged waits for the next. */
  detach(): void {
    this.#link = undefined;
    this.#rttMs = undefined;
    this.#rtts = [];
    this.#silent = this.#away = false;
    this.#look?.();
    this.#look = undefined;
    this.#outbound.detach();
  }

  close(error: MeshError): void {
    this.#closed = true;
    this.detach();
    this.#outbound.close(error);
    this.#inbound.close();
    this.#faults.close();
  }

  /** Tells the peer one's display name, if that is another than it was told; while there is no link, the next hello does. */
  rename(): void {
    const name = this.#options.name();
    if (this.#plain || !this.#link || name === this.#told) return;
    this.#told = name;
    this.#link.send('lines', encodeName(name));
  }

  /** Hands the peer what is not said to it alone. @returns whether the link took it. */
  pass(frame: string | Uint8Array<ArrayBuffer>): boolean {
    return !this.#plain && !!this.#link?.send('lines', frame);
  }

  /** Tells the peer that this side is leaving, so that it need not wait for the List. */
  bye(): void {
    this.#sayLast(BYE);
  }

  /** Tells the peer that this side is about to stand still. */
  sleep(): void {
    this.#sayLast(AWAY);
  }

  #sayLast(frame: string): void {
    if (this.#plain) return;
    this.#outbound.flush();
    this.#link?.send('lines', frame);
  }

  /** Whether the peer answers over its link within `ms`. */
  probe(ms: number): Promise<boolean> {
    if (!this.#link || this.#plain) return Promise.resolve(false);
    return new Promise(resolve => {
      const settle = (alive: boolean) => {
        stop();
        this.#probes.delete(answered);
        resolve(alive);
      };
      const answered = () => settle(true);
      const stop = this.#options.clock.after(ms, () => settle(false));
      this.#probes.add(answered);
      this.#sendPing();
      this.#findRoute();
    });
  }

  /** Takes what came over the link, whatever it is. */
  receive(lane: Lane, data: LaneData): void {
    if (this.#closed) return;
    this.#heardAt = this.#options.clock.now();
    if (this.#silent) this.#setSilent(false);
    if (this.#away) this.#setAway(false);
    if (lane === 'bulk' && typeof data !== 'string' && !this.#plain) return this.#receiveBulk(data);
    const isBatch = typeof data === 'string' && lane === 'lines' && !this.#plain && data.length <= MAX_LINE_FRAME_BYTES && isJoined(data);
    if (!isBatch) return void this.#receiveFrame(lane, data);
    for (const frame of splitFrames(data)) if (!this.#receiveFrame(lane, frame)) return;
  }

  /** @returns whether another may be taken. */
  #receiveFrame(lane: Lane, frame: LaneData): boolean {
    if (!this.#bucket.take()) {
      this.fault('flood', 'Too many messages at one time');
      return false;
    }
    if (this.#plain) this.#receivePlain(frame);
    else if (lane === 'bulk') this.#receiveBulk(frame);
    else this.#receiveLine(frame);
    return !this.#closed;
  }

  /** Counts and reports what the peer got wrong. */
  fault(code: MeshErrorCode, why: string): void {
    this.#faults.add(new MeshError(code, why, {ids: [this.#options.peerId]}));
  }

  #receivePlain(data: LaneData): void {
    // The tutorial's page may send text as bytes: simple-peer hands strings and buffers to its readers alike.
    const text = typeof data === 'string' ? data : decodeUtf8(new Uint8Array(data));
    if (text === undefined) return this.fault('bad-frame', 'A plain page sent something other than text');
    if (text.length > MAX_LINE_FRAME_BYTES) return this.fault('too-large', 'A line of plain text was too long');
    this.#options.onPlainText(text);
  }

  #receiveBulk(data: LaneData): void {
    const frame = decodeBulk(data);
    if (!frame) return this.#malformed(data);
    this.#inbound.bulk(frame);
    if (frame.kind !== 'piece') return;
    this.#taken += frame.bytes.length;
    if (this.#taken - this.#reported < REPORT_BYTES) return;
    this.#reported = this.#taken;
    this.#link?.send('lines', encodeTaken(this.#taken));
  }

  #receiveLine(data: LaneData): void {
    const frame = decodeLine(data);
    if (!frame) this.#malformed(data);
    else if (frame.kind !== 'message') this.#control(frame);
    else this.#inbound.line(frame, typeof data === 'string' ? data.length : data.byteLength);
  }

  #control(frame: Exclude<LineFrame, {kind: 'message'}>): void {
    switch (frame.kind) {
      case 'ack':
        return this.#outbound.ack(frame.line, frame.done);
      case 'taken':
        return this.#outbound.taken(frame.bytes);
      case 'name':
        this.#name = frame.name;
        return this.#options.onChange();
      case 'ping':
        this.#asked(frame.id);
        return this.#inbound.expect(frame.line);
      case 'pong':
        if (frame.id === this.#pingId) this.#ponged();
        return;
      case 'away':
        return this.#setAway(true);
      case 'bye':
        return this.#options.onBye();
      case 'hello':
        // The name may have changed since the first.
        this.#name = frame.hello.name;
        this.#options.onChange();
        return this.#options.onHello(frame.hello);
      case 'signal':
        return this.#options.onSignal(frame.message);
      default:
        return this.#options.onRouting(frame);
    }
  }

  #malformed(data: LaneData): void {
    if (isOversized(data)) this.fault('too-large', 'A message was larger than the protocol carries');
    else this.fault('bad-frame', 'A frame was malformed');
  }

  #createInbound(from: number): Inbound {
    const {clock, peerId, onMessage} = this.#options;
    return new Inbound({
      clock, peerId, from, onMessage,
      onFault: error => this.#faults.add(error),
      onGap: () => this.#link?.close(new MeshError('link-failed', 'A message was lost on the way', {ids: [peerId]})),
      sendAck: (line, done) => void this.#link?.send('lines', encodeAck(line, done)),
    });
  }

  get #factor(): number {
    return this.#route === 'server' || this.#away ? SELDOM : 1;
  }

  /** After how many milliseconds without a word the peer is asked. */
  get #askMs(): number {
    return (this.#options.initiator ? QUIET_MS : UNASKED_MS) * this.#factor;
  }

  /** Whether nobody knows any more how long a round trip takes. */
  get #isStale(): boolean {
    return this.#options.clock.now() - this.#pingAt >= RTT_MS * this.#factor;
  }

  #lookIn(ms: number, slackMs = SLACK_MS, isPutOff = false): void {
    const {clock} = this.#options;
    this.#due = clock.now() + ms;
    this.#look?.();
    this.#look = clock.after(ms, () => this.#lookAfter(isPutOff), slackMs);
  }

  /** Asks who has not been heard for a while, and tells when there is still nothing. */
  #lookAfter(isPutOff: boolean): void {
    const {clock, isBusy, initiator} = this.#options;
    const factor = this.#factor;
    const now = clock.now();
    if (now - this.#due > LATE_MS) {
      this.#heardAt = Math.max(this.#heardAt, now - (SILENT_MS - GRACE_MS) * factor);
      // Once: where all timers are late, as a hidden page's may be, nobody would ever be asked.
      if (!isPutOff) return this.#lookIn(WAKING_MS, 0, true);
    }
    // While this page was able to hear it.
    const quietMs = now - this.#heardAt;
    if (quietMs >= SILENT_MS * factor && !this.#away) {
      // Without a path silence says nothing about the peer.
      if (quietMs >= AWAY_MS * factor && this.#link?.hasPath) this.#setAway(true);
      else if (!this.#silent) this.#setSilent(true);
    }
    // What follows may have closed the link.
    if (!this.#link) return;
    if (this.#pingAt === -Infinity && quietMs < QUIET_MS && isBusy()) return this.#lookIn(FIRST_MS, FIRST_SLACK_MS);
    // In the turn in which it asks one, the initiator asks all whom it will ask before long.
    const soonMs = this.#askMs - (initiator ? SLACK_MS : 0);
    if (Math.min(quietMs, now - this.#pingAt) >= soonMs || this.#isStale) this.#sendPing();
    this.#lookAtRoute();
    // Where there is nothing to answer a question for too long, that is to be seen in time.
    const left = (quietMs < soonMs ? this.#askMs : SILENT_MS * factor) - quietMs;
    this.#lookIn(left > 0 ? Math.min(left, this.#askMs) : this.#askMs);
  }

  /** The peer asks: nobody needs to ask it before long, but for the round trip, and that goes with the answer. */
  #asked(id: number): void {
    this.#link?.send('lines', encodePong(id));
    if (this.#pingAt === -Infinity) return;
    if (this.#isStale) this.#sendPing();
    this.#lookAtRoute();
    this.#lookIn(this.#askMs);
  }

  #setSilent(silent: boolean): void {
    this.#silent = silent;
    this.#options.onSilence(silent);
  }

  #setAway(away: boolean): void {
    if (away === this.#away) return;
    this.#away = away;
    this.#lookIn(this.#askMs);
    this.#options.onChange();
  }

  #sendPing(): void {
    this.#pingAt = this.#options.clock.now();
    this.#link?.send('lines', encodePing(++this.#pingId, this.#outbound.handedOver));
  }

  #ponged(): void {
    this.#lookIn(this.#askMs);
    for (const answered of [...this.#probes]) answered();
    this.#rtts = [Math.round(this.#options.clock.now() - this.#pingAt), ...this.#rtts].slice(0, RTTS);
    const rttMs = [...this.#rtts].sort((a, b) => a - b)[this.#rtts.length >> 1]!;
    const before = this.#rttMs;
    if (before !== undefined && Math.abs(rttMs - before) <= Math.max(SAME_RTT_MS, SAME_RTT_SHARE * before)) return;
    this.#rttMs = rttMs;
    this.#options.onChange();
  }

  #lookAtRoute(): void {
    // Of a TURN server a restart may have found something better.
    if (this.#route === 'turn' || this.#options.clock.now() - this.#routeAt >= ROUTE_MS) this.#findRoute();
  }

  #findRoute(): void {
    const link = this.#link;
    this.#routeAt = this.#options.clock.now();
    link?.route().then(route => {
      if (link !== this.#link || route === this.#route) return;
      this.#route = route;
      this.#options.onChange();
    }, () => {
      // Statistics of a connection that has just been closed: there is no route to tell.
    });
  }
}
