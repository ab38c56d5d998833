import {expect} from 'chai';
import {prepareSelf, takeSelf} from './self.js';

describe('takeSelf', () => {
  it('gives somebody new each time, prepared or not', async () => {
    prepareSelf();
    prepareSelf();
    const ids = (await Promise.all([takeSelf(), takeSelf(), takeSelf()])).map(({id}) => id);
    expect(new Set(ids).size).to.equal(3);
    for (const id of ids) expect(id).to.match(/^[0-9a-v]{20}$/);
  });
});
