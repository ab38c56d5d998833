/**
 * Who said what when, and who got it. Present is who was in the room and linked when a line was said, and is there still `PRESENT_MS` on:
 * by then it must have got the line, once and in its speaker's order. That holds for lines of speakers who stay as long themselves; what
 * somebody said who died before has been heard by some or by none.
 */
import type {Clock} from '../../src/mesh/clock.js';
import type {LaneData} from '../../src/mesh/link/types.js';
import {SEND_TIMEOUT_MS} from '../../src/mesh/stream/outbound.js';

/** What `send` gives a line until it says that it did not arrive. */
export const PRESENT_MS = SEND_TIMEOUT_MS;
/** A line of chat, in characters. */
const LINE_LENGTH = 60;
/** Violations that are told; of thousands the first say the most. */
const MAX_TOLD = 20;

/** What the ledger knows of a member. */
export interface Reader {
  readonly id: string;
  readonly linkedAt: number;
  readonly goneAt: number;
}

interface Line {
  readonly n: number;
  readonly speaker: Reader;
  /** Its number among those of its speaker. */
  readonly seq: number;
  readonly saidAt: number;
  /** In the room and linked at that time, but for the speaker. */
  readonly there: readonly Reader[];
  /** When each had it. */
  readonly got: Map<string, number>;
  /** Over how many links it came to each; first arrival. */
  readonly hops: Map<string, number>;
  /** Bytes that each has handed to its links with it. */
  readonly bytes: Map<string, number>;
}

const decoder = new TextDecoder('latin1');

/** The lines that a frame carries; of a sealed one, too, since the simulator's cryptography hides nothing. */
function marksIn(data: LaneData): number[] {
  // Most of what passes is pings and acknowledgements, which are shorter than any line.
  const length = typeof data === 'string' ? data.length : data.byteLength;
  if (length < LINE_LENGTH) return [];
  const text = typeof data === 'string' ? data : decoder.decode(data);
  return [...text.matchAll(/<line (\d+)>/g)].map(([, n]) => Number(n));
}

export class Ledger {
  /** Bytes that all members have handed to their links, whatever they were. */
  bytes = 0;
  readonly #lines: Line[] = [];
  /** Number of the first line of what is being played. */
  #first = 0;
  #repeats = 0;
  readonly #clock: Clock;
  /** Number of the last line that each had of each: by who got it, then by who said it. */
  readonly #last = new Map<string, Map<string, number>>();
  readonly #spoken = new Map<string, number>();
  #violations: string[] = [];
  #violationCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a new account. */
  begin(): void {
    this.#first = this.#lines.length;
    this.#repeats = this.#violationCount = 0;
    this.#violations = [];
  }

