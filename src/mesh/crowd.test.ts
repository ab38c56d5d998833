/** Rooms in which not everybody is linked to everybody: they are simply rooms. */
import {expect} from 'chai';
import {LIST, World} from './testing/world.js';
import {auto} from './topology/auto.js';
import {smallWorld} from './topology/small-world.js';
import {tree} from './topology/tree.js';
import type {Topology} from './topology/types.js';

const ids = (n: number, from = 0): string[] => Array.from({length: n}, (_, i) => `m${String(from + i).padStart(3, '0')}`);

/** Members that somebody is linked to. */
const degree = (world: World, id: string): number =>
  world.member(id).mesh.peers.filter(({link, far}) => far !== true && link === 'direct').length;

for (const [name, topology] of Object.entries<Topology>({smallWorld, tree, auto})) {
  describe(`A room of 24 as ${name}`, () => {
    const members = ids(24);
    let world: World;
    beforeEach(async () => {
      world = new World(7, {topology});
      await world.join(...members);
      await world.clock.run(15_000);
    });
    afterEach(() => world.end());

    it('brings what each says to everybody, once and in order', async () => {
      for (let line = 0; line < 5; line++) {
        for (const id of members) void world.member(id).mesh.send(`${id} ${line}`);
        await world.clock.run(line * 20);
      }
      await world.clock.run(2_000);
      for (const reader of members) {
        for (const speaker of members) {
          if (reader === speaker) continue;
          const wanted = Array.from({length: 5}, (_, line) => `${speaker} ${line}`);
          expect(world.member(reader).from(speaker), `${reader} of ${speaker}`).to.deep.equal(wanted);
        }
      }
    });

    it('links nobody to more than the topology allows, and tells of everybody', () => {
      const most = topology.maxDegree(members.length);
      for (const id of members) {
        expect(degree(world, id), id).to.be.at.most(most);
        const {peers} = world.member(id).mesh;
        expect(peers.map(peer => peer.id).sort()).to.deep.equal(members.filter(other => other !== id));
        expect(peers.every(({link}) => link === 'direct' || link === 'relayed'), JSON.stringify(peers)).to.equal(true);
        expect(peers.map(peer => peer.name).sort()).to.deep.equal(members.filter(other => other !== id).map(other => `name of ${other}`));
      }
    });

    it('brings a message for one to that one, and is done with the way there afterwards', async () => {
      const [first, last] = [members[0]!, members.find(id => !degreeOf(world, members[0]!).has(id) && id !== members[0])!];
      await Promise.all([world.member(first).mesh.send('for you', {to: [last]}), world.clock.run(5_000)]);
      expect(world.member(last).from(first)).to.deep.equal(['for you']);
      await Promise.all([world.member(last).mesh.send('and back', {to: [first]}), world.clock.run(5_000)]);
      expect(world.member(first).from(last)).to.deep.equal(['and back']);
      for (const id of members.slice(1)) if (id !== last) expect(world.member(id).received).to.deep.equal([]);
      await world.clock.run(180_000);
      expect(world.member(first).mesh.peers.find(({id}) => id === last)?.far).to.equal(true);
    });
  });
}

const degreeOf = (world: World, id: string): Set<string> =>
  new Set(world.member(id).mesh.peers.filter(({far}) => far !== true).map(peer => peer.id));

