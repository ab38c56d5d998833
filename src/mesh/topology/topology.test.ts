import {expect} from 'chai';
import {VirtualClock} from '../virtual-clock.js';
import {auto, HYSTERESIS} from './auto.js';
import {FULL_MESH_LIMIT} from './full-mesh.js';
import {randomIds, topologyCompliance, type TopologyBounds} from './testing/compliance.js';
import {smallWorld} from './small-world.js';
import {topologies} from './topologies.js';
import {tree} from './tree.js';

/** In the mean 2·log₂ n links change, and a message takes 0.4·log₂ n hops. */
const SMALL_WORLD: TopologyBounds = {
  change: members => 6 * Math.log2(members) + 12,
  hops: relays => Math.log2(relays) + 4,
  survives: {from: 24, share: 0.99},
};

const BOUNDS: Readonly<Record<keyof typeof topologies, TopologyBounds>> = {
  'full-mesh': {change: () => 0, hops: () => 1},
  'small-world': SMALL_WORLD,
  auto: SMALL_WORLD,
  tree: {
    // Who comes in above others pushes one of them down on each level, with five links each before and after.
    change: members => 10 * (Math.log2(members) / 2 + 3),
    hops: relays => 2 * (Math.log2(relays) / 2 + 4),
  },
};

for (const [name, topology] of Object.entries(topologies)) {
  topologyCompliance(name, topology, BOUNDS[name as keyof typeof topologies]);
}

describe('auto', () => {
  const members = randomIds(new VirtualClock(1), FULL_MESH_LIMIT + 1);

  it('is a full mesh up to the limit, and a small world beyond', () => {
    expect(auto.overlay(members.slice(1)).partial).to.equal(false);
    const overlay = auto.overlay(members);
    expect(overlay.partial).to.equal(true);
    for (const id of members) expect(overlay.neighbours(id)).to.deep.equal(smallWorld.overlay(members).neighbours(id));
  });

  it('stays what the room is a little below the limit', () => {
    const isPartial = (count: number) => auto.overlay(members.slice(0, count), {partial: true}).partial;
    expect(isPartial(FULL_MESH_LIMIT - HYSTERESIS)).to.equal(true);
    expect(isPartial(FULL_MESH_LIMIT - HYSTERESIS - 1)).to.equal(false);
  });
});

describe('small-world', () => {
  it('gives about twice the logarithm in links', () => {
    const members = randomIds(new VirtualClock(2), 200);
    const overlay = smallWorld.overlay(members);
    const mean = members.reduce((sum, id) => sum + overlay.neighbours(id).length, 0) / members.length;
    expect(mean).to.be.within(1.6 * Math.log2(200), 2 * Math.log2(200) + 2);
  });

  it('spreads those who do not relay over those who do', () => {
    const members = randomIds(new VirtualClock(3), 90);
    const relays = new Set(members.slice(0, 30));
    const overlay = smallWorld.overlay(members, {capacityOf: id => relays.has(id) ? 1 : 0});
    for (const id of members.slice(30)) {
      expect(overlay.neighbours(id).length).to.be.within(5, 6);
      for (const other of overlay.neighbours(id)) expect(relays.has(other)).to.equal(true);
    }
  });
});

describe('tree', () => {
  it('puts the strongest on top, and five neighbours at most on anybody', () => {
    const members = randomIds(new VirtualClock(4), 300);
    const strong = new Set(members.slice(0, 20));
    const overlay = tree.overlay(members, {capacityOf: id => strong.has(id) ? 2 : 1});
    // Those above the strong are strong: together they are connected.
    const [first = ''] = strong;
    const seen = new Set([first]);
    for (const id of seen) for (const next of overlay.neighbours(id)) if (strong.has(next)) seen.add(next);
    expect(seen.size).to.equal(strong.size);
    expect(Math.max(...members.map(id => overlay.neighbours(id).length))).to.be.at.most(5);
  });
});
