import {expect} from 'chai';

import {VirtualClock} from '../virtual-clock.js';
import {KeptBack} from './kept-back.js';

describe('candidates that are kept back', () => {
  function make() {
    const clock = new VirtualClock();
    const released: unknown[] = [];
    return {clock, released, kept: new KeptBack(signal => released.push(signal), clock)};
  }

  it('go in their order when the two have not found each other for a fifth of a second, and those that come later at once', async () => {
    const {clock, released, kept} = make();
    kept.begin();
    expect([kept.add('one'), kept.add('two')]).to.deep.equal([true, true]);
    await clock.run(199);
    expect(released).to.deep.equal([]);
    await clock.run(1);
    expect(released).to.deep.equal(['one', 'two']);
    kept.drop();
    expect(kept.add('three'), 'goes its own way').to.equal(false);
    expect(clock.pending).to.equal(0);
  });

  it('never go where they have, nor do those that come later, until there is another description', async () => {
    const {clock, released, kept} = make();
    expect(kept.add('before any answer')).to.equal(false);
    kept.begin();
    kept.add('one');
    kept.drop();
    expect(kept.add('two')).to.equal(true);
    await clock.run(1_000);
    expect(released).to.deep.equal([]);
    kept.end();
    expect(kept.add('of another description')).to.equal(false);
    expect(clock.pending).to.equal(0);
  });
});
