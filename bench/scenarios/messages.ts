import {BURST, MESSAGES_N} from '../rows.js';
import {quantile} from '../stats.js';
import {allOf, join, meshBoundMs, quiet, type Scenario} from './scenario.js';

/** Broadcasts that are answered, one after another, and the size of all small messages. */
const ASKS = 300;
const SMALL_BYTES = 100;
const BOUND_MS = 30_000;

/** The first of eight tabs asks everybody many times, then sends a burst. */
export const messages: Scenario = {
  label: `messages, n = ${MESSAGES_N}`,
  n: MESSAGES_N,
  rowIds: ['broadcast', 'broadcast-p99', 'burst'],
  async run(round) {
    const {tabs, record} = round;
    const [sender, ...receivers] = tabs;
    await join(round, tabs);
    await Promise.all(tabs.map(tab => tab.call('settled', MESSAGES_N - 1, meshBoundMs(MESSAGES_N))));
    await Promise.all(receivers.map(tab => tab.call('answer')));
    await quiet();
    const times = await sender!.call('ask', ASKS, SMALL_BYTES, BOUND_MS);
    record('broadcast', quantile(times, 0.5));
    record('broadcast-p99', quantile(times, 0.99));

    await quiet();
    const receipts = allOf(receivers.map(tab => tab.call('receiveBurst', BURST, BOUND_MS)));
    const [{startedAt, hash}, received] = await Promise.all([sender!.call('burst', BURST, SMALL_BYTES), receipts]);
    for (const receipt of received) {
      if (receipt.count !== BURST || !receipt.inOrder || receipt.hash !== hash) {
        throw new Error(`burst came wrong: ${receipt.count} of ${BURST}, ${receipt.inOrder ? 'in' : 'out of'} order`);
      }
    }
    record('burst', BURST / (Math.max(...received.map(({lastAt}) => lastAt)) - startedAt) * 1_000);
  },
};
