import type {Browser} from 'puppeteer-core';

import type {ServerProcess} from '../servers/process.js';

/** Who takes processor time while a round runs. */
export const PARTS = ['tabs', 'browser', 'services', 'server', 'driver'] as const;
export type Part = typeof PARTS[number];
/** Milliseconds of processor by part; `services` are the browser's network and graphics processes. */
export type Spent = Readonly<Record<Part, number>>;

const PART_OF: Readonly<Record<string, Part>> = {renderer: 'tabs', browser: 'browser'};

/** Reads what everybody has used since it began, as the processes' own accounts say. */
export async function meter(browser: Browser): Promise<(server: ServerProcess) => Promise<Spent>> {
  const session = await browser.target().createCDPSession();
  return async server => {
    const [{processInfo}, {processorMs}] = await Promise.all([session.send('SystemInfo.getProcessInfo'), server.usage()]);
    const {user, system} = process.cpuUsage();
    const spent = {tabs: 0, browser: 0, services: 0, server: processorMs, driver: (user + system) / 1_000};
    for (const {type, cpuTime} of processInfo) spent[PART_OF[type] ?? 'services'] += cpuTime * 1_000;
    return spent;
  };
}

/** What was spent between two readings. */
export const since = (before: Spent, after: Spent): Spent =>
  Object.fromEntries(PARTS.map(part => [part, after[part] - before[part]])) as Record<Part, number>;
