import type {Browser, CDPSession, Page} from 'puppeteer-core';

import {freeze} from '../../test/helpers/browser.js';
import type {Tab} from '../page/tab.js';

/** How far a tab's clock may stand from the driver's, beyond what the question itself took. */
const CLOCK_BOUND_MS = 2;
const CLOCK_QUESTIONS = 5;

/** The methods of a `Tab`, called from the driver. */
export class RemoteTab {
  readonly page: Page;
  readonly #session: CDPSession;
  #isKilled = false;

  constructor(page: Page, session: CDPSession) {
    this.page = page;
    this.#session = session;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Ends the tab's process, which says nothing to anybody. */
  kill(): void {
    this.#isKilled = true;
    // Nobody is left to answer.
    void this.#session.send('Page.crash').catch(() => undefined);
  }

  /**
   * Stops all tasks of the page, as in a phone's pocket: hidden first, since a page that is seen is not frozen, whatever it is told.
   * @throws where the page did not freeze
   */
  async freeze(): Promise<void> {
    await this.show(false);
    await freeze(this.page, this.#session);
  }

  /** Lets them go on, and shows the page. */
  async thaw(): Promise<void> {
    await Promise.all([this.#session.send('Page.setWebLifecycleState', {state: 'active'}), this.show(true)]);
  }

  /** Of several tabs of one window all but one are hidden pages, unless they are told that they have the focus. */
  async show(isShown: boolean): Promise<void> {
    await this.#session.send('Emulation.setFocusEmulationEnabled', {enabled: isShown});
  }

  /** Processor time of the tab's process since it began, in milliseconds. */
  async processorMs(): Promise<number> {
    const {metrics} = await this.#session.send('Performance.getMetrics');
    const seconds = metrics.find(({name}) => name === 'ProcessTime')?.value;
    if (seconds === undefined) throw new Error('this browser does not tell the processor time of a tab');
    return seconds * 1_000;
  }

  /** Bytes of the page's JavaScript heap, after its garbage was collected. */
  async heapBytes(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage');
    return (await this.#session.send('Runtime.getHeapUsage')).usedSize;
  }

  /** Calls `window.bench[method](...args)` in the tab. */
  async call<K extends Method>(method: K, ...args: Parameters<Tab[K]>): Promise<Awaited<ReturnType<Tab[K]>>> {
    const result = await this.page.evaluate(
      (name, passed) => (window.bench[name as 'now'] as (...all: unknown[]) => unknown)(...passed as unknown[]), method, args);
    return result as Awaited<ReturnType<Tab[K]>>;
  }
}

type Method = {[K in keyof Tab]: Tab[K] extends (...args: never[]) => unknown ? K : never}[keyof Tab];

export interface TabsOptions {
  readonly browser: Browser;
  readonly pageUrl: string;
  /** Of the contestant's server. */
  readonly serverUrl: string;
}

/** The tabs of one contestant. */
export class Tabs {
  readonly #options: TabsOptions;
  #tabs: RemoteTab[] = [];
  /** Errors that no code caught, and errors on the console, since they were last taken. */
  #errors: string[] = [];

  constructor(options: TabsOptions) {
    this.#options = options;
  }

  /**
   * Exactly `count` new tabs, each with the page and the contestant's script loaded, its clock checked. A page that is loaded again in its
   * old tab keeps the process: rows would depend on those measured before them.
   */
  async open(count: number): Promise<readonly RemoteTab[]> {
    await this.close();
    while (this.#tabs.length < count) this.#tabs.push(await this.#open());
    for (const tab of this.#tabs) {
      await tab.page.goto(this.#options.pageUrl);
      await tab.call('load', this.#options.serverUrl);
      await checkClock(tab);
    }
    this.#errors = [];
    return this.#tabs;
  }

  takeErrors(): readonly string[] {
    return this.#errors.splice(0);
  }

  async close(): Promise<void> {
    for (const tab of this.#tabs.splice(0)) await tab.page.close();
  }

  async #open(): Promise<RemoteTab> {
    const page = await this.#options.browser.newPage();
    const session = await page.createCDPSession();
    const tab = new RemoteTab(page, session);
    await tab.show(true);
    await session.send('Performance.enable');
    page.on('pageerror', error => this.#errors.push(String(error)));
    page.on('console', message => message.type() === 'error' && this.#errors.push(message.text()));
    // A page that crashes when it is told to is no news, and nobody else listens.
    page.on('error', () => undefined);
    return tab;
  }
}

/** The clock that tabs and driver share. */
export const now = (): number => performance.timeOrigin + performance.now();

/** Compares clocks as NTP does: the quickest of a few questions says most. */
async function checkClock(tab: RemoteTab): Promise<void> {
  let best = {tookMs: Infinity, offMs: 0};
  for (let question = 0; question < CLOCK_QUESTIONS; question++) {
    const askedAt = now();
    const theirs = await tab.call('now');
    const tookMs = now() - askedAt;
    if (tookMs < best.tookMs) best = {tookMs, offMs: theirs - askedAt - tookMs / 2};
  }
  if (Math.abs(best.offMs) > CLOCK_BOUND_MS + best.tookMs / 2) {
    throw new Error(`a tab's clock is ${best.offMs.toFixed(1)} ms off (asked in ${best.tookMs.toFixed(1)} ms): start again`);
  }
}
