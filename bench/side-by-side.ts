/** Several that do the same, round by round in turns, and a table of what that gave. */
import {figure, spread, summaryOf} from './stats.js';

/** One round's figures, by the table's row. */
export type Figures<Row extends string> = Readonly<Record<Row, number>>;
export type Results<Name extends string, Row extends string> = ReadonlyMap<Name, readonly Figures<Row>[]>;

export interface SideBySide<Name extends string, Row extends string> {
  /** What the lines of progress begin with. */
  readonly label: string;
  readonly names: readonly Name[];
  readonly rounds: number;
  /** Rounds before those that count. */
  readonly warmUps?: number;
  readonly play: (name: Name, round: number) => Promise<Figures<Row>>;
}

/** Plays A B C, then C B A, and so on. */
export async function sideBySide<Name extends string, Row extends string>(
  {label, names, rounds, warmUps = 0, play}: SideBySide<Name, Row>): Promise<Results<Name, Row>> {
  const results = new Map(names.map(name => [name, [] as Figures<Row>[]]));
  for (let round = 0; round < warmUps + rounds; round++) {
    const counts = round >= warmUps;
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figures = await play(name, round);
      if (counts) results.get(name)!.push(figures);
      const words = Object.entries<number>(figures).map(([row, value]) => `${row} ${figure(value)}`).join(', ');
      console.error(`${label}, ${counts ? `round ${round - warmUps + 1} of ${rounds}` : 'warm-up'}, ${name}: ${words}`);
    }
  }
  return results;
}

export interface Comparison<Name extends string, Row extends string> {
  readonly heading: string;
  /** Label of each row. */
  readonly rows: Readonly<Record<Row, string>>;
  readonly results: Results<Name, Row>;
  /** Whose medians the others' are divided by. */
  readonly floor?: Name;
  readonly labelOf?: (name: Name) => string;
}

/** The lines of a Markdown table. */
export function comparison<Name extends string, Row extends string>(
  {heading, rows, results, floor, labelOf = name => name}: Comparison<Name, Row>): string[] {
  const summary = (name: Name, row: Row) => summaryOf(results.get(name)!.map(figures => figures[row]));
  const cell = (name: Name, row: Row): string => {
    const mine = summary(name, row);
    const ratio = floor === undefined || name === floor ? '' : `, ${(mine.median / summary(floor, row).median).toFixed(2)} ×`;
    return spread(mine) + ratio;
  };
  const names = [...results.keys()];
  return [
    `| ${heading} | ${names.map(labelOf).join(' | ')} |`, `| --- |${' --- |'.repeat(names.length)}`,
    ...(Object.keys(rows) as Row[]).map(row => `| ${rows[row]} | ${names.map(name => cell(name, row)).join(' | ')} |`),
  ];
}
