import type {RoomOptions, Room} from '../../src/room/types.js';
import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/** What the built script exports of the headless API. */
interface MeshRoomScript {
  joinRoom(options: RoomOptions): Promise<Room>;
}

/** The built script as a page gets it, from the project's own server. */
const fromServer = async (serverUrl: string): Promise<MeshRoomScript> =>
  await import(new URL('/mesh-room.js', serverUrl).href) as MeshRoomScript;

/** This project, through the public headless API. */
export class MeshRoom implements Contestant {
  readonly #load: (serverUrl: string) => Promise<MeshRoomScript>;
  #url = '';
  #script: MeshRoomScript | undefined;
  #room: Room | undefined;
  #peers: readonly string[] = [];

  constructor(load = fromServer) {
    this.#load = load;
  }

  async load(serverUrl: string): Promise<void> {
    this.#url = serverUrl;
    this.#script = await this.#load(serverUrl);
  }

  async join(room: string, events: ContestantEvents): Promise<void> {
    if (!this.#script) throw new Error('join before load');
    const url = new URL('/deepstream', this.#url);
    url.protocol = 'ws:';
    // What the others do too; by default rooms of more than 12 have fewer links.
    const topology = 'full-mesh';
    const joined = this.#room = await this.#script.joinRoom({room, name: 'bench', url: url.href, iceServers: [], topology});
    joined.addEventListener('message', ({from, data}) => events.message(from, data as Data));
    joined.addEventListener('peers-change', () => this.#update(events));
    // Links may have opened before `joinRoom` resolved.
    this.#update(events);
  }

  peers(): readonly string[] {
    return this.#peers;
  }

  async send(data: Data, to?: string): Promise<void> {
    // Order is kept per channel, so bytes get one of their own, as in the floor: no line waits behind a transfer.
    const channel = typeof data === 'string' ? 'text' : 'bytes';
    await this.#room?.send(data, to === undefined ? {channel} : {channel, to});
  }

  async leave(): Promise<void> {
    const room = this.#room;
    this.#room = undefined;
    this.#peers = [];
    await room?.leave();
  }

  #update(events: ContestantEvents): void {
    this.#peers = this.#room?.state.peers.filter(({link}) => link === 'direct').map(({id}) => id) ?? [];
    events.peersChange();
  }
}

export const create = (): Contestant => new MeshRoom();
