/** What was said outlives the page, and what waits is sent once: in real tabs, with a real server that goes away and comes back. */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, BrowserContext, Page} from 'puppeteer-core';
import {startServer, type MeshServer} from '../server/index.js';
import {inShadow, launchChromium, newTab, type Tab, until} from './helpers/browser.js';
import {lines, linked, say, type RoomElement} from './helpers/room-tabs.js';
import {servePages, type Site} from './helpers/serve.js';
import {typeLine} from './helpers/typing.js';

type Chat = HTMLElement & {
  readonly messages: ReadonlyArray<{readonly text: string; readonly status: string; readonly seq: number; readonly own: boolean;
    readonly deliveredTo: readonly string[]}>;
  say(text: string): Promise<void>;
  forget(): Promise<void>;
};

let browser: Browser;
/** Hands out the script, always. */
let host: MeshServer;
/** The room's own, which comes and goes. */
let server: MeshServer | undefined;
let port = 0;
let site: Site;
const tabs: Tab[] = [];
const contexts: BrowserContext[] = [];

async function newUser(): Promise<BrowserContext> {
  const context = await browser.createBrowserContext();
  contexts.push(context);
  return context;
}

async function open(name: string, room: string, {context, before: script}: {context?: BrowserContext; before?: string} = {}): Promise<Tab> {
  const tab = await newTab(browser, 'about:blank', {context: context ?? await newUser()});
  tabs.push(tab);
  if (script !== undefined) await tab.page.evaluateOnNewDocument(script);
  const url = new URL(site.url);
  url.search = new URLSearchParams({name, room, url: `ws://127.0.0.1:${port}/deepstream`}).toString();
  await tab.page.goto(url.href, {waitUntil: 'load'});
  return tab;
}

async function startRoomServer(): Promise<void> {
  server = await startServer({port});
  port = Number(new URL(server.url).port);
}

async function stopRoomServer(): Promise<void> {
  await server?.stop();
  server = undefined;
}

const messages = (page: Page) => page.evaluate(() => document.querySelector<Chat>('mesh-chat')!.messages
  .map(({text, status, seq, own, deliveredTo}) => ({text, status, own, former: seq < 0, delivered: deliveredTo.length})));

const hasStatus = (page: Page, wanted: string): Promise<void> =>
  until(page, (status: string) => document.querySelector<RoomElement>('mesh-room')?.state?.status === status, wanted);

/** Waits until the chat, hidden words included, has these words in it, in this order. It is drawn a frame after `messages` is told. */
const reads = (page: Page, ...words: readonly string[]): Promise<void> => until(page, (wanted: readonly string[]) => {
  let rest = document.querySelector('mesh-chat')!.shadowRoot!.textContent;
  return wanted.every(each => {
    const at = rest.indexOf(each);
    rest = rest.slice(at + each.length);
    return at >= 0;
  });
}, words);

