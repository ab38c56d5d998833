/** The project's own page in a real browser, on the real server. */
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, Page} from 'puppeteer-core';
import {startServer, type MeshServer} from '../server/index.js';
import type {RoomState} from '../src/room/types.js';
import {launchChromium, newTab, type Tab, type TabOptions, until} from './helpers/browser.js';
import {servePages} from './helpers/serve.js';
import {typeLine} from './helpers/typing.js';

/** The tag as the contract has it; in the page it is the real one. */
type RoomElement = HTMLElement & {readonly state: RoomState};

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server: MeshServer;
let browser: Browser;
const tabs: Tab[] = [];

/** A page of the server in a browser of somebody's own. */
async function open(path: string, options?: TabOptions): Promise<Tab> {
  const tab = await newTab(browser, new URL(path, server.url).href, options);
  tabs.push(tab);
  return tab;
}

/** Waits until the page's room is joined with `others` people beside oneself. */
async function joined(page: Page, others = 0): Promise<void> {
  await until(page, (count: number) => {
    const {status, peers} = document.querySelector<RoomElement>('mesh-room')?.state ?? {};
    return status === 'joined' && peers?.length === count && peers.every(peer => peer.link === 'direct');
  }, others);
}

const roomOf = (page: Page): Promise<string> =>
  page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.state.room);

const text = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, element => (element as HTMLElement).innerText.trim());

/** What is written in the room, shadow trees included. */
const roomText = (page: Page): Promise<string> => page.evaluate(() => {
  const read = (node: Node): string => {
    const inner = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
    return inner.nodeType === Node.TEXT_NODE ? inner.textContent ?? '' : [...inner.childNodes].map(read).join(' ');
  };
  return read(document.querySelector('mesh-room')!);
});

async function reads(page: Page, line: string): Promise<void> {
  await until(page, (wanted: string) => {
    const read = (node: Node): string => {
      const inner = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
      return inner.nodeType === Node.TEXT_NODE ? inner.textContent ?? '' : [...inner.childNodes].map(read).join('');
    };
    return read(document.querySelector('mesh-room')!).includes(wanted);
  }, line);
}

