/**
 * Links over WebRTC. simple-peer owns the connection: offer, answer, candidates, ICE restarts, tear-down. The lanes are data
 * channels of our own beside simple-peer's, negotiated in advance (RFC 8832 is not needed for them), so that
 * a page that knows nothing of them is never sent a byte of this project's frames.
 */
import SimplePeer from 'simple-peer';
import {MeshError} from '../errors.js';
import {
  LaneDrainEvent, LaneMessageEvent, LinkCloseEvent, LinkPathEvent, LinkSignalEvent,
  type CreateLink, type Lane, type LaneData, type Link, type LinkOptions, type LinkState,
} from './types.js';

/**
 * SCTP stream ids of the lanes. simple-peer's own channel takes 0 or 1, by DTLS role; low ids keep clear of the number of streams that
 * Firefox opens at first.
 */
const LANE_IDS = {lines: 2, bulk: 4} as const;

/** Above this many unsent bytes a lane takes no more. Chromium refuses at 16 MiB; 1 MiB keeps a 1 Gbit/s path with 8 ms full. */
const HIGH_WATER = 1024 * 1024;
/** A `drain` comes at this many bytes: early enough that the path never runs dry, late enough to hand over several pieces at once. */
const LOW_WATER = 256 * 1024;

/** Larger than any SDP with data and several media lines (a few kB each). */
const MAX_SDP_LENGTH = 64 * 1024;
const MAX_CANDIDATE_LENGTH = 2048;

type Wrtc = NonNullable<SimplePeer.Options['wrtc']>;

export const createSimplePeerLink: CreateLink = options => new SimplePeerLink(options);

class SimplePeerLink extends EventTarget implements Link {
  readonly initiator: boolean;
  readonly #peer: SimplePeer.Instance;
  readonly #lanes = new Map<Lane, RTCDataChannel>();
  #connection: RTCPeerConnection | undefined;
  #state: LinkState = 'connecting';
  #error: MeshError | undefined;
  #awaitsAnswer = false;
  #plainQueue: string[] = [];

