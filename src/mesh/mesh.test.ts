import {expect} from 'chai';
import fc from 'fast-check';
import {LINK_TIMEOUT_MS} from './attempt.js';
import type {MeshError} from './errors.js';
import {MemoryNetwork} from './link/memory.js';
import {LinkCloseEvent} from './link/types.js';
import {Mesh, PROBE_TIMEOUT_MS} from './mesh.js';
import {RESTART_MS} from './pair.js';
import {CHECK_MS} from './signalling/bounds.js';
import {createMemorySignalling, MemorySignallingServer} from './signalling/memory.js';
import {VirtualClock} from './virtual-clock.js';
import {encodeHello} from './wire/frame.js';

const LIST = 'mesh-room/test';

/** A server, a network and members on one virtual clock. */
class World {
  readonly clock: VirtualClock;
  readonly server: MemorySignallingServer;
  readonly network: MemoryNetwork;
  readonly members = new Map<string, Member>();

  constructor({seed = 1, latencyMs = 5, guarded = true}: {seed?: number; latencyMs?: number; guarded?: boolean} = {}) {
    this.clock = new VirtualClock(seed);
    this.server = new MemorySignallingServer({clock: this.clock, latencyMs, guarded});
    this.network = new MemoryNetwork({clock: this.clock, latencyMs});
  }

  /** Lets members join; they are in the List some milliseconds later. */
  async join(...ids: string[]): Promise<void> {
    for (const id of ids) this.members.set(id, new Member(this, id));
    await this.clock.run(0);
  }

  member(id: string): Member {
    const member = this.members.get(id);
    if (!member) throw new Error(`Nobody is called ${id}`);
    return member;
  }

  get all(): Member[] {
    return [...this.members.values()];
  }

  /** How each member sees the others, as `a>b:direct`. */
  get links(): string[] {
    return this.all.flatMap(({id, mesh}) => mesh.peers.map(peer => `${id}>${peer.id}:${peer.link}`)).sort();
  }

  expectFullMesh(): void {
    const wanted = this.all.flatMap(({id}) => this.all.filter(other => other.id !== id).map(other => `${id}>${other.id}:direct`));
    expect(this.links).to.deep.equal(wanted.sort());
  }

  /** Everybody leaves, and nothing is left behind. */
  async end(): Promise<void> {
    const left = this.all.map(({mesh}) => mesh.leave());
    await this.clock.run(5_000);
    await Promise.all(left);
    await this.clock.run(60_000);
    expect(this.network.links.size, 'links').to.equal(0);
    expect(this.clock.pending, 'timers').to.equal(0);
  }
}

class Member {
  readonly mesh: Mesh;
  readonly received: Array<readonly [from: string, data: unknown]> = [];
  readonly errors: MeshError[] = [];

  constructor(world: World, readonly id: string) {
    const {clock, server, network} = world;
    this.mesh = new Mesh({
      clock, name: `name of ${id}`,
      signalling: createMemorySignalling(server)({url: 'ws://memory', list: LIST, selfId: id, clock}),
      createLink: network.linksOf(id),
      onMessage: (from, _channel, data) => this.received.push([from, data]),
    });
    this.mesh.addEventListener('error', ({error}) => this.errors.push(error));
    this.mesh.join().catch((error: unknown) => this.errors.push(error as MeshError));
  }

  from(id: string): unknown[] {
    return this.received.filter(([from]) => from === id).map(([, data]) => data);
  }
}

