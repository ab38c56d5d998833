import {Peer, type DataConnection} from 'peerjs';
import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/**
 * PeerJS has no rooms: the room's name is the front of each id, and whoever comes calls all that the server lists with it, as pages that
 * make a mesh of it do. Two who come at once may call each other; the connection that opens first is used.
 */
class PeerJs implements Contestant {
  readonly #connections = new Map<string, DataConnection>();
  #url = new URL('http://none');
  #peer: Peer | undefined;
  #events: ContestantEvents | undefined;

  async load(serverUrl: string): Promise<void> {
    this.#url = new URL(serverUrl);
  }

  async join(room: string, events: ContestantEvents): Promise<void> {
    this.#events = events;
    const {hostname, port} = this.#url;
    const id = `${room}-${crypto.randomUUID()}`;
    const peer = this.#peer = new Peer(id, {host: hostname, port: Number(port), path: '/', key: 'peerjs', config: {iceServers: []}, debug: 0});
    peer.on('connection', connection => this.#take(connection));
    await new Promise<void>((resolve, reject) => {
      peer.on('open', resolve);
      peer.on('error', reject);
    });
    const ids = await new Promise<readonly string[]>(resolve => peer.listAllPeers(resolve));
    if (this.#peer !== peer) return;
    for (const other of ids) if (other !== id && other.startsWith(`${room}-`)) this.#take(peer.connect(other, {reliable: true}));
  }

  peers(): readonly string[] {
    return [...this.#connections.keys()];
  }

  async send(data: Data, to?: string): Promise<void> {
    const connections = to === undefined ? [...this.#connections.values()] : [this.#connections.get(to)];
    await Promise.all(connections.map(async connection => connection?.send(data)));
  }

  async leave(): Promise<void> {
    this.#peer?.destroy();
    this.#peer = undefined;
    this.#connections.clear();
  }

  #take(connection: DataConnection): void {
    connection.on('open', () => {
      if (!this.#peer || this.#connections.get(connection.peer)?.open) return;
      this.#connections.set(connection.peer, connection);
      this.#events?.peersChange();
    });
    connection.on('close', () => {
      if (this.#connections.get(connection.peer) !== connection) return;
      this.#connections.delete(connection.peer);
      this.#events?.peersChange();
    });
    connection.on('error', () => undefined);
    connection.on('data', data => this.#events?.message(connection.peer, data));
  }
}

export const create = (): Contestant => new PeerJs();
