/** Drives Chromium and Firefox for @web/test-runner through puppeteer-core, one page for each test file. */
import type {BrowserLauncher} from '@web/test-runner-core';
import type {Browser, Page} from 'puppeteer-core';

/** @param start starts the browser; called once, at the first test file. */
export function puppeteerLauncher(name: string, start: () => Promise<Browser>): BrowserLauncher {
  let starting: Promise<Browser> | undefined;
  const pages = new Map<string, Page>();
  return {
    name,
    type: `puppeteer-${name.toLowerCase()}`,
    // Files that measure times or need the focus would disturb one another.
    concurrency: 1,
    async startSession(id, url) {
      const browser = await (starting ??= start());
      const page = await browser.newPage();
      pages.set(id, page);
      await page.setViewport({width: 800, height: 600});
      await page.bringToFront();
      await page.goto(url);
    },
    isActive: id => pages.has(id),
    getBrowserUrl: id => pages.get(id)?.url(),
    async stopSession(id) {
      const page = pages.get(id);
      pages.delete(id);
      await page?.close();
      return {};
    },
    startDebugSession: () => Promise.reject(new Error('Open the test runner\'s address in a browser of your own instead')),
    async stop() {
      await (await starting)?.close();
    },
  };
}