describe('A room whose members carry more and less', () => {
  let world: World;
  afterEach(() => world.end());

  it('puts the strong on top of a tree and lets go of who declines, also when that changes, without losing a line', async () => {
    world = new World(11, {topology: tree});
    const members = ids(24);
    const [strong, weak] = [members.slice(0, 5), members.slice(5, 10)];
    for (const id of strong) world.capacities.set(id, 2);
    for (const id of weak) world.capacities.set(id, 0);
    await world.join(...members);
    let count = 0;
    const talk = async (ms: number): Promise<void> => {
      for (const end = world.clock.now() + ms; world.clock.now() < end; count++) {
        for (const id of members) void world.member(id).mesh.send(count);
        await world.clock.run(250);
      }
    };
    const links = (some: readonly string[]): number => some.reduce((sum, id) => sum + degree(world, id), 0) / some.length;
    await world.clock.run(3_000);
    await talk(15_000);
    expect(links(weak), 'who declines').to.equal(1);
    expect(links(strong), 'the strong').to.be.above(3);
    for (const id of [...strong, ...weak]) {
      world.capacities.set(id, strong.includes(id) ? 0 : 2);
      world.member(id).mesh.reconsider();
    }
    await talk(15_000);
    expect(links(strong), 'who were strong').to.equal(1);
    expect(links(weak), 'who have become so').to.be.above(3);
    await world.clock.run(5_000);
    for (const reader of members) {
      for (const speaker of members) {
        if (reader === speaker) continue;
        expect(world.member(reader).from(speaker), `${reader} of ${speaker}`).to.deep.equal(Array.from({length: count}, (_, i) => i));
      }
    }
  });
});

describe('A room that grows and shrinks', () => {
  let world: World;
  afterEach(() => world.end());

  it('loses and repeats no line when it becomes a small world and a full mesh again', async () => {
    world = new World(3, {topology: auto});
    const stay = ids(9);
    const come = ids(8, 10);
    await world.join(...stay);
    await world.clock.run(12_000);
    let count = 0;
    const talk = async (ms: number, everyMs = 100): Promise<void> => {
      for (const end = world.clock.now() + ms; world.clock.now() < end; count++) {
        for (const id of stay) void world.member(id).mesh.send(count);
        await world.clock.run(everyMs);
      }
    };
    await talk(500);
    for (const id of come) {
      void world.join(id);
      await talk(300);
    }
    await talk(15_000, 500);
    expect(degree(world, stay[0]!)).to.be.below(17);
    for (const id of come) {
      void world.member(id).mesh.leave();
      world.members.delete(id);
      await talk(300);
    }
    await talk(15_000, 500);
    expect(degree(world, stay[0]!)).to.equal(8);
    await world.clock.run(5_000);
    for (const reader of stay) {
      for (const speaker of stay) {
        if (reader === speaker) continue;
        expect(world.member(reader).from(speaker), `${reader} of ${speaker}`).to.deep.equal(Array.from({length: count}, (_, i) => i));
      }
    }
  });

  it('loses and repeats nothing of what is said to each alone while links are given up', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      world = new World(seed, {topology: seed % 2 ? tree : smallWorld});
      const members = ids(9);
      for (const id of members) {
        void world.join(id);
        await world.clock.run(60);
      }
      let count = 0;
      for (; count < 100; count++) {
        for (const id of members) {
          for (const to of members) if (id !== to) world.member(id).mesh.send(count, {to: [to]}).catch(() => undefined);
        }
        await world.clock.run(40);
      }
      await world.clock.run(10_000);
      for (const reader of members) {
        for (const speaker of members) {
          if (reader === speaker) continue;
          expect(world.member(reader).from(speaker), `${reader} of ${speaker}, ${seed}`).to.deep.equal(Array.from({length: count}, (_, i) => i));
        }
      }
      await world.end();
    }
  });

  it('waits no longer for whom its topology linked it to for a moment only, and the other side\'s never', async () => {
    /** All hang on the last; before that is there, it is a full mesh for who comes first, and nothing for who comes second. */
    const star = (first: boolean): Topology => ({...tree, overlay: members => {
      const isFull = first && !members.includes('m002');
      return {
        partial: !isFull, nextHop: () => 'm002',
        neighbours: id => isFull || id === 'm002' ? members.filter(other => other !== id) : members.filter(other => other === 'm002'),
      };
    }});
    world = new World(1, {topology: star(true)});
    await world.join('m000');
    Object.assign(world.deps, {topology: star(false)});
    await world.join('m001');
    expect(world.link('m000', 'm001')).to.equal('connecting');
    await world.join('m002');
    await world.clock.run(4_000);
    expect(world.link('m000', 'm001')).to.equal('relayed by m002');
    // The other side may ask for it all the same.
    await Promise.all([world.member('m001').mesh.send('for you', {to: ['m000']}), world.clock.run(3_000)]);
    expect(world.member('m000').from('m001')).to.deep.equal(['for you']);
  });

  it('shows a newcomer nothing from before, and everything from its first link on', async () => {
    world = new World(4, {topology: smallWorld});
    const members = ids(20);
    await world.join(...members);
    await world.clock.run(12_000);
    for (let i = 0; i < 10; i++) void world.member(members[i]!).mesh.send('before');
    await world.clock.run(3_000);
    await world.join('newcomer');
    await world.clock.run(2_000);
    for (const id of members) void world.member(id).mesh.send('after');
    await world.clock.run(2_000);
    expect(world.member('newcomer').received.map(([, data]) => data)).to.deep.equal(members.map(() => 'after'));
  });
});

