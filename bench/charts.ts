/** The table as pictures for the documentation. */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {barChart, type BarGroup} from '../scripts/charts/bars.js';
import type {Hue} from '../scripts/charts/picture.js';
import type {Cell, Report, ReportRow} from './report.js';
import type {RowName} from './rows.js';
import {figure} from './stats.js';

const HUE_OF: Readonly<Record<string, Hue>> = {
  'floor': 'grey', 'mesh-room': 'blue', 'trystero': 'green', 'peerjs': 'orange', 'y-webrtc': 'purple', 'tutorial': 'red',
};

const CHARTS: Readonly<Record<string, {readonly title: string; readonly rows: readonly RowName[]}>> = {
  joins: {title: 'From joining to being linked', rows: ['late', 'start']},
  messages: {title: 'Small messages', rows: ['broadcast', 'burst']},
  transfers: {title: 'Large messages', rows: ['bulk', 'bulk-all', 'chat']},
  cost: {title: 'What a room costs a tab', rows: ['heap', 'idle', 'busy']},
  life: {title: 'Coming and going', rows: ['left', 'killed', 'thaw', 'restart']},
};

const NOTE = 'Median of all rounds; the line is from the least to the most.';

/** One file a subject, for those whose rows were measured. */
export async function writeCharts(folder: string, {rows}: Report): Promise<void> {
  await mkdir(folder, {recursive: true});
  for (const [name, {title, rows: names}] of Object.entries(CHARTS)) {
    const groups = rows.filter(({row}) => names.includes(row.name)).map(groupOf);
    if (groups.length > 0) await writeFile(join(folder, `bench-${name}.svg`), barChart({title, note: NOTE, groups}));
  }
}

const groupOf = ({row, cells}: ReportRow): BarGroup => ({
  title: `${row.label} (${row.unit})`,
  bars: cells.filter(({rounds}) => rounds > 0).map(cell => ({
    name: cell.contestant, hue: HUE_OF[cell.contestant] ?? 'grey', value: cell.median, least: cell.least, most: cell.most, words: wordsOf(cell),
  })),
});

function wordsOf({median: value, failed, rounds, ratio}: Cell): string {
  if (failed === rounds) return 'failed';
  const times = Number.isFinite(ratio) && ratio > 0 && ratio !== 1 ? `, ${ratio.toFixed(2)} ×` : '';
  return `${figure(value)}${times}${failed > 0 ? `, ${failed} of ${rounds} failed` : ''}`;
}
