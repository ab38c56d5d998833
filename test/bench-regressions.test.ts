/** What `npm run bench:ci` makes of its figures. */
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {calibrate, judge, limitOf, pooled, type Baseline} from '../bench/regressions.js';
import {rowsFor, type Row} from '../bench/rows.js';
import type {Figures, Results} from '../bench/runner.js';

const rows = rowsFor([4]);
const [late, burst] = ['late-4', 'burst-4'].map(wanted => rows.find(({id}) => id === wanted)!) as [Row, Row];

function results(row: Row, floor: Figures, mine: Figures): Results {
  return {figures: new Map([['floor', new Map([[row.id, floor]])], ['mesh-room', new Map([[row.id, mine]])]]), failures: [], played: new Map()};
}

const baseline: Baseline = {'late-4': {cost: 1.2, noise: 1.05}, 'burst-4': {cost: 1.1, noise: 1.3}};

describe('bench:ci', () => {
  it('takes a time and a rate for slower when both the median and the best round are beyond the limit', () => {
    assert.equal(judge(late, results(late, [10, 11, 12], [20, 21, 22]), baseline).verdict, 'slower');
    assert.equal(judge(late, results(late, [10, 11, 12], [12, 21, 22]), baseline).verdict, 'ok', 'one good round: the machine was busy');
    assert.equal(judge(late, results(late, [10, 11, 12], [13, 13, 14]), baseline).verdict, 'ok');
    assert.equal(judge(burst, results(burst, [100, 90], [40, 45]), baseline).verdict, 'slower');
    assert.equal(judge(burst, results(burst, [100, 90], [70, 80]), baseline).verdict, 'ok');
  });

  it('allows for twice the noise of the calibrating runs, and for a third at least', () => {
    assert.equal(limitOf({cost: 2, noise: 1}), 2.6);
    assert.equal(limitOf({cost: 2, noise: 1.5}), 4.5);
  });

  it('passes no run in which a round of this project failed, and leaves the floor its own', () => {
    assert.equal(judge(late, results(late, [10, 10], [10, undefined]), baseline).verdict, 'failed');
    assert.equal(judge(late, results(late, [10, undefined], [10, 10]), baseline).verdict, 'ok');
  });

  it('calibrates with the middle of all runs and the one that is furthest from it', () => {
    const runs = [10, 12, 9].map(mine => results(late, [10], [mine]));
    assert.deepEqual(calibrate([late], runs), {'late-4': {cost: 1, noise: 1.2}});
  });

  it('judges all rounds together where some were measured again', () => {
    const all = pooled([results(late, [10], [30]), results(late, [10, 10], [12, 12])]);
    assert.deepEqual(all.figures.get('mesh-room')?.get('late-4'), [30, 12, 12]);
    assert.equal(judge(late, all, baseline).verdict, 'ok');
  });
});
