/**
 * Large messages to everybody. What goes from neighbour to neighbour is an announcement; each member fetches the message itself once, from
 * the neighbour that announced it, and has it for its own neighbours then. Later messages on the channel wait behind it.
 */
import type {Cancel, Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import type {PeerId} from '../signalling/types.js';
import {fromBase64 as bytesOf} from '../wire/base64.js';
import {MAX_TYPE_LENGTH, RESERVED} from '../wire/limits.js';
import type {Cast, CastFrame} from './frames.js';

/** What a member keeps for others: so much, and for so long after the last time that somebody wanted it. */
export const MAX_PULLED_BYTES = 64 * 1024 * 1024;
const KEPT_MS = 60_000;
/** Nothing has begun to come for so long: another neighbour is asked. */
const ASK_AGAIN_MS = 10_000;
const PULLED_CHANNEL = `${RESERVED}pulled `;

/** What an announcement says. */
interface Announced {
  readonly size: number;
  readonly kind: 'json' | 'buffer' | 'blob';
  readonly type: string;
  /** SHA-256 as base64; empty where the page may not use cryptography. */
  readonly digest: string;
}

/** A message in the order of its channel. */
interface Turn {
  done: boolean;
  value: unknown;
}

interface Pulled {
  readonly cast: Cast;
  /** Where it stands in its channel; none for one's own. */
  readonly turn: Turn | undefined;
  readonly announced: Announced;
  data: Blob | undefined;
  /** Neighbours that asked for it before it was here. */
  readonly waiting: Map<PeerId, number>;
  readonly asked: Set<PeerId>;
  token: number;
  from: PeerId | undefined;
  again: Cancel | undefined;
  forget: Cancel | undefined;
}

export interface PullsOptions {
  readonly clock: Clock;
  readonly neighbours: () => readonly PeerId[];
  readonly send: (to: PeerId, frame: CastFrame) => Promise<void> | undefined;
  /** Sends the whole of it to a neighbour. */
  readonly sendData: (to: PeerId, channel: string, data: Blob) => Promise<void>;
  /** SHA-256; absent where the page may not use cryptography. */
  readonly digest: ((data: Uint8Array<ArrayBuffer>) => Promise<string>) | undefined;
  readonly onMessage: (origin: PeerId, channel: string, data: unknown) => void;
  readonly onLost: (error: MeshError) => void;
}

export class Pulls {
  readonly #options: PullsOptions;
  readonly #pulled = new Map<string, Pulled>();
  /** What waits behind a large message, by sender and channel. */
  readonly #queues = new Map<string, Turn[]>();
  #tokens = 0;

  constructor(options: PullsOptions) {
    this.#options = options;
  }

  /** What to announce. @throws {MeshError} `too-large`. */
  async announce(data: Blob, kind: Announced['kind'], type: string): Promise<string> {
    if (data.size > MAX_PULLED_BYTES) {
      const most = MAX_PULLED_BYTES / 1024 / 1024;
      throw new MeshError('too-large', `In a room of this size a message to everybody has at most ${most} MB; name its readers in "to"`);
    }
    const digest = await this.#options.digest?.(new Uint8Array(await data.arrayBuffer())) ?? '';
    return JSON.stringify({size: data.size, kind, type, digest} satisfies Announced);
  }

  /** One's own announcement, and what it is of. */
  offer(cast: Cast, data: Blob): void {
    const announced = readAnnounced(cast.body);
    if (announced) this.#add(cast, announced, undefined).data = data;
    this.#keep();
  }

  /** Takes a cast in its turn: delivers it, now or behind what its channel waits for. */
  take(cast: Cast, from: PeerId): void {
    const {origin, channel, kind} = cast;
    const queue = this.#queues.get(queueOf(cast));
    const announced = kind === 'pulled' ? readAnnounced(cast.body) : undefined;
    const value = kind === 'pulled' ? undefined : valueOf(cast);
    if (!queue && !announced) return value === undefined ? undefined : this.#options.onMessage(origin, channel, value);
    const turn: Turn = {done: !announced, value};
    if (queue) queue.push(turn);
    else this.#queues.set(queueOf(cast), [turn]);
    if (announced) this.#ask(this.#add(cast, announced, turn), from);
  }

  /** A neighbour asks for what was announced. */
  asked(from: PeerId, {origin, boot, seq, token}: Extract<CastFrame, {kind: 'pull'}>): void {
    const pulled = this.#pulled.get(keyOf({origin, boot, seq}));
    if (!pulled) return;
    if (pulled.data) void this.#serve(pulled, from, token);
    else pulled.waiting.set(from, token);
  }

  /** Takes what came on one of these channels. @returns whether it was one. */
  receive(from: PeerId, channel: string, data: unknown): boolean {
    if (!channel.startsWith(PULLED_CHANNEL)) return false;
    const token = Number(channel.slice(PULLED_CHANNEL.length));
    const pulled = [...this.#pulled.values()].find(each => each.token === token && each.from === from && !each.data);
    if (pulled && data instanceof Blob) void this.#came(pulled, data);
    return true;
  }

  /** There is no link to this neighbour any more. */
  closed(id: PeerId): void {
    for (const pulled of this.#pulled.values()) {
      pulled.waiting.delete(id);
      if (pulled.from === id && !pulled.data) this.#ask(pulled);
    }
  }

  close(): void {
    for (const pulled of this.#pulled.values()) this.#stop(pulled);
    this.#pulled.clear();
    this.#queues.clear();
  }

  #add(cast: Cast, announced: Announced, turn: Turn | undefined): Pulled {
    const pulled: Pulled = {
      cast, turn, announced, data: undefined, waiting: new Map(), asked: new Set(),
      token: 0, from: undefined, again: undefined, forget: undefined,
    };
    this.#pulled.set(keyOf(cast), pulled);
    return pulled;
  }

  /** Asks a neighbour, another one each time; when none is left, it is given up. */
  #ask(pulled: Pulled, first?: PeerId): void {
    const {clock, neighbours, send} = this.#options;
    pulled.again?.();
    const next = first ?? neighbours().find(id => !pulled.asked.has(id));
    if (next === undefined) {
      this.#forget(pulled);
      const {origin} = pulled.cast;
      this.#options.onLost(new MeshError('undelivered', 'A large message of somebody could not be had from anybody', {ids: [origin]}));
      return this.#over(pulled, undefined);
    }
    const {cast: {origin, boot, seq}} = pulled;
    pulled.asked.add(next);
    pulled.from = next;
    pulled.token = ++this.#tokens;
    void send(next, {kind: 'pull', origin, boot, seq, token: pulled.token})?.catch(() => undefined);
    // As long as a transfer of the largest takes over a slow link, and then some for who has to wait for it itself.
    const ms = ASK_AGAIN_MS + pulled.announced.size / 25;
    pulled.again = clock.after(ms, () => this.#ask(pulled));
  }

  async #came(pulled: Pulled, data: Blob): Promise<void> {
    const {digest, size, type, kind} = pulled.announced;
    const bytes = new Uint8Array(await data.arrayBuffer());
    const isSame = data.size === size && (digest === '' || !this.#options.digest || await this.#options.digest(bytes) === digest);
    if (pulled.data || !this.#pulled.has(keyOf(pulled.cast))) return;
    if (!isSame) return this.#ask(pulled);
    pulled.again?.();
    pulled.data = data;
    for (const [id, token] of pulled.waiting) void this.#serve(pulled, id, token);
    pulled.waiting.clear();
    this.#keep();
    if (kind === 'blob') return this.#over(pulled, new Blob([data], {type}));
    this.#over(pulled, kind === 'buffer' ? bytes.buffer : jsonOf(new TextDecoder().decode(bytes)));
  }

  async #serve(pulled: Pulled, to: PeerId, token: number): Promise<void> {
    pulled.forget?.();
    await this.#options.sendData(to, `${PULLED_CHANNEL}${token}`, pulled.data!).catch(() => undefined);
    this.#keep();
  }

  /** Forgets what nobody has wanted for a while, and the oldest where it is too much. */
  #keep(): void {
    let bytes = 0;
    for (const pulled of [...this.#pulled.values()].reverse()) {
      if (!pulled.data) continue;
      bytes += pulled.data.size;
      pulled.forget?.();
      if (bytes > 2 * MAX_PULLED_BYTES) this.#forget(pulled);
      else pulled.forget = this.#options.clock.after(KEPT_MS, () => this.#forget(pulled));
    }
  }

  #forget(pulled: Pulled): void {
    this.#stop(pulled);
    this.#pulled.delete(keyOf(pulled.cast));
  }

  #stop({again, forget}: Pulled): void {
    again?.();
    forget?.();
  }

  /** A large message is here, or will not come: what waited for it alone is delivered. */
  #over({turn, cast}: Pulled, value: unknown): void {
    if (!turn) return;
    turn.done = true;
    turn.value = value;
    const key = queueOf(cast);
    const queue = this.#queues.get(key) ?? [];
    for (let head = queue[0]; head?.done; head = queue[0]) {
      queue.shift();
      if (head.value !== undefined) this.#options.onMessage(cast.origin, cast.channel, head.value);
    }
    if (!queue.length) this.#queues.delete(key);
  }
}

function valueOf({kind, type, body}: Cast): unknown {
  if (kind === 'json') return jsonOf(body);
  const bytes = kind === 'none' ? undefined : bytesOf(body);
  return kind === 'blob' && bytes ? new Blob([bytes], {type}) : bytes?.buffer;
}

/** Of a remote's JSON; nothing if it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a remote's word
  }
}

function readAnnounced(body: string): Announced | undefined {
  const {size, kind, type, digest} = (jsonOf(body) ?? {}) as Partial<Announced>;
  const isKind = kind === 'json' || kind === 'buffer' || kind === 'blob';
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && size <= MAX_PULLED_BYTES;
  if (!isSize || !isKind || typeof type !== 'string' || typeof digest !== 'string') return undefined;
  return {size, kind, type: type.slice(0, MAX_TYPE_LENGTH), digest};
}

const keyOf = ({origin, boot, seq}: Pick<Cast, 'origin' | 'boot' | 'seq'>): string => `${origin} ${boot} ${seq}`;
const queueOf = ({origin, channel}: Cast): string => `${origin} ${channel}`;
