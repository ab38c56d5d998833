import {buildParts} from '../scripts/build.js';
import {isFresh} from '../scripts/build/fresh.js';

/** Builds what is measured, unless it is as its sources are. */
export async function ensureBuilt(): Promise<void> {
  if (!await isFresh()) await buildParts();
}
