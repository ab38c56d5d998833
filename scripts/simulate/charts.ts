/** The figures as pictures for the documentation. They change only when the figures do. */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {lineChart, type Series} from '../charts/lines.js';
import {FAULTS, type Fault} from './rooms.js';
import type {Summary} from './summary.js';
import {count, share} from './table.js';

const HUES: Readonly<Record<string, Series['hue']>> = {'full-mesh': 'grey', 'small-world': 'blue', tree: 'green', auto: 'orange'};

/** One line per topology. `auto` is drawn last and broken, since beyond its limit it lies on another. */
function seriesOf(summaries: readonly Summary[], value: (summary: Summary) => number, bound?: (summary: Summary) => number): Series[] {
  const names = [...new Set(summaries.map(({topology}) => topology))].sort((a, b) => Number(a === 'auto') - Number(b === 'auto'));
  return names.map(name => ({
    name, hue: HUES[name] ?? 'grey', isBroken: name === 'auto',
    points: summaries.filter(({topology}) => topology === name)
      .map(summary => ({x: summary.members, y: value(summary), ...bound && {most: bound(summary)}}))
      .filter(({y}) => Number.isFinite(y)),
  }));
}

export async function writeCharts(folder: string, summaries: readonly Summary[]): Promise<void> {
  const of = (fault: Fault): Summary[] => summaries.filter(summary => summary.fault === fault);
  const calm = of('calm');
  const charts: Record<string, string> = {
    degree: lineChart({
      title: 'Links of a member', note: 'mean; thin: most of any member',
      panels: [{series: seriesOf(calm, ({degree}) => degree.mean, ({degree}) => degree.most), y: {scale: 'linear', unit: ''}}],
    }),
    bytes: lineChart({
      title: 'Bytes that a member sends for one line of chat', note: 'mean of all members; thin: who sends most',
      panels: [{series: seriesOf(calm, ({bytes}) => bytes.mean, ({bytes}) => bytes.most), y: {scale: 'log', unit: ''}}],
    }),
    time: lineChart({
      title: 'From saying to having it', note: 'median of all lines and members; thin: the slowest; links of 20 to 120 ms',
      panels: [{series: seriesOf(calm, ({ms}) => ms.median, ({ms}) => ms.most), y: {scale: 'linear', unit: ' ms'}}],
    }),
    faults: lineChart({
      title: 'The slowest delivery to a member who was present, by what goes wrong', note: '',
      panels: FAULTS.filter(fault => of(fault).length > 0).map(fault => ({
        title: `${WORDS[fault]}: ${told(of(fault))}`,
        series: seriesOf(of(fault), ({ms}) => ms.most), y: {scale: 'log' as const, unit: ' ms'},
      })),
    }),
  };
  await mkdir(folder, {recursive: true});
  for (const [name, svg] of Object.entries(charts)) await writeFile(join(folder, `${name}.svg`), svg);
}

const WORDS: Readonly<Record<Fault, string>> = {
  calm: 'nothing', churn: '10 % come and go a minute', broken: '5 % of pairs have no path', dying: 'a fifth dies at once',
};

function told(summaries: readonly Summary[]): string {
  const sum = (key: 'due' | 'delivered' | 'repeats'): number => summaries.reduce((so, summary) => so + summary[key], 0);
  return `${share({due: sum('due'), delivered: sum('delivered')})} delivered, ${count(sum('repeats'))} twice`;
}
