import {expect} from 'chai';
import fc from 'fast-check';

import {CoalescingClock} from './coalescing-clock.js';
import {VirtualClock} from './virtual-clock.js';

describe('CoalescingClock', () => {
  it('runs each once, never late, and never sooner than it may', async () => {
    const timer = fc.record({at: fc.nat(5_000), ms: fc.nat(5_000), slack: fc.nat(2_000)});
    await fc.assert(fc.asyncProperty(fc.array(timer, {maxLength: 30}), async timers => {
      const clock = new VirtualClock();
      const coalesced = new CoalescingClock(clock);
      const ran = timers.map((): number[] => []);
      timers.forEach(({at, ms, slack}, i) => clock.after(at, () => coalesced.after(ms, () => ran[i]!.push(clock.now()), slack)));
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
    const coalesced = new CoalescingClock(clock);
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name} ${clock.now()}`);
    let takeBack = (): void => undefined;
    coalesced.after(1_000, () => {
      note('first')();
      takeBack();
      coalesced.after(300, note('added'), 1_000);
    });
    takeBack = coalesced.after(1_500, note('taken back'), 1_000);
    coalesced.after(1_900, note('early'), 1_000);
    coalesced.after(2_100, note('later'), 1_000);
    await clock.run(10_000);
    expect(ran).to.deep.equal(['first 1000', 'early 1000', 'added 1300', 'later 1300']);
  });

  it('runs what a late page has missed in the order in which it was due, whatever one of them throws', async () => {
    const clock = new VirtualClock();
    let wake = (): void => undefined;
    let armed = 0;
    const coalesced = new CoalescingClock({
      now: () => clock.now(), random: () => clock.random(),
      after: (_, run) => {
        armed++;
        wake = run;
        return () => undefined;
      },
    });
    const ran: string[] = [];
    coalesced.after(300, () => ran.push('300'));
    coalesced.after(100, () => {
      ran.push('100');
      throw new Error('a fault of its own');
    });
    coalesced.after(200, () => ran.push('200'));
    expect(armed, 'the second is due before the first').to.equal(2);
    await clock.run(1_000);
    expect(() => wake()).to.throw('a fault of its own');
    wake();
    expect(ran).to.deep.equal(['100', '200', '300']);
    expect(armed, 'once more for those that the fault left').to.equal(3);
  });

  it('leaves no timer when nothing is left to do', () => {
    const clock = new VirtualClock();
    const cancel = new CoalescingClock(clock).after(1_000, () => undefined);
    cancel();
    cancel();
    expect(clock.pending).to.equal(0);
  });
});