  constructor({initiator, iceServers}: LinkOptions) {
    super();
    this.initiator = initiator;
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      config: {iceServers: [...iceServers]},
      wrtc: this.#tappedWebRtc(),
    });
    this.#peer.on('signal', signal => {
      if (signal.type === 'offer') this.#awaitsAnswer = true;
      this.dispatchEvent(new LinkSignalEvent(signal));
    });
    this.#peer.on('connect', () => this.#flushPlain());
    this.#peer.on('data', (data: unknown) => this.#receivePlain(data));
    this.#peer.on('iceStateChange', (state: RTCIceConnectionState) => {
      if (state === 'disconnected') this.dispatchEvent(new LinkPathEvent(false));
      else if (state === 'connected' || state === 'completed') this.dispatchEvent(new LinkPathEvent(true));
    });
    this.#peer.on('error', error => {
      this.#error ??= new MeshError('link-failed', error.message, {cause: error});
    });
    this.#peer.on('close', () => this.#closed());
  }

  get state(): LinkState {
    return this.#state;
  }

  get maxMessageSize(): number {
    return this.#connection?.sctp?.maxMessageSize ?? 64 * 1024;
  }

  accept(signal: unknown): void {
    if (this.#state === 'closed' || this.#error || !isSignal(signal)) return;
    if (signal.type === 'answer') {
      // A repeated answer in state `stable` would make simple-peer destroy a good connection.
      if (!this.#awaitsAnswer) return;
      this.#awaitsAnswer = false;
    }
    try {
      this.#peer.signal(signal);
    } catch (error) {
      this.close(new MeshError('link-failed', 'The other side sent a signal that WebRTC refuses', {cause: error}));
    }
  }

  send(lane: Lane, data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean {
    if (this.#state !== 'open') return false;
    if (lane === 'plain') return this.#sendPlain(data);
    const channel = this.#lanes.get(lane);
    if (channel?.readyState !== 'open' || channel.bufferedAmount > HIGH_WATER) return false;
    try {
      channel.send(data as string);
      return true;
    } catch {
      return false; // The buffer filled up, or the channel closed, between the check and the call: the caller keeps the data.
    }
  }

  buffered(lane: Lane): number {
    return lane === 'plain' ? this.#peer.bufferSize : this.#lanes.get(lane)?.bufferedAmount ?? 0;
  }

  async route(): Promise<'direct' | 'turn'> {
    if (!this.#connection || this.#state !== 'open') return 'direct';
    const stats = await this.#connection.getStats();
    for (const report of stats.values() as Iterable<RTCStats & Record<string, unknown>>) {
      const chosen = report.type === 'candidate-pair' && report.state === 'succeeded' && report.nominated === true;
      if (!chosen) continue;
      const ends = [report.localCandidateId, report.remoteCandidateId];
      const isRelay = (id: unknown) =>
        (stats.get(id as string) as RTCStats & {candidateType?: string} | undefined)?.candidateType === 'relay';
      if (ends.some(isRelay)) return 'turn';
    }
    return 'direct';
  }

  close(error?: MeshError): void {
    if (this.#state === 'closed') return;
    this.#error ??= error;
    this.#peer.destroy();
  }

  /**
   * simple-peer's documented way to bring one's own WebRTC is also the one way to the connection that it makes. Statistics:
   * simple-peer waits for a selected candidate pair before it says `connect`, in steps of 100 ms, only to fill address fields that
   * nobody reads here.
   */
  #tappedWebRtc(): Wrtc {
    const tap = (connection: RTCPeerConnection) => this.#tap(connection);
    return {
      RTCPeerConnection: class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          tap(this);
        }
      },
      RTCSessionDescription,
      RTCIceCandidate,
    };
  }

  #tap(connection: RTCPeerConnection): void {
    this.#connection = connection;
    for (const lane of ['lines', 'bulk'] as const) {
      const channel = connection.createDataChannel(lane, {negotiated: true, id: LANE_IDS[lane]});
      channel.binaryType = 'arraybuffer';
      channel.bufferedAmountLowThreshold = LOW_WATER;
      channel.onopen = () => this.#opened();
      channel.onmessage = ({data}: MessageEvent<LaneData>) => this.dispatchEvent(new LaneMessageEvent(lane, data));
      channel.onbufferedamountlow = () => this.dispatchEvent(new LaneDrainEvent(lane));
      channel.onclose = () => this.close(new MeshError('link-failed', 'The other side closed the connection'));
      this.#lanes.set(lane, channel);
    }
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    for (const channel of this.#lanes.values()) if (channel.readyState !== 'open') return;
    this.#state = 'open';
    this.dispatchEvent(new Event('open'));
  }

  #sendPlain(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): boolean {
    if (typeof data !== 'string') return false;
    // simple-peer's channel may open a moment after ours; what is said in between is kept.
    if (!this.#peer.connected) this.#plainQueue.push(data);
    else if (this.#peer.bufferSize > HIGH_WATER) return false;
    else this.#peer.send(data);
    return true;
  }

  #flushPlain(): void {
    for (const text of this.#plainQueue.splice(0)) this.#peer.send(text);
  }

  #receivePlain(data: unknown): void {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data as Uint8Array);
    this.dispatchEvent(new LaneMessageEvent('plain', text));
  }

  #closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const channel of this.#lanes.values()) {
      channel.onopen = channel.onmessage = channel.onbufferedamountlow = channel.onclose = null;
    }
    // Chromium refuses new connections after about 500 that have not been collected: hold on to nothing.
    this.#lanes.clear();
    this.#connection = undefined;
    this.#plainQueue = [];
    this.dispatchEvent(new LinkCloseEvent(this.#error));
  }
}

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
