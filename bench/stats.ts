/** The figures' arithmetic. A failed round is `Infinity` for a time and 0 for a rate: it counts as the worst, never as nothing. */

/** Quantile `q` of `values` by linear interpolation; `NaN` for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  // Not interpolated when equal: Infinity − Infinity would be NaN.
  return below === above ? below : below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export const summaryOf = (values: readonly number[]): Summary =>
  ({median: median(values), least: Math.min(...values), most: Math.max(...values)});

/** A median with its spread in words; one that is not a number is none. */
export const spread = ({median: middle, least, most}: Summary): string =>
  Number.isNaN(middle) ? figure(middle) : `${figure(middle)} (${figure(least)}–${figure(most)})`;

/** Three significant figures, without exponent. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return '∞';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
