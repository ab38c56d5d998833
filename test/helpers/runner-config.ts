/** How the tests beside the sources run: in real browsers, against real servers. */
import {esbuildPlugin} from '@web/dev-server-esbuild';
import type {TestRunnerConfig} from '@web/test-runner';
import {fromRoot} from '../../scripts/build/paths.js';
import {launchChromium, launchFirefox} from './browser.js';
import {findFirefox} from './firefox.js';
import {puppeteerLauncher} from './runner-launcher.js';
import {packagesPlugin, serversPlugin} from './runner-plugins.js';

/** The configuration, with Firefox where it is installed. */
export async function testRunnerConfig(): Promise<TestRunnerConfig> {
  const browsers = [puppeteerLauncher('Chromium', () => launchChromium())];
  if (await findFirefox() !== undefined) browsers.push(puppeteerLauncher('Firefox', launchFirefox));
  return {
    rootDir: fromRoot(),
    files: 'src/**/*.test.ts',
    nodeResolve: {exportConditions: ['browser']},
    // Read for the decorator flags; without it the plugin compiles decorators as the standard has them, and lit's do nothing.
    plugins: [packagesPlugin(), serversPlugin(), esbuildPlugin({ts: true, target: 'es2022', tsconfig: fromRoot('tsconfig.json')})],
    browsers,
    concurrentBrowsers: 2,
    testFramework: {config: {timeout: '10000'}},
    testsFinishTimeout: 180_000,
    testRunnerHtml: framework => `<!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Tests</title></head>
      <body><script type="module" src="${framework}"></script></body></html>`,
  };
}
