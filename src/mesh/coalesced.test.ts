import {expect} from 'chai';
import fc from 'fast-check';

import {Coalesced} from './coalesced.js';
import {VirtualClock} from './virtual-clock.js';

describe('Coalesced', () => {
  it('runs each once, never late, and never sooner than it may', async () => {
    const timer = fc.record({at: fc.nat(5_000), ms: fc.nat(5_000), slack: fc.nat(2_000)});
    await fc.assert(fc.asyncProperty(fc.array(timer, {maxLength: 30}), async timers => {
      const clock = new VirtualClock();
      const coalesced = new Coalesced(clock);
      const ran = timers.map((): number[] => []);
      timers.forEach(({at, ms, slack}, i) => clock.after(at, () => coalesced.after(ms, slack, () => ran[i]!.push(clock.now()))));
      await clock.run(20_000);
      timers.forEach(({at, ms, slack}, i) => {
        expect(ran[i]).to.have.length(1);
        expect(ran[i]![0]).to.be.within(at + Math.max(0, ms - slack), at + ms);
      });
      expect(clock.pending).to.equal(0);
    }));
  });

  it('runs in one turn what may, whatever was added or taken back meanwhile', async () => {
    const clock = new VirtualClock();
    const coalesced = new Coalesced(clock);
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name} ${clock.now()}`);
    let takeBack = (): void => undefined;
    coalesced.after(1_000, 0, () => {
      note('first')();
      takeBack();
      coalesced.after(300, 1_000, note('added'));
    });
    takeBack = coalesced.after(1_500, 1_000, note('taken back'));
    coalesced.after(1_900, 1_000, note('early'));
    coalesced.after(2_100, 1_000, note('later'));
    await clock.run(10_000);
    expect(ran).to.deep.equal(['first 1000', 'early 1000', 'later 1300', 'added 1300']);
  });

  it('leaves no timer when nothing is left to do', () => {
    const clock = new VirtualClock();
    const cancel = new Coalesced(clock).after(1_000, 0, () => undefined);
    cancel();
    cancel();
    expect(clock.pending).to.equal(0);
  });
});
