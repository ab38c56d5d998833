import type {RemoteTab} from '../driver/tabs.js';
import {BURST} from '../rows.js';
import {quantile} from '../stats.js';
import {allOf, fill, quiet, REST_MS, type Scenario} from './scenario.js';

/** Broadcasts that are answered, one after another. */
const ASKS = 300;
/** One burst takes too little time to say much by itself; a round records the median of these. */
const BURSTS = 5;
const SMALL_BYTES = 100;
const BOUND_MS = 30_000;

/** In a room at rest, the first of `n` tabs asks everybody many times, then sends bursts. */
export const messages = (n: number): Scenario => ({
  label: `messages, n = ${n}`,
  n,
  rowIds: [`broadcast-${n}`, `broadcast-p99-${n}`, `burst-${n}`],
  async run(round) {
    const {tabs, record, watched} = round;
    const [sender, ...receivers] = tabs;
    await fill(round);
    await Promise.all(receivers.map(tab => tab.call('answer')));
    await quiet(REST_MS);
    const times = await watched(`broadcast-${n}`, () => sender!.call('ask', ASKS, SMALL_BYTES, BOUND_MS));
    record(`broadcast-${n}`, quantile(times, 0.5));
    record(`broadcast-p99-${n}`, quantile(times, 0.99));

    const rates: number[] = [];
    for (let burst = 0; burst < BURSTS; burst++) {
      await quiet();
      rates.push(BURST / await burstMs(sender!, receivers) * 1_000);
    }
    record(`burst-${n}`, quantile(rates, 0.5));
  },
});

/** @returns milliseconds from the first message's sending until the last receiver had the last one */
async function burstMs(sender: RemoteTab, receivers: readonly RemoteTab[]): Promise<number> {
  const receipts = allOf(receivers.map(tab => tab.call('receiveBurst', BURST, BOUND_MS)));
  const [{startedAt, hash}, received] = await Promise.all([sender.call('burst', BURST, SMALL_BYTES), receipts]);
  for (const {count, inOrder, hash: found} of received) {
    if (count !== BURST || !inOrder || found !== hash) {
      throw new Error(`burst came wrong: ${count} of ${BURST}, ${inOrder ? 'in' : 'out of'} order`);
    }
  }
  return Math.max(...received.map(({lastAt}) => lastAt)) - startedAt;
}
