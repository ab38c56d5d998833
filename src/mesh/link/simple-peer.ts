/**
 * Links over WebRTC. simple-peer owns the connection: offer, answer, candidates, renegotiation, tear-down, and the data channel that a
 * page of the well-known tutorial knows too. That channel is the `lines` lane; `bulk` is another, made when it is first needed, one for
 * each direction, because every channel costs a connection that may never carry a file.
 */
import SimplePeer from 'simple-peer';
import {MeshError} from '../errors.js';
import {
  LaneDrainEvent, LinkCloseEvent, LinkPathEvent, LinkSignalEvent,
  type CreateLink, type Lane, type LaneData, type Link, type LinkOptions, type LinkState,
} from './types.js';
import {Connections} from './connections.js';
import {Gathering} from './gathering.js';
import {KeptBack} from './kept-back.js';

/** Labels of the channels; a page that knows nothing of this project gives the first another. */
const LINES = 'lines';
const BULK = 'bulk';
/** What the receiver of a channel for bulk data says on it first: that it listens. */
const READY = 'ready';
/** It is said again after so many milliseconds, then after twice that, until data comes: Chromium may lose the first word on a channel. */
const READY_AGAIN_MS = 50;

/** Above this many unsent bytes a lane takes no more. Chromium refuses at 16 MiB; 1 MiB keeps a 1 Gbit/s path with 8 ms full. */
const HIGH_WATER = 1024 * 1024;
/** A `drain` comes at this many bytes: early enough that the path never runs dry, late enough to hand over several pieces at once. */
const LOW_WATER = 256 * 1024;

/** Larger than any SDP with data and several media lines (a few kB each). */
const MAX_SDP_LENGTH = 64 * 1024;
const MAX_CANDIDATE_LENGTH = 2048;

/** `negotiate` is documented; its types have been forgotten. */
type Peer = SimplePeer.Instance & {negotiate(): void};

/** Links of one member in one room. */
export function simplePeerLinks(): CreateLink {
  const connections = new Connections();
  const gathering = new Gathering();
  return Object.assign((options: LinkOptions) => new SimplePeerLink(options, connections, gathering), {close: () => connections.close()});
}

class SimplePeerLink extends EventTarget implements Link {
  readonly initiator: boolean;
  onmessage: ((lane: Lane, data: LaneData) => void) | undefined;
  readonly #connections: Connections;
  readonly #gathering: Gathering;
  readonly #peer: Peer;
  /** Channels that this side sends on. */
  readonly #lanes = new Map<Lane, RTCDataChannel>();
  #connection: RTCPeerConnection | undefined;
  /** This side's channel for bulk data, also while the other side does not listen yet. */
  #bulk: RTCDataChannel | undefined;
  #stopReady: (() => void) | undefined;
  #state: LinkState = 'connecting';
  #error: MeshError | undefined;
  #awaitsAnswer = false;
  /** Whether the other side has an address of a TURN server. */
  #theyRelay = false;
  /** Says this side's description, once it is made. */
  #describe: (() => void) | undefined;
  #isDescribed = false;
  readonly #keptBack = new KeptBack(signal => this.#say(signal));
  #path = true;

