/** What every topology must do. Run by `topology.test.ts` on each of `topologies.ts`. */
import {expect} from 'chai';
import fc from 'fast-check';
import {VirtualClock} from '../../virtual-clock.js';
import type {Overlay, Topology, TopologyFacts} from '../types.js';

/** A fixed seed: a failure that it finds is found again. */
const RUNS = {seed: 20_264, numRuns: 100} as const;
/**
 * How many times longer one room of 10,000 may take than sixteen of 625: between the 1.4 of a sort (n log n) and the 16 of what looks at
 * every pair. Measured, in Chromium and Firefox: 0.7 to 2.1.
 */
const MOST_GROWTH = 5;

export interface TopologyBounds {
  /** Most links between others that may come or go when one member joins or leaves. */
  readonly change: (members: number) => number;
  /** Most hops that a targeted message takes. */
  readonly hops: (members: number) => number;
  /** How often at the least what is left must be connected when a fifth of the members vanishes at once; left out where it need not be. */
  readonly survives?: {readonly from: number; readonly share: number};
}

/** Ids as `<mesh-room>` makes them. */
export function randomIds(clock: VirtualClock, count: number): string[] {
  const digit = () => Math.floor(clock.random() * 32).toString(32);
  return Array.from({length: count}, () => Array.from({length: 20}, digit).join(''));
}

