import {expect} from 'chai';
import fc from 'fast-check';
import {compareLists} from './list-change.js';

const list = fc.uniqueArray(fc.integer({min: 0, max: 9}).map(String), {maxLength: 10});

describe('compareLists', () => {
  it('names everybody who came and who left, whatever the order', () => {
    fc.assert(fc.property(list, list, (before, after) => {
      const {came, left} = compareLists(before, after, id => after.includes(id));
      expect(came).to.deep.equal(after.filter(id => !before.includes(id)));
      expect([...left].sort()).to.deep.equal(before.filter(id => !after.includes(id)).sort());
    }));
  });
});
