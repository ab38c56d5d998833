import {fill, join, quiet, REST_MS, type Scenario} from './scenario.js';

/** `n` tabs mesh from a common start. */
export const start = (n: number): Scenario => ({
  label: `start, n = ${n}`,
  n,
  rowIds: [`start-${n}`],
  async run(round) {
    round.record(`start-${n}`, await join(round, round.tabs));
  },
});

/** The last of `n` comes to a room at rest. */
export const late = (n: number): Scenario => ({
  label: `late, n = ${n}`,
  n,
  rowIds: [`late-${n}`],
  async run(round) {
    const {tabs, record} = round;
    await fill({...round, tabs: tabs.slice(0, -1)});
    await quiet(REST_MS);
    record(`late-${n}`, await join(round, tabs.slice(-1)));
  },
});
