/** The simulator's small rooms, so that it is known to work before anybody waits for the large ones; and that it sees what goes wrong. */
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {plan, TOPOLOGIES} from '../scripts/simulate/plan.js';
import {FAULTS, FULL, play, type Scale} from '../scripts/simulate/rooms.js';
import {sharedTopology} from '../scripts/simulate/shared-overlay.js';
import {summarize} from '../scripts/simulate/summary.js';
import {toTable} from '../scripts/simulate/table.js';
import {fullMesh} from '../src/mesh/topology/full-mesh.js';
import {topologies} from '../src/mesh/topology/topologies.js';
import type {Topology} from '../src/mesh/topology/types.js';

const SHORT: Scale = {...FULL, lines: 8, idleMs: 1_000, churnMs: 20_000, comings: 2, afterMs: 3_000};
const SIZES = {'full-mesh': [8, 24], auto: [12, 24], 'small-world': [24], tree: [24]} as const;
/** What is a full mesh at this size, and so needs nobody to hand anything on. */
const isFull = (topology: string, members: number): boolean => topology === 'full-mesh' || (topology === 'auto' && members <= 12);

describe('A simulated room', () => {
  for (const [name, sizes] of Object.entries(SIZES)) {
    for (const members of sizes) {
      for (const fault of FAULTS) {
        it(`of ${members}, ${name}, ${fault}: every line at everybody once and in order`, async () => {
          const [room] = await play({topology: topologies[name as keyof typeof SIZES], members, seed: 1, scale: SHORT, faults: [fault]});
          assert.ok(room);
          const {account, degrees} = room;
          assert.deepEqual(account.violations, {count: 0, first: []});
          assert.ok(account.due > 0 && account.delivered === account.due);
          if (!isFull(name, members)) assert.ok(Math.max(...degrees) <= topologies[name as keyof typeof SIZES].maxDegree(members));
          else if (fault !== 'broken') assert.deepEqual(new Set(degrees), new Set([members - 1]));
          else assert.ok(Math.min(...degrees) < members - 1, 'some are not linked');
        });
      }
    }
  }

  it('is the same again with the same seed, and another with another', async () => {
    const table = async (seed: number): Promise<string> => {
      const rooms = await play({topology: fullMesh, members: 8, seed, scale: SHORT, faults: ['dying']});
      return toTable([summarize({topology: 'full-mesh', members: 8, fault: 'dying'}, rooms, false)]);
    };
    const first = await table(1);
    assert.equal(await table(1), first);
    assert.notEqual(await table(2), first);
  });

  it('tells who did not get a line', async () => {
    // Nobody is linked to the last.
    const lonely: Topology = {...fullMesh, overlay: members => {
      const all = [...members].sort();
      const rest = fullMesh.overlay(all.slice(0, -1));
      const [last, first] = [all.at(-1)!, all[0]!];
      return {
        partial: false, nextHop: () => undefined,
        neighbours: id => id === last ? [first] : id === first ? [...rest.neighbours(id), last] : rest.neighbours(id),
      };
    }};
    const [room] = await play({topology: lonely, members: 4, seed: 1, scale: SHORT, faults: ['calm']});
    assert.ok(room);
    const {due, delivered, violations} = room.account;
    assert.ok(delivered < due);
    assert.equal(violations.count, due - delivered);
    assert.match(violations.first[0] ?? '', /never/);
  });
});

describe('The simulator', () => {
  it('computes an overlay once for all who have the same List and facts', () => {
    let computed = 0;
    const counting: Topology = {...topologies.tree, overlay: (members, facts) => {
      computed++;
      return topologies.tree.overlay(members, facts);
    }};
    const shared = sharedTopology(counting);
    const members = ['a', 'b', 'c', 'd'];
    const first = shared.overlay(members);
    assert.equal(shared.overlay([...members]), first);
    assert.equal(shared.overlay(members, {capacityOf: () => 1}), first);
    assert.notEqual(shared.overlay(members, {capacityOf: id => id === 'a' ? 0 : 1}), first);
    assert.notEqual(shared.overlay(members, {partial: true}), first);
    assert.notEqual(shared.overlay(members.slice(1)), first);
    assert.equal(shared.overlay(members), first);
    assert.equal(computed, 4);
  });

  it('plays every topology at every size, but for the full mesh of many and what is the same twice', () => {
    const jobs = plan({sizes: [12, 64, 200, 10_000], topologies: TOPOLOGIES, faults: FAULTS, seed: 1});
    const played = (members: number): string[] =>
      [...new Set(jobs.filter(job => job.members === members).map(({topology}) => topology))].sort();
    assert.deepEqual(played(64), ['auto', 'full-mesh', 'small-world', 'tree']);
    assert.deepEqual(played(200), ['auto', 'small-world', 'tree']);
    assert.deepEqual(played(10_000), ['auto', 'tree']);
    for (const topology of ['auto', 'tree']) {
      const faults = jobs.filter(job => job.members === 10_000 && job.topology === topology).flatMap(job => job.faults);
      assert.deepEqual([...faults].sort(), [...FAULTS].sort());
    }
  });
});
