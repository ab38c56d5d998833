import type {Row} from './rows.js';
import type {Failure, Figures, Results} from './runner.js';
import {FLOOR, SUBJECT} from './servers/index.js';
import {figure, median} from './stats.js';

export interface Cell {
  readonly contestant: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly failed: number;
  readonly rounds: number;
  /** To the floor's median of the same run; `NaN` without a floor. */
  readonly ratio: number;
}

export interface ReportRow {
  readonly row: Row;
  readonly cells: readonly Cell[];
  /** `undefined` where there is no bound, or nobody to hold against it. */
  readonly verdict?: 'ok' | 'short';
}

export interface Report {
  readonly heading: readonly string[];
  readonly rows: readonly ReportRow[];
  readonly failures: readonly Failure[];
}

/** Judges the rows; a failed round counts as the worst that can be, and makes its row short by itself. */
export function makeReport(rows: readonly Row[], {figures, failures}: Results, heading: readonly string[]): Report {
  const reportRows = rows.map(row => {
    const floor = cellOf(row, FLOOR, figures.get(FLOOR)?.get(row.id) ?? []);
    const cells = [...figures].map(([contestant, byRow]) => {
      const cell = cellOf(row, contestant, byRow.get(row.id) ?? []);
      return {...cell, ratio: cell.median / floor.median};
    });
    const verdict = judge(row, cells.find(({contestant}) => contestant === SUBJECT));
    return {row, cells, ...verdict && {verdict}};
  });
  return {heading, rows: reportRows, failures};
}

function cellOf({unit}: Row, contestant: string, rounds: Figures): Cell {
  const values = rounds.map(value => value ?? (unit === 'ms' ? Infinity : 0));
  return {
    contestant, median: median(values), least: Math.min(...values), most: Math.max(...values),
    failed: rounds.filter(value => value === undefined).length, rounds: rounds.length, ratio: Number.NaN,
  };
}

function judge({bound}: Row, cell: Cell | undefined): 'ok' | 'short' | undefined {
  if (!cell || cell.rounds === 0) return undefined;
  if (cell.failed > 0) return 'short';
  if (!bound) return undefined;
  if (bound.kind === 'limit') return cell.most <= bound.value ? 'ok' : 'short';
  if (Number.isNaN(cell.ratio)) return undefined;
  return (bound.kind === 'at-most' ? cell.ratio <= bound.ratio : cell.ratio >= bound.ratio) ? 'ok' : 'short';
}

/** The table's cells as text, the head first. */
function table({rows}: Report): string[][] {
  const contestants = rows[0]?.cells.map(({contestant}) => contestant) ?? [];
  const head = ['', ...contestants.flatMap(name => name === FLOOR ? [name] : [name, '× floor']), 'bound', ''];
  return [head, ...rows.map(({row, cells, verdict}) => [
    `${row.label}, ${row.unit}`,
    ...cells.flatMap(cell => {
      const spread = `${figure(cell.median)} (${figure(cell.least)}–${figure(cell.most)})`;
      const words = cell.failed > 0 ? `${spread} ${cell.failed} of ${cell.rounds} failed` : spread;
      return cell.contestant === FLOOR ? [words] : [words, Number.isFinite(cell.ratio) ? cell.ratio.toFixed(2) : '–'];
    }),
    boundText(row),
    verdict ?? '',
  ])];
}

function boundText({bound, unit}: Row): string {
  if (!bound) return '';
  if (bound.kind === 'limit') return `≤ ${bound.value} ${unit}`;
  return `${bound.kind === 'at-most' ? '≤' : '≥'} ${bound.ratio} ×`;
}

const NOTE = 'Median of all rounds (least–most). A failed round counts as the worst.';

export function toText(report: Report): string {
  const cells = table(report);
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map(line => line[column]!.length)));
  const lines = cells.map(line => line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd());
  return [...report.heading, '', ...lines, '', NOTE, ...failureLines(report)].join('\n');
}

export function toMarkdown(report: Report): string {
  const [head, ...lines] = table(report).map(line => `| ${line.join(' | ')} |`);
  const rule = `| ${table(report)[0]!.map(() => '---').join(' | ')} |`;
  return [...report.heading.map(line => `- ${line}`), '', head, rule, ...lines, '', NOTE, ...failureLines(report), ''].join('\n');
}

const failureLines = ({failures}: Report): string[] => failures.length === 0 ? ['No round failed.'] : [
  `${failures.length} rounds failed:`,
  ...failures.map(({contestant, scenario, round, reason}) => `- ${contestant}, ${scenario}, round ${round + 1}: ${reason}`),
];
