/** A room of real meshes on in-memory links and servers, in which time passes as fast as it can be computed. */
import type {Cancel, Clock} from '../../src/mesh/clock.js';
import {MemoryNetwork} from '../../src/mesh/link/memory.js';
import {Mesh} from '../../src/mesh/mesh.js';
import {Crowd} from '../../src/mesh/casts/crowd.js';
import {Handover} from '../../src/mesh/handover.js';
import {Routing} from '../../src/mesh/relay/routing.js';
import {pretendCryptography, pretendIdentity} from '../../src/mesh/secure/pretend.js';
import {createMemorySignalling, MemorySignallingServer} from '../../src/mesh/signalling/memory.js';
import type {Topology} from '../../src/mesh/topology/types.js';
import {VirtualClock} from '../../src/mesh/virtual-clock.js';
import {Chance} from './chance.js';
import {Ledger} from './ledger.js';
import {sharedTopology} from './shared-overlay.js';

const LIST = 'mesh-room/simulated';
/** One way to the server: somewhere on the same continent. */
const SERVER_MS = 40;

/** A member's own clock, which stands still once its machine is off. */
class MemberClock implements Clock {
  readonly #clock: Clock;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  random(): number {
    return this.#clock.random();
  }

  after(ms: number, run: () => void): Cancel {
    return this.#clock.after(ms, () => {
      if (!this.#stopped) run();
    });
  }

  stop(): void {
    this.#stopped = true;
  }
}

export class Member {
  readonly mesh: Mesh;
  /** Is in the List, and knows it. */
  joined = false;
  /** When it first had a link over which the other side has said something. */
  linkedAt = Infinity;
  /** When it left, or died. */
  goneAt = Infinity;
  readonly #clock: MemberClock;

  constructor(world: World, readonly id: string) {
    const {server, network, topology, named} = world;
    const clock = this.#clock = new MemberClock(world.clock);
    this.mesh = new Mesh({
      clock, topology, name: named ? `Name of ${id.slice(0, 4)}` : '',
      signalling: createMemorySignalling(server)({url: 'ws://memory', list: LIST, selfId: id, clock}),
      createLink: network.linksOf(id),
      routing: {load: async () => ({Routing, Crowd, Handover, cryptography: pretendCryptography}), identity: pretendIdentity(id)},
      onMessage: (from, _channel, data) => {
        if (this.goneAt === Infinity) world.ledger.received(this, from, data);
      },
    });
    this.mesh.join().then(() => {
      this.joined = true;
    }, () => undefined);
  }

  /** Whether it is in the room, linked to somebody. */
  get present(): boolean {
    return this.joined && this.linkedAt < Infinity && this.goneAt === Infinity;
  }

  die(): void {
    this.#clock.stop();
  }
}

export interface WorldOptions {
  readonly topology: Topology;
  readonly seed: number;
  /** Whether members have names. */
  readonly named: boolean;
}

export class World {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly server: MemorySignallingServer;
  readonly network: MemoryNetwork;
  readonly topology: Topology;
  readonly named: boolean;
  readonly ledger: Ledger;
  /** Who is in, or on the way in. */
  readonly members = new Map<string, Member>();

  constructor({topology, seed, named}: WorldOptions) {
    this.named = named;
    this.clock = new VirtualClock(seed);
    this.chance = new Chance(seed + 1);
    this.topology = sharedTopology(topology);
    this.server = new MemorySignallingServer({clock: this.clock, latencyMs: SERVER_MS});
    this.network = new MemoryNetwork({clock: this.clock, latencyMs: SERVER_MS});
    this.network.latencyOf = (a, b) => this.chance.latencyOf(a, b);
    this.ledger = new Ledger(this.clock);
    this.network.onSent = ({owner}, data) => this.ledger.sent(owner, data);
    this.network.onArrival = (from, to, data) => {
      const member = this.members.get(to.owner);
      if (member?.linkedAt === Infinity) member.linkedAt = this.clock.now();
      this.ledger.arrived(from.owner, to.owner, data);
    };
  }

  /** All at one instant. */
  join(ids: readonly string[]): void {
    for (const id of ids) this.members.set(id, new Member(this, id));
  }

  /** Who is in the room and linked. */
  get present(): Member[] {
    return [...this.members.values()].filter(({present}) => present);
  }

  say(speaker: Member): void {
    const text = this.ledger.say(speaker, this.present);
    // Who it did not reach is what the ledger finds out.
    speaker.mesh.send(text).catch(() => undefined);
  }

  /** Leaves as a page does that is closed. */
  leave(member: Member): void {
    this.#gone(member);
    void member.mesh.leave();
  }

  /** Machines that are switched off: what they had sent and has not arrived never does, and nobody is told. */
  kill(members: readonly Member[]): void {
    const dead = new Set(members.map(({id}) => id));
    for (const member of members) {
      this.#gone(member);
      member.die();
      this.server.kill(member.id);
    }
    for (const link of this.network.links) if (dead.has(link.owner)) link.silence(true, false);
  }

  /** To how many others each member has an open link. */
  degrees(): number[] {
    const linked = new Map([...this.members.keys()].map(id => [id, new Set<string>()]));
    for (const {owner, state, peer} of this.network.links) {
      if (state === 'open' && peer?.state === 'open' && this.members.has(peer.owner)) linked.get(owner)?.add(peer.owner);
    }
    return [...linked.values()].map(others => others.size);
  }

  #gone(member: Member): void {
    member.goneAt = this.clock.now();
    this.members.delete(member.id);
  }
}
