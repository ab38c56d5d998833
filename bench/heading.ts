import {measureSizes} from '../scripts/build/sizes.js';

/** What the script costs a visitor, in one line: bundled anew and held against its budget, as `npm run size` does. */
export async function describeBytes(): Promise<string> {
  const {budget, firstPaintGzipBytes, completeGzipBytes} = await measureSizes();
  const words = (name: string, bytes: number, limit: number): string =>
    `${name} ${(bytes / 1024).toFixed(1)} of ${limit / 1024} kB (${bytes <= limit ? 'ok' : 'short'})`;
  return `gzip: ${words('before first paint', firstPaintGzipBytes, budget.firstPaintGzipBytes)}, `
    + words('complete with chat', completeGzipBytes, budget.completeGzipBytes);
}