  constructor({initiator, iceServers, relayOnly = false, negotiated = false}: LinkOptions, connections: Connections, gathering: Gathering) {
    super();
    this.#connections = connections;
    this.#gathering = gathering;
    gathering.begin();
    this.initiator = initiator;
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      channelName: LINES,
      ...negotiated && {channelConfig: {negotiated, id: 0}},
      config: {iceServers: [...iceServers], ...relayOnly && {iceTransportPolicy: 'relay' as const}},
      wrtc: connections.webRtcFor({
        connection: connection => this.#tapConnection(connection),
        channel: channel => {
          if (channel.label !== BULK) this.#tapLines(channel);
        },
      }),
    }) as Peer;
    this.#peer.on('signal', signal => this.#signal(signal));
    this.#peer.on('iceStateChange', (state: RTCIceConnectionState) => {
      if (state === 'disconnected') this.#pathIs(false);
      else if (state === 'connected' || state === 'completed') {
        this.#pathIs(true);
        this.#keptBack.drop();
      }
    });
    this.#peer.on('error', error => {
      this.#error ??= new MeshError('link-failed', error.message, {cause: error});
    });
    this.#peer.on('close', () => this.#closed());
  }

  get state(): LinkState {
    return this.#state;
  }

  get hasPath(): boolean {
    return this.#path;
  }

  get maxMessageSize(): number {
    return this.#connection?.sctp?.maxMessageSize ?? 64 * 1024;
  }

  accept(signal: unknown): void {
    if (this.#state === 'closed' || this.#error || !isSignal(signal)) return;
    if (namesRelay(signal)) this.#theyRelay = true;
    if (signal.type === 'answer') {
      // A repeated answer in state `stable` would make simple-peer destroy a good connection.
      if (!this.#awaitsAnswer) return;
      this.#awaitsAnswer = false;
    } else if (signal.type === 'offer' && this.#state === 'open') {
      this.#describeAnew();
    }
    try {
      this.#peer.signal(signal);
    } catch (error) {
      this.close(new MeshError('link-failed', 'The other side sent a signal that WebRTC refuses', {cause: error}));
    }
  }

  send(lane: Lane, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean {
    if (this.#state !== 'open') return false;
    const channel = this.#lanes.get(lane);
    if (!channel && lane === BULK) this.#openBulk();
    if (!channel || channel.bufferedAmount > HIGH_WATER) return false;
    try {
      channel.send(data as string);
      return true;
    } catch {
      return false; // The channel is closing, or its buffer filled up since the check: the caller keeps the data.
    }
  }

  buffered(lane: Lane): number {
    return this.#lanes.get(lane)?.bufferedAmount ?? 0;
  }

  async route(): Promise<'direct' | 'turn'> {
    if (!this.#connection || this.#state !== 'open') return 'direct';
    const used = (this.#connection.sctp?.transport.iceTransport as Partial<RTCIceTransport> | undefined)?.getSelectedCandidatePair?.();
    // An address that asked before it was heard of remains what it was then, though it is a relay's.
    const isCertain = used && !(this.#theyRelay && used.remote.type === 'prflx');
    if (isCertain) return [used.local, used.remote].some(({type}) => type === 'relay') ? 'turn' : 'direct';
    // Firefox tells it by its statistics alone, which cost the browser some milliseconds.
    const stats = await this.#connection.getStats();
    const reports = [...stats.values() as Iterable<RTCStats & Record<string, unknown>>];
    const selected = reports.find(({type}) => type === 'transport')?.selectedCandidatePairId;
    // What was in use before a restart remains nominated for half a minute. Firefox says of each pair whether it is in use.
    const isUsed = ({id, type, selected: used}: typeof reports[number]): boolean =>
      selected === undefined ? type === 'candidate-pair' && used === true : id === selected;
    const pair = reports.find(isUsed);
    const isRelay = (id: unknown): boolean =>
      (stats.get(id as string) as RTCStats & {candidateType?: string} | undefined)?.candidateType === 'relay';
    return [pair?.localCandidateId, pair?.remoteCandidateId].some(isRelay) ? 'turn' : 'direct';
  }

  restart(iceServers: readonly RTCIceServer[]): void {
    const connection = this.#connection;
    // One at a time: the answer to the former is on its way.
    if (this.#state !== 'open' || !this.initiator || this.#awaitsAnswer || !connection) return;
    try {
      connection.setConfiguration({...connection.getConfiguration(), iceServers: [...iceServers], iceTransportPolicy: 'all'});
      connection.restartIce();
      this.#describeAnew();
      this.#peer.negotiate();
    } catch (error) {
      this.close(new MeshError('link-failed', 'The connection could not be restarted', {cause: error}));
    }
  }

  close(error?: MeshError): void {
    if (this.#state === 'closed') return;
    this.#error ??= error;
    this.#peer.destroy();
  }

  /**
   * Trickles, but for the candidates that are there at once, those of this machine: an offer takes them along, and with an answer, for
   * which the other side waits, they are not needed, as a rule. A signal costs more than anything else that a link is made of.
   */
  #signal(signal: SimplePeer.SignalData): void {
    if (signal.type === 'offer') this.#awaitsAnswer = true;
    // Firefox says when there are no more, which nobody waits for; Chromium does not.
    if (signal.type === 'candidate' && addressesIn(signal) === '') return;
    if (this.#isDescribed) {
      if (!isHostCandidate(signal) || !this.#keptBack.add(signal)) this.#say(signal);
    } else if (signal.type === 'answer' && this.#state === 'connecting') {
      this.#isDescribed = true;
      this.#keptBack.begin();
      this.#say(signal);
    } else if (signal.type === 'offer' || signal.type === 'answer') {
      const {type} = signal;
      this.#describe = () => {
        this.#isDescribed = true;
        this.#say({type, sdp: this.#connection?.localDescription?.sdp ?? signal.sdp});
      };
      this.#gathering.add(this.#describe);
    } else if (this.#describe) {
      this.#gathering.found(this.#describe);
    }
  }

  #say(signal: unknown): void {
    this.dispatchEvent(new LinkSignalEvent(signal));
  }

  /** The next description takes along what is there at once, as the first did. */
  #describeAnew(): void {
    if (this.#describe) this.#gathering.remove(this.#describe);
    this.#describe = undefined;
    this.#isDescribed = false;
    this.#keptBack.end();
  }

  #pathIs(up: boolean): void {
    if (up === this.#path) return;
    this.#path = up;
    this.dispatchEvent(new LinkPathEvent(up));
  }

  #tapConnection(connection: RTCPeerConnection): void {
    this.#connection = connection;
    // Before simple-peer listens, which would take every channel for its own.
    connection.addEventListener('datachannel', event => {
      if (event.channel.label !== BULK) return this.#tapLines(event.channel);
      event.stopImmediatePropagation();
      this.#listen(event.channel, BULK);
      this.#sayReady(event.channel);
    });
  }

  /** simple-peer's channel: it watches over the opening and closing, the data goes past it. */
  #tapLines(channel: RTCDataChannel): void {
    if (this.#lanes.has('lines')) return; // A remote that opens more channels than simple-peer does is not heard on them.
    this.#lanes.set('lines', channel);
    this.#listen(channel, 'lines');
    this.#whenOpen(channel, () => {
      if (this.#state !== 'connecting') return;
      this.#state = 'open';
      this.#connections.busy();
      this.dispatchEvent(new Event('open'));
    });
  }

  /**
   * This side's channel for bulk data, on its way from the first call on; `drain` tells when it can be used. Not when it is open here: what
   * arrives before the other side's `datachannel` event has run finds no listener, and browsers drop it. So the other side speaks first.
   */
  #openBulk(): void {
    if (this.#bulk || !this.#connection) return;
    const channel = this.#bulk = this.#connection.createDataChannel(BULK);
    channel.bufferedAmountLowThreshold = LOW_WATER;
    this.#listen(channel, BULK);
    channel.onmessage = () => {
      // The same word again, or something that no version of this project says here.
      channel.onmessage = null;
      // Its word may come before the browser has told that the channel is open.
      this.#whenOpen(channel, () => {
        this.#lanes.set(BULK, channel);
        this.dispatchEvent(new LaneDrainEvent(BULK));
      });
    };
  }

  /** Tells the other side that this one listens for its bulk data, until some comes. */
  #sayReady(channel: RTCDataChannel): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = this.#stopReady = () => clearTimeout(timer);
    const say = (pauseMs: number) => {
      if (channel.readyState !== 'open') return;
      channel.send(READY);
      timer = setTimeout(() => say(2 * pauseMs), pauseMs);
    };
    channel.addEventListener('message', stop, {once: true});
    this.#whenOpen(channel, () => say(READY_AGAIN_MS));
  }

  #whenOpen(channel: RTCDataChannel, run: () => void): void {
    if (channel.readyState === 'open') queueMicrotask(run);
    else channel.addEventListener('open', run, {once: true});
  }

  /** What simple-peer does with messages is left out of the build, so that this is the one who hears them. */
  #listen(channel: RTCDataChannel, lane: Lane): void {
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({data}: MessageEvent<LaneData>) => this.onmessage?.(lane, data);
    channel.onbufferedamountlow = () => this.dispatchEvent(new LaneDrainEvent(lane));
    channel.addEventListener('close', () => this.close(new MeshError('link-failed', 'The other side closed the connection')));
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stopReady?.();
    this.#keptBack.end();
    this.onmessage = undefined;
    this.#gathering.end();
    if (this.#describe) this.#gathering.remove(this.#describe);
    // Chromium refuses new connections after about 500 that have not been collected: hold on to nothing.
    this.#lanes.clear();
    this.#connection = this.#bulk = undefined;
    this.dispatchEvent(new LinkCloseEvent(this.#error));
  }
}

/** What in it names addresses: a description, or a candidate's line (RFC 8839, section 5.1), which is empty when there are no more. */
function addressesIn(signal: SimplePeer.SignalData): string {
  const {sdp, candidate} = signal as {readonly sdp?: string; readonly candidate?: {readonly candidate: string}};
  return sdp ?? candidate?.candidate ?? '';
}

/** Whether `signal` is a candidate of this machine's own addresses. */
const isHostCandidate = (signal: SimplePeer.SignalData): boolean => signal.type === 'candidate' && / typ host\b/.test(addressesIn(signal));

/** Whether an address of a TURN server is in it. */
const namesRelay = (signal: SimplePeer.SignalData): boolean => addressesIn(signal).includes(' typ relay ');

/** A remote's signal, checked for the shapes that simple-peer makes and this version uses. */
function isSignal(value: unknown): value is SimplePeer.SignalData {
  if (typeof value !== 'object' || value === null) return false;
  const {type, sdp, candidate, renegotiate} = value as Record<string, unknown>;
  switch (type) {
    case 'offer':
    case 'answer':
      return typeof sdp === 'string' && sdp.length <= MAX_SDP_LENGTH;
    case 'renegotiate':
      return renegotiate === true;
    case 'candidate':
    case undefined: {
      if (typeof candidate !== 'object' || candidate === null || sdp !== undefined) return false;
      const line = (candidate as Record<string, unknown>).candidate;
      return typeof line === 'string' && line.length <= MAX_CANDIDATE_LENGTH;
    }
    default:
      return false;
  }
}
