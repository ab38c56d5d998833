/** Chat logs over real meshes: whatever happens to pages, links and server, all that is due is there once, in its sender's order. */
import {assert} from 'chai';

import type {Mesh} from '../mesh/mesh.js';
import type {MeshPeer} from '../mesh/pair.js';
import {World} from '../mesh/testing/world.js';
import {ChatLog} from './chat-log.js';
import type {ChatMessage} from './chat.js';
import {MemoryDisk, MemoryStore} from './history/memory.js';
import type {ChatStore, StoredLine, StoredPage} from './history/types.js';
import {RoomMessageEvent, type PeerState, type RoomData, type RoomSession, type RoomState, type SendOptions} from './types.js';

/** A fault of the order that this has found showed in one room of 23; which one, changes with all that takes a chance. */
const SEEDS = Array.from({length: 24}, (_, i) => i + 1);
const PEOPLE = 4;
const STEPS = 40;
/** What keeps the lines of half of the people takes up to so long. */
const STORE_MS = 60;
const LOST_WORDS = 0.002;
const LOST_SIGNALS = 0.03;
/** In which everything finds its way again that can. */
const REST_MS = 60_000;

const peerState = ({id, name, link, plain, away}: MeshPeer): PeerState => ({id, name, link, plain, away});

/** A store that takes its time. */
class SlowStore implements ChatStore {
  readonly #wait: () => Promise<void>;
  readonly #store: MemoryStore;

  constructor(disk: MemoryDisk, wait: () => Promise<void>) {
    this.#store = new MemoryStore(disk);
    this.#wait = wait;
  }

  get works(): boolean {
    return this.#store.works;
  }

  async load(room: string, owner: string): Promise<StoredPage> {
    await this.#wait();
    return this.#store.load(room, owner);
  }

  async put(room: string, lines: readonly StoredLine[]): Promise<void> {
    await this.#wait();
    await this.#store.put(room, lines);
  }

  forget(room: string): Promise<void> {
    return this.#store.forget(room);
  }

  hold(owner: string, on: boolean): void {
    this.#store.hold(owner, on);
  }

  close(): void {
    this.#store.close();
  }
}

/** One page of somebody: what a room's session is to the log, over a mesh on the world's clock. */
class Page extends EventTarget {
  readonly log: ChatLog;
  readonly casting = false;
  state: RoomState;
  readonly #world: World;
  readonly #name: string;
  readonly #store: SlowStore;
  readonly #told = new WeakMap<MeshPeer, PeerState>();
  #mesh: Mesh;
  #isOver = false;

  constructor(world: World, name: string, readonly id: string, store: SlowStore) {
    super();
    this.#world = world;
    this.#name = name;
    this.#store = store;
    this.state = {room: 'lobby', status: 'joining', selfId: id, peers: []};
    let lines = 0;
    this.log = new ChatLog({
      store, room: 'lobby', tab: 'tab', newId: () => `${id} ${++lines}`,
      now: () => world.clock.now(), after: (ms, run) => world.clock.after(ms, run),
    });
    this.#mesh = this.#enter();
    this.log.attach(this as unknown as RoomSession);
  }

  async send(data: RoomData, {to, channel = ''}: SendOptions = {}): Promise<void> {
    await this.#mesh.send(data, {channel, to: typeof to === 'string' ? [to] : to});
  }

  /** The page is gone without a word. */
  end(): void {
    this.#isOver = true;
    this.log.detach();
    this.#store.close();
    this.#world.cutOff(this.id, this.#mesh);
  }

  async leave(): Promise<void> {
    this.#isOver = true;
    this.log.detach();
    await this.#mesh.leave();
  }

  #enter(): Mesh {
    const mesh = this.#mesh = this.#world.createMesh(this.id, {
      name: this.#name, onMessage: (from, channel, data) => this.dispatchEvent(new RoomMessageEvent(from, channel, data)),
    });
    mesh.addEventListener('peers-change', () => this.#update());
    mesh.addEventListener('status-change', () => this.#update());
    mesh.join().then(() => this.#update(), () => this.#world.clock.after(500, () => {
      if (!this.#isOver) this.#enter();
    }));
    return mesh;
  }

  #update(): void {
    if (this.#isOver) return;
    const mesh = this.#mesh;
    const before = this.state.status;
    const status = mesh.status === 'open' ? 'joined' : mesh.status === 'reconnecting' ? 'resuming' : before;
    const peers = mesh.peers.map(peer => {
      const told = this.#told.get(peer) ?? peerState(peer);
      this.#told.set(peer, told);
      return told;
    });
    this.state = {...this.state, status, peers, absent: mesh.absent.map(({id, name}) => ({id, name}))};
    if (status !== before) this.dispatchEvent(new Event('status-change'));
    this.dispatchEvent(new Event('peers-change'));
  }
}

/** Somebody with a machine of their own. */
class Person {
  readonly #world: World;
  readonly #disk = new MemoryDisk();
  readonly #storeMs: number;
  page: Page;
  said = 0;
  #lives = 0;

  constructor(world: World, readonly name: string) {
    this.#world = world;
    this.#storeMs = world.clock.random() < 0.5 ? 0 : STORE_MS;
    this.page = this.#begin();
  }

  #begin(): Page {
    const {clock} = this.#world;
    const store = new SlowStore(this.#disk, async () => {
      if (this.#storeMs) await new Promise<void>(resolve => clock.after(clock.random() * this.#storeMs, resolve));
    });
    return new Page(this.#world, this.name, `${this.name}-${++this.#lives}-${Math.floor(clock.random() * 1e6)}`, store);
  }

