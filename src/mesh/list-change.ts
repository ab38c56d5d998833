import type {PeerId} from './signalling/types.js';

/** Between two states of a List. */
export interface ListChange {
  readonly came: readonly PeerId[];
  readonly left: readonly PeerId[];
}

/**
 * Who came and who left. Both Lists are walked side by side, as most stand in the same order in both: in a room of ten thousand, looking
 * each of them up is most of what a change costs.
 * @param isIn - whether somebody is in `after`.
 */
export function compareLists(before: readonly PeerId[], after: readonly PeerId[], isIn: (id: PeerId) => boolean): ListChange {
  const left: PeerId[] = [];
  let came: PeerId[] = [];
  let isReordered = false;
  let at = 0;
  for (const id of after) {
    for (let old = before[at]; old !== id && old !== undefined && !isIn(old); old = before[++at]) left.push(old);
    if (before[at] === id) at++;
    else came.push(id);
  }
  for (const old of before.slice(at)) {
    if (isIn(old)) isReordered = true;
    else left.push(old);
  }
  if (isReordered) {
    const known = new Set(before);
    came = came.filter(id => !known.has(id));
  }
  return {came, left};
}
