import {mkdir, writeFile} from 'node:fs/promises';
import {SourceMap, type SourceMapping} from 'node:module';
import {dirname} from 'node:path';

import type {CDPSession, Protocol} from 'puppeteer-core';

import type {RemoteTab} from './tabs.js';

/** Fine enough for what a join does in a few milliseconds. */
const SAMPLE_EVERY_US = 200;
/** Fine enough for what a message leaves behind. */
const SAMPLE_EVERY_BYTES = 64;
const LINES = 40;

/** What a profiler is asked in one tab. */
interface Profiler {
  /** How the browser's own tools know the file. */
  readonly extension: string;
  readonly start: (session: CDPSession) => Promise<unknown>;
  /** @returns the profile, and what it says by file and by function. */
  readonly stop: (session: CDPSession, sources: Sources) => Promise<{readonly profile: object; readonly summary: string}>;
}

const processor: Profiler = {
  extension: 'cpuprofile',
  async start(session) {
    await session.send('Profiler.enable');
    await session.send('Profiler.setSamplingInterval', {interval: SAMPLE_EVERY_US});
    await session.send('Profiler.start');
  },
  async stop(session, sources) {
    const {profile} = await session.send('Profiler.stop');
    return {profile, summary: await processorSummary(profile, sources)};
  },
};

const allocations: Profiler = {
  extension: 'heapprofile',
  async start(session) {
    await session.send('HeapProfiler.startSampling', {
      // Also what has been collected meanwhile: that is what is looked for.
      samplingInterval: SAMPLE_EVERY_BYTES, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true,
    });
  },
  async stop(session, sources) {
    const {profile} = await session.send('HeapProfiler.stopSampling');
    return {profile, summary: await allocationSummary(profile, sources)};
  },
};

/**
 * Runs `play` while the first and the last of `tabs` are profiled.
 * Writes `<file>-first.cpuprofile` (for DevTools), `<file>-first.txt` (the functions that took longest), and the same for the last.
 */
export const profiled = <T>(tabs: readonly RemoteTab[], file: string, play: () => Promise<T>): Promise<T> =>
  watched(tabs, file, play, processor);

/** The same for the memory that scripts allocate, kept or not; `<file>-first.heapprofile`. */
export const allocated = <T>(tabs: readonly RemoteTab[], file: string, play: () => Promise<T>): Promise<T> =>
  watched(tabs, file, play, allocations);

async function watched<T>(
  tabs: readonly RemoteTab[], file: string, play: () => Promise<T>, {extension, start, stop}: Profiler,
): Promise<T> {
  const sessions = await Promise.all([tabs[0]!, tabs.at(-1)!].map(async ({page}) => {
    const session = await page.createCDPSession();
    await start(session);
    return session;
  }));
  try {
    return await play();
  } finally {
    await mkdir(dirname(file), {recursive: true});
    const sources = new Sources();
    for (const [index, session] of sessions.entries()) {
      const {profile, summary} = await stop(session, sources);
      await session.detach();
      const name = `${file}-${index === 0 ? 'first' : 'last'}`;
      await writeFile(`${name}.${extension}`, JSON.stringify(profile));
      await writeFile(`${name}.txt`, summary);
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
async function processorSummary({nodes, samples = [], timeDeltas = []}: Protocol.Profiler.Profile, sources: Sources): Promise<string> {
  const ofNode = new Map<number, number>();
  samples.forEach((id, index) => ofNode.set(id, (ofNode.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1_000));
  const tally = new Tally(sources);
  for (const {id, callFrame} of nodes) {
    const ms = ofNode.get(id) ?? 0;
    if (ms > 0 && callFrame.functionName !== '(idle)') await tally.add(callFrame, ms);
  }
  return tally.text('busy', 'ms; self time in ms');
}

/** What they allocated themselves, by file, then by function, most first. */
async function allocationSummary({head}: Protocol.HeapProfiler.SamplingHeapProfile, sources: Sources): Promise<string> {
  const tally = new Tally(sources);
  const nodes = [head];
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    nodes.push(...node.children);
    if (node.selfSize > 0) await tally.add(node.callFrame, node.selfSize / 1_000);
  }
  return tally.text('allocated', 'kB; by whom, in kB');
}

/** Adds up by file and by function. */
class Tally {
  readonly #sources: Sources;
  readonly #functions = new Map<string, number>();
  readonly #files = new Map<string, number>();
  #all = 0;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async add(callFrame: Protocol.Runtime.CallFrame, value: number): Promise<void> {
    const {file, place} = await this.#sources.locate(callFrame);
    const name = `${callFrame.functionName || '(anonymous)'} ${place}`;
    this.#functions.set(name, (this.#functions.get(name) ?? 0) + value);
    this.#files.set(file, (this.#files.get(file) ?? 0) + value);
    this.#all += value;
  }

  text(what: string, unit: string): string {
    const list = (values: ReadonlyMap<string, number>): string[] => [...values]
      .sort(([, a], [, b]) => b - a).slice(0, LINES).map(([name, value]) => `${value.toFixed(1).padStart(9)}  ${name}`);
    return [`${what} ${this.#all.toFixed(1)} ${unit}`, '', ...list(this.#files), '', ...list(this.#functions), ''].join('\n');
  }
}
