/** Whether this project has become slower beside the floor than it was when the baseline was measured. */
import {lessIsBetter, type Row} from './rows.js';
import type {Figures, Results} from './runner.js';
import {FLOOR, SUBJECT} from './servers/index.js';
import {median} from './stats.js';

/** What `baseline.json` holds of a row, by its id. */
export interface Norm {
  /** How much this project takes, times the floor: the median of the calibrating runs' costs. */
  readonly cost: number;
  /** The most that one of those runs was off that, as a factor. */
  readonly noise: number;
}
export type Baseline = Readonly<Record<string, Norm>>;

/** Less than this is no clear step, however quiet the machine was that measured the baseline. */
const LEAST_STEP = 1.3;
/** Costs of runs are spread evenly as factors: what is twice as far off as any of the calibrating runs is no noise. */
const NOISE_FACTOR = 2;

/** The costs of one run. */
export interface Cost {
  /** Of the medians. */
  readonly typical: number;
  /** Of the best rounds: what the machine's other work cannot have made slower. */
  readonly best: number;
}

export interface Judgement {
  readonly row: Row;
  readonly cost: Cost;
  readonly norm: Norm | undefined;
  readonly limit: number;
  readonly verdict: 'ok' | 'slower' | 'failed';
}

const valuesOf = (figures: Figures | undefined): readonly number[] => (figures ?? []).filter(value => value !== undefined);

/** How much this project takes, times the floor; more is worse, whatever the unit. */
export function costOf({id, unit}: Row, {figures}: Results): Cost {
  const [mine, floor] = [SUBJECT, FLOOR].map(name => valuesOf(figures.get(name)?.get(id)));
  const factor = (of: (values: readonly number[]) => number): number => {
    const ratio = of(mine!) / of(floor!);
    return lessIsBetter(unit) ? ratio : 1 / ratio;
  };
  const best = (values: readonly number[]): number => lessIsBetter(unit) ? Math.min(...values) : Math.max(...values);
  return {typical: factor(median), best: factor(best)};
}

/** Above this a row is clearly slower than it was. */
export const limitOf = ({cost, noise}: Norm): number => cost * Math.max(LEAST_STEP, noise ** NOISE_FACTOR);

/** A row is slower when both its median and its best round are; one of them alone is the machine's doing. */
export function judge(row: Row, results: Results, baseline: Baseline): Judgement {
  const cost = costOf(row, results);
  const norm = baseline[row.id];
  const limit = norm ? limitOf(norm) : Infinity;
  const isWhole = results.figures.get(SUBJECT)?.get(row.id)?.every(value => value !== undefined) ?? false;
  const verdict = !isWhole ? 'failed' : Math.min(cost.typical, cost.best) > limit ? 'slower' : 'ok';
  return {row, cost, norm, limit, verdict};
}

/** The baseline that these runs make. */
export function calibrate(rows: readonly Row[], runs: readonly Results[]): Baseline {
  return Object.fromEntries(rows.map(row => {
    const costs = runs.map(results => costOf(row, results).typical);
    const cost = median(costs);
    const noise = Math.max(...costs.map(each => Math.max(each / cost, cost / each)));
    return [row.id, {cost: Number(cost.toFixed(3)), noise: Number(noise.toFixed(3))}];
  }));
}

/** The rounds of several runs as those of one. */
export function pooled(runs: readonly Results[]): Results {
  const names = [...new Set(runs.flatMap(({figures}) => [...figures.keys()]))];
  const figures = new Map(names.map(name => {
    const ids = new Set(runs.flatMap(run => [...run.figures.get(name)?.keys() ?? []]));
    return [name, new Map([...ids].map(id => [id, runs.flatMap(run => run.figures.get(name)?.get(id) ?? [])]))];
  }));
  const played = new Map(names.map(name => [name, runs.reduce((sum, run) => sum + (run.played.get(name) ?? 0), 0)]));
  return {figures, failures: runs.flatMap(({failures}) => failures), played};
}