describe('outbox and history', () => {
  before(async () => {
    [host, browser] = await Promise.all([startServer({port: 0}), launchChromium()]);
    site = await servePages({'/': `<!doctype html><meta charset="utf-8"><title>Room</title>
      <script type="module" src="${new URL('mesh-room.js', host.url).href}"></script>
      <mesh-room style="height: 400px"><mesh-chat></mesh-chat></mesh-room>
      <script>
        const element = document.querySelector('mesh-room');
        for (const [key, value] of new URLSearchParams(location.search)) element.setAttribute(key, value);
      </script>`});
    await startRoomServer();
  });
  afterEach(async () => {
    for (const {page} of tabs.splice(0)) if (!page.isClosed()) await page.close();
    for (const context of contexts.splice(0)) await context.close();
    if (!server) await startRoomServer();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([site?.stop(), server?.stop(), host?.stop()]);
  });

  it('sends what was typed without server and people once, in order, after a reload', async () => {
    await stopRoomServer();
    const {page} = await open('Ada', 'alone');
    for (const text of ['one', 'two', 'three']) await typeLine(page, text);
    await lines(page, 3);
    await until(page, () => document.querySelector<Chat>('mesh-chat')!.messages.every(({status}) => status === 'waiting'));
    await reads(page, 'Waiting to be sent');
    await page.reload();
    await lines(page, 3);
    assert.deepEqual((await messages(page)).map(({text, status, own}) => [text, status, own]),
      [['one', 'waiting', true], ['two', 'waiting', true], ['three', 'waiting', true]]);
    await startRoomServer();
    await page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.rejoin());
    const bo = await open('Bo', 'alone');
    await linked(bo.page, 'alone', 1);
    assert.deepEqual(await lines(bo.page, 3), ['one', 'two', 'three']);
    await until(page, () => document.querySelector<Chat>('mesh-chat')!.messages.every(({status, deliveredTo}) =>
      status === 'sent' && deliveredTo.length === 1));
    await reads(page, 'Delivered');
    // Once more under another id: who has them does not get them again.
    await page.reload();
    await linked(page, 'alone', 1);
    await say(page, 'four');
    assert.deepEqual(await lines(bo.page, 4), ['one', 'two', 'three', 'four']);
  });

  it('shows the former visit with the server gone, apart from what is new', async () => {
    const {page} = await open('Ada', 'gone');
    const bo = await open('Bo', 'gone');
    await linked(page, 'gone', 1);
    await say(page, 'mine');
    await lines(bo.page, 1);
    await say(bo.page, 'yours');
    await lines(page, 2);
    await until(page, () => document.querySelector<Chat>('mesh-chat')!.messages[0]!.deliveredTo.length === 1);
    await stopRoomServer();
    await page.reload();
    assert.deepEqual(await lines(page, 2), ['mine', 'yours']);
    await typeLine(page, 'new');
    await lines(page, 3);
    assert.deepEqual((await messages(page)).map(({former, own}) => [former, own]), [[true, true], [true, false], [false, true]]);
    await reads(page, 'mine', 'yours', 'Earlier', 'new');
  });

  it('does not send in one tab what waits in another', async () => {
    const context = await newUser();
    const bo = await open('Bo', 'tabs');
    await hasStatus(bo.page, 'joined');
    const offline = await open('Ada', 'tabs', {context});
    await linked(offline.page, 'tabs', 1);
    await offline.page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.leave());
    await typeLine(offline.page, 'waits');
    await lines(offline.page, 1);
    const second = await open('Ada', 'tabs', {context});
    await linked(second.page, 'tabs', 1);
    await say(second.page, 'from the second');
    assert.deepEqual(await lines(bo.page, 1), ['from the second']);
    await offline.page.close();
    await second.page.reload();
    assert.deepEqual(await lines(bo.page, 2), ['from the second', 'waits']);
  });

  it('forgets a room, also on the disk and in the other tabs, when asked and asked again', async () => {
    const context = await newUser();
    const other = await open('Ada', 'forget', {context});
    const {page} = await open('Ada', 'forget', {context});
    await linked(other.page, 'forget', 1);
    await linked(page, 'forget', 1);
    await say(page, 'secret');
    await Promise.all([page, other.page].map(each => lines(each, 1)));
    const press = async (answer: string) => {
      const button = await inShadow(page, `[data-forget="${answer}"]`);
      await button.focus();
      await page.keyboard.press('Enter');
    };
    await press('ask');
    await press('no');
    assert.equal((await messages(page)).length, 1);
    await press('ask');
    await press('yes');
    await Promise.all([page, other.page].map(each => until(each, () => document.querySelector<Chat>('mesh-chat')!.messages.length === 0)));
    await other.close();
    await page.evaluate(() => document.querySelector<Chat>('mesh-chat')!.forget());
    await page.reload();
    await hasStatus(page, 'joined');
    await say(page, 'fresh');
    assert.deepEqual(await lines(page, 1), ['fresh']);
  });

  for (const [what, script] of Object.entries({
    'is not to be had': `Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})`,
    'cannot be opened': `IDBFactory.prototype.open = () => { throw new DOMException('no', 'UnknownError'); }`,
    'fails to open': 'const open = IDBFactory.prototype.open; IDBFactory.prototype.open = function (name) { return open.call(this, name, -1); }',
    'never answers': `const unheard = indexedDB.open('unheard');
      unheard.addEventListener = () => undefined;
      IDBFactory.prototype.open = () => unheard;`,
    'is full': `IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }`,
  })) {
    it(`goes on without history when storage ${what}`, async () => {
      const listen = `window.codes = []; addEventListener('mesh-error', ({error}) => codes.push(error.code), true);`;
      const {page, errors} = await open('Ada', 'blocked', {before: listen + script});
      const bo = await open('Bo', 'blocked');
      await linked(page, 'blocked', 1);
      await typeLine(page, 'one');
      await typeLine(page, 'two');
      assert.deepEqual(await lines(bo.page, 2), ['one', 'two']);
      await say(bo.page, 'three');
      assert.deepEqual(await lines(page, 3), ['one', 'two', 'three']);
      await until(page, () => document.querySelector<Chat>('mesh-chat')!.messages.every(({own, deliveredTo}) => !own || deliveredTo.length === 1));
      await until(page, () => (document.querySelector('mesh-chat')!.shadowRoot!.querySelector<HTMLElement>('.kept')?.innerText ?? '').startsWith('New messages are not kept: this device’s storage is full or blocked.'));
      assert.deepEqual(await page.evaluate(() => (window as Window & {codes?: string[]}).codes), ['storage-failed']);
      assert.deepEqual(errors, []);
    });
  }
});
