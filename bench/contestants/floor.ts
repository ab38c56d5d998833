import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/** What `servers/floor.ts` relays, and the three messages of its own: who is here, and who left. */
interface RelayMessage {
  readonly peers?: readonly string[];
  readonly left?: string;
  readonly from?: string;
  readonly description?: RTCSessionDescriptionInit;
  readonly candidate?: RTCIceCandidateInit;
}

interface Peer {
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  bulk?: RTCDataChannel;
}

/** Piece size of large messages, and how much to keep handed over: the fastest of 16 to 256 KiB and 0.25 to 12 MiB, see README. */
const PIECE_BYTES = 64 * 1024;
const BUFFER_BYTES = 1024 * 1024;

/**
 * The floor: the least that links browsers, with no library. The newcomer offers to everybody that the relay names, candidates
 * trickle, nothing waits, and nothing is checked, repeated, numbered or recovered.
 */
export class Floor implements Contestant {
  readonly #peers = new Map<string, Peer>();
  #url = '';
  #socket: WebSocket | undefined;
  #events: ContestantEvents | undefined;

  async load(serverUrl: string): Promise<void> {
    this.#url = serverUrl;
  }

  async join(room: string, events: ContestantEvents): Promise<void> {
    this.#events = events;
    const socket = this.#socket = new WebSocket(`${this.#url}?room=${encodeURIComponent(room)}`);
    socket.onmessage = event => void this.#take(JSON.parse(event.data as string) as RelayMessage);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`no relay at ${this.#url}`));
    });
  }

  peers(): readonly string[] {
    return [...this.#peers].filter(([, {channel}]) => channel.readyState === 'open').map(([id]) => id);
  }

  async send(data: Data, to?: string): Promise<void> {
    const ids = to === undefined ? this.peers() : [to];
    if (typeof data !== 'string') await Promise.all(ids.map(id => this.#sendBulk(id, data)));
    else for (const id of ids) this.#peers.get(id)?.channel.send(data);
  }

  async leave(): Promise<void> {
    this.#socket?.close();
    for (const id of [...this.#peers.keys()]) this.#drop(id);
  }

  async #take({peers, left, from = '', description, candidate}: RelayMessage): Promise<void> {
    for (const id of peers ?? []) void this.#offer(id);
    if (left !== undefined) this.#drop(left);
    if (candidate) await this.#peers.get(from)?.connection.addIceCandidate(candidate);
    if (description) {
      const {connection} = this.#peers.get(from) ?? this.#connect(from);
      // Not awaited: the browser queues what is asked of a connection, so the answer is made right behind.
      void connection.setRemoteDescription(description);
      if (description.type === 'offer') await this.#describe(from, connection);
    }
  }

  async #offer(id: string): Promise<void> {
    await this.#describe(id, this.#connect(id).connection);
  }

  async #describe(id: string, connection: RTCPeerConnection): Promise<void> {
    await connection.setLocalDescription();
    this.#tell(id, {description: connection.localDescription});
  }

  #tell(to: string, message: object): void {
    this.#socket?.send(JSON.stringify({to, ...message}));
  }

  #connect(id: string): Peer {
    const connection = new RTCPeerConnection();
    // Agreed on beforehand (`negotiated`), so that it opens without a further message.
    const channel = connection.createDataChannel('text', {negotiated: true, id: 0});
    const peer = {connection, channel};
    this.#peers.set(id, peer);
    connection.onicecandidate = ({candidate}) => candidate && this.#tell(id, {candidate});
    connection.ondatachannel = ({channel: bulk}) => this.#receiveBulk(id, bulk);
    channel.onopen = () => this.#events?.peersChange();
    channel.onclose = () => this.#drop(id);
    channel.onmessage = ({data}) => this.#events?.message(id, data as string);
    return peer;
  }

  #drop(id: string): void {
    this.#peers.get(id)?.connection.close();
    if (this.#peers.delete(id)) this.#events?.peersChange();
  }

  /** The length as text, then the pieces; waits for the browser's event whenever enough has been handed over. */
  async #sendBulk(id: string, data: ArrayBuffer): Promise<void> {
    const peer = this.#peers.get(id);
    if (!peer) return;
    const bulk = peer.bulk ??= peer.connection.createDataChannel('bulk');
    bulk.bufferedAmountLowThreshold = BUFFER_BYTES / 2;
    if (bulk.readyState === 'connecting') await new Promise(resolve => { bulk.onopen = resolve; });
    bulk.send(String(data.byteLength));
    for (let offset = 0; offset < data.byteLength; offset += PIECE_BYTES) {
      if (bulk.bufferedAmount > BUFFER_BYTES) await new Promise(resolve => { bulk.onbufferedamountlow = resolve; });
      bulk.send(new Uint8Array(data, offset, Math.min(PIECE_BYTES, data.byteLength - offset)));
    }
  }

  #receiveBulk(id: string, bulk: RTCDataChannel): void {
    bulk.binaryType = 'arraybuffer';
    let whole = new Uint8Array();
    let received = 0;
    bulk.onmessage = ({data}: MessageEvent<Data>) => {
      if (typeof data === 'string') {
        whole = new Uint8Array(Number(data));
        received = 0;
        return;
      }
      whole.set(new Uint8Array(data), received);
      received += data.byteLength;
      if (received === whole.byteLength) this.#events?.message(id, whole.buffer);
    };
  }
}

export const create = (): Contestant => new Floor();
