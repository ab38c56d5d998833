import type {Browser} from 'puppeteer-core';

import {servePages} from './driver/pages.js';
import {instrumented, type Instrument} from './driver/instruments.js';
import {meter, since, type Spent} from './driver/processor.js';
import {Tabs, type RemoteTab} from './driver/tabs.js';
import {TOO_BUSY} from './page/tools.js';
import {allOf, quiet, type Scenario} from './scenarios/scenario.js';
import {entrants} from './servers/index.js';
import {ServerProcess} from './servers/process.js';

/** One row of one contestant: what its rounds gave, in their order; `undefined` for a round that failed. */
export type Figures = readonly (number | undefined)[];

export interface Failure {
  readonly contestant: string;
  readonly scenario: string;
  readonly round: number;
  readonly reason: string;
}

export interface Results {
  /** By contestant, then row id. */
  readonly figures: ReadonlyMap<string, ReadonlyMap<string, Figures>>;
  readonly failures: readonly Failure[];
  /** How many rounds each played, by contestant. */
  readonly played: ReadonlyMap<string, number>;
}

export interface RunResults extends Results {
  /** Who took processor time, by contestant, then row id, of the rounds that did not fail. */
  readonly spent: ReadonlyMap<string, ReadonlyMap<string, readonly Spent[]>>;
}

export interface RunOptions {
  readonly contestants: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly instrument?: Instrument;
  readonly browser: Browser;
  readonly progress: (line: string) => void;
}

