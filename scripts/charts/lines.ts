/** Line charts over the number of members. */
import {escape, picture, round, type Hue} from './picture.js';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** A second, thinner line. */
  readonly most?: number;
}

export interface Series {
  readonly name: string;
  readonly hue: Hue;
  readonly isBroken: boolean;
  readonly points: readonly Point[];
}

export interface Panel {
  readonly title?: string;
  readonly series: readonly Series[];
  readonly y: {readonly scale: 'linear' | 'log'; readonly unit: string};
}

export interface Chart {
  readonly title: string;
  readonly note: string;
  readonly panels: readonly Panel[];
}

const PANEL = {width: 720, left: 86, right: 110, top: 34, bottom: 34} as const;
const HEADER = 34;
/** Height of a panel, when it is alone and when it is not. */
const ALONE = 300;
const OF_SOME = 200;
/** Lines of text that are nearer run into each other. */
const LABEL_STEP = 16;

export function lineChart({title, note, panels}: Chart): string {
  const each = panels.length > 1 ? OF_SOME : ALONE;
  const height = HEADER + panels.length * each;
  const body = panels.map((panel, i) => `<g transform="translate(0 ${HEADER + i * each})">\n${draw(panel, each)}\n</g>`);
  return picture(title, note, {width: PANEL.width, height}, body);
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

function draw({title, series, y: {scale, unit}}: Panel, height: number): string {
  const points = series.flatMap(each => [...each.points]);
  const sizes = [...new Set(points.map(({x}) => x))].sort((a, b) => a - b);
  const x = logScale(Math.min(...sizes), Math.max(...sizes), PANEL.left, PANEL.width - PANEL.right, sizes);
  const values = points.flatMap(({y, most}) => [y, most ?? y]);
  const bottom = height - PANEL.bottom;
  const y = scale === 'linear' ? linearScale(Math.max(...values), bottom, PANEL.top) : decades(values, bottom, PANEL.top);
  const right = PANEL.width - PANEL.right;
  return [
    ...title === undefined ? [] : [`<text class="panel" x="16" y="20">${escape(title)}</text>`],
    ...y.ticks.map(tick => `<path class="grid" d="M${PANEL.left} ${round(y.at(tick))}H${right}"/>`
      + `<text x="${PANEL.left - 8}" y="${round(y.at(tick)) + 4}" text-anchor="end">${tick.toLocaleString('en')}${unit}</text>`),
    ...x.ticks.map(tick => `<text x="${round(x.at(tick))}" y="${bottom + 20}" text-anchor="middle">${tick.toLocaleString('en')}</text>`),
    `<text x="${right + 36}" y="${bottom + 20}">members</text>`,
    ...series.map(each => lineOf(each, x, y)),
    ...labels(series, x, y),
  ].join('\n');
}

function lineOf({name, hue, isBroken, points}: Series, x: Scale, y: Scale): string {
  const path = (value: (point: Point) => number): string =>
    points.map((point, i) => `${i ? 'L' : 'M'}${round(x.at(point.x))} ${round(y.at(value(point)))}`).join('');
  const dashes = isBroken ? ' stroke-dasharray="7 5"' : '';
  return [
    ...points.some(({most}) => most !== undefined) ? [`<path class="line most ${hue}"${dashes} d="${path(({y, most}) => most ?? y)}"/>`] : [],
    `<path class="line ${hue}"${dashes} d="${path(({y}) => y)}"/>`,
    ...points.map(point => `<circle class="${hue}" cx="${round(x.at(point.x))}" cy="${round(y.at(point.y))}" r="3">`
      + `<title>${escape(name)}, ${point.x.toLocaleString('en')}: ${round(point.y)}${
        point.most === undefined ? '' : `, most ${round(point.most)}`}</title></circle>`),
  ].join('\n');
}

/** Names at the lines' ends, moved apart where they would lie on each other. */
function labels(series: readonly Series[], x: Scale, y: Scale): string[] {
  const ends = series.flatMap(({name, hue, points}) => {
    const last = points.at(-1);
    return last ? [{name, hue, x: x.at(last.x) + 9, y: y.at(last.y) + 4}] : [];
  }).sort((a, b) => a.y - b.y);
  let above: {readonly x: number; readonly y: number} | undefined;
  return ends.map(({name, hue, x: left, y: wanted}) => {
    const place = above && Math.abs(above.x - left) < 90 ? Math.max(wanted, above.y + LABEL_STEP) : wanted;
    above = {x: left, y: place};
    return `<text class="${hue}" x="${round(left)}" y="${round(place)}">${escape(name)}</text>`;
  });
}

function logScale(from: number, to: number, start: number, end: number, ticks: readonly number[]): Scale {
  const span = Math.log(to / from) || 1;
  return {ticks, at: value => start + (end - start) * Math.log(Math.max(value, from) / from) / span};
}

/** From a power of ten to a power of ten. */
function decades(values: readonly number[], start: number, end: number): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const from = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const to = 10 ** Math.max(Math.ceil(Math.log10(Math.max(most, 1))), Math.log10(from) + 1);
  const ticks = Array.from({length: Math.round(Math.log10(to / from)) + 1}, (_, i) => from * 10 ** i);
  return logScale(from, to, start, end, ticks);
}

/** From 0 to a round number, in four or five steps. */
function linearScale(most: number, start: number, end: number): Scale {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(each => each >= rough) ?? rough;
  const steps = Math.ceil(Math.max(most, 1) / step);
  return {ticks: Array.from({length: steps + 1}, (_, i) => i * step), at: value => start + (end - start) * value / (steps * step)};
}
