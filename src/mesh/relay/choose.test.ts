import {expect} from 'chai';
import fc from 'fast-check';
import {VirtualClock} from '../virtual-clock.js';
import {chooseRelays, type Offer} from './choose.js';

const offer = (id: string, rttMs: number, load = 0): Offer => ({id, rttMs, load});

describe('chooseRelays', () => {
  /** How often each comes first. */
  function firsts(offers: readonly Offer[], rounds: number): Record<string, number> {
    const clock = new VirtualClock();
    const counts: Record<string, number> = {};
    for (let i = 0; i < rounds; i++) {
      const first = chooseRelays(offers, () => clock.random())[0]!;
      counts[first] = (counts[first] ?? 0) + 1;
    }
    return counts;
  }

  it('has nobody to choose where nobody offers', () => {
    expect(chooseRelays([], () => 0)).to.deep.equal([]);
  });

  it('takes those as near as the best that differ by 20 ms or by half', () => {
    const few = [offer('best', 10), offer('near', 30), offer('far', 31)];
    expect(Object.keys(firsts(few, 200)).sort()).to.deep.equal(['best', 'near']);
    const many = [offer('best', 100), offer('near', 150), offer('far', 151)];
    expect(Object.keys(firsts(many, 200)).sort()).to.deep.equal(['best', 'near']);
  });

  it('draws lots among those, the less one carries the likelier', () => {
    const rounds = 6_000;
    const counts = firsts([offer('idle', 10, 0), offer('one', 10, 1), offer('five', 10, 5), offer('far', 500)], rounds);
    // Weights 1, 1/2 and 1/6, of 10/6 together; four standard deviations of a share of 0.6 are 0.025.
    for (const [id, share] of [['idle', 0.6], ['one', 0.3], ['five', 0.1]] as const) {
      expect(counts[id]! / rounds, id).to.be.closeTo(share, 0.026);
    }
    expect(counts.far).to.equal(undefined);
  });

  it('has the others follow by their round trips, whatever they carry', () => {
    const offers = [offer('slow', 900), offer('best', 10), offer('slower', 950), offer('middle', 80, 60)];
    expect(chooseRelays(offers, () => 0.5)).to.deep.equal(['best', 'middle', 'slow', 'slower']);
  });

  it('names each once, the near ones first, and changes nothing that it was given, whatever the lot says', () => {
    const rttMs = fc.oneof(fc.nat(5_000), fc.double({min: 0, max: 1e6, noNaN: true}));
    const offers = fc.uniqueArray(
      fc.record({id: fc.string({minLength: 1}), rttMs, load: fc.nat(200)}), {selector: ({id}) => id, maxLength: 12});
    const lot = fc.oneof(fc.constantFrom(0, 0.5, 1 - 2 ** -53), fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}));
    fc.assert(fc.property(offers, fc.array(lot, {minLength: 12, maxLength: 12}), (given, lots) => {
      const before = structuredClone(given);
      let drawn = 0;
      const chosen = chooseRelays(given, () => lots[drawn++]!);
      expect(given).to.deep.equal(before);
      expect([...chosen].sort()).to.deep.equal(given.map(({id}) => id).sort());
      const rtts = chosen.map(id => given.find(each => each.id === id)!.rttMs);
      const best = Math.min(...rtts);
      const near = rtts.filter(rtt => rtt <= Math.max(best + 20, best * 1.5)).length;
      // No lot is drawn for those that are further, and they come in order.
      expect(drawn).to.equal(near);
      expect(rtts.slice(near)).to.deep.equal([...rtts].sort((a, b) => a - b).slice(near));
    }), {seed: 20_261});
  });

  it('gives everybody a turn, however much one carries', () => {
    fc.assert(fc.property(fc.array(fc.nat(200), {minLength: 1, maxLength: 8}), loads => {
      const offers = loads.map((load, i) => offer(`${i}`, 10, load));
      const total = loads.reduce((sum, load) => sum + 1 / (1 + load), 0);
      let below = 0;
      for (const {id, load} of offers) {
        // The middle of its part of the lot.
        const at = (below + 0.5 / (1 + load)) / total;
        expect(chooseRelays(offers, () => at)[0]).to.equal(id);
        below += 1 / (1 + load);
      }
    }), {seed: 20_261});
  });
});
