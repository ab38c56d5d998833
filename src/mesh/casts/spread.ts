/**
 * Which neighbours get a cast whole, and which are only told that it is here. Casts go to all at first: that is the quickest, and does not
 * mind who vanishes. In a busy room each member would get, read and acknowledge each line as often as it has neighbours; so a link over
 * which too many repetitions come is told to bring announcements, and what is left becomes a tree. Who misses what was announced asks for
 * it, and the link brings casts again. These are the eager and lazy links of Plumtree (Leitão, Pereira and Rodrigues, 2007), entered only
 * while there is something to save, and left when the room is quiet.
 */
import type {Cancel, Clock} from '../clock.js';
import type {PeerId} from '../signalling/types.js';
import {TokenBucket} from '../wire/token-bucket.js';
import {MAX_HAD, type Cast, type CastFrame, type Had} from './frames.js';

/** Repetitions that a link may bring: at once, and in a second. A handful of people who write are below it. */
const REPEATS = 6;
const REPEATS_PER_SECOND = 0.5;
/** Announcements are gathered for so long. In milliseconds, as all of these. */
const TELL_MS = 250;
/** What was announced is on its way by other members, or is asked for after so long: a tree of a thousand is passed in that time. */
export const ASK_MS = 500;
/** A room in which nobody has said anything for so long is quiet. */
export const QUIET_MS = 10_000;

export interface SpreadOptions {
  readonly clock: Clock;
  /** Neighbours with an open link. */
  readonly neighbours: () => readonly PeerId[];
  readonly send: (to: PeerId, frame: CastFrame) => Promise<void> | undefined;
  /** After which of its sender's casts one is missing; nothing where it is here, or of no interest; NaN where it is not known yet. */
  readonly missingAfter: (had: Had) => number | undefined;
  /** Asks a neighbour for everything that is of interest. */
  readonly askAll: (of: PeerId) => void;
}

export class Spread {
  readonly #options: SpreadOptions;
  /** Neighbours that are only told. */
  readonly #told = new Set<PeerId>();
  readonly #repeats = new Map<PeerId, TokenBucket>();
  /** What each of those is to be told. */
  readonly #news = new Map<PeerId, Map<string, Had>>();
  /** What neighbours have announced, by them. */
  readonly #announced = new Map<PeerId, Map<string, Had>>();
  #telling: Cancel | undefined;
  #asking: Cancel | undefined;
  #passedAt = -Infinity;

  constructor(options: SpreadOptions) {
    this.#options = options;
  }

  /** Hands a cast on to everybody but `except`. @returns what is to be waited for. */
  pass(cast: Cast, except: readonly PeerId[] = []): Array<Promise<void>> {
    const {clock, neighbours, send} = this.#options;
    const now = clock.now();
    if (now - this.#passedAt > QUIET_MS) this.#told.clear();
    this.#passedAt = now;
    const taken: Array<Promise<void>> = [];
    for (const id of neighbours()) {
      if (except.includes(id)) continue;
      // What nobody signed only its sender can bring.
      const sent = this.#told.has(id) && cast.key !== '' ? this.#tellSoon(id, cast) : send(id, {kind: 'cast', cast});
      if (sent) taken.push(sent);
    }
    return taken;
  }

  /** `from` has brought what was here already. */
  repeated(from: PeerId): void {
    const {clock, send} = this.#options;
    if (this.#told.has(from)) return;
    const bucket = this.#repeats.get(from) ?? new TokenBucket(clock, REPEATS, REPEATS_PER_SECOND);
    this.#repeats.set(from, bucket);
    if (bucket.take()) return;
    this.#told.add(from);
    void send(from, {kind: 'push', whole: false});
  }

  /** `from` wants casts whole, or announced. */
  asked(from: PeerId, whole: boolean): void {
    if (whole) this.#told.delete(from);
    else this.#told.add(from);
  }

  /** `from` has these. */
  announced(from: PeerId, had: readonly Had[]): void {
    const missing = had.filter(each => this.#options.missingAfter(each) !== undefined);
    if (!missing.length) return;
    const announced = this.#announced.get(from) ?? new Map<string, Had>();
    this.#announced.set(from, announced);
    for (const each of missing) if (announced.size < MAX_HAD) announced.set(keyOf(each), each);
    this.#askSoon();
  }

  closed(id: PeerId): void {
    for (const map of [this.#told, this.#repeats, this.#news, this.#announced]) map.delete(id);
  }

  close(): void {
    this.#telling?.();
    this.#asking?.();
  }

  #tellSoon(id: PeerId, {origin, boot, seq}: Cast): undefined {
    const news = this.#news.get(id) ?? new Map<string, Had>();
    this.#news.set(id, news);
    const had: Had = [origin, boot, seq];
    news.set(keyOf(had), had);
    this.#telling ??= this.#options.clock.after(TELL_MS, () => this.#tell());
    return undefined;
  }

  #tell(): void {
    this.#telling = undefined;
    for (const [id, news] of this.#news) {
      const had = [...news.values()];
      while (had.length) void this.#options.send(id, {kind: 'seen', had: had.splice(0, MAX_HAD)});
    }
    this.#news.clear();
  }

  /** Asks for what has not come meanwhile: one who has announced it, and the next one later if that one is gone before it answers. */
  #ask(): void {
    this.#asking = undefined;
    const {send, missingAfter, askAll} = this.#options;
    const asked = new Set<string>();
    for (const [id, announced] of this.#announced) {
      const before = asked.size;
      let isAll = false;
      for (const [key, had] of announced) {
        const seq = missingAfter(had);
        if (seq !== undefined && asked.has(key)) continue;
        announced.delete(key);
        if (seq === undefined) continue;
        asked.add(key);
        if (Number.isNaN(seq)) isAll = true;
        else void send(id, {kind: 'gap', origin: had[0], boot: had[1], seq});
      }
      if (isAll) askAll(id);
      if (!announced.size) this.#announced.delete(id);
      if (asked.size === before) continue;
      this.#told.delete(id);
      void send(id, {kind: 'push', whole: true});
    }
    if (this.#announced.size) this.#askSoon();
  }

  #askSoon(): void {
    this.#asking ??= this.#options.clock.after(ASK_MS, () => this.#ask());
  }
}

const keyOf = ([origin, boot]: Had): string => `${origin} ${boot}`;
