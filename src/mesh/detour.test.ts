/** Pairs that have no way to each other, or lose it: they talk all the same, and lose and repeat nothing. */
import {expect} from 'chai';
import fc from 'fast-check';
import {LINK_TIMEOUT_MS} from './attempt.js';
import {BUSY_RELAY_AFTER_MS, RELAY_AFTER_MS, ROUTE_MS} from './detour.js';
import type {MeshError} from './errors.js';
import {CLIMB_MS, RESTART_MS} from './pair.js';
import {ASK_MS} from './relay/routing.js';
import {HEAL_MS, World} from './testing/world.js';

describe('A pair without a way to each other', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  /** Counts what `id` says over its one link. */
  function listenTo(id: string): {count: number} {
    const said = {count: 0};
    const link = [...world.network.links].find(({owner}) => owner === id)!;
    const send = link.send.bind(link);
    link.send = (lane, data) => {
      said.count++;
      return send(lane, data);
    };
    return said;
  }

  it('talks through a member that both reach, soon after it is clear that there is no path', async () => {
    world.block('a', 'b');
    await world.join('a', 'b', 'c');
    void world.member('a').mesh.send('early');
    await world.clock.run(RELAY_AFTER_MS);
    await world.clock.run(1_000);
    expect([world.link('a', 'b'), world.link('b', 'a'), world.link('a', 'c')]).to.deep.equal(['relayed by c', 'relayed by c', 'direct']);
    await world.member('b').mesh.send('back');
    await world.clock.run(100);
    expect(world.member('b').from('a')).to.deep.equal(['early']);
    expect(world.member('a').from('b')).to.deep.equal(['back']);
    const {routes, bytes} = world.member('c').mesh.relaying;
    expect(routes).to.equal(2);
    expect(bytes).to.be.above(100);
  });

  it('talks through the server where nobody can carry', async () => {
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(HEAL_MS);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['server', 'server']);
    await world.member('a').mesh.send('one');
    await world.clock.run(100);
    expect(world.member('b').from('a')).to.deep.equal(['one']);
  });

  it('talks through the server where everybody declines', async () => {
    world.capacities.set('c', 0);
    world.block('a', 'b');
    await world.join('a', 'b', 'c');
    await world.clock.run(HEAL_MS);
    expect(world.link('a', 'b')).to.equal('server');
    expect(world.member('c').mesh.relaying.bytes).to.equal(0);
  });

  it('goes through no server that says that it carries nothing, from when it says so', async () => {
    world.server.relays = false;
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(2 * HEAL_MS);
    expect(['server', 'relayed']).not.to.include(world.link('a', 'b'));
    world.server.relays = true;
    world.server.disconnect();
    await world.clock.run(30_000 + HEAL_MS);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['server', 'server']);
    world.server.relays = false;
    world.server.disconnect();
    await world.clock.run(2 * HEAL_MS);
    expect(world.link('a', 'b')).not.to.equal('server');
    await world.join('c');
    await world.clock.run(30_000 + HEAL_MS);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['relayed by c', 'relayed by c']);
  });

  it('finds a way over several members by asking everybody, where no one of them is enough', async () => {
    world.server.relays = false;
    const ring = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const [i, id] of ring.entries()) {
      for (const [j, other] of ring.entries()) if (j > i + 1 && !(i === 0 && j === 5)) world.block(id, other);
    }
    await world.join(...ring);
    await world.clock.run(30_000 + HEAL_MS);
    expect(world.link('a', 'd'), 'three links away on either side').to.match(/^relayed by [bf]$/);
    const said: number[] = [];
    const say = async (ms: number): Promise<void> => {
      for (const end = world.clock.now() + ms; world.clock.now() < end;) {
        for (const [from, to] of [['a', 'd'], ['d', 'a']] as const) world.member(from).mesh.send(said.length, {to: [to]}).catch(() => undefined);
        said.push(said.length);
        await world.clock.run(250);
      }
    };
    await say(2_000);
    world.kill(world.link('a', 'd').endsWith('b') ? 'b' : 'f');
    await say(20_000);
    await world.clock.run(30_000);
    expect(world.link('a', 'd')).to.match(/^relayed by [bf]$/);
    expect([world.member('d').from('a'), world.member('a').from('d')]).to.deep.equal([said, said]);
  });

  it('finds to each other although the server loses every signal between the two', async () => {
    world.server.faults.loseSignal = (from, to) => [from, to].sort().join() === 'a,b';
    await world.join('a', 'b', 'c');
    await world.clock.run(HEAL_MS);
    expect(world.link('a', 'b')).to.match(/relayed by c|direct/);
    void world.member('a').mesh.send('one');
    // What they have to say to each other for a link of their own goes around as well.
    await world.clock.run(60_000);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['direct', 'direct']);
    expect(world.member('b').from('a')).to.deep.equal(['one']);
  });

  it('leaves the server for a member that comes later, with nothing lost or twice', async () => {
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(HEAL_MS);
    expect(world.link('a', 'b')).to.equal('server');
    await world.join('c');
    const said: number[] = [];
    for (let i = 0; i < 100; i++) {
      for (const [from, to] of [['a', 'b'], ['b', 'a']] as const) void world.member(from).mesh.send(i, {to: [to]});
      said.push(i);
      await world.clock.run(200);
    }
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['relayed by c', 'relayed by c']);
    expect([world.member('b').from('a'), world.member('a').from('b')]).to.deep.equal([said, said]);
  });

  it('leaves the server within two seconds for a member whose slow device could not say in time that it carries', async () => {
    world.loadMs.set('c', 700);
    world.block('a', 'b');
    await world.join('a', 'b', 'c');
    await world.clock.run(RELAY_AFTER_MS + ASK_MS);
    expect(world.link('a', 'b')).to.equal('server');
    await world.clock.run(2_000);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['relayed by c', 'relayed by c']);
  });

  it('goes on over another way when its own loses the path, with nothing lost or twice, and back when there is one again', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const said: number[] = [];
    const say = async (ms: number): Promise<void> => {
      for (const end = world.clock.now() + ms; world.clock.now() < end;) {
        void world.member('a').mesh.send(said.length);
        said.push(said.length);
        await world.clock.run(250);
      }
    };
    await say(2_000);
    world.block('a', 'b');
    await say(HEAL_MS + 1_000);
    expect(world.link('a', 'b')).to.equal('relayed by c');
    await say(20_000);
    world.unblock('a', 'b');
    await say(CLIMB_MS + 20_000);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['direct', 'direct']);
    expect(world.member('b').from('a')).to.deep.equal(said);
    expect(world.member('c').from('a')).to.deep.equal(said);
  });

  it('takes another member when the one in between goes away, and loses nothing', async () => {
    world.block('a', 'b');
    await world.join('a', 'b', 'c', 'd');
    await world.clock.run(HEAL_MS);
    const [, via] = world.link('a', 'b').split(' by ') as [string, string];
    const said: number[] = [];
    for (let i = 0; i < 40; i++) {
      void world.member('a').mesh.send(i, {to: ['b']});
      said.push(i);
      if (i === 10) world.kill(via);
      await world.clock.run(100);
    }
    await world.clock.run(HEAL_MS);
    expect(world.link('a', 'b')).to.equal(`relayed by ${via === 'c' ? 'd' : 'c'}`);
    expect(world.member('b').from('a')).to.deep.equal(said);
  });

  it('takes another member as soon as the one in between is known to be gone', async () => {
    world.block('a', 'b');
    await world.join('a', 'b', 'c', 'd');
    await world.clock.run(HEAL_MS);
    const [, via] = world.link('a', 'b').split(' by ') as [string, string];
    const other = via === 'c' ? 'd' : 'c';
    const leaving = world.member(via).mesh.leave();
    world.members.delete(via);
    await world.clock.run(500);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal([`relayed by ${other}`, `relayed by ${other}`]);
    await leaving;
  });

  it('brings a large message whole over a change of way in the middle of it', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(100);
    const bytes = Uint8Array.from({length: 3_000_000}, (_, i) => (i * 31 + (i >> 8)) & 255);
    void world.member('a').mesh.send(bytes.buffer, {to: ['b']});
    await world.clock.run(20);
    world.block('a', 'b');
    await world.clock.run(HEAL_MS + 30_000);
    const [data] = world.member('b').from('a');
    expect(data).to.be.instanceOf(ArrayBuffer);
    expect(new Uint8Array(data as ArrayBuffer).every((byte, i) => byte === bytes[i])).to.equal(true);
    expect((data as ArrayBuffer).byteLength).to.equal(bytes.length);
  });

  it('notices within five seconds that nothing comes any more, though the link knows of nothing', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(10_000);
    world.block('a', 'b', false);
    void world.member('a').mesh.send('still there?', {to: ['b']});
    await world.clock.run(5_000 + ROUTE_MS);
    expect(world.link('a', 'b')).to.equal('relayed by c');
    expect(world.member('b').from('a')).to.deep.equal(['still there?']);
  });

  it('asks nobody to carry for somebody who stands still without a word, and links that one to nobody else', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(10_000);
    for (const other of ['a', 'c']) world.block('b', other, false);
    world.server.faults.loseSignal = (from, to) => from === 'b' || to === 'b';
    world.member('b').clock.frozen = true;
    await world.clock.run(30_000);
    expect(world.member('a').mesh.peers.map(({id, away}) => [id, away])).to.deep.equal([['b', true], ['c', false]]);
    expect(world.link('a', 'b')).to.equal('direct');
    world.member('b').clock.frozen = false;
    expect(world.member('c').mesh.relaying.bytes).to.equal(0);
  });

  it('tries again soon after a new network was told of, also when that came in the middle of a try', async () => {
    world.block('a', 'b');
    await world.join('a', 'b', 'c');
    const isTrying = (): boolean => [...world.network.links].some(({owner, state}) => owner === 'b' && state === 'connecting');
    // Long enough for pauses of minutes, and on to the middle of a try.
    await world.clock.run(3 * CLIMB_MS);
    while (!isTrying()) await world.clock.run(1_000);
    world.unblock('a', 'b');
    world.member('b').mesh.revive({network: true});
    expect(world.link('a', 'b')).to.equal('relayed by c');
    await world.clock.run(LINK_TIMEOUT_MS + 5_000);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['direct', 'direct']);
  });

  it('knows round trip and route soon after a link is there', async () => {
    world.turn = true;
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(1_500);
    for (const [one, other] of [['a', 'b'], ['b', 'a']] as const) {
      expect(world.link(one, other)).to.equal('turn');
      expect(world.member(one).mesh.peers[0]?.rttMs).to.equal(10);
    }
  });

  it('tells within 4 s that a link has left the TURN server, also while everybody talks', async () => {
    world.turn = true;
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(1_500);
    world.unblock('a', 'b');
    for (const id of ['a', 'b']) world.member(id).mesh.revive({network: true});
    for (let i = 0; i < 20; i++) {
      for (const id of ['a', 'b']) void world.member(id).mesh.send(i);
      await world.clock.run(200);
    }
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['direct', 'direct']);
  });

  it('goes by a TURN server alone when nothing else came about, and looks for a better path later', async () => {
    world.turn = true;
    world.network.turn = false;
    world.block('a', 'b');
    await world.join('a', 'b');
    await world.clock.run(60_000);
    expect(world.link('a', 'b')).to.equal('server');
    world.network.turn = true;
    await world.clock.run(CLIMB_MS);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['turn', 'turn']);
    world.unblock('a', 'b');
    await world.clock.run(CLIMB_MS);
    expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['direct', 'direct']);
  });

  for (const without of [['a'], ['b'], ['a', 'b']]) {
    it(`goes through the server at once where there is no WebRTC at ${without.join(' and ')} of a and b`, async () => {
      for (const id of without) world.withoutWebRtc.add(id);
      await world.join('a', 'b', 'c');
      await world.clock.run(1_000);
      expect([world.link('a', 'b'), world.link('b', 'a')]).to.deep.equal(['server', 'server']);
      await world.member('a').mesh.send('hello');
      await world.clock.run(100);
      expect(world.member('b').from('a')).to.deep.equal(['hello']);
      expect(world.member('c').from('a')).to.deep.equal(['hello']);
    });
  }

  it('spreads what is to be carried over those who can', async () => {
    const others = ['k', 'l', 'm', 'n'];
    const [left, right] = [['a', 'b', 'c', 'd'], ['w', 'x', 'y', 'z']];
    for (const one of left) for (const other of right) world.block(one, other);
    await world.join(...left, ...right, ...others);
    await world.clock.run(2 * HEAL_MS);
    const load = others.map(id => world.member(id).mesh.relaying.routes);
    expect(load.reduce((sum, each) => sum + each, 0), 'each of 16 pairs, both ways').to.equal(32);
    expect(Math.max(...load), `carried: ${load.join(', ')}`).to.be.below(20);
  });

  it('looks for nothing while the other side stands still', async () => {
    await world.join('a', 'b', 'c');
    await world.clock.run(RESTART_MS);
    world.member('b').mesh.sleep();
    await world.clock.run(30_000);
    expect(world.link('a', 'b')).to.equal('direct');
  });

  it('seldom asks somebody who stands still, who would have to answer all of it on going on, and then as before', async () => {
    await world.join('a', 'b');
    await world.clock.run(10_000);
    const said = listenTo('a');
    const {mesh, clock} = world.member('b');
    const isAway = (): boolean | undefined => world.member('a').mesh.peers[0]?.away;
    mesh.sleep();
    clock.frozen = true;
    await world.clock.run(50);
    world.block('a', 'b', false);
    await world.clock.run(30_000);
    expect(isAway()).to.equal(true);
    expect(said.count).to.be.within(1, 3);
    clock.frozen = false;
    for (const each of world.network.links) each.silence(false);
    mesh.revive();
    await world.clock.run(50);
    expect(isAway()).to.equal(false);
    said.count = 0;
    await world.clock.run(30_000);
    expect(said.count).to.be.above(9);
  });

  it('asks as ever where all timers are late, as a hidden page\'s may be', async () => {
    await world.join('a', 'b');
    await world.clock.run(10_000);
    world.member('b').clock.lateMs = 3_000;
    world.member('a').clock.frozen = true;
    const said = listenTo('b');
    await world.clock.run(60_000);
    expect(said.count).to.be.above(5);
    world.member('a').clock.frozen = false;
  });

  it('hears at once of each other when both stood still, whoever went on first', async () => {
    await world.join('a', 'b');
    await world.clock.run(10_000);
    const both = [world.member('a'), world.member('b')];
    for (const {mesh} of both) mesh.sleep();
    await world.clock.run(50);
    expect(both.map(({mesh}) => mesh.peers[0]?.away)).to.deep.equal([true, true]);
    both[1]!.mesh.revive();
    await world.clock.run(50);
    expect(both.map(({mesh}) => mesh.peers[0]?.away)).to.deep.equal([false, false]);
  });

  it('ends with every line at every member once and in order, whatever paths, members and the server do', async function () {
    this.timeout(60_000);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const pair = fc.record({a: fc.nat({max: 4}), b: fc.nat({max: 4})}).filter(({a, b}) => a !== b);
    const step = fc.oneof(
      {weight: 3, arbitrary: fc.record({do: fc.constant('block' as const), pair})},
      {weight: 3, arbitrary: fc.record({do: fc.constant('unblock' as const), pair})},
      {weight: 1, arbitrary: fc.record({do: fc.constant('server' as const), up: fc.boolean()})},
      {weight: 4, arbitrary: fc.record({do: fc.constant('say' as const), who: fc.nat({max: 4})})},
      {weight: 4, arbitrary: fc.record({do: fc.constant('pass' as const), ms: fc.oneof(fc.nat({max: 300}), fc.nat({max: 9_000}))})},
    );
    await fc.assert(fc.asyncProperty(fc.integer({min: 1, max: 2 ** 31 - 1}), fc.array(step, {maxLength: 30}), async (seed, steps) => {
      const each = new World(seed);
      await each.join(...ids);
      const said = new Map(ids.map(id => [id, [] as string[]]));
      /** What its speaker was told did not arrive, as `reader: line`. */
      const excused = new Set<string>();
      for (const action of steps) {
        if (action.do === 'block') each.block(ids[action.pair.a]!, ids[action.pair.b]!);
        else if (action.do === 'unblock') each.unblock(ids[action.pair.a]!, ids[action.pair.b]!);
        else if (action.do === 'pass') await each.clock.run(action.ms);
        else if (action.do === 'server') {
          each.server.reachable = action.up;
          if (!action.up) each.server.disconnect();
        } else {
          const id = ids[action.who]!;
          const lines = said.get(id)!;
          lines.push(`${id} ${lines.length}`);
          const line = lines.at(-1)!;
          each.member(id).mesh.send(line).catch((error: unknown) => {
            for (const reader of (error as MeshError).ids) excused.add(`${reader}: ${line}`);
          });
        }
      }
      each.server.reachable = true;
      each.blocked.clear();
      await each.clock.run(2 * CLIMB_MS);
      for (const reader of ids) {
        for (const speaker of ids) {
          if (reader === speaker) continue;
          const due = said.get(speaker)!.filter(line => !excused.has(`${reader}: ${line}`));
          expect(each.member(reader).from(speaker), `${reader} of ${speaker}`).to.deep.equal(due);
        }
        const links = each.member(reader).mesh.peers.map(({link}) => link);
        expect(links, `links of ${reader}`).to.deep.equal(['direct', 'direct', 'direct', 'direct']);
      }
      await each.end();
    }), {numRuns: 15});
  });
});

