import type {Summary} from './summary.js';

const HEAD = [
  'topology', 'members', 'room', 'links: mean, most', 'hops: median, most', 'bytes a line: mean, most', 'idle bytes/s',
  'ms: median', 'p99', 'most', 'lines', 'present got it', 'twice', 'torn',
];

/** Rows as Markdown, in columns. */
export function toTable(summaries: readonly Summary[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...summaries.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows.map(row => `| ${row.map((cell, column) => cell.padEnd(widths[column]!, cell === '---' ? '-' : ' ')).join(' | ')} |`).join('\n');
}

function rowOf(summary: Summary): string[] {
  const {topology, members, reduced, fault, degree, hops, bytes, idleBytesPerSecond, ms, lines, rooms, repeats, orphans, torn} = summary;
  return [
    topology, count(members) + (reduced ? ' *' : ''), fault, `${figure(degree.mean)}, ${figure(degree.most)}`,
    `${figure(hops.median)}, ${figure(hops.most)}`, `${figure(bytes.mean)}, ${figure(bytes.most)}`, figure(idleBytesPerSecond),
    figure(ms.median), figure(ms.p99), figure(ms.most), count(lines) + (rooms > 1 ? ` in ${rooms}` : ''), share(summary),
    count(repeats), orphans ? `${torn} of ${orphans}` : '–',
  ];
}

export const count = (value: number): string => value.toLocaleString('en');

/** Percent, never rounded up to all of it. */
export function share({delivered, due}: Pick<Summary, 'delivered' | 'due'>): string {
  if (delivered === due) return `100 % of ${count(due)}`;
  return `${(Math.floor(delivered / due * 1e5) / 1e3).toFixed(3)} % of ${count(due)}`;
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}
