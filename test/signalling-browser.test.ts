/** The adapter in real browsers, bundled as the product is: the compliance suite, and a console that stays empty. */
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {after, before, describe, it} from 'node:test';
import {build} from 'esbuild';
import type {Browser} from 'puppeteer-core';
import {fromRoot} from '../scripts/build/paths.js';
import {browserOptions} from '../scripts/build/vendors.js';
import {launchChromium, launchFirefox, newTab, type Tab} from './helpers/browser.js';
import type {ComplianceCase, RemoteServer} from './helpers/compliance-page.js';
import {findFirefox} from './helpers/firefox.js';
import {startFaultProxy, type FaultProxy} from './helpers/fault-proxy.js';
import {startOurs, startStock, type SignallingServer} from './helpers/signalling-servers.js';

/** The browser itself tells of every address where it finds nobody, here while the server was away. */
const BROWSERS_OWN = /WebSocket|can.t establish a connection|connection to ws:|was interrupted/i;

interface InPage {
  complianceCases(name: string): ComplianceCase[];
  runCase(title: string): Promise<void>;
}

/** A page that holds nothing but the suite. */
async function startPage(): Promise<{url: string; stop(): Promise<void>}> {
  const {outputFiles} = await build({
    ...browserOptions, entryPoints: [fromRoot('test/helpers/compliance-page.ts')], minify: true, write: false,
  });
  const script = outputFiles[0]?.text.replaceAll('</script', '<\\/script') ?? '';
  const html = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><script>${script}</script>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end(html));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => new Promise(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** The servers that the page asks for, one at a time. */
async function serveTo({page}: Tab): Promise<void> {
  let server: SignallingServer;
  let proxy: FaultProxy;
  const start = (name: string, port?: number): Promise<SignallingServer> => (name === 'ours' ? startOurs : startStock)(port);
  await page.exposeFunction('startServer', async (name: string): Promise<RemoteServer> => {
    server = await start(name);
    proxy = await startFaultProxy({targetPort: server.port});
    return {guarded: server.guarded, direct: server.url, url: `ws://127.0.0.1:${proxy.port}/deepstream`};
  });
  await page.exposeFunction('disconnect', () => proxy.cut());
  await page.exposeFunction('stopServer', () => server.stop());
  await page.exposeFunction('startAgain', async () => { server = await start(server.name, server.port); });
  await page.exposeFunction('cleanUp', async () => {
    await proxy.stop();
    await server.stop();
  });
}

const firefox = await findFirefox();
// Two at a time: most of it is waiting.
describe('signalling in browsers', {concurrency: 2}, () => {
  for (const [browserName, launch] of [['Chromium', launchChromium], ['Firefox', launchFirefox]] as const) {
    for (const name of ['ours', 'stock'] as const) {
      const skip = browserName === 'Firefox' && firefox === undefined ? 'Firefox is not installed' : false;
      describe(`${browserName}: ${name}`, {timeout: 120_000, skip}, () => {
        let site: Awaited<ReturnType<typeof startPage>>;
        let browser: Browser;
        before(async () => {
          [site, browser] = await Promise.all([startPage(), launch()]);
        });
        after(async () => {
          await browser.close();
          await site.stop();
        });

        it('does what signalling must do, and writes nothing to the console', async context => {
          const tab = await newTab(browser, site.url);
          const written: string[] = [];
          tab.page.on('console', message => written.push(`${message.type()}: ${message.text()}`));
          await serveTo(tab);
          const cases = await tab.page.evaluate(kind => (globalThis as unknown as InPage).complianceCases(kind), name);
          for (const {title, boundMs} of cases) {
            await context.test(title, {timeout: boundMs}, () =>
              tab.page.evaluate(each => (globalThis as unknown as InPage).runCase(each), title));
          }
          const ours = (line: string): boolean => !BROWSERS_OWN.test(line);
          assert.deepEqual(written.filter(ours), []);
          assert.deepEqual(tab.errors.filter(ours), []);
          await tab.close();
        });
      });
    }
  }
});