  get lines(): readonly ChatMessage[] {
    return this.page.log.state.parts.flat().filter(line => line.kind === 'text');
  }

  /** Whether all that was said is kept: what is not goes with the page, as it says. */
  get isKept(): boolean {
    const kept = new Set([...this.#disk.rooms.values()].flatMap(lines => [...lines.keys()]));
    return this.lines.every(({own, id}) => !own || kept.has(id));
  }

  async reload(goneMs: number): Promise<void> {
    this.page.end();
    await this.#world.clock.run(goneMs);
    this.page = this.#begin();
  }
}

/** A line and who is to have it: those who were linked to its sender when it was said. */
interface Due {
  readonly text: string;
  readonly by: Person;
  readonly to: readonly Person[];
}

class Play {
  readonly world: World;
  readonly people: Person[] = [];
  readonly due: Due[] = [];
  readonly course: string[] = [];
  #names = 0;

  constructor(seed: number) {
    this.world = new World(seed);
    const {network, server, clock} = this.world;
    network.loses = () => clock.random() < LOST_WORDS;
    server.faults.loseSignal = () => clock.random() < LOST_SIGNALS;
  }

  async run(): Promise<void> {
    for (let i = 0; i < PEOPLE; i++) this.#join();
    await this.world.clock.run(3_000);
    for (let i = 0; i < STEPS; i++) {
      await this.#happen();
      for (let turns = this.#below(4); turns > 0; turns--) {
        for (const person of this.people) this.#say(person);
        await this.world.clock.run(this.#below(3) ? 400 : this.#below(1_500));
      }
    }
    this.#mend();
    await this.world.clock.run(REST_MS);
  }

  async end(): Promise<void> {
    const left = this.people.map(({page}) => page.leave());
    await this.world.clock.run(10_000);
    await Promise.all(left);
  }

  #below(limit: number): number {
    return Math.floor(this.world.clock.random() * limit);
  }

  #one<T>(of: readonly T[]): T | undefined {
    return of[this.#below(of.length)];
  }

  #note(what: string): void {
    this.course.push(`${Math.round(this.world.clock.now())} ${what}`);
  }

  #join(): void {
    const person = new Person(this.world, `P${++this.#names}`);
    this.people.push(person);
    this.#note(`${person.name} comes`);
  }

  #say(by: Person): void {
    const text = `${by.name}: ${by.said++}`;
    const linked = new Set(by.page.state.peers.filter(({link}) => link === 'direct').map(({id}) => id));
    this.due.push({text, by, to: this.people.filter(({page}) => linked.has(page.id))});
    by.page.log.say(text).catch(() => undefined);
  }

  async #happen(): Promise<void> {
    const {server, network, clock} = this.world;
    const person = this.#one(this.people)!;
    const {page: {id}, name} = person;
    switch (this.#below(11)) {
      case 0:
        this.#note('the server restarts');
        return server.restart();
      case 1:
        this.#note(`${name} loses the server`);
        return server.disconnect(id);
      case 2: {
        const link = this.#one([...network.links]);
        this.#note(`the link ${link?.owner} ${link?.peer?.owner} breaks`);
        return link?.break(1 + this.#below(6_000));
      }
      case 3:
      case 4:
        if (!person.isKept) return;
        this.#note(`${name} reloads`);
        return person.reload(this.#below(300));
      case 5:
        this.#note(`${name} dies`);
        person.page.end();
        this.people.splice(this.people.indexOf(person), 1);
        return this.#join();
      case 6:
        this.#note(`the server tells ${name} nothing`);
        server.faults.silence = to => to === id;
        return;
      case 7:
        this.#note('the server tells everybody');
        server.faults.silence = () => false;
        return;
      case 8: {
        this.#note(`${name} has no network`);
        const links = [...network.links].filter(({owner}) => owner === id);
        for (const link of links) link.silence(true, false);
        clock.after(1 + this.#below(8_000), () => {
          const here = new Set(this.people.map(({page}) => page.id));
          for (const link of links) if (here.has(link.owner) && here.has(link.peer?.owner ?? '')) link.silence(false);
        });
        return;
      }
      case 9:
        this.#note('the server is away');
        server.restart();
        server.reachable = false;
        return;
      default:
        this.#note('the server is back');
        server.reachable = true;
    }
  }

  #mend(): void {
    const {server, network} = this.world;
    server.reachable = true;
    server.faults.silence = () => false;
    network.loses = () => false;
  }
}

describe('chat logs over meshes', () => {
  it('bring each line once, in order, to everybody who was there, whatever happens to pages, links and server', async () => {
    for (const seed of SEEDS) {
      const play = new Play(seed);
      await play.run();
      const course = (): string => `room ${seed}\n${play.course.join('\n')}\n`;
      for (const {name, lines} of play.people) {
        const last = new Map<string, number>();
        for (const {text} of lines) {
          const [sender = '', number] = text.split(': ');
          assert.isAbove(Number(number), last.get(sender) ?? -1, `${course()}${name} has ${text} too late`);
          last.set(sender, Number(number));
        }
      }
      for (const {text, by, to} of play.due) {
        // Nobody can bring what somebody said who has died.
        if (!play.people.includes(by)) continue;
        for (const person of to.filter(each => play.people.includes(each))) {
          const count = person.lines.filter(line => line.text === text).length;
          assert.equal(count, 1, `${course()}${person.name} has ${text}`);
        }
      }
      await play.end();
    }
  }).timeout(60_000);
});
