import {lastReached, meshBoundMs, quiet, soon, startTogether, type Scenario} from './scenario.js';

/** `n` tabs mesh from a common start; then the last one leaves, and comes back to a room that is otherwise at rest. */
export const joins = (n: number): Scenario => ({
  label: `joins, n = ${n}`,
  n,
  rowIds: [`start-${n}`, `late-${n}`],
  async run(round) {
    const {tabs, room, record} = round;
    record(`start-${n}`, await startTogether(round));

    const newcomer = tabs.at(-1)!;
    const others = tabs.slice(0, -1);
    await Promise.all(tabs.map(tab => tab.call('settled', n - 1, meshBoundMs(n))));
    await newcomer.call('leave');
    await Promise.all(others.map(tab => tab.call('settled', n - 2, meshBoundMs(n))));
    await quiet();
    const at = soon(1);
    await newcomer.call('join', room, at);
    record(`late-${n}`, await lastReached(tabs, at) - at);
  },
});
