/** Real browsers for tests that need several tabs, users or origins. */
import {launch, type Browser, type BrowserContext, type CDPSession, type ElementHandle, type EvaluateFunc, type Page} from 'puppeteer-core';
import {ensureChrome} from './chrome.js';
import {findFirefox} from './firefox.js';

/** Longest wait for anything in a test's browser; a whole mesh of eight tabs takes about a second on two slow cores. */
export const WAIT_MS = 20_000;

/** Quiet, alone, and at full speed in tabs that are not in front. */
const CHROMIUM_ARGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export interface ChromiumOptions {
  readonly args?: readonly string[];
  /** What to start it by. Default: Chromium itself. */
  readonly program?: string;
  /** Whether it is steered through a pipe rather than a port. */
  readonly pipe?: boolean;
  /** Whether pages are kept for when the visitor comes back to them, as they are in browsers that nobody steers. */
  readonly backForwardCache?: boolean;
}

/** A fresh Chromium with a profile of its own, which is removed when it closes. */
export async function launchChromium(
  {args = [], program, pipe = false, backForwardCache = false}: ChromiumOptions = {},
): Promise<Browser> {
  // Chromium's sandbox refuses to run as root, as it does in containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({
    executablePath: program ?? await ensureChrome(), headless: true, pipe, args: [...CHROMIUM_ARGS, ...sandbox, ...args],
    ...backForwardCache && {ignoreDefaultArgs: ['--disable-back-forward-cache']},
  });
}

/**
 * A fresh Firefox with a profile of its own, which is removed when it closes.
 * @throws where none is installed; ask `findFirefox` first.
 */
export async function launchFirefox(): Promise<Browser> {
  const executablePath = await findFirefox();
  if (executablePath === undefined) throw new Error('Firefox is not installed');
  return launch({
    browser: 'firefox', executablePath, headless: true,
    extraPrefsFirefox: {
      // Local addresses behind mDNS names cannot be resolved on machines without a responder, such as containers.
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.peerconnection.ice.loopback': true,
      'app.update.enabled': false,
      'datareporting.policy.dataSubmissionEnabled': false,
    },
  });
}

/** A page, and everything that went wrong in it. */
export interface Tab {
  readonly page: Page;
  /** Messages of `console.error`, of uncaught errors and rejections, and of crashes, in order. */
  readonly errors: readonly string[];
  /** Closes the page, and its user's storage with it. */
  close(): Promise<void>;
}

export interface TabOptions {
  /** Storage, and so the user, that tabs share. Default: a user of its own. */
  readonly context?: BrowserContext;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Script that runs before any of the page's, at every load. */
  readonly before?: string;
}

/**
 * Waits until `check`, which runs in the page, returns something true.
 * By the clock and not by animation frames, which is how puppeteer waits by default: a tab that another one hides gets none.
 */
export async function until<Args extends unknown[]>(
  page: Page, check: string | EvaluateFunc<Args>, ...args: Args
): Promise<void> {
  await page.waitForFunction(check, {polling: 20}, ...args);
}

/**
 * The first element to be seen in any of the page's shadow trees that `selector` names, once there is one.
 * Puppeteer's own wait looks again when the document changes, and hears nothing of changes in shadow trees.
 */
export async function inShadow<Found extends Element>(page: Page, selector: string): Promise<ElementHandle<Found>> {
  const found = await page.waitForFunction((wanted: string) => {
    const find = (root: ParentNode): Element | undefined => {
      for (const {shadowRoot} of root.querySelectorAll('*')) {
        const element = shadowRoot && ([...shadowRoot.querySelectorAll(wanted)].find(each => each.checkVisibility()) ?? find(shadowRoot));
        if (element) return element;
      }
      return undefined;
    };
    return find(document);
  }, {polling: 20}, selector);
  return found as unknown as ElementHandle<Found>;
}

/** Opens `url` in a new tab, and waits until it has loaded. */
export async function newTab(browser: Browser, url: string, options: TabOptions = {}): Promise<Tab> {
  const context = options.context ?? await browser.createBrowserContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', error => { errors.push(error instanceof Error ? error.stack ?? error.message : String(error)); });
  page.on('error', error => { errors.push(`crashed: ${error.message}`); });
  page.setDefaultTimeout(WAIT_MS);
  // tsx wraps named functions in a call of this helper of its own, also those that `evaluate` then sends into the page.
  await page.evaluateOnNewDocument('globalThis.__name = value => value');
  if (options.before !== undefined) await page.evaluateOnNewDocument(options.before);
  if (options.width !== undefined) await page.setViewport({width: options.width, height: options.height ?? 800});
  if (options.colorScheme) await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: options.colorScheme}]);
  await page.goto(url, {waitUntil: 'load'});
  return {
    page, errors,
    close: async () => {
      if (page.isClosed()) return;
      if (options.context) await page.close();
      else await context.close();
    },
  };
}

/** A page is frozen within a few milliseconds or not at all. */
const FREEZE_BOUND_MS = 1_000;

/**
 * Stops all tasks of a page, as in a phone's pocket; `Page.setWebLifecycleState` lets them go on.
 * @throws where it did not freeze: one that is seen, or is told that it is, does not, whatever it is told
 */
export async function freeze(page: Page, session: CDPSession): Promise<void> {
  const froze = page.evaluate(ms => new Promise<boolean>(resolve => {
    document.addEventListener('freeze', () => resolve(true), {once: true});
    setTimeout(() => resolve(false), ms);
  }), FREEZE_BOUND_MS);
  await session.send('Page.setWebLifecycleState', {state: 'frozen'});
  if (!await froze) throw new Error('the page did not freeze');
}
