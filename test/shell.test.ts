/** The page as an app: installed, without a connection, updated, broken; in a real browser with a real service worker. */
import assert from 'node:assert/strict';
import {readFile, rm, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, BrowserContext, Page} from 'puppeteer-core';
import {fromRoot} from '../scripts/build/paths.js';
import {startServer, type MeshServer} from '../server/index.js';
import type {RoomState} from '../src/room/types.js';
import {launchChromium, newTab, type Tab, until, WAIT_MS} from './helpers/browser.js';
import {servePages} from './helpers/serve.js';
import {composer, typeLine} from './helpers/typing.js';
import {makeVersion, named, type Changes, type Version} from './helpers/versions.js';

type RoomElement = HTMLElement & {readonly state: RoomState};

interface Manifest {
  readonly id: string;
  readonly start_url: string;
  readonly icons: readonly {readonly src: string; readonly sizes: string; readonly purpose: string}[];
  readonly screenshots: readonly {readonly src: string; readonly sizes: string; readonly form_factor: string}[];
  readonly shortcuts: readonly {readonly url: string}[];
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
const cleanups: (() => Promise<unknown>)[] = [];

/** Done after the test, the last first. */
function later(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/** A server that can be stopped, and started again on the same port with another version. */
class Deployment {
  #server: MeshServer | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async start(version?: Version): Promise<void> {
    this.#server = await startServer({port: this.#port, ...version && {webDir: version.webDir}});
    this.#port = this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async replaceBy(version: Version): Promise<void> {
    await this.stop();
    await this.start(version);
  }
}

async function deploy(version?: Version): Promise<Deployment> {
  const deployment = new Deployment();
  later(() => deployment.stop());
  await deployment.start(version);
  return deployment;
}

async function version(changes?: Changes): Promise<Version> {
  const made = await makeVersion(changes);
  later(() => made.remove());
  return made;
}

/** A user: the storage and the worker that tabs share. */
async function user(): Promise<BrowserContext> {
  const context = await browser.createBrowserContext();
  later(() => context.close());
  return context;
}

async function open(context: BrowserContext, url: string, size: {width?: number; colorScheme?: 'light' | 'dark'} = {}): Promise<Tab> {
  const tab = await newTab(browser, url, {context, ...size});
  // A user's tabs are closed with the user: one that shows a browser's error page may never tell that it is closed.
  if (context === browser.defaultBrowserContext()) later(() => tab.close());
  return tab;
}

const status = (page: Page, wanted: RoomState['status']): Promise<void> =>
  until(page, (name: string) => document.querySelector<RoomElement>('mesh-room')?.state?.status === name, wanted);

/** Waits until the worker serves this page and all later ones. */
async function served(page: Page): Promise<void> {
  await until(page, () => navigator.serviceWorker.controller?.state === 'activated');
}

const versionOf = (page: Page): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset.version);

/** What `<mesh-shell>` says; empty while it shows nothing. */
const noticeOf = (page: Page): Promise<string> => page.$eval('mesh-shell', element =>
  element.shadowRoot?.querySelector<HTMLElement>('.notices')?.innerText.replace(/\s+/g, ' ').trim() ?? '');

const notice = (page: Page, words: string): Promise<void> => until(page, (wanted: string) =>
  document.querySelector('mesh-shell')?.shadowRoot?.querySelector<HTMLElement>('.notices')?.innerText.includes(wanted), words);

async function agree(page: Page): Promise<void> {
  // Not by the mouse, which needs frames, and a tab behind another has none.
  await page.$eval('mesh-shell >>> button', button => (button).click());
}

/** The network is gone for this tab, and the server for everybody. */
async function cut(page: Page, deployment: Deployment): Promise<void> {
  await deployment.stop();
  await page.setOfflineMode(true);
}

const reads = (page: Page, line: string): Promise<void> => until(page, (wanted: string) => {
  const read = (node: Node): string => {
    const inner = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
    return inner.nodeType === Node.TEXT_NODE ? inner.textContent ?? '' : [...inner.childNodes].map(read).join('');
  };
  return read(document.querySelector('mesh-room')!).includes(wanted);
}, line);

const draftOf = (page: Page): Promise<string> => page.$eval('mesh-room >>> textarea', field => (field).value);

