/** Bar charts of how several do in several things, each thing on a scale of its own. */
import {escape, picture, round, type Hue} from './picture.js';

export interface Bar {
  readonly name: string;
  readonly hue: Hue;
  /** Infinite for one that failed. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** What is written at its end. */
  readonly words: string;
}

export interface BarGroup {
  readonly title: string;
  /** None for who does not take part. */
  readonly bars: readonly Bar[];
}

export interface BarChart {
  readonly title: string;
  readonly note: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 720;
const HEADER = 56;
const FOOTER = 14;
const TITLE = 26;
const BAR = 18;
const GAP = 12;
const LEFT = 100;
/** Room for the words behind the longest bar. */
const RIGHT = 170;

export function barChart({title, note, groups}: BarChart): string {
  const body: string[] = [];
  let y = HEADER;
  for (const {title: heading, bars} of groups) {
    body.push(`<text class="panel" x="16" y="${y + 16}">${escape(heading)}</text>`);
    y += TITLE;
    const finite = bars.flatMap(({value, most}) => [value, most]).filter(Number.isFinite);
    const span = Math.max(...finite, Number.MIN_VALUE);
    for (const bar of bars) {
      body.push(draw(bar, y, value => LEFT + Math.min(1, value / span) * (WIDTH - LEFT - RIGHT)));
      y += BAR;
    }
    y += GAP;
  }
  return picture(title, note, {width: WIDTH, height: y + FOOTER}, body);
}

/** A bar to the median, and a thin line from the least to the most. */
function draw({name, hue, value, least, most, words}: Bar, y: number, x: (value: number) => number): string {
  const failed = !Number.isFinite(value);
  const end = failed ? LEFT : x(value);
  const text = `<text class="${hue}" x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escape(name)}</text>`;
  const behind = Number.isFinite(most) ? Math.max(end, x(most)) : end;
  return [
    text,
    ...failed ? [] : [`<rect class="${hue}" x="${LEFT}" y="${y + 3}" width="${round(Math.max(1, end - LEFT))}" height="${BAR - 6}" rx="2"/>`],
    ...failed || !Number.isFinite(most) ? [] : [`<path class="whisker" d="M${round(x(least))} ${y + BAR / 2}H${round(x(most))}"/>`],
    `<text x="${round(behind + 8)}" y="${y + 13}">${escape(words)}</text>`,
  ].join('');
}
