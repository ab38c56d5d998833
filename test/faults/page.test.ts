/** A tab of a room is frozen, killed, closed, reloaded, left and come back to, or has its clock set. See `docs/resume.md`. */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it, type TestContext} from 'node:test';
import type {Page} from 'puppeteer-core';
import {freeze, until} from '../helpers/browser.js';
import {FaultRoom, Figures, LONG, SILENT_MS, pause} from '../helpers/fault-room.js';
import {lines, linked, say, stateOf, type RoomElement, type RoomTab} from '../helpers/room-tabs.js';

/** Waits for the roster of `page` to name nobody but `others` people; when that was, by the machine's clock. */
const gone = (page: Page, others: number): Promise<number> => page.evaluate(count => new Promise<number>(resolve => {
  const element = document.querySelector<RoomElement>('mesh-room')!;
  element.addEventListener('mesh-peers-change', () => {
    if (element.state.peers.length === count) resolve(Date.now());
  });
}), others);

describe('faults of a page', () => {
  const room = new FaultRoom();
  // As it is in browsers that nobody steers.
  before(() => room.start({backForwardCache: true}));
  afterEach(() => room.close());
  after(() => room.stop());

  /** One tab is frozen for `frozenMs`, while the others talk. */
  const frozen = (frozenMs: number, what: string) => async (test: TestContext): Promise<void> => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const [one, two, sleeper] = await room.open() as [RoomTab, RoomTab, RoomTab];
      await say(sleeper.page, 'before');
      await Promise.all([one, two].map(({page}) => lines(page, 1)));
      const session = await sleeper.page.createCDPSession();
      await freeze(sleeper.page, session);
      const end = Date.now() + frozenMs;
      const said: string[] = [];
      while (Date.now() < end) {
        said.push(`while it sleeps ${said.length}`);
        await say(one.page, said.at(-1)!);
        await pause(frozenMs / 8);
      }
      await session.send('Page.setWebLifecycleState', {state: 'active'});
      figures.push(await room.healed(Date.now()));
      const heard = await lines(sleeper.page, 1 + said.length);
      assert.deepEqual(heard.filter(text => text.startsWith('while')), said, 'what was said meanwhile is there, once and in order');
      await room.talk('after:');
      await room.close();
    }
    figures.judge(test, `${what}, all links usable after resume`, 2_000);
  };

  it('a tab that is frozen', frozen(LONG ? 10_000 : 3_000, 'frozen for a short time'));
  it('a tab that is frozen for longer than the server waits', frozen(SILENT_MS + 5_000, 'frozen beyond the lease'));

  /** One tab goes away for good; the others go on without noticing anything else. */
  const leaves = (what: string, boundMs: number, end: (tab: RoomTab) => Promise<unknown>) => async (test: TestContext): Promise<void> => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const [one, two, victim] = await room.open() as [RoomTab, RoomTab, RoomTab];
      const left = Promise.all([one, two].map(({page}) => gone(page, 1)));
      room.lose(victim);
      const since = Date.now();
      const ended = end(victim);
      figures.push(Math.max(...await left) - since);
      await Promise.all([one, two].map(({page}) => linked(page, room.room, 1)));
      await room.talk('without it:');
      await ended;
      await victim.close();
      await room.isExact();
      await room.close();
    }
    figures.judge(test, `${what}, gone from all rosters`, boundMs);
  };

  // The renderer dies on the spot: no goodbye, no unload handlers.
  it('a tab that is killed', leaves('killed', 2_000, async ({page}) => {
    const session = await page.createCDPSession();
    void session.send('Page.crash').catch(() => undefined);
  }));
  it('a tab that is closed', leaves('closed', 300, ({page}) => page.close({runBeforeUnload: false})));
  it('a tab that goes to another page', leaves('navigated away', 300, ({page}) => page.goto(new URL('elsewhere', room.site.url).href)));

  it('a tab that is reloaded ten times fast', async test => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      await room.open();
      const {page} = room.tabs[2]!;
      for (let i = 0; i < 10; i++) await page.reload({waitUntil: 'domcontentloaded'});
      figures.push(await room.healed(Date.now()));
      await room.close();
    }
    figures.judge(test, 'roster exact after ten reloads', 3_000);
  });

  it('a tab that goes to another page and back, out of the back/forward cache', async test => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const [one, two, tab] = await room.open() as [RoomTab, RoomTab, RoomTab];
      await say(tab.page, 'before');
      await Promise.all([one, two].map(({page}) => lines(page, 1)));
      await tab.page.evaluate(() => { (window as unknown as {isOld: boolean}).isOld = true; });
      await tab.page.goto(new URL('elsewhere', room.site.url).href);
      await Promise.all([one, two].map(({page}) => linked(page, room.room, 1)));
      await say(one.page, 'while it is away');
      const since = Date.now();
      await tab.page.goBack();
      figures.push(await room.healed(since));
      const {isOld, why} = await tab.page.evaluate(() => {
        const [entry] = performance.getEntriesByType('navigation') as (PerformanceEntry & {notRestoredReasons?: unknown})[];
        return {isOld: 'isOld' in window, why: JSON.stringify(entry?.notRestoredReasons)};
      });
      assert.ok(isOld, `it is the same page, out of the cache: ${why}`);
      assert.deepEqual((await stateOf(one.page)).peers.map(({name}) => name).sort(), ['Person 2', 'Person 3']);
      assert.ok((await lines(tab.page, 1)).includes('before'));
      await room.talk('after:');
      await room.close();
    }
    figures.judge(test, 'back out of the cache, joined and linked', 2_000);
  });

  for (const hours of [-1, 1]) {
    it(`a clock that is set ${hours < 0 ? 'back' : 'forth'} by an hour`, async () => {
      const [one, two, tab] = await room.open() as [RoomTab, RoomTab, RoomTab];
      await room.talk('before:');
      await tab.page.evaluate(ms => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + ms;
      }, hours * 3_600_000);
      await room.talk('at once:');
      for (let n = 0; n < 5; n++) await say(tab.page, `later ${n}`);
      for (const {page} of [one, two, tab]) {
        const heard = await lines(page, 11);
        assert.deepEqual(heard.slice(-5), Array.from({length: 5}, (_, n) => `later ${n}`), 'in order');
      }
      // The page's watch over its own clock looks every 5 s, and asks everybody when it jumped; nothing comes of it.
      const {selfId} = await stateOf(tab.page);
      const disturbed = Promise.all([one, two, tab].map(({page}) => page.evaluate(() => new Promise<readonly string[]>(resolve => {
        const element = document.querySelector<RoomElement>('mesh-room')!;
        const seen: string[] = [];
        const look = () => seen.push(element.state.status, ...element.state.peers.map(({link}) => link));
        element.addEventListener('mesh-peers-change', look);
        element.addEventListener('mesh-status-change', look);
        setTimeout(() => resolve(seen), 8_000);
      }))));
      for (const seen of await disturbed) assert.ok(seen.every(word => word === 'joined' || word === 'direct'), seen.join());
      assert.equal((await stateOf(tab.page)).selfId, selfId);
      await room.talk('after:');
      await tab.page.reload();
      await room.healed(Date.now());
      const again = await lines(tab.page, 14);
      assert.deepEqual(again.filter(text => text.startsWith('later')), Array.from({length: 5}, (_, n) => `later ${n}`), 'kept in order');
      await until(tab.page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers.every(({away}) => !away));
    });
  }
});
