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

  const wakesUp = (): void => {
    for (const sign of ['resume', 'visibilitychange']) document.dispatchEvent(new Event(sign));
  };

  it('tells once that the page woke up, though that shows in several ways, and not in the turn that may have other things to do', async () => {
    const woken = new Promise(resolve => life.addEventListener('wake', resolve));
    wakesUp();
    expect(told).to.deep.equal([]);
    await woken;
    const again = new Promise(resolve => life.addEventListener('wake', resolve));
    wakesUp();
    await again;
    expect(told).to.deep.equal([false, false]);
  });

  it('tells at once of another network, and not once more of the same awakening', async () => {
    wakesUp();
    globalThis.dispatchEvent(new Event('online'));
    expect(told).to.deep.equal([true]);
    const again = new Promise(resolve => life.addEventListener('wake', resolve));
    wakesUp();
    await again;
    expect(told).to.deep.equal([true, false]);
  });

  it('tells nothing after it was closed', async () => {
    wakesUp();
    life.close();
    const other = new PageLife();
    const woken = new Promise(resolve => other.addEventListener('wake', resolve));
    wakesUp();
    await woken;
    other.close();
    expect(told).to.deep.equal([]);
  });
});
