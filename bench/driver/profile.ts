import {mkdir, writeFile} from 'node:fs/promises';
import {SourceMap, type SourceMapping} from 'node:module';
import {dirname} from 'node:path';

import type {Protocol} from 'puppeteer-core';

import type {RemoteTab} from './tabs.js';

/** Fine enough for what a join does in a few milliseconds. */
const SAMPLE_EVERY_US = 200;
const LINES = 40;

/**
 * Runs `play` while the first and the last of `tabs` are profiled.
 * Writes `<file>-first.cpuprofile` (for DevTools), `<file>-first.txt` (the functions that took longest), and the same for the last.
 */
export async function profiled<T>(tabs: readonly RemoteTab[], file: string, play: () => Promise<T>): Promise<T> {
  const profilers = await Promise.all([tabs[0]!, tabs.at(-1)!].map(async ({page}) => {
    const session = await page.createCDPSession();
    await session.send('Profiler.enable');
    await session.send('Profiler.setSamplingInterval', {interval: SAMPLE_EVERY_US});
    await session.send('Profiler.start');
    return session;
  }));
  try {
    return await play();
  } finally {
    await mkdir(dirname(file), {recursive: true});
    const sources = new Sources();
    for (const [index, session] of profilers.entries()) {
      const {profile} = await session.send('Profiler.stop');
      await session.detach();
      const name = `${file}-${index === 0 ? 'first' : 'last'}`;
      await writeFile(`${name}.cpuprofile`, JSON.stringify(profile));
      await writeFile(`${name}.txt`, await summary(profile, sources));
    }
  }
}

/** Where a script's text came from, by the source map that lies beside it. */
class Sources {
  readonly #maps = new Map<string, Promise<SourceMap | undefined>>();

  /** File and line of the function that begins at `frame`, and the file alone. */
  async locate({url, lineNumber, columnNumber}: Protocol.Runtime.CallFrame): Promise<{file: string; place: string}> {
    const script = url.split('/').at(-1) ?? '';
    if (!script) return {file: '(browser)', place: ''};
    const {originalSource, originalLine} = (await this.#map(url))?.findEntry(lineNumber, columnNumber) as Partial<SourceMapping> ?? {};
    const file = originalSource?.replace(/^(\.\.\/)+/, '') ?? script;
    return {file, place: `${file}:${originalLine === undefined ? `${lineNumber + 1}:${columnNumber + 1}` : originalLine + 1}`};
  }

  #map(url: string): Promise<SourceMap | undefined> {
    const known = this.#maps.get(url) ?? loadMap(`${url}.map`);
    this.#maps.set(url, known);
    return known;
  }
}

async function loadMap(url: string): Promise<SourceMap | undefined> {
  if (!url.startsWith('http')) return undefined;
  const response = await fetch(url);
  return response.ok ? new SourceMap(await response.json() as ConstructorParameters<typeof SourceMap>[0]) : undefined;
}

/** Self time by file, then by function, longest first. */
async function summary({nodes, samples = [], timeDeltas = []}: Protocol.Profiler.Profile, sources: Sources): Promise<string> {
  const ofNode = new Map<number, number>();
  samples.forEach((id, index) => ofNode.set(id, (ofNode.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1_000));
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  let busy = 0;
  for (const {id, callFrame} of nodes) {
    const ms = ofNode.get(id) ?? 0;
    if (ms === 0 || callFrame.functionName === '(idle)') continue;
    const {file, place} = await sources.locate(callFrame);
    const name = `${callFrame.functionName || '(anonymous)'} ${place}`;
    functions.set(name, (functions.get(name) ?? 0) + ms);
    files.set(file, (files.get(file) ?? 0) + ms);
    busy += ms;
  }
  const list = (times: ReadonlyMap<string, number>): string[] => [...times]
    .sort(([, a], [, b]) => b - a).slice(0, LINES).map(([name, ms]) => `${ms.toFixed(1).padStart(9)}  ${name}`);
  return [`busy ${busy.toFixed(1)} ms; self time in ms`, '', ...list(files), '', ...list(functions), ''].join('\n');
}