describe('Mesh', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  it('links everybody who joins at one instant, with one offer a pair', async () => {
    await world.join('a', 'b', 'c', 'd', 'e');
    await world.clock.run(100);
    world.expectFullMesh();
    expect(world.server.counts.signals, 'an offer and an answer for each of ten pairs').to.equal(20);
    expect(world.member('a').mesh.peers.map(({name}) => name)).to.include('name of e');
  });

  it('brings a broadcast to everybody once, and a line for one to that one', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const {mesh} = world.member('a');
    await mesh.send('to all');
    await mesh.send({for: 'b'}, {to: ['b']});
    await world.clock.run(50);
    expect(world.member('b').received).to.deep.equal([['a', 'to all'], ['a', {for: 'b'}]]);
    expect(world.member('c').received).to.deep.equal([['a', 'to all']]);
    expect(world.member('a').received).to.deep.equal([]);
  });

  it('sends what is said in one turn of the page in few messages, and all of it before a goodbye', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    let messages = 0;
    world.network.onSent = (_from, data) => {
      if (typeof data === 'string' && data.includes('"m"')) messages++;
    };
    const {mesh} = world.member('a');
    const said = Array.from({length: 1_000}, (_, i) => `line\n${i}`);
    const sent = said.map(text => mesh.send(text));
    void mesh.leave();
    await world.clock.run(100);
    await Promise.all(sent);
    expect(world.member('b').from('a')).to.deep.equal(said);
    expect(messages).to.be.below(20);
  });

  it('acknowledges with what it says itself, and only by a message of its own where it says nothing', async () => {
    await world.join('a', 'b');
    await world.clock.run(2_000);
    let byThemselves = 0;
    let along = 0;
    world.network.onSent = (_from, data) => {
      if (typeof data !== 'string' || !data.includes('["ack"')) return;
      if (data.startsWith('["ack"')) byThemselves++;
      else along++;
    };
    for (let i = 0; i < 50; i++) {
      for (const id of ['a', 'b']) void world.member(id).mesh.send(i);
      await world.clock.run(200);
    }
    expect(byThemselves).to.equal(0);
    expect(along).to.be.within(20, 40);
    await world.clock.run(2_000);
    expect(byThemselves, 'the last lines').to.equal(2);
  });

  it('acknowledges along with quick answers, and not with all of one time, which that one would wait for', async () => {
    const others = ['b', 'c', 'd', 'e', 'f'];
    await world.join('a', ...others);
    await world.clock.run(2_000);
    let byThemselves = 0;
    let inTurn = 0;
    world.network.onSent = (_from, data) => {
      if (typeof data !== 'string' || !data.includes('["ack"')) return;
      if (data.startsWith('["ack"')) byThemselves++;
      inTurn++;
    };
    const inTurns: number[] = [];
    const turn = async (): Promise<void> => {
      await world.clock.run(5);
      inTurns.push(inTurn);
      inTurn = 0;
    };
    for (let i = 0; i < 300; i++) {
      void world.member('a').mesh.send(i);
      await turn();
      for (const id of others) void world.member(id).mesh.send(i, {to: ['a']});
      await turn();
    }
    expect(byThemselves).to.equal(0);
    expect(inTurns.reduce((sum, count) => sum + count, 0), 'one for some dozens of lines').to.be.within(60, 120);
    expect(Math.max(...inTurns)).to.be.below(others.length);
  });

  it('acknowledges what several have said last in one turn, within a second', async () => {
    const others = ['b', 'c', 'd', 'e'];
    await world.join('a', ...others);
    await world.clock.run(2_000);
    const saidAt = new Map<string, number>();
    const ackedAt = new Map<string, number>();
    world.network.onSent = ({owner, peer}, data) => {
      if (owner === 'a' && peer && typeof data === 'string' && data.startsWith('["ack"')) ackedAt.set(peer.owner, world.clock.now());
    };
    for (const id of others) {
      saidAt.set(id, world.clock.now());
      void world.member(id).mesh.send('the last', {to: ['a']});
      await world.clock.run(60);
    }
    await world.clock.run(1_000);
    expect([...ackedAt.keys()].sort()).to.deep.equal(others);
    expect(new Set(ackedAt.values()).size).to.equal(1);
    for (const [id, at] of ackedAt) expect(at - saidAt.get(id)!, id).to.be.at.most(1_010);
  });

  it('asks all whom it has not heard at one time, so that a page of a quiet room seldom wakes', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const id of ids) {
      await world.join(id);
      await world.clock.run(730);
    }
    await world.clock.run(10_000);
    const wokeAt = new Map<string, Set<number>>(ids.map(id => [id, new Set()]));
    const asked = new Map<string, number>();
    const answeredAt = new Map<string, number>();
    world.network.onSent = ({owner, peer}, data) => {
      const now = world.clock.now();
      if (typeof data !== 'string' || !peer) return;
      // Who answers is awake.
      if (data.startsWith('["pong"')) answeredAt.set(owner, now);
      if (!data.startsWith('["ping"')) return;
      if (answeredAt.get(owner) !== now) wokeAt.get(owner)!.add(now);
      const way = `${owner} asks ${peer.owner}`;
      asked.set(way, (asked.get(way) ?? 0) + 1);
    };
    await world.clock.run(60_000);
    // The initiator asks every 2.5 s; the other side after 10 s, with its answer to the next question, to know how long a round trip takes.
    for (const [id, times] of wokeAt) expect(times.size, id).to.be.at.most(24);
    expect(asked).to.have.property('size', 56);
    for (const [way, count] of asked) expect(count, way).to.be.within(4, 24);
  });

  it('tells everybody a name that changes at any moment, also in the middle of a greeting', async () => {
    for (let ms = 0; ms < 120; ms++) {
      const each = new World({seed: ms + 1});
      await each.join('a', 'b');
      await each.clock.run(ms);
      for (const {mesh} of each.all) mesh.name = 'new';
      await each.clock.run(2_000);
      expect(each.all.flatMap(({mesh}) => mesh.peers.map(({name}) => name)), `after ${ms} ms`).to.deep.equal(['new', 'new']);
      await each.end();
    }
  });

  it('keeps a line that is said while the link is being made', async () => {
    await world.join('a', 'b');
    while (world.member('a').mesh.peers.length === 0) await world.clock.run(1);
    expect(world.links).to.include('a>b:connecting');
    const sent = world.member('a').mesh.send('early');
    await world.clock.run(100);
    await sent;
    expect(world.member('b').from('a')).to.deep.equal(['early']);
  });

  it('greets with one word of either side', async () => {
    const words: string[] = [];
    world.network.onSent = ({owner}, data) => void words.push(`${owner} ${typeof data === 'string' ? data.slice(0, 5) : 'bytes'}`);
    await world.join('a', 'b');
    while (world.links.some(link => link.endsWith('connecting')) || world.links.length < 2) await world.clock.run(1);
    await world.clock.run(500);
    expect(words.sort()).to.deep.equal(['a ["hi"', 'b ["hi"']);
  });

  it('brings what was owed when the first word of either side is lost, over that link', async () => {
    const owed = Array.from({length: 1_000}, (_, i) => i);
    for (const lost of [0, 1]) {
      const each = new World({seed: 1});
      await each.join('a', 'b');
      while (each.network.links.size < 2) await each.clock.run(1);
      for (const {mesh} of each.all) for (const i of owed) mesh.send(i).catch(() => undefined);
      const [...made] = each.network.links;
      let words = 0;
      each.network.loses = () => words++ === lost;
      await each.clock.run(1_000);
      expect(each.member('a').from('b')).to.deep.equal(owed);
      expect(each.member('b').from('a')).to.deep.equal(owed);
      expect([...each.network.links]).to.have.members(made);
      await each.end();
    }
  });

  it('links everybody although a third of the signals is lost', async () => {
    world.server.faults.loseSignal = () => world.clock.random() < 0.33;
    await world.join('a', 'b', 'c', 'd', 'e', 'f');
    await world.clock.run(60_000);
    world.expectFullMesh();
  });

  it('says honestly that a pair has no path, goes on trying, and finds it when it is there', async () => {
    world.network.reachable = false;
    await world.join('a', 'b');
    await world.clock.run(LINK_TIMEOUT_MS + 1_000);
    expect(world.links).to.deep.equal(['a>b:lost', 'b>a:lost']);
    expect(world.member('a').mesh.peers[0]?.reason).to.match(/no connection was found/);
    expect(world.member('a').errors.map(({code, ids}) => [code, ...ids])).to.deep.equal([['link-failed', 'b']]);
    expect(world.server.entries(LIST), 'nobody is removed because a pair failed').to.have.members(['a', 'b']);
    await world.clock.run(600_000);
    world.network.reachable = true;
    await world.clock.run(60_000);
    world.expectFullMesh();
  });

  it('mends a link that broke, and what was said meanwhile arrives once, in order', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const {mesh} = world.member('a');
    for (let i = 0; i < 100; i++) {
      if (i === 30) [...world.network.links][0]?.break(2_000);
      void mesh.send(i);
      await world.clock.run(100);
    }
    await world.clock.run(10_000);
    world.expectFullMesh();
    for (const id of ['b', 'c']) expect(world.member(id).from('a'), id).to.deep.equal(Array.from({length: 100}, (_, i) => i));
  });

  it('tells the sender who did not get a line, and does not send it later', async () => {
    world.network.reachable = false;
    await world.join('a', 'b');
    await world.clock.run(1_000);
    const failed = world.member('a').mesh.send('never').catch((error: unknown) => error as MeshError);
    await world.clock.run(31_000);
    expect(await failed).to.include({code: 'undelivered'}).and.deep.include({ids: ['b']});
    world.network.reachable = true;
    await world.clock.run(120_000);
    world.expectFullMesh();
    expect(world.member('b').received).to.deep.equal([]);
  });

  it('rejects a line for somebody who is not in the room, and none for who leaves while it is sent', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    const {mesh} = world.member('a');
    const error = await mesh.send('x', {to: ['nobody']}).catch((reason: unknown) => reason as MeshError);
    expect(error).to.deep.include({code: 'undelivered', ids: ['nobody']});
    world.network.reachable = false;
    [...world.network.links][0]?.close();
    await world.clock.run(50);
    const sent = mesh.send('to whoever is here');
    void world.member('b').mesh.leave();
    await world.clock.run(5_000);
    await sent;
    world.members.delete('b');
  });

  it('keeps who lost the server but not the link, and drops who is dead within two seconds', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    // The server has lost b and cannot be reached by it; its links are as they were.
    world.server.reachable = false;
    world.server.disconnect('b');
    await world.clock.run(1_500);
    expect(world.server.entries(LIST)).to.not.include('b');
    expect(world.member('a').mesh.peers.map(({id}) => id)).to.have.members(['b', 'c']);
    void world.member('b').mesh.send('still here');
    await world.clock.run(100);
    expect(world.member('c').from('b')).to.deep.equal(['still here']);
    world.server.reachable = true;
    await world.clock.run(10_000);
    world.expectFullMesh();
    // A dead tab answers nothing, neither to the server nor over its links.
    for (const link of [...world.network.links]) link.silence(true);
    world.server.reachable = false;
    world.server.disconnect('b');
    await world.clock.run(1_000 + PROBE_TIMEOUT_MS + 50);
    expect(world.member('a').mesh.peers.map(({id}) => id)).to.deep.equal(['c']);
    world.server.reachable = true;
    for (const link of [...world.network.links]) link.silence(false);
    await world.clock.run(30_000);
  });

  it('lets who leaves go at once, before the List says so', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    world.member('b').mesh.farewell();
    await world.clock.run(6);
    expect(world.member('a').mesh.peers).to.deep.equal([]);
    // It said goodbye and stayed: the List is right in the end.
    await world.clock.run(10_000);
    world.expectFullMesh();
  });

  it('says goodbye before it tells the server, and does not wait when the page goes away', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const [b, c] = ['b', 'c'].map(id => world.member(id).mesh);
    const [bLeft, cLeft] = [b!.leave(), c!.leave()];
    await world.clock.run(6);
    expect(world.member('a').mesh.peers).to.deep.equal([]);
    expect(world.server.entries(LIST)).to.have.members(['a', 'b', 'c']);
    b!.hangUp();
    // No time passes.
    await bLeft;
    expect(b!.status).to.equal('closed');
    await world.clock.run(50);
    await cLeft;
    expect(world.server.entries(LIST)).to.not.include('c');
    world.members.delete('b');
    world.members.delete('c');
  });

  it('leaves nobody\'s roster when the server restarts, and the links work all the while', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const seen = new Set<number>();
    for (const {mesh} of world.all) mesh.addEventListener('peers-change', () => seen.add(mesh.peers.length));
    world.server.reachable = false;
    world.server.restart();
    for (let i = 0; i < 20; i++) {
      void world.member('a').mesh.send(i);
      await world.clock.run(1_000);
    }
    world.server.reachable = true;
    await world.clock.run(10_000);
    expect([...seen]).to.deep.equal([2]);
    expect(world.member('b').from('a')).to.deep.equal(Array.from({length: 20}, (_, i) => i));
    expect([...world.server.entries(LIST)].sort()).to.deep.equal(['a', 'b', 'c']);
    world.expectFullMesh();
  });

  it('takes an offer that overtakes the List', async () => {
    await world.join('a');
    await world.clock.run(100);
    const offers: unknown[] = [];
    // The newcomer has the larger id, so that it calls, as soon as it has read the List.
    world.server.faults.loseSignal = () => false;
    const {mesh} = world.member('a');
    mesh.addEventListener('peers-change', () => offers.push(mesh.peers.length));
    world.server.inject('a', {user: 'z', signal: {type: 'offer', token: 'nowhere'}, mesh: {v: 1, session: 'boot.1', seq: 1, ack: 0}});
    await world.clock.run(50);
    expect(mesh.peers, 'who is not in the List gets no link').to.deep.equal([]);
    await world.join('z');
    await world.clock.run(40_000);
    world.expectFullMesh();
  });

  it('is not disturbed by signals that are stale, malformed or of another version', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    const stamp = {v: 1, session: 'x.1', seq: 1, ack: 0};
    const messages: unknown[] = [
      null, 7, 'text', [], {}, {user: 5}, {user: 'b'}, {user: 'b', signal: null}, {user: 'b', signal: 'x', mesh: 'y'},
      {user: 'b', mesh: {v: 'one'}}, {user: 'b', mesh: {...stamp, seq: -1}}, {user: 'b', mesh: {...stamp, session: 'x'.repeat(1000)}},
      {user: 'b', signal: {}, mesh: {...stamp, v: 2}}, {user: 'b', signal: {type: 'answer'}, mesh: {...stamp, session: 'old.1', seq: 2}},
      {user: 'a', signal: {type: 'offer'}, mesh: stamp}, {user: 'stranger', signal: {type: 'offer'}, mesh: stamp},
    ];
    for (const message of messages) world.server.inject('a', message);
    for (const message of messages) world.server.inject('b', message);
    await world.clock.run(5_000);
    world.expectFullMesh();
    expect(new Set(world.member('a').errors.map(({code}) => code))).to.deep.equal(new Set(['bad-frame', 'bad-version']));
    void world.member('a').mesh.send('fine');
    await world.clock.run(50);
    expect(world.member('b').from('a')).to.deep.equal(['fine']);
  });

  it('drops, counts and reports what a hostile member sends, and goes on', async function () {
    this.timeout(20_000);
    await world.join('a', 'b');
    await world.clock.run(100);
    // A member by the book until its link is open; larger ids call.
    const {clock, server, network} = world;
    const signalling = createMemorySignalling(server)({url: 'ws://memory', list: LIST, selfId: 'z', clock});
    const link = network.createLink({initiator: true, iceServers: []});
    let seq = 0;
    link.addEventListener('signal', ({signal}) => signalling.emit('a', {user: 'z', signal, mesh: {v: 1, session: 'evil.1', seq: ++seq, ack: 0}}));
    signalling.addEventListener('signal', ({message}) => link.accept(message.signal));
    const opened = signalling.open();
    await clock.run(100);
    await opened;
    expect(link.state).to.equal('open');
    link.send('lines', encodeHello({v: 1, boot: 'evil', from: 4, name: 'x'.repeat(5_000)}));
    for (const frame of ['', 'text', '[', '{}', '["m"]', '["m",1,0,"c"]', '["m",-1,0,"c",1]', '["hi",{}]', '["ack",9e99,[]]', '["bye?"]', `["m",1,0,"c","${'x'.repeat(70_000)}"]`]) {
      link.send('lines', frame);
    }
    link.send('lines', new Uint8Array(2));
    link.send('lines', new Uint8Array([1, 255, 255, 0]));
    link.send('bulk', new Uint8Array(3));
    link.send('bulk', '["open",1,"c","buffer","",1e12,0,0]');
    link.send('lines', '["m",5,0,"c","and a good one"]');
    for (let n = 6; n < 30_000; n++) if (!link.send('lines', `["m",${n},0,"flood",1]`)) await clock.run(1);
    await clock.run(3_000);
    const {errors, mesh} = world.member('a');
    expect(new Set(errors.map(({code}) => code))).to.deep.equal(new Set(['bad-frame', 'too-large', 'flood']));
    expect(errors.length, 'reports are few').to.be.below(15);
    expect(errors.every(({ids}) => ids[0] === 'z')).to.equal(true);
    expect(world.member('a').from('z')).to.include('and a good one').and.have.length.below(25_000);
    expect(mesh.peers.find(({id}) => id === 'z')?.name.length).to.be.at.most(768);
    void world.member('b').mesh.send('business as usual', {to: ['a']});
    await clock.run(50);
    expect(world.member('a').from('b')).to.deep.equal(['business as usual']);
    link.close();
    void signalling.close();
    await clock.run(5_000);
  });

  it('brings a line that a link lost, also the last one', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    for (const [i, line] of ['first', 'in the middle', 'between', 'last'].entries()) {
      world.network.loses = () => i % 2 === 0;
      void world.member('a').mesh.send(line);
      await world.clock.run(50);
    }
    void world.member('a').mesh.send('lost at the end');
    world.network.loses = () => true;
    await world.clock.run(50);
    world.network.loses = () => false;
    await world.clock.run(12_000);
    expect(world.member('b').from('a')).to.deep.equal(['first', 'in the middle', 'between', 'last', 'lost at the end']);
    world.expectFullMesh();
  });

  it('keeps for who vanished what is said meanwhile, once and in order, and nothing for who said goodbye', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    await world.member('a').mesh.send('before');
    // Nothing of b gets through, and the server has cut it.
    world.server.faults.silence = id => id === 'b';
    world.server.disconnect('b');
    for (const link of [...world.network.links]) link.silence(true);
    await world.clock.run(3_000);
    for (const link of [...world.network.links]) link.silence(false);
    expect(world.member('a').mesh.peers.map(({id}) => id)).to.deep.equal(['c']);
    for (const line of ['one', 'two', 'three']) await world.member('a').mesh.send(line);
    await world.member('c').mesh.send('four');
    world.server.faults.silence = () => false;
    await world.clock.run(20_000);
    world.expectFullMesh();
    expect(world.member('b').from('a')).to.deep.equal(['before', 'one', 'two', 'three']);
    expect(world.member('b').from('c')).to.deep.equal(['four']);
    void world.member('c').mesh.leave();
    await world.clock.run(100);
    await world.member('a').mesh.send('not for c');
    expect(world.member('a').mesh.peers.map(({id}) => id)).to.deep.equal(['b']);
    world.members.delete('c');
  });

  it('tells at once who says goodbye, who closes the link; after two seconds this side does', async () => {
    await world.join('a', 'b');
    await world.clock.run(1_000);
    const [link] = [...world.network.links].filter(({owner}) => owner === 'a');
    // It says goodbye and stays.
    world.member('b').mesh.farewell();
    await world.clock.run(10);
    expect(world.member('a').mesh.peers).to.deep.equal([]);
    await world.clock.run(1_900);
    expect(link?.state).to.equal('open');
    await world.clock.run(100);
    expect(link?.state).to.equal('closed');
  });

  it('waits for nobody who said goodbye while the server could not be reached', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    world.server.reachable = false;
    world.server.disconnect();
    await world.clock.run(100);
    world.member('b').mesh.farewell();
    await world.clock.run(20);
    world.member('b').mesh.hangUp();
    world.members.delete('b');
    await world.clock.run(10_000);
    const {mesh} = world.member('a');
    expect(mesh.peers.map(({id, link}) => [id, link])).to.deep.equal([['b', 'connecting']], 'as far as the List was last known');
    world.server.reachable = true;
    await world.clock.run(10_000);
    expect(mesh.peers).to.deep.equal([]);
    expect(mesh.absent).to.deep.equal([]);
  });

  it('takes a line for sent when who has not got it vanishes, and brings it when that one is back', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    world.server.faults.silence = id => id === 'b';
    for (const link of [...world.network.links]) link.silence(true);
    world.network.reachable = false;
    world.member('a').mesh.revive();
    await world.clock.run(1_500);
    let settled = 'waiting';
    void world.member('a').mesh.send('pending').then(() => settled = 'sent', (error: unknown) => settled = String(error));
    await world.clock.run(100);
    world.server.disconnect('b');
    await world.clock.run(3_000);
    world.network.reachable = true;
    world.server.faults.silence = () => false;
    for (const link of [...world.network.links]) link.silence(false);
    await world.clock.run(25_000);
    expect(settled).to.equal('sent');
    expect(world.member('b').from('a')).to.deep.equal(['pending']);
    world.expectFullMesh();
  });

  it('looks for another path when a link loses its own, and goes on over the same link', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    const links = [...world.network.links];
    links[0]!.silence(true);
    const sent = world.member('a').mesh.send('meanwhile');
    await world.clock.run(100);
    await sent;
    expect(world.member('b').from('a')).to.deep.equal(['meanwhile']);
    expect(links.every(link => world.network.links.has(link))).to.equal(true);
  });

  it('builds a link anew when no other path is found for it', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    const links = [...world.network.links];
    world.network.reachable = false;
    links[0]!.silence(true);
    void world.member('a').mesh.send('meanwhile');
    await world.clock.run(RESTART_MS - 100);
    expect(links.every(link => world.network.links.has(link))).to.equal(true);
    world.network.reachable = true;
    await world.clock.run(100 + CHECK_MS + 500);
    world.expectFullMesh();
    expect(links.some(link => world.network.links.has(link))).to.equal(false);
    expect(world.member('b').from('a')).to.deep.equal(['meanwhile']);
  });

  it('builds a link anew at once when the other side, asked for another path, has given it up', async () => {
    await world.join('a', 'b');
    await world.clock.run(100);
    const [gone, kept] = [...world.network.links].sort((x, y) => Number(x.initiator) - Number(y.initiator));
    // The responder's is over, and its word for another one gets lost.
    let lost = 0;
    world.server.faults.loseSignal = () => lost++ === 0;
    gone!.dispatchEvent(new LinkCloseEvent());
    await world.clock.run(260);
    expect(lost).to.equal(1);
    kept!.silence(true);
    await world.clock.run(290);
    world.expectFullMesh();
    expect(world.network.links.has(kept!)).to.equal(false);
  });

  it('asks server and links at once when it is told to, and mends what is dead', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    world.server.faults.silence = id => id === 'b';
    [...world.network.links][0]?.silence(true);
    await world.clock.run(100);
    world.server.faults.silence = () => false;
    world.server.kill('b');
    for (const {mesh} of world.all) mesh.revive();
    await world.clock.run(2_500);
    world.expectFullMesh();
    expect(world.server.entries(LIST)).to.have.members(['a', 'b', 'c']);
  });

  it('ends as a full mesh, every line at every member once and in order, whatever links, signals and server do', async function () {
    this.timeout(60_000);
    const step = fc.oneof(
      {weight: 6, arbitrary: fc.record({say: fc.nat(4)})},
      {weight: 2, arbitrary: fc.record({breakLink: fc.nat(30)})},
      {weight: 1, arbitrary: fc.constantFrom({restart: true}, {disconnect: true}, {away: true}, {back: true})},
      {weight: 4, arbitrary: fc.record({wait: fc.constantFrom(1, 20, 300, 4_000)})},
    );
    await fc.assert(fc.asyncProperty(fc.nat(), fc.array(step, {maxLength: 30}), async (seed, steps) => {
      const here = new World({seed});
      here.server.faults.loseSignal = () => here.clock.random() < 0.1;
      here.network.loses = () => here.clock.random() < 0.005;
      await here.join('a', 'b', 'c', 'd', 'e');
      await here.clock.run(20_000);
      const said = new Map<string, string[]>(here.all.map(({id}) => [id, []]));
      for (const [i, todo] of steps.entries()) {
        if ('say' in todo) {
          const member = here.all[todo.say]!;
          const line = `${member.id}${i}`;
          said.get(member.id)?.push(line);
          member.mesh.send(line).catch(() => undefined);
        } else if ('breakLink' in todo) {
          const links = [...here.network.links];
          links[todo.breakLink % Math.max(1, links.length)]?.break(1_500);
        } else if ('restart' in todo) here.server.restart();
        else if ('disconnect' in todo) here.server.disconnect('c');
        else if ('away' in todo) here.server.reachable = false;
        else if ('back' in todo) here.server.reachable = true;
        else await here.clock.run(todo.wait);
      }
      here.server.reachable = true;
      here.network.loses = () => false;
      await here.clock.run(29_000);
      here.expectFullMesh();
      for (const {id, from} of here.all.map(member => ({id: member.id, from: member.from.bind(member)}))) {
        for (const [sender, lines] of said) if (sender !== id) expect(from(sender), `${sender} at ${id}`).to.deep.equal(lines);
      }
      await here.end();
    }), {numRuns: 40});
  });
});