describe('A room where not all are linked', () => {
  const members = ids(30);
  let world: World;
  beforeEach(async () => {
    world = new World(5, {topology: smallWorld});
    await world.join(...members);
    await world.clock.run(12_000);
  });
  afterEach(() => world.end());

  it('brings every line to everybody who is left when a fifth dies at once, in the middle of it', async () => {
    const dying = members.filter((_, i) => i % 5 === 2);
    const left = members.filter(id => !dying.includes(id));
    const said = new Map<string, number[]>(left.map(id => [id, []]));
    for (let i = 0; i < 20; i++) {
      for (const id of left.filter((_, each) => each % 4 === 0)) {
        void world.member(id).mesh.send(i);
        said.get(id)!.push(i);
      }
      if (i === 10) for (const id of dying) world.kill(id);
      await world.clock.run(100);
    }
    await world.clock.run(20_000);
    for (const reader of left) {
      for (const speaker of left) {
        if (reader !== speaker) expect(world.member(reader).from(speaker), `${reader} of ${speaker}`).to.deep.equal(said.get(speaker));
      }
    }
  });

  it('brings a large message to everybody whole and once, before what is said after it', async () => {
    const bytes = Uint8Array.from({length: 500_000}, (_, i) => (i * 31 + (i >> 8)) & 255);
    const [first, ...others] = members;
    void world.member(first!).mesh.send(bytes.buffer);
    void world.member(first!).mesh.send('and that was it');
    for (let i = 0; i < 40; i++) {
      await world.clock.run(250);
      // Blobs are read on the machine's own time.
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    for (const id of others) {
      const [data, line, ...rest] = world.member(id).from(first!);
      expect(data, id).to.be.instanceOf(ArrayBuffer);
      expect(new Uint8Array(data as ArrayBuffer).every((byte, i) => byte === bytes[i]), id).to.equal(true);
      expect([line, rest]).to.deep.equal(['and that was it', []]);
    }
  });

  it('knows everybody by name again who lost the server for so long that the List went on without them', async () => {
    const lost = members.filter((_, i) => i % 7 === 3);
    const {server} = world;
    server.reachable = false;
    for (const id of lost) server.disconnect(id);
    await world.clock.run(1_500);
    expect(server.entries(LIST)).to.have.members(members.filter(id => !lost.includes(id)));
    server.reachable = true;
    await world.clock.run(15_000);
    for (const id of members) {
      const names = world.member(id).mesh.peers.map(peer => peer.name).sort();
      expect(names, id).to.deep.equal(members.filter(other => other !== id).map(other => `name of ${other}`));
    }
  });

  it('goes on without the server, also to one who is no neighbour', async () => {
    const [first] = members;
    const far = world.member(first!).mesh.peers.find(peer => peer.far)!.id;
    world.server.reachable = false;
    world.server.disconnect();
    await world.clock.run(1_000);
    void world.member(first!).mesh.send('all');
    await Promise.all([world.member(first!).mesh.send('one', {to: [far]}), world.clock.run(8_000)]);
    for (const id of members.slice(1)) expect(world.member(id).from(first!), id).to.deep.equal(id === far ? ['all', 'one'] : ['all']);
    world.server.reachable = true;
    await world.clock.run(5_000);
  });
});
