/**
 * Routed links' frames through the room's server, as events on `rtc-signal/<id>`: for pairs that nothing else brings together, and for
 * browsers without WebRTC. For chat, not for files: the server is everybody's.
 */
import type {Cancel, Clock} from '../clock.js';
import type {PeerId, SignalMessage} from '../signalling/types.js';
import {TokenBucket} from '../wire/token-bucket.js';
import {fromBase64, toBase64} from '../wire/base64.js';
import type {Carrier} from './types.js';

/** Frames that a member sends through the server, for all its links: at once, and in a second. Together some 100 kB/s. */
export const SERVER_BURST = 60;
export const SERVER_FRAMES_PER_SECOND = 20;
/** Largest sealed frame; as base64 and with its address below what servers take as one event. */
const MAX_FRAME_BYTES = 8 * 1024;

export interface ServerWaysOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  readonly emit: (to: PeerId, message: SignalMessage) => void;
  /** Whether the server can be reached. */
  readonly isUp: () => boolean;
}

export class ServerWays {
  readonly #options: ServerWaysOptions;
  readonly #ways = new Map<string, Carrier>();
  readonly #bucket: TokenBucket;
  #paced: Cancel | undefined;

  constructor(options: ServerWaysOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(options.clock, SERVER_BURST, SERVER_FRAMES_PER_SECOND);
  }

  carrier(peerId: PeerId, route: string): Carrier {
    const key = `${peerId} ${route}`;
    const way: Carrier = {
      via: '', maxBytes: MAX_FRAME_BYTES, onframe: undefined, ondrain: undefined, ondown: undefined,
      send: (n, frame) => {
        if (!this.#options.isUp()) return false;
        if (!this.#bucket.take()) {
          this.#pace();
          return false;
        }
        this.#options.emit(peerId, {user: this.#options.selfId, route: [route, n, toBase64(frame)]});
        return true;
      },
      close: () => {
        if (this.#ways.get(key) === way) this.#ways.delete(key);
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
    if (typeof name === 'string' && Number.isSafeInteger(n) && bytes) this.#ways.get(`${user} ${name}`)?.onframe?.(n as number, bytes);
    return true;
  }

  /** The server is away: what was on its way is lost. */
  down(): void {
    for (const way of [...this.#ways.values()]) way.ondown?.('the server cannot be reached');
  }

  close(): void {
    this.#paced?.();
    this.#paced = undefined;
    this.#ways.clear();
  }

  #pace(): void {
    this.#paced ??= this.#options.clock.after(Math.ceil(this.#bucket.wait()), () => {
      this.#paced = undefined;
      for (const way of [...this.#ways.values()]) way.ondrain?.();
    });
  }
}
