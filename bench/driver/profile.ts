import {mkdir, writeFile} from 'node:fs/promises';

import type {Protocol} from 'puppeteer-core';

import type {RemoteTab} from './tabs.js';

/** Fine enough for what a join does in a few milliseconds. */
const SAMPLE_EVERY_US = 200;
const LINES = 40;

/**
 * Runs `play` while the first and the last of `tabs` are profiled.
 * Writes `<file>-first.cpuprofile` (for DevTools), `<file>-first.txt` (the functions that took longest), and the same for the last.
 */
export async function profiled(tabs: readonly RemoteTab[], file: string, play: () => Promise<void>): Promise<void> {
  const profilers = await Promise.all([tabs[0]!, tabs.at(-1)!].map(async ({page}) => {
    const session = await page.createCDPSession();
    await session.send('Profiler.enable');
    await session.send('Profiler.setSamplingInterval', {interval: SAMPLE_EVERY_US});
    await session.send('Profiler.start');
    return session;
  }));
  try {
    await play();
  } finally {
    await mkdir(new URL('.', `file://${file}`).pathname, {recursive: true});
    for (const [index, session] of profilers.entries()) {
      const {profile} = await session.send('Profiler.stop');
      await session.detach();
      const name = `${file}-${index === 0 ? 'first' : 'last'}`;
      await writeFile(`${name}.cpuprofile`, JSON.stringify(profile));
      await writeFile(`${name}.txt`, summary(profile));
    }
  }
}

/** Self time by function, longest first; then by script. */
function summary({nodes, samples = [], timeDeltas = []}: Protocol.Profiler.Profile): string {
  const byId = new Map(nodes.map(node => [node.id, node]));
  const functions = new Map<string, number>();
  const scripts = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, index) => {
    const frame = byId.get(id)?.callFrame;
    if (!frame || frame.functionName === '(idle)') return;
    const ms = (timeDeltas[index] ?? 0) / 1_000;
    const script = frame.url.split('/').at(-1) || '(browser)';
    const place = frame.url ? `${script}:${frame.lineNumber + 1}:${frame.columnNumber + 1}` : '';
    const name = `${frame.functionName || '(anonymous)'} ${place}`;
    functions.set(name, (functions.get(name) ?? 0) + ms);
    scripts.set(script, (scripts.get(script) ?? 0) + ms);
    busy += ms;
  });
  const list = (times: ReadonlyMap<string, number>): string[] => [...times]
    .sort(([, a], [, b]) => b - a).slice(0, LINES).map(([name, ms]) => `${ms.toFixed(1).padStart(9)}  ${name}`);
  return [`busy ${busy.toFixed(1)} ms; self time in ms`, '', ...list(scripts), '', ...list(functions), ''].join('\n');
}
