import {lessIsBetter, type Row} from './rows.js';
import type {Failure, Figures, Results} from './runner.js';
import {FLOOR, SUBJECT} from './servers/index.js';
import {spread, summaryOf, type Summary} from './stats.js';

export interface Cell extends Summary {
  readonly contestant: string;
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
  /** Who beats this project here, the floor apart: best first. */
  readonly ahead: readonly string[];
}

export interface Report {
  readonly heading: readonly string[];
  readonly rows: readonly ReportRow[];
  readonly failures: readonly Failure[];
  /** How many rounds each played, by contestant. */
  readonly played: ReadonlyMap<string, number>;
}

/** Judges the rows; a failed round counts as the worst that can be, and makes its row short by itself. */
export function makeReport(rows: readonly Row[], {figures, failures, played}: Results, heading: readonly string[]): Report {
  const reportRows = rows.map(row => {
    const floor = cellOf(row, FLOOR, figures.get(FLOOR)?.get(row.id) ?? []);
    const cells = [...figures].map(([contestant, byRow]) => {
      const cell = cellOf(row, contestant, byRow.get(row.id) ?? []);
      return {...cell, ratio: cell.median / floor.median};
    });
    const subject = cells.find(({contestant}) => contestant === SUBJECT);
    const verdict = judge(row, subject);
    return {row, cells, ahead: subject ? aheadOf(subject, cells, row) : [], ...verdict && {verdict}};
  });
  return {heading, rows: reportRows, failures, played};
}

function cellOf({unit}: Row, contestant: string, rounds: Figures): Cell {
  const values = rounds.map(value => value ?? (lessIsBetter(unit) ? Infinity : 0));
  return {
    contestant, ...summaryOf(values),
    failed: rounds.filter(value => value === undefined).length, rounds: rounds.length, ratio: Number.NaN,
  };
}

/** Those with a better median than `subject`. */
function aheadOf(subject: Cell, cells: readonly Cell[], {unit}: Row): readonly string[] {
  const sign = lessIsBetter(unit) ? 1 : -1;
  return cells.filter(cell => cell.contestant !== FLOOR && cell.rounds > 0 && sign * (cell.median - subject.median) < 0)
    .sort((a, b) => sign * (a.median - b.median)).map(({contestant}) => contestant);
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
  return [['', ...contestants, 'bound', '', 'ahead of it'], ...rows.map(({row, cells, verdict, ahead}) => [
    `${row.label}, ${row.unit}`, ...cells.map(cellText), boundText(row), verdict ?? '', ahead.join(', '),
  ])];
}

function cellText(cell: Cell): string {
  const {contestant, failed, rounds, ratio} = cell;
  if (rounds === 0) return '–';
  if (failed === rounds) return `failed ${rounds} of ${rounds}`;
  return [
    spread(cell),
    ...contestant !== FLOOR && Number.isFinite(ratio) && ratio > 0 ? [`${ratio.toFixed(2)}×`] : [],
    ...failed > 0 ? [`failed ${failed} of ${rounds}`] : [],
  ].join(' ');
}

function boundText({bound, unit}: Row): string {
  if (!bound) return '';
  if (bound.kind === 'limit') return `≤ ${bound.value} ${unit}`;
  return `${bound.kind === 'at-most' ? '≤' : '≥'} ${bound.ratio} ×`;
}

const NOTE = 'Median of all rounds (least–most), times that of the floor. A failed round counts as the worst.';

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

function failureLines({failures, played}: Report): string[] {
  const counts = [...played].map(([contestant, rounds]) =>
    `${contestant} ${failures.filter(failure => failure.contestant === contestant).length} of ${rounds}`);
  return [
    `Failed rounds: ${counts.join(', ')}.`,
    ...failures.map(({contestant, scenario, round, reason}) => `- ${contestant}, ${scenario}, round ${round + 1}: ${reason}`),
  ];
}
