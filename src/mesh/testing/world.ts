/** Rooms of real meshes over links, signalling and a clock that tests turn. */
import {expect} from 'chai';
import {Crowd} from '../casts/crowd.js';
import type {Cancel, Clock} from '../clock.js';
import {RELAY_AFTER_MS, ROUTE_MS} from '../detour.js';
import {Handover} from '../handover.js';
import {MemoryNetwork} from '../link/memory.js';
import {Mesh, type MeshDeps} from '../mesh.js';
import {Routing} from '../relay/routing.js';
import {pretendCryptography, pretendIdentity} from '../secure/pretend.js';
import {createMemorySignalling, MemorySignallingServer} from '../signalling/memory.js';
import {VirtualClock} from '../virtual-clock.js';

export const LIST = 'mesh-room/test';
/** From a dead path to another way: what the path is given, the search, the way itself, and a few trips. */
export const HEAL_MS = RELAY_AFTER_MS + ROUTE_MS;

export class World {
  readonly clock: VirtualClock;
  readonly server: MemorySignallingServer;
  readonly network: MemoryNetwork;
  readonly members = new Map<string, Member>();
  /** Whether everybody knows a TURN server. */
  turn = false;
  readonly withoutWebRtc = new Set<string>();
  /** How much each carries for others; 1 if nothing is said here. */
  readonly capacities = new Map<string, number>();
  /** How many milliseconds each takes to load its part of the ways around; 0 if nothing is said here. */
  readonly loadMs = new Map<string, number>();
  /** Pairs without a path, as `a b`. */
  readonly blocked = new Set<string>();

  constructor(seed = 1, readonly deps: Partial<MeshDeps> = {}) {
    this.clock = new VirtualClock(seed);
    this.server = new MemorySignallingServer({clock: this.clock, latencyMs: 5});
    this.network = new MemoryNetwork({clock: this.clock, latencyMs: 5});
    this.network.blocks = (a, b) => this.blocked.has(`${a} ${b}`) || this.blocked.has(`${b} ${a}`);
  }

  async join(...ids: string[]): Promise<void> {
    for (const id of ids) this.members.set(id, new Member(this, id));
    await this.clock.run(100);
  }

  member(id: string): Member {
    return this.members.get(id)!;
  }

  /** How `a` sees `b`. */
  link(a: string, b: string): string {
    const peer = this.member(a).mesh.peers.find(({id}) => id === b);
    return peer ? [peer.link, ...peer.via === undefined ? [] : [peer.via]].join(' by ') : 'nobody';
  }

  /** Takes the path between two away; what stands loses it. @param told - whether the links know. */
  block(a: string, b: string, told = true): void {
    this.blocked.add(`${a} ${b}`);
    for (const link of this.network.links) if (this.#isBetween(link, a, b)) link.silence(true, told);
  }

  unblock(a: string, b: string): void {
    for (const pair of [`${a} ${b}`, `${b} ${a}`]) this.blocked.delete(pair);
  }

  #isBetween(link: {readonly owner: string; readonly peer?: {readonly owner: string} | undefined}, a: string, b: string): boolean {
    return (link.owner === a && link.peer?.owner === b) || (link.owner === b && link.peer?.owner === a);
  }

  /** A mesh in this world, on its way into the room. */
  createMesh(id: string, deps: Pick<MeshDeps, 'name' | 'onMessage'>, clock: Clock = this.clock): Mesh {
    const {turn} = this;
    return new Mesh({
      ...this.deps, ...deps, clock,
      signalling: createMemorySignalling(this.server)({url: 'ws://memory', list: LIST, selfId: id, clock}),
      createLink: this.withoutWebRtc.has(id) ? undefined : this.network.linksOf(id),
      iceServers: () => turn ? [{urls: 'turn:memory'}] : [],
      routing: {
        load: async () => {
          const ms = this.loadMs.get(id);
          if (ms) await new Promise<void>(resolve => this.clock.after(ms, resolve));
          return {Routing, Crowd, Handover, cryptography: pretendCryptography};
        },
        identity: pretendIdentity(id),
      },
      capacity: () => this.capacities.get(id) ?? 1,
    });
  }

  /** Somebody dies without a word. */
  kill(id: string): void {
    this.cutOff(id, this.member(id).mesh);
    this.members.delete(id);
  }

  /** `mesh`, of the member `id`, is gone without a word to anybody. */
  cutOff(id: string, mesh: Mesh): void {
    this.server.kill(id);
    for (const link of this.network.links) if (link.owner === id) link.silence(true);
    mesh.hangUp();
  }

  async end(): Promise<void> {
    const left = [...this.members.values()].map(({mesh}) => mesh.leave());
    await this.clock.run(5_000);
    await Promise.all(left);
    await this.clock.run(60_000);
    expect(this.network.links.size, 'links').to.equal(0);
    expect(this.clock.pending, 'timers').to.equal(0);
  }
}

/** A member's own clock, which stands still with its page. */
export class PageClock implements Clock {
  frozen = false;
  /** How much later than they are due all timers run, as a hidden page's may. */
  lateMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now = (): number => this.#clock.now();
  random = (): number => this.#clock.random();
  after = (ms: number, run: () => void): Cancel => {
    const due = (): void => {
      if (this.frozen) cancel = this.#clock.after(1_000, due);
      else run();
    };
    let cancel = this.#clock.after(ms + this.lateMs, due);
    return () => cancel();
  };
}

export class Member {
  readonly clock: PageClock;
  readonly mesh: Mesh;
  readonly received: Array<readonly [from: string, data: unknown]> = [];

  constructor(world: World, readonly id: string) {
    this.clock = new PageClock(world.clock);
    this.mesh = world.createMesh(id, {
      name: `name of ${id}`, onMessage: (from, _channel, data) => this.received.push([from, data]),
    }, this.clock);
    this.mesh.join().catch(() => undefined);
  }

  from(id: string): unknown[] {
    return this.received.filter(([from]) => from === id).map(([, data]) => data);
  }
}
