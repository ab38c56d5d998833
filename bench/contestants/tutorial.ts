import {DeepstreamClient} from '@deepstream/client/dist/bundle/ds.min.js';
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type {Contestant, ContestantEvents, Data} from '../contestant.js';

/**
 * The well-known tutorial's algorithm on today's client: a List of ids, a connection for each, the larger id calls, text as it is. With
 * `whenReady()` awaited, without which two who come at once overwrite each other's entries.
 */
class Tutorial implements Contestant {
  readonly #connections = new Map<string, SimplePeer.Instance>();
  #url = '';
  #client: DeepstreamClient | undefined;
  #leave: (() => void) | undefined;

  async load(serverUrl: string): Promise<void> {
    this.#url = serverUrl;
  }

  async join(room: string, events: ContestantEvents): Promise<void> {
    const client = this.#client = new DeepstreamClient(this.#url);
    const me = client.getUid();
    await client.login({});
    const users = client.record.getList(room);
    client.event.subscribe(`rtc-signal/${me}`, data => {
      const {user, signal} = data as unknown as {user: string; signal: SimplePeer.SignalData};
      this.#connections.get(user)?.signal(signal);
    });
    const connect = (user: string): void => {
      if (user === me || this.#connections.has(user) || this.#client !== client) return;
      const peer = new SimplePeer({initiator: me > user, trickle: true, config: {iceServers: []}});
      this.#connections.set(user, peer);
      peer.on('signal', signal => client.event.emit(`rtc-signal/${user}`, {user: me, signal} as never));
      peer.on('connect', () => events.peersChange());
      peer.on('data', (data: Uint8Array) => events.message(user, new TextDecoder().decode(data)));
      peer.on('error', () => undefined);
      peer.on('close', () => {
        this.#connections.delete(user);
        if (this.#client === client) users.removeEntry(user);
        events.peersChange();
      });
    };
    await users.whenReady();
    const meet = (entries: readonly string[]): void => entries.forEach(connect);
    users.subscribe(meet);
    meet(users.getEntries());
    users.addEntry(me);
    this.#leave = () => users.removeEntry(me);
  }

  peers(): readonly string[] {
    return [...this.#connections].filter(([, {connected}]) => connected).map(([id]) => id);
  }

  async send(data: Data, to?: string): Promise<void> {
    for (const id of to === undefined ? this.peers() : [to]) this.#connections.get(id)?.send(data);
  }

  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#leave?.();
    this.#leave = undefined;
    for (const peer of this.#connections.values()) peer.destroy();
    this.#connections.clear();
    client?.close();
  }
}

export const create = (): Contestant => new Tutorial();
