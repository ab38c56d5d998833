import {launch, type Browser} from 'puppeteer-core';

import {ensureChrome} from '../../test/helpers/chrome.js';

const ARGS = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // A process for each tab, however many there are: else some share one, and its processor time.
  '--renderer-process-limit=500',
  // All tabs but one are in the background; theirs is to be as fast as the one in front.
  '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
];

/** How long one call into a tab may take at all; every wait inside a tab is bounded by less. */
const CALL_BOUND_MS = 150_000;

/**
 * A fresh Chromium with a profile of its own, which is removed when it closes.
 * @param networkEnabled - whether the driver is told of every request and frame; while a clock runs it had better not be.
 */
export async function launchChromium({networkEnabled = false} = {}): Promise<Browser> {
  // Chromium's sandbox refuses to run as root, as it does in containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({
    executablePath: await ensureChrome(), headless: true, args: [...ARGS, ...sandbox], protocolTimeout: CALL_BOUND_MS, networkEnabled,
  });
}
