/** The main job: tabs of real browsers in one room, over real WebRTC and the real server. */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser} from 'puppeteer-core';
import {startServer, type MeshServer} from '../server/index.js';
import {launchChromium, launchFirefox, until} from './helpers/browser.js';
import {findFirefox} from './helpers/firefox.js';
import {
  enter, enterTogether, isOfBrowser, lines, linked, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab,
} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';
import {startStockServer} from './helpers/stock-server.js';

/** How often so many join at one instant; eight are as much work as all else here, so that they do it less often in the short run. */
const rounds = (count: number): number => Number(process.env.ROUNDS ?? (count < 8 ? 6 : 2));

let server: MeshServer;
let site: Site;
let browser: Browser;
let tabs: RoomTab[] = [];

async function open(count: number, room?: string): Promise<RoomTab[]> {
  const opened = await Promise.all(Array.from({length: count}, (_, i) => openRoom(browser, site, `Person ${i + 1}`, room)));
  tabs.push(...opened);
  return opened;
}

/** Everybody is linked to everybody. */
const meshed = (all: readonly RoomTab[], room: string) => Promise.all(all.map(({page}) => linked(page, room, all.length - 1)));

/** Everybody says a line, and everybody reads each of them once, a sender's in the sender's order. */
async function everybodyTalks(all: readonly RoomTab[]): Promise<void> {
  await Promise.all(all.map(async ({page, name}) => {
    await say(page, `${name} says hello`);
    await say(page, `${name} says more`);
  }));
  for (const {page} of all) {
    const texts = await lines(page, 2 * all.length);
    assert.equal(texts.length, 2 * all.length);
    for (const {name} of all) {
      assert.deepEqual(texts.filter(text => text.startsWith(`${name} `)), [`${name} says hello`, `${name} says more`]);
    }
  }
}

