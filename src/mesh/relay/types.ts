/**
 * The seam between a routed link and what carries its frames: a member that both sides are linked to, or the server. A carrier sees
 * addresses, numbers and sizes; what is inside only the two ends can read.
 */
import type {Bytes} from '../secure/types.js';

/** One way to one peer, for one link. */
export interface Carrier {
  /** Which member hands the frames on; empty for the server. */
  readonly via: string;
  /** Largest frame, in bytes. */
  readonly maxBytes: number;
  /**
   * Hands a frame over, in order.
   * @param n - its number on this way and in this direction, from 0, without gaps.
   * @returns whether it was taken; `false` when there is too much on the way, and `ondrain` says when to go on.
   */
  send(n: number, frame: Bytes): boolean;
  /** Called with each frame of the other side, in the order in which they came. Set before anything is sent. */
  onframe: ((n: number, frame: Bytes) => void) | undefined;
  ondrain: (() => void) | undefined;
  /** The way is gone: who carried has left, lost one of the two links, or does not carry any more. */
  ondown: ((why: string) => void) | undefined;
  /** Lets go of it. What was handed over goes its way. */
  close(): void;
}
