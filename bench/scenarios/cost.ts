import type {RemoteTab} from '../driver/tabs.js';
import {BUSY_RATE} from '../rows.js';
import {allOf, fill, quiet, REST_MS, type Scenario} from './scenario.js';

const WATCH_MS = 10_000;
const LINE_BYTES = 100;
const BOUND_MS = 30_000;
const MB = 1_000_000;

/** What a room costs each of its `n` tabs when nobody says anything, and when all do. */
export const cost = (n: number): Scenario => ({
  label: `cost, n = ${n}`,
  n,
  rowIds: [`heap-${n}`, `idle-${n}`, `busy-${n}`],
  mostRounds: 3,
  async run(round) {
    const {tabs, record, watched} = round;
    await fill(round);
    await quiet(REST_MS);
    record(`idle-${n}`, await watched(`idle-${n}`, () => processorMs(tabs, () => quiet(WATCH_MS))) / (WATCH_MS / 1_000));
    record(`busy-${n}`, await watched(`busy-${n}`, () => processorMs(tabs, async () => {
      await allOf(tabs.map(tab => tab.call('startChat', 1_000 / BUSY_RATE, LINE_BYTES)));
      await quiet(WATCH_MS);
      const said = (await allOf(tabs.map(tab => tab.call('stopChat')))).map(({length}) => length);
      const all = said.reduce((sum, count) => sum + count, 0);
      await allOf(tabs.map((tab, i) => tab.call('heardTalk', all - said[i]!, BOUND_MS)));
    })) / (WATCH_MS / 1_000));
    const heaps: number[] = [];
    for (const tab of tabs) heaps.push(await tab.heapBytes());
    record(`heap-${n}`, mean(heaps) / MB);
  },
});

/** @returns milliseconds of processor that a tab's process took meanwhile, mean of all tabs */
async function processorMs(tabs: readonly RemoteTab[], run: () => Promise<void>): Promise<number> {
  const before = await Promise.all(tabs.map(tab => tab.processorMs()));
  await run();
  const after = await Promise.all(tabs.map(tab => tab.processorMs()));
  return mean(after.map((ms, i) => ms - before[i]!));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