/** What axe finds wrong with the page. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = (window as unknown as {axe: {run(): Promise<{violations: {id: string; nodes: {html: string}[]}[]}>}}).axe;
    return (await axe.run()).violations.map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(' ')}`);
  });
}

/** Looks for a new version, and waits until what is found is installed or thrown away. */
const lookForUpdate = (page: Page): Promise<string> => page.evaluate(async () => {
  const registration = (await navigator.serviceWorker.getRegistration())!;
  const found = await registration.update().then(() => registration.installing ?? registration.waiting, () => undefined);
  if (!found) return 'none';
  while (found.state === 'installing') await new Promise(resolve => found.addEventListener('statechange', resolve, {once: true}));
  return found.state;
});

describe('the app', () => {
  before(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  after(async () => {
    await browser?.close();
  });

  describe('installing', () => {
    it('meets what browsers ask of an app', async () => {
      const {url} = await deploy();
      // Browsers install nothing from private windows, which users of their own are here.
      const {page} = await open(browser.defaultBrowserContext(), url);
      await served(page);
      const devtools = await page.createCDPSession();
      const {installabilityErrors} = await devtools.send('Page.getInstallabilityErrors');
      assert.deepEqual(installabilityErrors, []);
      const {errors} = await devtools.send('Page.getAppManifest');
      assert.deepEqual(errors, []);
    });

    it('has every picture that its manifest names, of the size that it says, and addresses that the page answers', async () => {
      const {url} = await deploy();
      const response = await fetch(new URL('/manifest.webmanifest', url));
      const manifest = await response.json() as Manifest;
      for (const {src, sizes} of [...manifest.icons, ...manifest.screenshots]) {
        const picture = await fetch(new URL(src, url));
        assert.equal(picture.status, 200, src);
        if (sizes === 'any') continue;
        const png = Buffer.from(await picture.arrayBuffer());
        assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
      }
      assert.deepEqual(new Set(manifest.icons.map(({purpose}) => purpose)), new Set(['any', 'maskable', 'monochrome']));
      assert.deepEqual(new Set(manifest.screenshots.map(shot => shot.form_factor)), new Set(['narrow', 'wide']));
      for (const path of [manifest.start_url, ...manifest.shortcuts.map(shortcut => shortcut.url)]) {
        assert.equal((await fetch(new URL(path, url))).status, 200, path);
      }
    });

    it('starts in the room that was open last; its shortcuts lead to a new room, the last ones and the lobby', async () => {
      const {url} = await deploy();
      const context = await user();
      const {page} = await open(context, new URL('/r/the%20den', url).href);
      await status(page, 'joined');
      await page.goto(new URL('/?app', url).href);
      await status(page, 'joined');
      assert.equal(new URL(page.url()).pathname, '/r/the%20den');
      await page.goto(new URL('/?new', url).href);
      await status(page, 'joined');
      assert.match(new URL(page.url()).pathname, /^\/r\/[a-z]+-[a-z]+-/);
      const made = new URL(page.url()).pathname;
      for (const [recent, path] of [[1, made], [2, '/r/the%20den'], [9, '/']] as const) {
        await page.goto(new URL(`/?recent=${recent}`, url).href);
        await status(page, 'joined');
        assert.equal(new URL(page.url()).pathname, path, `${recent} back`);
      }
      await page.goto(new URL('/?room=lobby', url).href);
      await status(page, 'joined');
      assert.equal(await page.$eval('#room-name', element => element.textContent), 'lobby');
    });

    it('lists the rooms that one was in, and forgets them on request', async () => {
      const {url} = await deploy();
      const {page, errors} = await open(await user(), new URL('/r/one', url).href);
      await status(page, 'joined');
      await page.goto(new URL('/r/two', url).href);
      await status(page, 'joined');
      await page.click('#home');
      const listed = (): Promise<string[]> => page.$$eval('#recent a', links => links.map(link => link.textContent));
      assert.deepEqual(await listed(), ['two', 'one']);
      await page.click('#recent a');
      assert.equal(new URL(page.url()).pathname, '/r/two');
      await page.click('[data-forget=one]');
      assert.deepEqual(await listed(), []);
      assert.deepEqual(errors, []);
    });
  });

  describe('without a connection', () => {
    it('opens at the room that was open last, with who was there, takes messages, and delivers them when it is back', async t => {
      const server = await deploy();
      const [ada, grace] = await Promise.all([user(), user()]);
      const room = new URL('/r/tunnel', server.url).href;
      const {page} = await open(ada, room);
      const other = await open(grace, room);
      await other.page.type('#your-name', 'Grace');
      await other.page.keyboard.press('Enter');
      await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers[0]?.name === 'Grace');
      await served(page);
      await page.goto('about:blank');
      await cut(page, server);

      await page.bringToFront();
      await page.goto(server.url);
      assert.equal(new URL(page.url()).pathname, '/r/tunnel');
      assert.equal(await page.$eval('#room-name', element => element.textContent), 'tunnel');
      await notice(page, 'You are offline.');
      await status(page, 'offline');
      await until(page, () => /^As last seen at .+: Grace$/.test(document.querySelector<HTMLElement>('#last-seen')!.innerText));
      await typeLine(page, 'typed in the tunnel');
      await reads(page, 'typed in the tunnel');

      await other.page.bringToFront();
      await server.start();
      await page.setOfflineMode(false);
      const back = performance.now();
      await reads(other.page, 'typed in the tunnel');
      const took = performance.now() - back;
      t.diagnostic(`what was typed offline was delivered ${Math.round(took)} ms after the server's return`);
      assert.ok(took < 10_000, `${took} ms`);
      await status(page, 'joined');
      assert.equal(await noticeOf(page), '');
      assert.equal(await page.$eval('#last-seen', element => (element as HTMLElement).hidden), true);
    });

    it('goes on trying where the server is away and the device says that it is online, and delivers what was typed meanwhile', async t => {
      const server = await deploy();
      const [ada, grace] = await Promise.all([user(), user()]);
      const room = new URL('/r/restart', server.url).href;
      const {page} = await open(ada, room);
      await status(page, 'joined');
      await served(page);
      await page.goto('about:blank');
      const other = await open(grace, room);
      await status(other.page, 'joined');
      await server.stop();

      await page.bringToFront();
      await page.goto(room);
      await typeLine(page, 'before it is clear that nobody answers');
      await status(page, 'failed');
      await reads(page, 'Still trying');
      await typeLine(page, 'after it');
      await server.start();
      const back = performance.now();
      await other.page.bringToFront();
      await reads(other.page, 'before it is clear that nobody answers');
      await reads(other.page, 'after it');
      const took = performance.now() - back;
      t.diagnostic(`what was typed was delivered ${Math.round(took)} ms after the server's return`);
      assert.ok(took < 10_000, `${took} ms`);
      await status(page, 'joined');
      assert.equal(await page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.state.error), undefined);
    });

    it('opens any room by its address, and leaves what is not the app to the network', async () => {
      const server = await deploy();
      const {page} = await open(await user(), server.url);
      await served(page);
      const paths = await page.evaluate(async () => {
        const answers: string[] = [];
        for (const path of ['/healthz', '/deepstream', '/third-party-licenses.txt', '/nowhere']) {
          const {status} = await fetch(path);
          answers.push(`${path} ${status}`);
        }
        return answers;
      });
      assert.deepEqual(paths, ['/healthz 200', '/deepstream 426', '/third-party-licenses.txt 200', '/nowhere 404']);
      await page.goto('about:blank');
      await cut(page, server);
      await page.goto(new URL('/r/never%20seen', server.url).href);
      assert.equal(await page.$eval('#room-name', element => element.textContent), 'never seen');
      for (const path of ['/healthz', '/third-party-licenses.txt']) {
        await assert.rejects(page.goto(new URL(path, server.url).href), path);
      }
    });

    it('can be used by everybody', async () => {
      const server = await deploy();
      for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']] as const) {
        const {page} = await open(await user(), new URL('/r/open', server.url).href, {width, colorScheme});
        await served(page);
        await page.setOfflineMode(true);
        await notice(page, 'You are offline.');
        await page.evaluate(() => document.querySelector('mesh-shell')!.toggleAttribute('update-ready', true));
        await notice(page, 'A new version');
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px are enough`);
        assert.deepEqual(await violationsOf(page), []);
        await page.close();
      }
    });
  });

  describe('updates', () => {
    /** The server is gone: the page opens all the same, as version `name`. */
    async function opensOffline(page: Page, server: Deployment, name: string): Promise<void> {
      const address = page.url();
      await page.goto('about:blank');
      await cut(page, server);
      await page.goto(address);
      await until(page, () => document.querySelector<RoomElement>('mesh-room')?.state);
      assert.equal(await versionOf(page), name, 'opens without a connection');
      await page.setOfflineMode(false);
    }

    /** Version 1 is open, and version 3 is there to be deployed. */
    async function first() {
      const [one, three] = await Promise.all([version({page: named('1')}), version({page: named('3')})]);
      const server = await deploy(one);
      const room = new URL('/r/kept', server.url).href;
      const {page} = await open(await user(), room);
      await served(page);
      return {server, room, page, three};
    }

    /** Version 2 is `broken`: it comes to `outcome`, version 1 goes on with and without a connection, and version 3 takes its place. */
    async function survives(broken: Version, outcome: string): Promise<void> {
      const {server, room, page, three} = await first();
      await server.replaceBy(broken);
      assert.equal(await lookForUpdate(page), outcome);
      await page.goto(room);
      await status(page, 'joined');
      assert.equal(await versionOf(page), '1', 'opens online');
      await opensOffline(page, server, '1');
      await server.start(three);
      await status(page, 'joined');
      await lookForUpdate(page);
      await notice(page, 'A new version is ready.');
      await agree(page);
      await until(page, () => document.documentElement.dataset.version === '3');
      await status(page, 'joined');
    }

    it('keeps what is written and not sent, and so does any other reload', async () => {
      const [one, two] = await Promise.all([version({page: named('1')}), version({page: named('2')})]);
      const server = await deploy(one);
      const {page} = await open(await user(), new URL('/r/here', server.url).href);
      await served(page);
      await status(page, 'joined');
      await (await composer(page)).type('half a thought');
      await server.replaceBy(two);
      await lookForUpdate(page);
      await notice(page, 'A new version is ready.');
      await agree(page);
      await until(page, () => document.documentElement.dataset.version === '2');
      await until(page, () => document.querySelector('mesh-room')?.shadowRoot?.querySelector('mesh-chat')?.shadowRoot
        ?.querySelector('textarea')?.value === 'half a thought');
      await (await composer(page)).press('Enter');
      await reads(page, 'half a thought');
      await page.goto(new URL('/r/there', server.url).href);
      assert.equal(await draftOf(page), '', 'another room has none');
      await (await composer(page)).type('something else');
      await page.goto(new URL('/r/here', server.url).href);
      await reads(page, 'half a thought');
      assert.equal(await draftOf(page), '', 'what was sent is none any more');
      await page.goto(new URL('/r/there', server.url).href);
      await until(page, () => document.querySelector('mesh-room')?.shadowRoot?.querySelector('mesh-chat')?.shadowRoot
        ?.querySelector('textarea')?.value === 'something else');
    });

    it('waits while a room is joined, asks, and switches when the visitor agrees; other tabs are asked for themselves', async () => {
      const [one, two] = await Promise.all([version({page: named('1')}), version({page: named('2')})]);
      const server = await deploy(one);
      const context = await user();
      const here = await open(context, new URL('/r/here', server.url).href);
      await served(here.page);
      const there = await open(context, new URL('/r/there', server.url).href);
      for (const {page} of [here, there]) await status(page, 'joined');
      assert.equal(await versionOf(here.page), '1');

      await server.replaceBy(two);
      await here.page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration())!.update(); });
      for (const {page} of [here, there]) await notice(page, 'A new version is ready.');
      for (const {page} of [here, there]) assert.equal(await versionOf(page), '1');

      await agree(here.page);
      await until(here.page, () => document.documentElement.dataset.version === '2');
      await status(here.page, 'joined');
      assert.equal(new URL(here.page.url()).pathname, '/r/here');
      assert.equal(await noticeOf(here.page), '');
      assert.equal(await versionOf(there.page), '1', 'nobody is thrown out of a room');
      await notice(there.page, 'A new version is ready.');
      await agree(there.page);
      await until(there.page, () => document.documentElement.dataset.version === '2');
      const kept = await here.page.evaluate(() => caches.keys());
      assert.equal(kept.length, 1, 'one copy of the app is kept');
    });

    it('switches by itself when no tab is in a room', async () => {
      const [one, two] = await Promise.all([version({page: named('1')}), version({page: named('2')})]);
      const server = await deploy(one);
      const {page} = await open(await user(), server.url);
      await served(page);
      await server.replaceBy(two);
      await page.evaluate(async () => {
        await (document.querySelector('mesh-room') as HTMLElement & {leave(): Promise<void>}).leave();
        await (await navigator.serviceWorker.getRegistration())!.update();
      });
      await until(page, () => document.documentElement.dataset.version === '2');
    });

    for (const [what, worker, outcome] of [
      ['throws when it is evaluated', 'throw new Error("broken");', 'none'],
      ['rejects while it is installed', 'addEventListener("install", event => event.waitUntil(Promise.reject(new Error("broken"))));', 'redundant'],
      ['answers no request', `addEventListener('fetch', event => {
        event.respondWith(Promise.reject(new Error('broken')));
        event.stopImmediatePropagation();
      });`, 'redundant'],
    ] as const) {
      it(`is not installed where its worker ${what}; the app opens, and the next good version is taken`, async () => {
        await survives(await version({page: named('2'), worker: script => worker + script}), outcome);
      });
    }

    it('is not installed where a file is missing, or is not what was built', async () => {
      const two = {page: named('2'), script: (script: string) => `${script}\n// version 2`};
      const halved = await version(two);
      await rm(join(halved.webDir, 'index.html'));
      await survives(halved, 'redundant');
      const forged = await version(two);
      await writeFile(join(forged.webDir, 'mesh-room.js'), '<!doctype html><title>Log in to the network</title>');
      await survives(forged, 'redundant');
    });

    it('works where its worker throws when it takes over, or when it is asked', async () => {
      const two = await version({page: named('2'), worker: script => `addEventListener('activate', event => {
        event.waitUntil(Promise.reject(new Error('broken')));
        throw new Error('broken');
      });
      addEventListener('fetch', () => { throw new Error('broken'); });${script}`});
      const [one, three] = await Promise.all([version({page: named('1')}), version({page: named('3')})]);
      const server = await deploy(one);
      const {page} = await open(await user(), new URL('/r/kept', server.url).href);
      await served(page);
      for (const [next, name] of [[two, '2'], [three, '3']] as const) {
        await server.replaceBy(next);
        await lookForUpdate(page);
        await notice(page, 'A new version is ready.');
        await agree(page);
        await until(page, (wanted: string) => document.documentElement.dataset.version === wanted, name);
        await status(page, 'joined');
        await opensOffline(page, server, name);
        await server.start(next);
      }
    });

    it('heals with the next good version where a worker took over that lets no page load any more', async () => {
      const two = await version({page: named('2'), worker: script => `addEventListener('fetch', event => {
        if (!event.isTrusted || event.request.mode !== 'navigate') return;
        event.respondWith(Promise.reject(new Error('broken')));
        event.stopImmediatePropagation();
      });${script}`});
      const {server, room, page, three} = await first();
      await server.replaceBy(two);
      await lookForUpdate(page);
      await notice(page, 'A new version is ready.');
      await agree(page);
      await page.waitForNavigation().catch(() => undefined); // it fails
      await assert.rejects(page.goto(room), 'nothing of ours runs in this state');
      await server.replaceBy(three);
      // Browsers look for a new worker a second after each visit, failed ones too, and put it in charge when no page is open.
      const deadline = performance.now() + WAIT_MS;
      while (!await page.goto(room).then(() => true, () => false) && performance.now() < deadline) {
        await page.goto('about:blank');
        await new Promise(resolve => setTimeout(resolve, 1_500));
      }
      assert.equal(await versionOf(page), '3');
      await status(page, 'joined');
    });

    it('comes back from a version that took over and then does not serve the page\'s files', async () => {
      const one = await version({page: named('1')});
      const two = await version({
        page: named('2'),
        worker: script => `addEventListener('fetch', event => {
          if (event.isTrusted && event.request.url.endsWith('.js')) { event.respondWith(Promise.reject(new Error('broken'))); event.stopImmediatePropagation(); }
        });${script}`,
      });
      const three = await version({page: named('3')});
      const server = await deploy(one);
      const {page} = await open(await user(), new URL('/r/kept', server.url).href);
      await served(page);
      await page.evaluate(() => localStorage.setItem('mesh-room:name', 'Ada'));
      await server.replaceBy(two);
      await page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration())!.update(); });
      await notice(page, 'A new version is ready.');
      await server.replaceBy(three);
      await agree(page);
      await until(page, () => document.documentElement.dataset.version === '3');
      await status(page, 'joined');
      assert.equal(await page.$eval('#your-name', field => (field as HTMLInputElement).value), 'Ada', 'nothing else is lost');
    });
  });

  describe('sharing to it', () => {
    /** What the system does when the visitor shares something to the app: it posts a form, and shows the page that answers. */
    async function share(
      page: Page, texts: Readonly<Record<string, string>>, files: Readonly<Record<string, string | number[]>> = {},
    ): Promise<void> {
      await Promise.all([page.waitForNavigation(), page.evaluate((fields, contents) => {
        const form = Object.assign(document.createElement('form'), {method: 'post', action: '/share', enctype: 'multipart/form-data'});
        for (const [name, value] of Object.entries(fields)) {
          form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
        }
        const picker = Object.assign(document.createElement('input'), {type: 'file', name: 'files', multiple: true});
        const data = new DataTransfer();
        for (const [name, content] of Object.entries(contents)) {
          data.items.add(new File([typeof content === 'string' ? content : new Uint8Array(content)], name));
        }
        picker.files = data.files;
        form.append(picker);
        document.body.append(form);
        form.submit();
      }, texts, files)]);
      await page.waitForSelector('#share-to[open]');
    }
    const shownIn = (page: Page, part: string): Promise<string> =>
      page.$eval(`[data-part=${part}]`, element => (element as HTMLElement).innerText.trim());
    const rooms = (page: Page): Promise<string[]> => page.$$eval('#share-rooms button', buttons => buttons.map(({textContent}) => textContent));

    it('puts text, links and text files into the text field of the room that the visitor chooses', async () => {
      const {url} = await deploy();
      const {page, errors} = await open(await user(), new URL('/r/den', url).href, {width: 360});
      await served(page);
      const texts = {title: 'A page', text: 'Look at this', url: 'https://site.example/?a=1'};
      await share(page, texts, {'list.csv': 'name,age\nAda,36\n', 'photo.png': [137, 80, 78, 71, 0, 0, 0, 1]});
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/?shared');
      const all = 'A page\nLook at this\nhttps://site.example/?a=1\nname,age\nAda,36';
      assert.equal(await shownIn(page, 'text'), all);
      assert.equal(await shownIn(page, 'refused'), 'photo.png cannot be sent: rooms take text and text files so far.');
      assert.deepEqual(await rooms(page), ['den', 'lobby', 'A new room']);
      assert.deepEqual(await violationsOf(page), []);

      await page.reload();
      await page.waitForSelector('#share-to[open]');
      assert.equal(await shownIn(page, 'text'), all, 'nothing is lost before a room is chosen');
      await (await page.$('#share-rooms button'))!.click();
      await until(page, () => document.activeElement?.localName === 'mesh-room');
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/r/den');
      assert.equal(await draftOf(page), all);
      assert.equal(await page.evaluate(async () => (await caches.keys()).includes('shared-with-mesh-room')), false);
      assert.deepEqual(errors, []);
    });

    it('asks for no room when nothing can be sent, and not again once it was cancelled', async () => {
      const {url} = await deploy();
      const {page} = await open(await user(), url);
      await served(page);
      await share(page, {}, {'film.mp4': [0, 0, 0, 24, 102, 116, 121, 112]});
      assert.equal(await shownIn(page, 'title'), 'Nothing to send');
      assert.match(await shownIn(page, 'refused'), /^film\.mp4 cannot be sent/);
      assert.equal(await page.$eval('#share-rooms', element => element.checkVisibility()), false);
      await page.keyboard.press('Escape');
      await until(page, () => !location.search); // a reload does not ask again

      await page.goto(new URL('/?shared', url).href);
      await page.waitForSelector('#share-to[open]');
      assert.match(await shownIn(page, 'refused'), /did not arrive/);
    });

    it('works without a connection, and does not say a thing twice', async () => {
      const server = await deploy();
      const {page} = await open(await user(), server.url);
      await served(page);
      await cut(page, server);
      await share(page, {title: 'Site', text: 'Site https://site.example/', url: ''});
      await page.click('#share-rooms li:last-child button');
      await until(page, () => document.activeElement?.localName === 'mesh-room');
      assert.equal(await draftOf(page), 'Site https://site.example/');
      assert.match(new URL(page.url()).pathname, /^\/r\//);
    });

    it('says that it did not arrive where the worker is gone', async () => {
      const {url} = await deploy();
      const {page} = await open(await user(), url);
      await served(page);
      await page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration())!.unregister(); });
      await page.reload();
      const answer = await fetch(new URL('/share', url), {method: 'POST', body: new FormData(), redirect: 'manual'});
      assert.equal(`${answer.status} ${answer.headers.get('location')}`, '303 /?shared');
    });
  });

  describe('notifications', () => {
    it('tells of what arrives while hidden to who asked for it; a tap brings the right tab to the front', async () => {
      const server = await deploy();
      const [ada, grace] = await Promise.all([user(), user()]);
      const {origin} = new URL(server.url);
      await ada.setPermission(origin, {permission: {name: 'notifications'}, state: 'granted'});
      const den = await open(ada, new URL('/r/den', server.url).href);
      await served(den.page);
      const other = await open(ada, new URL('/r/other', server.url).href);
      const sender = await open(grace, new URL('/r/den', server.url).href);
      await sender.page.type('#your-name', 'Grace');
      await sender.page.keyboard.press('Enter');
      await until(den.page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers[0]?.name === 'Grace');
      const say = async (line: string): Promise<void> => {
        const told = den.page.evaluate(() => new Promise<void>(resolve => {
          document.querySelector('mesh-room')!.addEventListener('mesh-message', () => resolve(), {once: true});
        }));
        await sender.page.bringToFront();
        await typeLine(sender.page, line);
        await told;
      };
      const shown = (): Promise<{title: string; body: string}[]> => den.page.evaluate(async () =>
        (await (await navigator.serviceWorker.getRegistration())!.getNotifications()).map(({title, body}) => ({title, body})));
      const hide = (hidden: boolean): Promise<void> => den.page.evaluate((isHidden: boolean) => {
        Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => isHidden ? 'hidden' : 'visible'});
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);

      // Who asks Chromium for what is shown while something is about to be makes it forget that.
      await den.page.evaluate(() => {
        const {prototype} = ServiceWorkerRegistration;
        const whole = Object.getOwnPropertyDescriptor(prototype, 'showNotification')!;
        Object.assign(window, {notified: 0});
        Object.defineProperty(prototype, 'showNotification', {...whole, async value(...args: unknown[]) {
          await (whole.value as (...all: unknown[]) => Promise<void>).apply(this, args);
          (window as unknown as {notified: number}).notified++;
        }});
      });
      const notified = (times: number): Promise<void> =>
        until(den.page, (count: number) => (window as unknown as {notified: number}).notified === count, times);
      await den.page.evaluate(() => {
        const badges: (number | undefined)[] = [];
        Object.assign(window, {badges});
        navigator.setAppBadge = async count => void badges.push(count);
        navigator.clearAppBadge = async () => void badges.push(0);
      });
      const badges = (): Promise<(number | undefined)[]> => den.page.evaluate(() => (window as unknown as {badges: number[]}).badges);

      await hide(true);
      await say('before it was asked for');
      assert.deepEqual(await shown(), []);
      await hide(false);
      await den.page.bringToFront();
      await den.page.click('#notify');
      await den.page.waitForSelector('#notify[aria-pressed=true]');
      await say('while it is seen');
      assert.deepEqual(await shown(), []);
      await hide(true);
      await say('while it is hidden');
      await notified(1);
      assert.deepEqual(await shown(), [{title: 'Grace in den', body: 'while it is hidden'}]);

      // The browser lets a worker focus a tab after a real tap only; which tab it asks for is what counts here.
      const target = await browser.waitForTarget(found => found.url().endsWith('/sw.js') && found.url().startsWith(origin));
      const worker = (await target.worker())!;
      await worker.evaluate('globalThis.__name = value => value'); // as newTab does for pages
      const tap = (): Promise<string[]> => worker.evaluate(async () => {
        const scope = globalThis as unknown as {
          registration: {getNotifications(): Promise<Notification[]>};
          WindowClient: {prototype: {focus: () => Promise<unknown>}};
          clients: {openWindow: (url: string) => Promise<unknown>};
          NotificationEvent: new (type: string, init: {notification: Notification | undefined}) => Event;
        };
        const asked: string[] = [];
        let done: Promise<unknown> | undefined;
        scope.WindowClient.prototype.focus = async function(this: {url: string}) { asked.push(`focus ${this.url}`); };
        scope.clients.openWindow = async url => { asked.push(`open ${url}`); };
        const event = new scope.NotificationEvent('notificationclick', {notification: (await scope.registration.getNotifications())[0]});
        Object.defineProperty(event, 'waitUntil', {value: (promise: Promise<unknown>) => { done = promise; }});
        dispatchEvent(event);
        await done;
        return asked;
      });
      assert.deepEqual(await tap(), [`focus ${den.page.url()}`]);
      assert.deepEqual(await shown(), [], 'a tapped notification is gone');
      await say('while it is hidden still');
      await notified(2);
      assert.deepEqual(await badges(), [1, 2]);
      await hide(false);
      assert.deepEqual(await badges(), [1, 2, 0], 'what is seen is not counted any more');
      await until(den.page, async () => !(await (await navigator.serviceWorker.getRegistration())!.getNotifications()).length);
      await hide(true);

      await say('one more');
      await notified(3);
      assert.deepEqual((await shown()).map(({body}) => body), ['one more']);
      await den.page.close();
      assert.deepEqual(await tap(), [`open ${new URL('/r/den', server.url).href}`], 'the tab with another room is left alone');
      assert.equal(new URL(other.page.url()).pathname, '/r/other');
    });
  });

  describe('where it is not allowed', () => {
    /** What the page tells its owner on the console, from now on. */
    function warningsOf(page: Page): readonly string[] {
      const warnings: string[] = [];
      page.on('console', message => message.type() === 'warn' && warnings.push(message.text()));
      return warnings;
    }

    it('says so, and the room works', async () => {
      const policy = `<meta http-equiv="Content-Security-Policy" content="worker-src 'none'; manifest-src 'none'">`;
      const server = await deploy(await version({page: html => html.replace('<meta charset="utf-8">', `$&${policy}`)}));
      const {page} = await open(await user(), 'about:blank');
      const warnings = warningsOf(page);
      await page.goto(server.url);
      await status(page, 'joined');
      await until(page, () => document.querySelector('#offline-state')!.textContent.startsWith('Without a connection this page cannot be opened'));
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
      assert.equal(await noticeOf(page), '');
      assert.equal(await page.evaluate(() => document.querySelector('mesh-install')!.checkVisibility()), false);
      assert.equal(await page.$eval('#notify', bell => bell.checkVisibility()), false, 'no bell that could not ring');
      assert.equal(warnings.filter(words => words.includes('Mesh Room: this page has no service worker')).length, 1);
    });

    for (const [what, block] of [
      ['the browser has no service workers', () => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker')],
      ['storage is blocked', () => {
        const refuse = (): never => { throw new DOMException('blocked', 'SecurityError'); };
        for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'] as const) Object.defineProperty(window, name, {get: refuse});
        navigator.serviceWorker.register = async () => refuse();
        navigator.serviceWorker.getRegistration = async () => refuse();
      }],
    ] as const) {
      it(`says so once where ${what}, and the room works`, async () => {
        const {url} = await deploy();
        const {page, errors} = await open(await user(), 'about:blank');
        const warnings = warningsOf(page);
        await page.evaluateOnNewDocument(block);
        await page.goto(url);
        await status(page, 'joined');
        await until(page, () => document.querySelector('#offline-state')!.textContent.startsWith('Without a connection this page cannot be opened'));
        await typeLine(page, 'it works');
        await reads(page, 'it works');
        assert.equal(warnings.filter(words => words.includes('Mesh Room: this page has no service worker')).length, 1);
        assert.deepEqual(errors, []);
      });
    }

    it('puts no worker into a page of somebody else; the notice works there', async () => {
      const server = await deploy();
      const site = await servePages({'/': `<!doctype html><title>Somebody's page</title>
        <script type="module" src="${server.url}mesh-room.js"></script>
        <mesh-shell></mesh-shell><mesh-install></mesh-install><mesh-room room="lobby"></mesh-room>`});
      later(() => site.stop());
      const {page, errors} = await open(await user(), site.url, {width: 280});
      await status(page, 'joined');
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
      assert.equal(await page.evaluate(() => document.querySelector('mesh-install')!.checkVisibility()), false);
      await page.setOfflineMode(true);
      await notice(page, 'You are offline.');
      await page.setOfflineMode(false);
      await until(page, () => !document.querySelector('mesh-shell')!.checkVisibility());
      assert.deepEqual(errors, []);
    });
  });

  it('keeps what it shows to the store in step with the sources', async () => {
    const index = await readFile(fromRoot('public/index.html'), 'utf8');
    const manifest = JSON.parse(await readFile(fromRoot('public/manifest.webmanifest'), 'utf8')) as {theme_color: string};
    assert.ok(index.includes(`media="(prefers-color-scheme: light)" content="${manifest.theme_color}"`), 'the colours of page and manifest agree');
  });
});