describe('the page', () => {
  before(async () => {
    [server, browser] = await Promise.all([startServer({port: 0}), launchChromium()]);
  });
  afterEach(async () => {
    const errors = tabs.flatMap(tab => tab.errors);
    await Promise.all(tabs.splice(0).map(tab => tab.close()));
    assert.deepEqual(errors, [], 'nothing went wrong in the console');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('lets whoever opens the front meet in the lobby', async () => {
    const [ada, bob] = await Promise.all([open('/'), open('/')]);
    await Promise.all([joined(ada.page, 1), joined(bob.page, 1)]);
    assert.equal(await roomOf(ada.page), 'lobby');
    await typeLine(ada.page, 'hello from the front');
    await reads(bob.page, 'hello from the front');
  });

  it('makes a room in one click, whose link brings others in', async () => {
    const {page} = await open('/');
    await joined(page);
    await page.click('#make');
    await joined(page);
    assert.match(new URL(page.url()).pathname, /^\/r\/[a-z]+-[a-z]+-[a-z0-9]{8}$/);
    const room = await roomOf(page);
    assert.equal(await text(page, '#room-name'), room);
    assert.ok((await page.title()).startsWith(room));

    await page.browserContext().setPermission(new URL(server.url).origin,
      {permission: {name: 'clipboard-read'}, state: 'granted'}, {permission: {name: 'clipboard-write'}, state: 'granted'});
    await page.click('#copy-link');
    await until(page, () => document.querySelector('#copy-link')!.textContent.includes('Copied'));
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(link, page.url());

    const guest = await newTab(browser, link);
    tabs.push(guest);
    await Promise.all([joined(page, 1), joined(guest.page, 1)]);
    await typeLine(guest.page, 'I came by the link');
    await reads(page, 'I came by the link');
  });

  it('copies where the clipboard is out of reach', async () => {
    const {page} = await open('/r/plain');
    const copied = await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', {value: undefined}); // as on a plain http: origin
      let taken = '';
      document.addEventListener('copy', () => { taken = (document.activeElement as HTMLTextAreaElement).value; });
      document.querySelector<HTMLButtonElement>('#copy-link')!.click();
      return new Promise<string>(resolve => {
        new MutationObserver(() => resolve(taken)).observe(document.querySelector('#announcer')!, {childList: true});
      });
    });
    assert.equal(copied, page.url());
  });

  it('enters a room by name or by pasted link, and goes back and forth', async () => {
    const {page} = await open('/');
    await joined(page);
    await page.type('#enter-name', 'Café №7 / 日本');
    await page.keyboard.press('Enter');
    await joined(page);
    assert.equal(await roomOf(page), 'Café №7 / 日本');

    await page.type('#enter-name', new URL('/r/by%20link', server.url).href);
    await page.keyboard.press('Enter');
    await joined(page);
    assert.equal(await roomOf(page), 'by link');

    await page.goBack();
    await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.room === 'Café №7 / 日本');
    await page.click('#home');
    await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.room === 'lobby');
    assert.equal(new URL(page.url()).pathname, '/');
  });

  it('opens rooms of any name by their address', async () => {
    for (const room of ['..', '100%', '<img src=x onerror=alert(1)>', 'a/b?c#d', '👩‍👩‍👧']) {
      const {page} = await open(`/?room=${encodeURIComponent(room)}`);
      await joined(page);
      assert.equal(await roomOf(page), room);
      assert.equal(await text(page, '#room-name'), room);
    }
  });

  it('remembers the visitor\'s name, and tells it to the others', async () => {
    const context = await browser.createBrowserContext();
    try {
      const [ada, bob] = await Promise.all([open('/r/names', {context}), open('/r/names')]);
      await Promise.all([joined(ada.page, 1), joined(bob.page, 1)]);
      await ada.page.type('#your-name', 'Ada');
      await ada.page.keyboard.press('Enter');
      const sees = (page: Page): Promise<unknown> => until(page, () =>
        document.querySelector<RoomElement>('mesh-room')!.state.peers.some(({name}) => name === 'Ada'));
      await sees(bob.page);
      await ada.page.reload();
      assert.equal(await ada.page.$eval('#your-name', field => (field as HTMLInputElement).value), 'Ada');
      await joined(bob.page, 1);
      await sees(bob.page);
    } finally {
      await context.close();
    }
  });

  it('works where the browser keeps nothing', async () => {
    const tab = await newTab(browser, 'about:blank');
    tabs.push(tab);
    await tab.page.evaluateOnNewDocument(() => {
      Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('Blocked', 'SecurityError'); }});
    });
    await tab.page.goto(new URL('/r/blocked', server.url).href);
    await joined(tab.page);
    await tab.page.type('#your-name', 'Ada');
    await tab.page.keyboard.press('Enter');
    await reads(tab.page, 'Ada');
  });

  it('shows the link as a QR code', async () => {
    const {page} = await open('/r/scan%20me');
    await page.click('#show-qr');
    await page.waitForSelector('#qr-code svg');
    assert.equal(await text(page, '#qr-link'), page.url());
    assert.match(await text(page, '#qr-note'), /this computer only/);
    await page.keyboard.press('Escape');
    assert.equal(await page.$eval('#qr', dialog => (dialog as HTMLDialogElement).open), false);
  });

  it('shows two lines that put the room into a page of another origin', async () => {
    const {page} = await open('/r/both "places" & <more>');
    const snippet = await text(page, '#snippet');
    assert.equal(snippet.split('\n').length, 2);
    const site = await servePages({'/': `<!doctype html><title>Somebody's page</title>${snippet}`});
    try {
      const elsewhere = await newTab(browser, site.url);
      tabs.push(elsewhere);
      await Promise.all([joined(page, 1), joined(elsewhere.page, 1)]);
      await typeLine(elsewhere.page, 'hello from the other origin');
      await reads(page, 'hello from the other origin');
    } finally {
      await site.stop();
    }
  });

  it('says so when its script does not come, and offers to try again', async () => {
    const tab = await newTab(browser, 'about:blank');
    await tab.page.setRequestInterception(true);
    tab.page.on('request', request => {
      void (new URL(request.url()).pathname === '/mesh-room.js' ? request.abort() : request.continue());
    });
    try {
      await tab.page.goto(server.url);
      await tab.page.waitForSelector('#loading[role=alert]');
      assert.match(await text(tab.page, '#loading'), /could not be loaded/);
      assert.ok(await tab.page.$('#loading button'));
    } finally {
      await tab.close();
    }
  });

  it('says so when the server goes away, and keeps what was typed', async () => {
    const other = await startServer({port: 0});
    const tab = await newTab(browser, new URL('/r/away', other.url).href);
    try {
      await joined(tab.page);
      const before = await roomText(tab.page);
      await other.stop();
      await until(tab.page, () => document.querySelector<RoomElement>('mesh-room')!.state.status === 'resuming');
      assert.notEqual(await roomText(tab.page), before, 'the visitor sees it');
      await typeLine(tab.page, 'typed while away');
      await reads(tab.page, 'typed while away');
    } finally {
      await tab.close();
      await other.stop();
    }
  });

  it('is laid out once: nothing shifts while it loads and joins', async () => {
    for (const path of ['/', '/r/still']) {
      for (const width of [360, 1280]) {
        const {page} = await open(path, {width});
        await joined(page);
        const shifts = await page.evaluate(() => new Promise<number>(resolve => {
          let sum = 0;
          new PerformanceObserver(list => {
            for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & {value: number}).value;
          }).observe({type: 'layout-shift', buffered: true});
          // What happened so far is handed over in a task of its own; two frames on, it has been.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        }));
        assert.ok(shifts < 0.01, `${path} at ${width} px shifted by ${shifts}`);
        await Promise.all(tabs.splice(0).map(tab => tab.close()));
      }
    }
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      it(`can be used by everybody: ${width} px, ${colorScheme}`, async () => {
        for (const path of ['/', '/r/open']) {
          const {page} = await open(path, {width, colorScheme});
          await joined(page);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
          await page.evaluate(axeSource);
          const violations = await page.evaluate(async () => {
            const axe = (window as unknown as {axe: {run(): Promise<{violations: {id: string; nodes: {html: string}[]}[]}>}}).axe;
            return (await axe.run()).violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(' ')}`);
          });
          assert.deepEqual(violations, []);
          await Promise.all(tabs.splice(0).map(tab => tab.close()));
        }
      });
    }
  }

  it('can be used with the keyboard alone', async () => {
    const {page} = await open('/');
    await joined(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the room');
    const seen: string[] = [];
    for (let stops = 0; stops < 10; stops++) {
      await page.keyboard.press('Tab');
      seen.push(await page.evaluate(() => document.activeElement?.id ?? ''));
    }
    const order = ['home', 'make', 'enter-name', 'copy-link', 'show-qr', 'your-name'];
    assert.deepEqual(seen.filter(id => order.includes(id)), order);
  });
});