  /** @returns the text to be sent. @param present - who is in the room and linked. */
  say(speaker: Reader, present: readonly Reader[]): string {
    const n = this.#lines.length;
    const seq = (this.#spoken.get(speaker.id) ?? 0) + 1;
    this.#spoken.set(speaker.id, seq);
    this.#lines.push({
      n, speaker, seq, saidAt: this.#clock.now(), there: present.filter(({id}) => id !== speaker.id),
      got: new Map(), hops: new Map([[speaker.id, 0]]), bytes: new Map(),
    });
    return `<line ${n}> `.padEnd(LINE_LENGTH, 'lorem ipsum ');
  }

  sent(owner: string, data: LaneData): void {
    const length = typeof data === 'string' ? data.length : data.byteLength;
    this.bytes += length;
    const [n] = marksIn(data);
    const line = n === undefined ? undefined : this.#lines[n];
    line?.bytes.set(owner, (line.bytes.get(owner) ?? 0) + length);
  }

  arrived(from: string, to: string, data: LaneData): void {
    for (const n of marksIn(data)) {
      const hops = this.#lines[n]?.hops;
      if (hops && !hops.has(to)) hops.set(to, (hops.get(from) ?? NaN) + 1);
    }
  }

  received(reader: Reader, from: string, data: unknown): void {
    const n = Number(/^<line (\d+)>/.exec(String(data))?.[1]);
    const line = this.#lines[n];
    if (line?.speaker.id !== from) return this.#violated(`${reader.id} got “${String(data)}” as said by ${from}`);
    if (line.got.has(reader.id)) {
      this.#repeats++;
      return this.#violated(`${reader.id} got line ${n} again`);
    }
    line.got.set(reader.id, this.#clock.now());
    const last = this.#last.get(reader.id) ?? new Map<string, number>();
    this.#last.set(reader.id, last);
    const before = last.get(from) ?? 0;
    if (before > line.seq) this.#violated(`${reader.id} got line ${n}, number ${line.seq} of ${from}, after number ${before}`);
    last.set(from, line.seq);
  }

  /** Whether everybody who is there has every line that was said while they were. */
  get complete(): boolean {
    return this.#open.every(line => !isThere(line.speaker, line) || this.#present(line).every(({id}) => line.got.has(id)));
  }

  /** Holds what was said against who got it. To be called when `PRESENT_MS` have passed since the last line, or all is `complete`. */
  close(): Account {
    const account: MutableAccount = {due: 0, delivered: 0, times: [], hops: [], bytesMean: [], bytesMost: [], orphans: 0, torn: 0};
    for (const line of this.#open) {
      const present = this.#present(line);
      if (!isThere(line.speaker, line)) {
        account.orphans++;
        const heard = present.filter(({id}) => line.got.has(id)).length;
        if (heard > 0 && heard < present.length) account.torn++;
        continue;
      }
      account.bytesMean.push([...line.bytes.values()].reduce((sum, each) => sum + each, 0) / (line.there.length + 1));
      account.bytesMost.push(Math.max(0, ...line.bytes.values()));
      for (const {id, linkedAt} of present) {
        account.due++;
        const time = (line.got.get(id) ?? Infinity) - line.saidAt;
        if (time <= PRESENT_MS) {
          account.delivered++;
          account.times.push(time);
          const hops = line.hops.get(id);
          if (hops !== undefined && !Number.isNaN(hops)) account.hops.push(hops);
        } else {
          const when = time === Infinity ? 'never' : `${Math.round(time)} ms later`;
          const {n, saidAt, speaker} = line;
          this.#violated(`${id}, linked ${at(linkedAt)}, got line ${n}, said ${at(saidAt)} by ${speaker.id}, linked ${at(speaker.linkedAt)}: ${when}`);
        }
      }
    }
    return {...account, repeats: this.#repeats, violations: {count: this.#violationCount, first: this.#violations}};
  }

  get #open(): readonly Line[] {
    return this.#lines.slice(this.#first);
  }

  /** Who was there, and is long enough. */
  #present(line: Line): Reader[] {
    return line.there.filter(reader => isThere(reader, line));
  }

  #violated(what: string): void {
    this.#violationCount++;
    if (this.#violations.length < MAX_TOLD) this.#violations.push(what);
  }
}

const at = (time: number): string => `at ${(time / 1_000).toFixed(2)} s`;

const isThere = ({goneAt}: Reader, {saidAt}: Line): boolean => goneAt > saidAt + PRESENT_MS;

interface MutableAccount {
  /** One for each line and each who was present. */
  due: number;
  delivered: number;
  /** From saying to having it, in milliseconds. */
  readonly times: number[];
  readonly hops: number[];
  /** For each line, bytes that a member sent with it: all members in the mean, and who sent most. */
  readonly bytesMean: number[];
  readonly bytesMost: number[];
  /** Lines whose speaker did not stay; and those of them that some of the present have got, and some not. */
  orphans: number;
  torn: number;
}

/** What became of the lines. */
export interface Account extends Readonly<MutableAccount> {
  /** Times that somebody got a line again. */
  readonly repeats: number;
  /** What went against the promise: how often, and the first. */
  readonly violations: {readonly count: number; readonly first: readonly string[]};
}
