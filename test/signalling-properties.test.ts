/** Whatever happens in whatever order, the List ends up with everybody who is alive and wants to be in, once, and nobody else. */
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import fc from 'fast-check';
import {MeshError} from '../src/mesh/errors.js';
import {LEASE_MS, RETRY_LONGEST_MS, SETTLE_MS} from '../src/mesh/signalling/bounds.js';
import {predecessors} from '../src/mesh/signalling/ghosts.js';
import {ListSignalling} from '../src/mesh/signalling/list-signalling.js';
import {createMemorySignalling, MemorySignallingServer} from '../src/mesh/signalling/memory.js';
import {RosterView} from '../src/mesh/signalling/roster-view.js';
import type {Signalling} from '../src/mesh/signalling/types.js';
import {VirtualClock} from '../src/mesh/virtual-clock.js';

const LIST = 'property';
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
/** Long enough for every bound to pass one after another: writes that were lost, patience with those who come back, the lease. */
const PEACE_MS = 20 * LEASE_MS + SETTLE_MS + RETRY_LONGEST_MS;

type Step =
  | {readonly do: 'join' | 'leave' | 'kill' | 'disconnect'; readonly who: number}
  | {readonly do: 'overwrite'; readonly entries: readonly string[]}
  | {readonly do: 'restart' | 'calm'}
  | {readonly do: 'pass'; readonly ms: number};

const who = fc.nat({max: IDS.length - 1});
const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 6, arbitrary: fc.record({do: fc.constant('join' as const), who})},
  {weight: 3, arbitrary: fc.record({do: fc.constant('leave' as const), who})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('kill' as const), who})},
  {weight: 2, arbitrary: fc.record({do: fc.constant('disconnect' as const), who})},
  {weight: 2, arbitrary: fc.record({
    do: fc.constant('overwrite' as const), entries: fc.array(fc.constantFrom(...IDS, 'ghost-1', 'ghost-2'), {maxLength: 6}),
  })},
  {weight: 1, arbitrary: fc.constant({do: 'restart' as const})},
  {weight: 6, arbitrary: fc.record({do: fc.constant('pass' as const), ms: fc.oneof(fc.nat({max: 5}), fc.nat({max: 300}), fc.nat({max: 9_000}))})},
);

interface Trouble {
  readonly conflicts: number;
  readonly lost: number;
  readonly hidden: number;
}

async function play(guarded: boolean, latencyMs: number, seed: number, trouble: Trouble, steps: readonly Step[]): Promise<void> {
  const clock = new VirtualClock(seed);
  const server = new MemorySignallingServer({clock, guarded, latencyMs});
  server.faults = {
    conflictWrite: () => clock.random() < trouble.conflicts,
    loseWrite: () => clock.random() >= trouble.lost ? undefined : clock.random() < 0.5 ? 'before' : 'after',
    hideFromProbe: () => clock.random() < trouble.hidden,
  };
  const create = createMemorySignalling(server);
  const users = new Map<string, Signalling>();
  const left = new Set<string>();
  for (const action of steps) {
    const id = 'who' in action ? IDS[action.who]! : '';
    const user = users.get(id);
    switch (action.do) {
      case 'join':
        if (user || left.has(id)) break;
        users.set(id, create({url: 'ws://memory', list: LIST, selfId: id}));
        // Whether it succeeds in such trouble is looked at when there is peace.
        users.get(id)!.open().catch(() => users.delete(id));
        break;
      case 'leave':
        if (!user) break;
        users.delete(id);
        left.add(id);
        void user.close();
        break;
      case 'kill':
        if (!user) break;
        users.delete(id);
        left.add(id);
        server.kill(id);
        // Its body: stopped, so that it does not come back to life.
        void user.close();
        break;
      case 'disconnect': server.disconnect(id); break;
      case 'overwrite': if (!guarded) server.overwrite(LIST, action.entries); break;
      case 'restart': server.restart(); break;
      case 'pass': await clock.run(action.ms); break;
      default:
    }
  }
  server.faults = {};
  await clock.run(PEACE_MS);
  const alive = [...users.keys()].sort();
  // Ghosts are cleaned by those who are there; where nobody is, nobody needs it.
  if (alive.length > 0 || guarded) assert.deepEqual([...server.entries(LIST)].sort(), alive);
  for (const user of users.values()) {
    assert.equal(user.status, 'open');
    assert.deepEqual([...user.members].sort(), alive);
  }
  await Promise.all([...users.values()].map(async user => {
    const closed = user.close();
    await clock.run(5_000);
    return closed;
  }));
  assert.equal(server.connections, 0);
  assert.equal(clock.pending, 0, 'timers are left');
}

describe('signalling, whatever happens', {timeout: 120_000}, () => {
  for (const guarded of [true, false]) {
    it(`converges ${guarded ? 'with' : 'without'} a guard`, async () => {
      const chance = fc.constantFrom(0, 0.2, 0.6);
      await fc.assert(fc.asyncProperty(
        fc.constantFrom(0, 1, 40), fc.integer({min: 1, max: 2 ** 31 - 1}), fc.record({conflicts: chance, lost: chance, hidden: chance}),
        fc.array(step, {maxLength: 40}),
        (latencyMs, seed, trouble, steps) => play(guarded, latencyMs, seed, trouble, steps),
      ), {numRuns: 150});
    });
  }

  it('drops nobody who comes back later than oneself from an outage that took everybody, and who does not come back in the end', async () => {
    const clock = new VirtualClock();
    const server = new MemorySignallingServer({clock, guarded: true, graceMs: 500});
    const away = new Set<string>();
    const join = (selfId: string): Signalling => new ListSignalling((options, events) => {
      if (away.has(selfId)) throw new MeshError('server-unreachable', 'Away');
      return server.connect(options, events);
    }, {url: 'ws://memory', list: LIST, selfId, clock});
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(join) as [Signalling, Signalling, Signalling];
    const opened = Promise.all([ada, bob, eve].map(user => user.open()));
    await clock.run(1_000);
    await opened;
    const dropped: string[] = [];
    ada.addEventListener('members-change', () => { if (!ada.members.includes('bob')) dropped.push('bob'); });
    away.add('bob').add('eve');
    server.disconnect();
    await clock.run(1_500);
    assert.deepEqual([...server.entries(LIST)], ['ada'], 'the server waits for nobody so long');
    assert.deepEqual([...ada.members].sort(), ['ada', 'bob', 'eve']);
    away.delete('bob');
    await clock.run(SETTLE_MS);
    assert.deepEqual([...ada.members].sort(), ['ada', 'bob']);
    assert.deepEqual(dropped, []);
    // Once all is calm, who is out is out.
    server.disconnect('bob');
    away.add('bob');
    await clock.run(600);
    assert.deepEqual(ada.members, ['ada']);
    for (const user of [ada, bob, eve]) user.hangUp();
  });

  it('watches along the ring of ids, each of which is watched by somebody', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({minLength: 1}), {minLength: 2, maxLength: 12}), ids => {
      const view = new RosterView(ids);
      assert.deepEqual(ids.map(id => predecessors(view, id, 1)[0]!).sort(), [...ids].sort());
      for (const id of ids) assert.deepEqual([...predecessors(view, id, ids.length)].sort(), ids.filter(other => other !== id).sort());
    }));
  });
});
