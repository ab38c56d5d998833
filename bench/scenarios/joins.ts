import {join, meshBoundMs, quiet, REST_MS, type Scenario} from './scenario.js';

/** `n` tabs mesh from a common start; then the last one leaves, and comes back to a room at rest. */
export const joins = (n: number): Scenario => ({
  label: `joins, n = ${n}`,
  n,
  rowIds: [`start-${n}`, `late-${n}`],
  async run(round) {
    const {tabs, record} = round;
    record(`start-${n}`, await join(round, tabs));

    const newcomer = tabs.at(-1)!;
    const others = tabs.slice(0, -1);
    await Promise.all(tabs.map(tab => tab.call('settled', n - 1, meshBoundMs(n))));
    await newcomer.call('leave');
    await Promise.all(others.map(tab => tab.call('settled', n - 2, meshBoundMs(n))));
    await quiet(REST_MS);
    record(`late-${n}`, await join(round, [newcomer]));
  },
});
