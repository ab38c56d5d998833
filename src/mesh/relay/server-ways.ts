/**
 * Routed links' frames through the room's server, as events on `rtc-signal/<id>`: for pairs that nothing else brings together, and for
 * browsers without WebRTC. For chat, not for files: the server is everybody's, and drops what is more (`docs/server.md`).
 */
import type {Cancel, Clock} from '../clock.js';
import type {PeerId, SignalMessage} from '../signalling/types.js';
import {TokenBucket} from '../wire/token-bucket.js';
import {fromBase64, toBase64} from '../wire/base64.js';
import type {Carrier} from './types.js';

/** Frames that a member sends through the server, for all its links: at once, and in a second. Together 160 kB/s, 220 as base64. */
export const SERVER_BURST = 60;
export const SERVER_FRAMES_PER_SECOND = 20;
/** Largest sealed frame; as base64 and with its address below what servers take as one event. */
export const SERVER_FRAME_BYTES = 8 * 1024;

export interface ServerWaysOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  readonly emit: (to: PeerId, message: SignalMessage) => void;
  /** Whether the server can be reached, and carries frames. */
  readonly isUp: () => boolean;
}

export class ServerWays {
  readonly #options: ServerWaysOptions;
  readonly #ways = new Map<string, Carrier>();
  readonly #bucket: TokenBucket;
  /** Ways that were told to wait, the longest waiting first. */
  readonly #waiting = new Set<Carrier>();
  /** Until the first of them is told to go on. */
  #telling: Cancel | undefined;
  #due = 0;
  #closed = false;

  constructor(options: ServerWaysOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.clock, SERVER_BURST, SERVER_FRAMES_PER_SECOND);
  }

  carrier(peerId: PeerId, route: string): Carrier {
    const key = keyOf(peerId, route);
    const way: Carrier = {
      via: '', maxBytes: SERVER_FRAME_BYTES, onframe: undefined, ondrain: undefined, ondown: undefined,
      send: (n, frame) => {
        if (this.#closed || !this.#options.isUp() || !this.#take(way)) return false;
        this.#options.emit(peerId, {user: this.#options.selfId, route: [route, n, toBase64(frame)]});
        return true;
      },
      close: () => {
        if (this.#ways.get(key) === way) this.#ways.delete(key);
        this.#waiting.delete(way);
        if (!this.#waiting.size) this.#stop();
      },
    };
    this.#ways.set(key, way);
    return way;
  }

  /** Takes a message of another member. @returns whether it was a frame, and no signal. */
  receive({user, route}: SignalMessage): boolean {
    if (route === undefined) return false;
    const [name, n, frame] = Array.isArray(route) ? route as unknown[] : [];
    const bytes = fromBase64(frame);
    if (typeof name === 'string' && Number.isSafeInteger(n) && bytes) this.#ways.get(keyOf(user, name))?.onframe?.(n as number, bytes);
    return true;
  }

  /** The server is away: what was on its way is lost. */
  down(): void {
    for (const way of [...this.#ways.values()]) way.ondown?.('the server cannot be reached');
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#waiting.clear();
    this.#ways.clear();
  }

  /** Takes a frame off the allowance, if it is the turn of `way`: who has waited longer goes first, so that a line passes many. */
  #take(way: Carrier): boolean {
    const at = [...this.#waiting].indexOf(way);
    const before = at < 0 ? this.#waiting.size : at;
    // Those before it find theirs when they come: they have been told, or are about to be.
    const ms = Math.ceil(this.#bucket.wait(before + 1));
    if (ms > 0) {
      this.#waiting.add(way);
      this.#tellIn(ms);
      return false;
    }
    this.#waiting.delete(way);
    return this.#bucket.take();
  }

  #tellIn(ms: number): void {
    const {clock} = this.#options;
    const due = clock.now() + ms;
    if (this.#telling && this.#due <= due) return;
    this.#stop();
    this.#due = due;
    this.#telling = clock.after(ms, () => {
      this.#telling = undefined;
      for (const way of [...this.#waiting]) way.ondrain?.();
    });
  }

  #stop(): void {
    this.#telling?.();
    this.#telling = undefined;
  }
}

/** Ids and names hold anything, so that no letter separates them. */
const keyOf = (peerId: PeerId, route: string): string => JSON.stringify([peerId, route]);
