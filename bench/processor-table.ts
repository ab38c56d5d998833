import {PARTS, type Part, type Spent} from './driver/processor.js';
import type {Row} from './rows.js';
import {figure, median} from './stats.js';

/** Who took how much processor time: medians of the rounds that did not fail, as the lines of a Markdown table. */
export function processorTable(rows: readonly Row[], spent: ReadonlyMap<string, ReadonlyMap<string, readonly Spent[]>>): string[] {
  const lines = rows.flatMap(({id, label}) => [...spent].flatMap(([contestant, byRow]) => {
    const rounds = byRow.get(id) ?? [];
    if (rounds.length === 0) return [];
    const of = (part: Part): string => figure(median(rounds.map(round => round[part])));
    const all = figure(median(rounds.map(round => PARTS.reduce((sum, part) => sum + round[part], 0))));
    return [`| ${label} | ${contestant} | ${PARTS.map(of).join(' | ')} | ${all} |`];
  }));
  return ['', `| processor, ms | | ${PARTS.join(' | ')} | all |`, `| --- | --- |${' --- |'.repeat(PARTS.length + 1)}`, ...lines];
}