function shuffled<T>(clock: VirtualClock, items: readonly T[]): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(clock.random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** Who can be reached from the first of `members`, if only `relays` hand on. */
function reach(overlay: Overlay, members: readonly string[], isRelay: (id: string) => boolean): ReadonlySet<string> {
  const alive = new Set(members);
  const seen = new Set(members.slice(0, 1));
  for (const id of seen) {
    if (id !== members[0] && !isRelay(id)) continue;
    for (const next of overlay.neighbours(id)) if (alive.has(next)) seen.add(next);
  }
  return seen;
}

const sorted = (overlay: Overlay, members: readonly string[]): Array<readonly [string, string[]]> =>
  [...members].sort().map(id => [id, [...overlay.neighbours(id)].sort()]);

/** Links between members other than `left`. */
function linksOf(overlay: Overlay, members: readonly string[], left: string): Set<string> {
  const others = members.filter(id => id !== left);
  return new Set(others.flatMap(id => overlay.neighbours(id).filter(other => other !== left && id < other).map(other => `${id} ${other}`)));
}

/** A room: its members, and what each can carry. */
interface Room {
  readonly clock: VirtualClock;
  readonly members: readonly string[];
  readonly facts: TopologyFacts;
  readonly relays: readonly string[];
}

/** Ids as ours are, and such as others may choose; some rooms in which some, or all, decline to relay. */
const rooms: fc.Arbitrary<Room> = fc.record({
  seed: fc.nat(),
  count: fc.oneof(fc.integer({min: 1, max: 20}), fc.integer({min: 1, max: 120})),
  strange: fc.uniqueArray(fc.string({minLength: 1}), {maxLength: 5}),
  decline: fc.constantFrom(0, 0, 0.1, 0.5, 0.9, 1),
  partial: fc.boolean(),
}).map(({seed, count, strange, decline, partial}) => {
  const clock = new VirtualClock(seed);
  const members = shuffled(clock, [...strange, ...randomIds(clock, count)]);
  const capacities = new Map(members.map(id => [id, clock.random() < decline ? 0 : 1 + Math.floor(clock.random() * 2)]));
  const capacityOf = (id: string) => capacities.get(id) ?? 1;
  return {clock, members, facts: {capacityOf, partial}, relays: members.filter(id => capacityOf(id) > 0)};
});

export function topologyCompliance(name: string, topology: Topology, bounds: TopologyBounds): void {
  describe(`${name} as a topology`, () => {
    const holds = (check: (room: Room, overlay: Overlay) => void): void =>
      fc.assert(fc.property(rooms, room => check(room, topology.overlay(room.members, room.facts))), RUNS);

    it('links members to others, both ways, no more than it says', () => holds(({members, relays}, overlay) => {
      const links = new Map(members.map(id => [id, overlay.neighbours(id)]));
      const sets = new Map([...links].map(([id, others]) => [id, new Set(others)]));
      for (const [id, others] of links) {
        expect(others.length).to.be.at.most(topology.maxDegree(members.length, relays.length));
        expect(sets.get(id)?.size).to.equal(others.length);
        expect(others.filter(other => other === id || !sets.get(other)?.has(id))).to.deep.equal([]);
      }
      expect(overlay.neighbours('nobody')).to.deep.equal([]);
    }));

    it('connects everybody, through those who relay', () => holds(({members, relays}, overlay) => {
      const relay = new Set(relays);
      expect(reach(overlay, members, id => relay.has(id)).size).to.equal(members.length);
      if (!overlay.partial) for (const id of members) expect(overlay.neighbours(id).length).to.equal(members.length - 1);
    }));

    it('is the same for everybody, in whatever order the List is', () => holds(({clock, members, facts}, overlay) => {
      expect(sorted(topology.overlay(shuffled(clock, members), facts), members)).to.deep.equal(sorted(overlay, members));
    }));

    it('changes little when one member joins or leaves', () => {
      fc.assert(fc.property(fc.nat(), fc.integer({min: 2, max: 200}), (seed, count) => {
        const members = randomIds(new VirtualClock(seed), count);
        const [one = ''] = members;
        const after = topology.overlay(members);
        const before = topology.overlay(members.slice(1));
        if (after.partial !== before.partial) return; // The room has grown out of one topology into another.
        const [with_, without] = [linksOf(after, members, one), linksOf(before, members, one)];
        const changed = [...with_].filter(link => !without.has(link)).length + [...without].filter(link => !with_.has(link)).length;
        expect(changed).to.be.at.most(bounds.change(count));
      }), RUNS);
    });

    it('knows the way from everybody to everybody, past leaves', () => holds(({clock, members, relays, facts}, overlay) => {
      const relay = new Set(relays.length > 0 ? relays : members);
      for (const from of shuffled(clock, members).slice(0, 10)) {
        const [to = ''] = shuffled(clock, members);
        let at: string | undefined = from;
        let hops = 0;
        for (; at !== to && at !== undefined && hops <= members.length; hops++) {
          if (at !== from) expect(relay.has(at)).to.equal(true);
          const next: string | undefined = overlay.nextHop(at, to);
          if (next !== undefined) expect(overlay.neighbours(at)).to.include(next);
          at = next;
        }
        expect(at).to.equal(to);
        // Two more for leaves, one at each end.
        expect(hops).to.be.at.most(bounds.hops(relay.size) + 2);
        expect(topology.overlay(shuffled(clock, members), facts).nextHop(from, from)).to.equal(undefined);
      }
      expect(overlay.nextHop('nobody', members[0]!)).to.equal(undefined);
      expect(overlay.nextHop(members[0]!, 'nobody')).to.equal(undefined);
    }));

    it('takes no message in circles where neighbours cannot be reached', () => holds(({clock, members}, overlay) => {
      const down = new Set(members.filter(() => clock.random() < 0.2));
      const from = members.find(id => !down.has(id));
      const to = members.findLast(id => !down.has(id));
      if (from === undefined || to === undefined) return;
      const passed = new Set<string>();
      for (let at: string | undefined = from; at !== to && at !== undefined; at = overlay.nextHop(at, to, id => !down.has(id))) {
        expect(down.has(at) || passed.has(at)).to.equal(false);
        passed.add(at);
      }
    }));

    const {survives} = bounds;
    if (survives) {
      it('stays connected when a fifth vanishes at once', () => {
        const clock = new VirtualClock(RUNS.seed);
        let connected = 0;
        let rounds = 0;
        for (const count of [survives.from, 24, 64, 200].filter(size => size >= survives.from)) {
          for (let round = 0; round < 100; round++) {
            const members = randomIds(clock, count);
            const leaves = new Set(round % 2 ? members.filter(() => clock.random() < 0.3) : []);
            const left = shuffled(clock, members).slice(Math.round(count / 5));
            const overlay = topology.overlay(members, {capacityOf: id => leaves.has(id) ? 0 : 1});
            if (reach(overlay, left, id => !leaves.has(id)).size === left.length) connected++;
            rounds++;
          }
        }
        expect(connected / rounds).to.be.at.least(survives.share);
      });
    }

    it('takes hardly longer for a room of 10,000 than for sixteen of 625', () => {
      const clock = new VirtualClock(1);
      const large = [randomIds(clock, 10_000)];
      const small = Array.from({length: 16}, () => randomIds(clock, 625));
      const timed = (rooms: readonly string[][]) => {
        const from = performance.now();
        for (const members of rooms) {
          const [self = ''] = members;
          expect(topology.overlay(members).neighbours(self).length).to.be.at.most(topology.maxDegree(members.length));
        }
        return performance.now() - from;
      };
      // The shortest of each, in turns, so that it is this code that is measured and not what else the machine does. Firefox's clock
      // tells whole milliseconds.
      const rounds = Array.from({length: 5}, () => [timed(small), timed(large)] as const);
      const shortest = (which: 0 | 1) => Math.max(1, Math.min(...rounds.map(round => round[which])));
      expect(shortest(1) / shortest(0)).to.be.at.most(MOST_GROWTH);
    });
  });
}
