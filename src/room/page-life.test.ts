import {expect} from 'chai';
import {PageLife} from './page-life.js';

describe('PageLife', () => {
  let life: PageLife;
  let told: boolean[];
  beforeEach(() => {
    life = new PageLife();
    told = [];
    life.addEventListener('wake', ({network}) => told.push(network));
  });
  afterEach(() => life.close());

  /** Shows in two ways that the page woke up; settles when `by` tells so. */
  const wakesUp = (by = life): Promise<unknown> => {
    const woken = new Promise(resolve => by.addEventListener('wake', resolve));
    for (const sign of ['resume', 'visibilitychange']) document.dispatchEvent(new Event(sign));
    return woken;
  };

  it('tells once that the page woke up, though that shows in several ways, and not in the turn that may have other things to do', async () => {
    const woken = wakesUp();
    expect(told).to.deep.equal([]);
    await woken;
    await wakesUp();
    expect(told).to.deep.equal([false, false]);
  });

  it('tells at once of another network, and not once more of the same awakening', async () => {
    void wakesUp();
    globalThis.dispatchEvent(new Event('online'));
    expect(told).to.deep.equal([true]);
    await wakesUp();
    expect(told).to.deep.equal([true, false]);
  });

  it('tells nothing after it was closed', async () => {
    void wakesUp();
    life.close();
    const other = new PageLife();
    await wakesUp(other);
    other.close();
    expect(told).to.deep.equal([]);
  });
});