/** Runs each scenario `rounds` times with every contestant, whose turns alternate: A B, B A, … */
export async function run(options: RunOptions): Promise<RunResults> {
  const {contestants, browser} = options;
  const stops: (() => Promise<void>)[] = [];
  try {
    const pages = await servePages(contestants);
    stops.push(() => pages.stop());
    const runner = new Runner(options, await meter(browser));
    for (const name of contestants) {
      const server = new Server(name);
      stops.push(() => server.stop());
      const serverUrl = await server.start();
      const tabs = new Tabs({browser, pageUrl: pages.urlOf(name), serverUrl});
      stops.push(() => tabs.close());
      runner.add(name, tabs, server);
    }
    return await runner.run();
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Chromium refuses new connections after some 500 in one page's life, closed ones included until they are collected. */
const NEW_TABS_EVERY = 10;

/** How often a round begins anew because the driver's word came too late to a tab: no contestant is to blame for that. */
const BUSY_ATTEMPTS = 5;

/** A contestant's server, which may go and come again at its address. */
class Server {
  readonly #contestant: string;
  #process: ServerProcess;
  #port = 0;

  constructor(contestant: string) {
    this.#contestant = contestant;
    this.#process = new ServerProcess(contestant);
  }

  get process(): ServerProcess {
    return this.#process;
  }

  /** @returns its address */
  async start(): Promise<string> {
    const {url, port} = await this.#process.start(this.#port);
    this.#port = port;
    return url;
  }

  async restart(awayMs: number): Promise<void> {
    const gone = this.#process;
    this.#process = new ServerProcess(this.#contestant);
    await this.#process.loaded;
    await gone.stop();
    await quiet(awayMs);
    await this.start();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

interface Entry {
  readonly name: string;
  readonly tabs: Tabs;
  readonly server: Server;
  ready: readonly RemoteTab[];
}

/** Where a round's figures go. */
interface Notes {
  readonly record: (rowId: string, value: number) => void;
  readonly spent: (rowId: string, value: Spent) => void;
}

const NOWHERE: Notes = {record: () => undefined, spent: () => undefined};

class Runner {
  readonly #options: RunOptions;
  readonly #entries: Entry[] = [];
  readonly #figures = new Map<string, Map<string, (number | undefined)[]>>();
  readonly #failures: Failure[] = [];
  readonly #played = new Map<string, number>();
  readonly #spent = new Map<string, Map<string, Spent[]>>();
  readonly #meter: (server: ServerProcess) => Promise<Spent>;
  #rooms = 0;

  constructor(options: RunOptions, readMeter: (server: ServerProcess) => Promise<Spent>) {
    this.#options = options;
    this.#meter = readMeter;
  }

  add(name: string, tabs: Tabs, server: Server): void {
    this.#entries.push({name, tabs, server, ready: []});
    this.#figures.set(name, new Map());
    this.#spent.set(name, new Map());
  }

  async run(): Promise<RunResults> {
    const {scenarios, progress} = this.#options;
    for (const scenario of scenarios) {
      const rounds = Math.min(this.#options.rounds, scenario.mostRounds ?? Infinity);
      // A round that is not counted: it loads what a contestant loads late, and lets the browser compile what runs often.
      const entries = this.#entries.filter(({name}) => doesAny(name, scenario));
      for (const entry of entries) await this.#prepare(entry, scenario);
      for (let round = 0; round < rounds; round++) {
        if (round > 0 && round % NEW_TABS_EVERY === 0) for (const entry of entries) await this.#prepare(entry, scenario);
        for (const entry of round % 2 === 0 ? entries : entries.toReversed()) {
          const begun = performance.now();
          const seen = await this.#measure(entry, scenario, round);
          progress(`${scenario.label}, round ${round + 1} of ${rounds}, ${entry.name}: ${seen} `
            + `(${((performance.now() - begun) / 1_000).toFixed(1)} s)`);
          this.#note(entry);
        }
      }
    }
    return {figures: this.#figures, failures: this.#failures, played: this.#played, spent: this.#spent};
  }

  async #prepare(entry: Entry, scenario: Scenario): Promise<void> {
    entry.ready = await entry.tabs.open(scenario.n);
    // Every round of these begins with pages that have just been loaded.
    if (scenario.spoilsTabs) return;
    try {
      await this.#play(entry, scenario, NOWHERE);
    } catch (error) {
      // What is wrong shows, and counts, in the rounds to come.
      this.#options.progress(`${scenario.label}, warm-up, ${entry.name}: ${(error as Error).message}`);
      entry.ready = await entry.tabs.open(scenario.n);
    }
  }

  /** @returns words for the progress line */
  async #measure(entry: Entry, scenario: Scenario, round: number): Promise<string> {
    const recorded = new Map<string, number>();
    const spent = new Map<string, Spent>();
    let failure: string;
    for (let attempt = 1; ; attempt++) {
      recorded.clear();
      spent.clear();
      failure = await this.#try(entry, scenario, round, {
        record: (id, value) => recorded.set(id, value), spent: (id, value) => spent.set(id, value),
      });
      if (!failure.includes(TOO_BUSY)) break;
      if (attempt === BUSY_ATTEMPTS) throw new Error(failure);
      this.#options.progress(`  ${failure}; the round begins again`);
      await this.#prepare(entry, scenario);
    }
    if (failure) this.#failures.push({contestant: entry.name, scenario: scenario.label, round, reason: failure});
    this.#played.set(entry.name, (this.#played.get(entry.name) ?? 0) + 1);
    const rows = this.#figures.get(entry.name)!;
    for (const id of scenario.rowIds) rows.set(id, [...rows.get(id) ?? [], recorded.get(id)]);
    const accounts = this.#spent.get(entry.name)!;
    for (const [id, value] of failure ? [] : spent) accounts.set(id, [...accounts.get(id) ?? [], value]);
    // What a failed round left behind must not burden the next.
    if (failure || scenario.spoilsTabs) await this.#prepare(entry, scenario);
    const words = [...recorded].map(([id, value]) => `${id} ${value.toFixed(1)}`);
    return [...words, ...failure ? [`FAILED: ${failure}`] : []].join(', ');
  }

  /** @returns why it failed, or nothing */
  async #try(entry: Entry, scenario: Scenario, round: number, notes: Notes): Promise<string> {
    try {
      await this.#play(entry, scenario, notes, round);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  }

  async #play(entry: Entry, scenario: Scenario, {record, spent}: Notes, round?: number): Promise<void> {
    const room = `bench-${process.pid}-${++this.#rooms}`;
    const read = (): Promise<Spent> => this.#meter(entry.server.process);
    const played = scenario.run({
      tabs: entry.ready, room, record, restart: awayMs => entry.server.restart(awayMs),
      watched: async (rowId, run) => {
        const before = await read();
        const result = await this.#instrumented(entry, round === undefined ? undefined : `${rowId}-${round}`, run);
        spent(rowId, since(before, await read()));
        return result;
      },
    });
    const left = played.catch(() => undefined)
      .then(() => allOf(entry.ready.filter(({isKilled}) => !isKilled).map(tab => tab.call('leave'))));
    await allOf<unknown>([played, left]);
    await quiet();
  }

  #instrumented<T>({name, ready}: Entry, what: string | undefined, run: () => Promise<T>): Promise<T> {
    const {instrument} = this.#options;
    if (what === undefined || instrument === undefined) return run();
    return instrumented(instrument, ready, `${name}-${what}`, run);
  }

  #note(entry: Entry): void {
    const errors = entry.tabs.takeErrors();
    if (errors.length > 0) this.#options.progress(`  ${entry.name}'s pages: ${[...new Set(errors)].slice(0, 3).join('; ')}`);
  }
}

/** Whether this contestant does what the scenario is about. */
const doesAny = (name: string, {rowIds}: Scenario): boolean =>
  rowIds.some(id => !entrants[name]!.without?.some(row => id === row || id.startsWith(`${row}-`)));
