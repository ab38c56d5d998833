import {fill, join, quiet, REST_MS, type Scenario} from './scenario.js';

/** `n` tabs mesh from a common start. */
export const start = (n: number): Scenario => ({
  label: `start, n = ${n}`,
  n,
  rowIds: [`start-${n}`],
  async run(round) {
    const {tabs, record, watched} = round;
    record(`start-${n}`, await watched(`start-${n}`, () => join(round, tabs)));
  },
});

/** The last of `n` comes to a room at rest. */
export const late = (n: number): Scenario => ({
  label: `late, n = ${n}`,
  n,
  rowIds: [`late-${n}`],
  async run(round) {
    const {tabs, record, watched} = round;
    await fill({...round, tabs: tabs.slice(0, -1)});
    await quiet(REST_MS);
    record(`late-${n}`, await watched(`late-${n}`, () => join(round, tabs.slice(-1))));
  },
});