describe('Many who start at one instant on a slow machine', () => {
  const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  /** An offer and an answer for each pair, one after another: longer than signals are repeated and ways around are looked for after. */
  const SIGNALS = IDS.length * (IDS.length - 1);
  const SIGNAL_MS = 60;
  let world: World;
  beforeEach(() => {
    world = new World();
    world.server.signalMs = SIGNAL_MS;
  });
  afterEach(() => world.end());

  it('say each signal once, and look for no way around', async () => {
    world.network.onSent = (_from, data) => {
      if (typeof data === 'string') expect(data).not.to.match(/^\["ask"/);
    };
    await world.join(...IDS);
    await world.clock.run(SIGNALS * SIGNAL_MS + 1_000);
    for (const id of IDS) expect(world.member(id).mesh.peers.map(({link}) => link)).to.deep.equal(Array<string>(7).fill('direct'));
    expect(world.server.counts.signals).to.equal(SIGNALS);
  });

  it('wait no longer than so long for a pair that has no path', async () => {
    world.block('a', 'b');
    await world.join(...IDS);
    await world.clock.run(BUSY_RELAY_AFTER_MS + 2_000);
    expect(world.link('a', 'b')).to.match(/^relayed/);
  });

  it('say again what was lost', async () => {
    let lost = false;
    world.server.faults.loseSignal = (from, to) => !lost && (lost = from === 'b' && to === 'a');
    await world.join(...IDS);
    await world.clock.run(SIGNALS * SIGNAL_MS + 3_000);
    expect(lost).to.equal(true);
    expect(world.link('a', 'b')).to.equal('direct');
  });
});