describe('tabs in a room', () => {
  before(async () => {
    server = await startServer({port: 0});
    [site, browser] = await Promise.all([serveEmbed(server), launchChromium()]);
  });
  afterEach(async () => {
    const errors = tabs.flatMap(tab => tab.errors);
    await Promise.all(tabs.map(tab => tab.close()));
    tabs = [];
    assert.deepEqual(errors, [], 'nothing went wrong in the console');
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await server?.stop();
  });

  for (const count of [2, 3, 8]) {
    it(`${count} that join one after another are all linked, and read each other`, async () => {
      const all = await open(count);
      for (const [i, {page}] of all.entries()) {
        await enter(page, `row-${count}`);
        await linked(page, `row-${count}`, i);
      }
      await meshed(all, `row-${count}`);
      await everybodyTalks(all);
    });

    it(`${count} that join at one instant are all linked, ${rounds(count)} times out of ${rounds(count)}`, async () => {
      const all = await open(count);
      for (let round = 0; round < rounds(count); round++) {
        await enterTogether(all.map(({page}) => page), `instant-${count}-${round}`);
        await meshed(all, `instant-${count}-${round}`);
      }
      await everybodyTalks(all);
    });
  }

  it('a reload leaves no ghost and keeps the name', async () => {
    const [one, two] = await open(2, 'reload');
    await meshed([one!, two!], 'reload');
    const before = (await stateOf(two!.page)).selfId;
    await two!.page.reload();
    await meshed([one!, two!], 'reload');
    const {peers} = await stateOf(one!.page);
    assert.deepEqual(peers.map(({name}) => name), ['Person 2']);
    assert.notEqual(peers[0]!.id, before);
    await everybodyTalks([one!, two!]);
  });

  it('who leaves while the page goes away has left, also where the server does not see to that', async () => {
    const stock = await startStockServer();
    try {
      const [one, two, three] = await Promise.all(['away', undefined, undefined].map((room, i) =>
        openRoom(browser, site, `Person ${i + 1}`, room, {url: stock.url})));
      tabs.push(one!, two!, three!);
      // A hidden page tells the server at once.
      await two!.page.bringToFront();
      // Before it joins: the room leaves by itself upon this event, and whoever listens first is called first.
      await two!.page.evaluate(() => addEventListener('pagehide', () => void document.querySelector<RoomElement>('mesh-room')!.leave()));
      await enter(two!.page, 'away');
      await meshed([one!, two!], 'away');
      await three!.page.evaluate(() => {
        const element = document.querySelector<RoomElement>('mesh-room')!;
        const seen: string[] = (window as unknown as {seen: string[]}).seen = [];
        element.addEventListener('mesh-peers-change', () => seen.push(...element.state.peers.map(({id}) => id)));
      });
      await two!.page.goto(new URL('/elsewhere', site.url).href);
      await enter(three!.page, 'away');
      await meshed([one!, three!], 'away');
      const seen = await three!.page.evaluate(() => (window as unknown as {seen: string[]}).seen);
      assert.deepEqual([...new Set(seen)], [(await stateOf(one!.page)).selfId]);
    } finally {
      await Promise.all(tabs.map(tab => tab.close()));
      await stock.stop();
    }
  });

  it('who changes rooms leaves one and joins the other', async () => {
    const [one, two, three] = await open(3, 'here');
    await meshed([one!, two!, three!], 'here');
    await enter(three!.page, 'there');
    await Promise.all([linked(one!.page, 'here', 1), linked(two!.page, 'here', 1), linked(three!.page, 'there', 0)]);
    await enter(two!.page, 'there');
    await Promise.all([linked(one!.page, 'here', 0), linked(two!.page, 'there', 1), linked(three!.page, 'there', 1)]);
    await enter(two!.page, 'here');
    await meshed([one!, two!], 'here');
  });

  it('an element that is moved stays in the room, one that is removed leaves it, one that comes back joins again', async () => {
    const [one, two] = await open(2, 'moved');
    await meshed([one!, two!], 'moved');
    const {selfId} = await stateOf(one!.page);
    await one!.page.evaluate(() => {
      const element = document.querySelector('mesh-room')!;
      const box = document.createElement('div');
      document.body.append(box);
      box.append(element);
    });
    await say(one!.page, 'still here');
    assert.deepEqual(await lines(two!.page, 1), ['still here']);
    assert.equal((await stateOf(one!.page)).selfId, selfId);
    await one!.page.evaluate(() => {
      const element = document.querySelector('mesh-room')!;
      (window as unknown as {kept: Element}).kept = element;
      element.remove();
    });
    await linked(two!.page, 'moved', 0);
    await one!.page.evaluate(() => document.body.append((window as unknown as {kept: Element}).kept));
    await meshed([one!, two!], 'moved');
  });

  it('two tabs of one user are two people, with the same storage', async () => {
    const context = await browser.createBrowserContext();
    const both = await Promise.all([1, 2].map(i => openRoom(browser, site, `Tab ${i}`, 'same', {context})));
    tabs.push(...both);
    await meshed(both, 'same');
    await everybodyTalks(both);
    await Promise.all(both.map(tab => tab.close()));
    tabs = tabs.filter(tab => !both.includes(tab));
    await context.close();
  });

  it('two rooms on one page are two rooms', async () => {
    const [one, two] = await open(2, 'left');
    await meshed([one!, two!], 'left');
    for (const {page} of [one!, two!]) {
      await page.evaluate(() => {
        const second = document.createElement('mesh-room') as RoomElement;
        second.id = 'second';
        second.room = 'right';
        document.body.append(second);
      });
    }
    for (const {page} of [one!, two!]) {
      await until(page, () => document.querySelector<RoomElement>('#second')!.state.peers[0]?.link === 'direct');
    }
    await one!.page.evaluate(() => document.querySelector<RoomElement>('#second')!.send('to the right', {channel: 'x'}));
    await two!.page.evaluate(() => new Promise<void>(resolve => {
      const element = document.querySelector<RoomElement>('mesh-room')!;
      element.addEventListener('mesh-message', () => resolve());
      void document.querySelector<RoomElement>('#second')!.send('answer', {channel: 'x'}).then(() => resolve());
    }));
    assert.deepEqual(await two!.page.evaluate(() => (globalThis as unknown as {heard: unknown[]}).heard), []);
  });

  it('a line is read while a large file is on its way, and the file arrives whole', async () => {
    const [from, to] = await open(2, 'bulk');
    await meshed([from!, to!], 'bulk');
    const arrival = to!.page.evaluate(() => new Promise<{size: number; sum: number; before: string[]}>(resolve => {
      const before: string[] = [];
      document.querySelector('mesh-room')!.addEventListener('mesh-message', event => {
        const {channel, data} = event as Event & {channel: string; data: ArrayBuffer};
        if (channel !== 'file') return void before.push(channel);
        const bytes = new Uint8Array(data);
        let sum = 0;
        for (let i = 0; i < bytes.length; i += 997) sum = (sum * 31 + (bytes[i] ?? 0)) >>> 0;
        resolve({size: bytes.length, sum, before});
      });
    }));
    const sent = await from!.page.evaluate(async () => {
      const element = document.querySelector<RoomElement>('mesh-room')!;
      const bytes = new Uint8Array(48 * 1024 * 1024);
      for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + (i >> 9)) & 255;
      let sum = 0;
      for (let i = 0; i < bytes.length; i += 997) sum = (sum * 31 + (bytes[i] ?? 0)) >>> 0;
      const file = element.send(bytes, {channel: 'file'});
      await element.send('a line', {channel: 'talk'});
      await file;
      return {size: bytes.length, sum};
    });
    assert.deepEqual(await arrival, {...sent, before: ['talk']});
  });

  it('people go on talking while the server is away, and nobody leaves the roster', async () => {
    const own = await startServer({port: 0});
    const {port} = own;
    const [one, two] = await open(2);
    let again: MeshServer | undefined;
    try {
      for (const {page} of [one!, two!]) {
        await page.evaluate(url => document.querySelector('mesh-room')!.setAttribute('url', url), `ws://127.0.0.1:${port}/deepstream`);
        await enter(page, 'away');
      }
      await meshed([one!, two!], 'away');
      await own.stop();
      for (const {page} of [one!, two!]) {
        await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'resuming');
      }
      await say(one!.page, 'nobody here but us');
      assert.deepEqual(await lines(two!.page, 1), ['nobody here but us']);
      assert.equal((await stateOf(one!.page)).peers.length, 1);
      again = await startServer({port});
      await meshed([one!, two!], 'away');
      assert.deepEqual(await lines(two!.page, 1), ['nobody here but us']);
      for (const tab of [one!, two!]) assert.ok(tab.errors.every(isOfBrowser), tab.errors.join());
      tabs = tabs.filter(tab => tab !== one && tab !== two);
      await Promise.all([one!.close(), two!.close()]);
    } finally {
      await own.stop();
      await again?.stop();
    }
  });

  it('a name that changes, changes for everybody', async () => {
    const [one, two] = await open(2, 'names');
    await meshed([one!, two!], 'names');
    await one!.page.evaluate(() => document.querySelector('mesh-room')!.setAttribute('name', 'Ada Lovelace'));
    await until(two!.page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers[0]?.name === 'Ada Lovelace');
  });

  for (const room of ['Köln/Café №1 😀', '../..?x=1#y', '<b>&amp;"\'', '日本語', 'a.b[0].__proto__', ' spaced ', '%2F%00']) {
    it(`a room may be called ${JSON.stringify(room)}`, async () => {
      const both = await open(2, room);
      await meshed(both, room);
    });
  }

  it('Chromium and Firefox are in one room', async test => {
    if (await findFirefox() === undefined) return test.skip('no Firefox here');
    const firefox = await launchFirefox();
    try {
      const fox = [await openRoom(firefox, site, 'Fox 1', 'both'), await openRoom(firefox, site, 'Fox 2', 'both')];
      const all = [...await open(2, 'both'), ...fox];
      await meshed(all, 'both');
      await everybodyTalks(all);
      assert.deepEqual(fox.flatMap(({errors}) => errors), []);
    } finally {
      await firefox.close();
    }
  });
});
