import {expect} from 'chai';
import {VirtualClock} from '../virtual-clock.js';
import {Gathering} from './gathering.js';

describe('Gathering', () => {
  interface Room {
    readonly clock: VirtualClock;
    readonly gathering: Gathering;
    /** Which descriptions have gone, and when. */
    readonly gone: ReadonlyMap<string, number>;
    readonly describe: (name: string) => () => void;
  }

  /** In which so many links are being made. */
  function room(links: number): Room {
    const clock = new VirtualClock();
    const gathering = new Gathering(clock);
    const gone = new Map<string, number>();
    for (let link = 0; link < links; link++) gathering.begin();
    return {clock, gathering, gone, describe: name => () => void gone.set(name, clock.now())};
  }

  it('lets the one link of a room of two wait for nothing', () => {
    const {gathering, gone, describe} = room(1);
    gathering.add(describe('a'));
    expect(gone.get('a')).to.equal(0);
  });

  it('says descriptions together when no more candidates come', async () => {
    const {clock, gathering, gone, describe} = room(2);
    const [a, b] = [describe('a'), describe('b')];
    gathering.add(a);
    gathering.add(b);
    await clock.run(10);
    gathering.found(a);
    await clock.run(0.5);
    gathering.found(b);
    await clock.run(1);
    expect([...gone]).to.deep.equal([['a', 11.5], ['b', 11.5]]);
  });

  it('waits a tenth of a second for the first candidate of all', async () => {
    const {clock, gathering, gone, describe} = room(2);
    gathering.add(describe('a'));
    await clock.run(1_000);
    expect(gone.get('a')).to.equal(100);
  });

  it('waits longer while candidates of other links come, and a second at the most', async () => {
    const {clock, gathering, gone, describe} = room(20);
    gathering.add(describe('a'));
    for (let n = 0; n < 15; n++) {
      const other = describe(`other ${n}`);
      gathering.add(other);
      await clock.run(80);
      gathering.found(other);
    }
    expect(gone.get('a')).to.equal(1_000);
  });

  it('waits no longer than until its own candidate comes', async () => {
    const {clock, gathering, gone, describe} = room(3);
    const [a, b] = [describe('a'), describe('b')];
    gathering.add(a);
    gathering.add(b);
    await clock.run(80);
    gathering.found(b);
    await clock.run(100);
    expect(gone.has('a')).to.equal(false);
    gathering.found(a);
    await clock.run(1);
    expect(gone.get('a')).to.equal(181);
  });

  it('says nothing of a link that is over', async () => {
    const {clock, gathering, gone, describe} = room(2);
    const a = describe('a');
    gathering.add(a);
    gathering.found(a);
    gathering.remove(a);
    gathering.end();
    await clock.run(2_000);
    expect(gone.size).to.equal(0);
  });
});
