import './no-broadcast.js';
import {WebrtcProvider} from 'y-webrtc';
import {Doc, type YArray} from 'yjs';
import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/** What a message is, in a document that all share. */
interface Entry {
  readonly from: string;
  readonly to: string | null;
  readonly data: string | Uint8Array<ArrayBuffer>;
}

/**
 * y-webrtc brings changes of a document to everybody in the room: a message is an entry of its list, and one to a single peer is one that
 * the others do not look at. Tabs of one origin would pass changes to each other through the browser, which is not what is measured.
 */
class YWebrtc implements Contestant {
  #url = '';
  #provider: WebrtcProvider | undefined;
  #doc: Doc | undefined;
  #entries: YArray | undefined;
  #id = '';

  async load(serverUrl: string): Promise<void> {
    this.#url = serverUrl;
  }

  async join(room: string, events: ContestantEvents): Promise<void> {
    const doc = this.#doc = new Doc();
    this.#id = crypto.randomUUID();
    const entries = this.#entries = doc.getArray('messages');
    entries.observe(({changes}, {local}) => {
      if (local) return;
      for (const {insert} of changes.delta) {
        for (const {from, to, data} of (insert ?? []) as readonly Entry[]) {
          if (to !== null && to !== this.#id) continue;
          events.message(from, typeof data === 'string' ? data : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
        }
      }
    });
    const provider = this.#provider = new WebrtcProvider(room, doc, {
      signaling: [this.#url], maxConns: Infinity, filterBcConns: false, peerOpts: {config: {iceServers: []}},
    });
    const known = new WeakSet<object>();
    provider.on('peers', () => {
      // It tells of connections that begin and that end, and not of those that open.
      for (const connection of provider.room?.webrtcConns.values() ?? []) {
        if (known.has(connection)) continue;
        known.add(connection);
        connection.peer.on('connect', () => events.peersChange());
      }
      events.peersChange();
    });
  }

  peers(): readonly string[] {
    return [...this.#provider?.room?.webrtcConns ?? []].filter(([, {connected}]) => connected).map(([id]) => id);
  }

  async send(data: Data, to?: string): Promise<void> {
    const entry: Entry = {from: this.#id, to: to ?? null, data: typeof data === 'string' ? data : new Uint8Array(data)};
    this.#entries?.push([entry]);
  }

  async leave(): Promise<void> {
    const [provider, doc] = [this.#provider, this.#doc];
    this.#provider = this.#doc = this.#entries = undefined;
    // By itself `destroy` leaves the connection to the server open, for the next room: a page is opened once.
    provider?.disconnect();
    provider?.destroy();
    doc?.destroy();
  }
}

export const create = (): Contestant => new YWebrtc();
