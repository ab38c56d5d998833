/** Which members to ask to carry, best first. */
import type {PeerId} from '../signalling/types.js';

/** What a member says that could carry. */
export interface Offer {
  readonly id: PeerId;
  /** Round trip by it, in milliseconds: the own one to it, and its own one to the other side. */
  readonly rttMs: number;
  /** Routes that pass it already. */
  readonly load: number;
}

/** Round trips that are as good as the best: a difference that nobody notices, or one within what they vary by. */
const NEAR_MS = 20;
const NEAR_FACTOR = 1.5;

/**
 * Those whose round trip is near the best come first, by lot, the less they carry the likelier: the same one for everybody would be the
 * next to break. The others follow by round trip.
 * @param random - from 0 to below 1.
 */
export function chooseRelays(offers: readonly Offer[], random: () => number): PeerId[] {
  const best = Math.min(...offers.map(({rttMs}) => rttMs));
  const isNear = ({rttMs}: Offer): boolean => rttMs <= Math.max(best + NEAR_MS, best * NEAR_FACTOR);
  const near = offers.filter(isNear);
  const chosen: PeerId[] = [];
  while (near.length) {
    let at = random() * near.reduce((sum, {load}) => sum + 1 / (1 + load), 0);
    const index = near.findIndex(({load}) => (at -= 1 / (1 + load)) < 0);
    // Rounding may leave a remainder behind the last.
    chosen.push(...near.splice(index < 0 ? near.length - 1 : index, 1).map(({id}) => id));
  }
  return [...chosen, ...offers.filter(offer => !isNear(offer)).sort((a, b) => a.rttMs - b.rttMs).map(({id}) => id)];
}
