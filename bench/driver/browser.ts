import {existsSync} from 'node:fs';

import {launch, type Browser} from 'puppeteer-core';

const PLACES = [
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable', '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // All tabs but one are in the background; theirs is to be as fast as the one in front.
  '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
];

/** How long one call into a tab may take at all; every wait inside a tab is bounded by less. */
const CALL_BOUND_MS = 150_000;

/** @throws if there is no Chrome or Chromium at `CHROME_PATH` or the usual places. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = [process.env.CHROME_PATH ?? '', ...PLACES].find(place => place && existsSync(place));
  if (!executablePath) throw new Error('no Chrome or Chromium found: set CHROME_PATH');
  // Without a profile directory of one's own, puppeteer makes a fresh one and removes it on close.
  // Network events off: the driver would be told of every WebSocket frame, that is of every signal, while the clock runs.
  return launch({executablePath, args: ARGS, headless: true, protocolTimeout: CALL_BOUND_MS, networkEnabled: false});
}
