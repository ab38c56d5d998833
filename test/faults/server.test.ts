/** The server goes away, or falls silent, under three tabs in a room. See `docs/resume.md`. */
import {after, afterEach, before, describe, it, type TestContext} from 'node:test';
import {FaultRoom, Figures, LONG, TABS, hasStatus, pause} from '../helpers/fault-room.js';

describe('faults of the server', () => {
  const room = new FaultRoom();
  before(() => room.start());
  afterEach(() => room.close());
  after(() => room.stop());

  /** The server is killed and comes back after `awayMs`. */
  const killed = (awayMs: number) => async (test: TestContext): Promise<void> => {
    await room.open();
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const round = figures.played;
      await room.server.kill();
      await Promise.all(room.tabs.map(tab => hasStatus(tab, 'resuming')));
      await room.talk(`away ${round}:`);
      await pause(awayMs);
      await room.talk(`still away ${round}:`);
      await room.server.start();
      figures.push(await room.healed(Date.now()));
      await room.talk(`back ${round}:`);
    }
    figures.judge(test, `server gone for ${awayMs / 1_000} s, all in the List again after its return`, 1_500);
  };

  it('a server that is killed and comes back', killed(5_000));
  it('a server that is away for a minute', {skip: !LONG}, killed(60_000));

  it('a server that was away when the page was opened', async test => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const round = figures.played;
      room.next();
      await room.server.kill();
      const tabs = await Promise.all(Array.from({length: TABS}, (_, i) => room.openTab(`Person ${i + 1}`)));
      await Promise.all(tabs.map(tab => hasStatus(tab, 'failed')));
      await pause(LONG ? 10_000 : 3_000);
      await room.server.start();
      figures.push(await room.healed(Date.now()));
      await room.talk(`there ${round}:`);
      await room.close();
    }
    figures.judge(test, 'server away when the page was opened, all in the List after its return', 4_000);
  });

  it('a server that falls silent while its sockets stand', async test => {
    await room.open();
    const noticed = new Figures(room);
    const figures = new Figures(room);
    while (noticed.wantsMore) {
      const round = noticed.played;
      const since = Date.now();
      room.proxy.swallow = 'everything';
      await Promise.all(room.tabs.map(tab => hasStatus(tab, 'resuming')));
      noticed.push(Date.now() - since);
      await room.talk(`silent ${round}:`);
      await pause(LONG ? 15_000 : 3_000);
      room.proxy.swallow = 'nothing';
      figures.push(await room.healed(Date.now()));
      await room.talk(`speaks ${round}:`);
    }
    noticed.judge(test, 'silence noticed', 5_000);
    figures.judge(test, 'all in the List again after it', 1_500);
  });
});
