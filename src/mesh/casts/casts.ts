/**
 * Messages to everybody in a room where not all are linked to each other. Each goes to the neighbours, who deliver it, hand it on to
 * theirs, and drop what they have had. A sender's casts are numbered without gaps, so that one number per sender tells what has been
 * delivered: lower ones are repetitions, the next one is delivered and handed on, higher ones wait for what is missing.
 *
 * Links bring everything in order, and whoever links anew says what it has; so something can only be missing where neighbours have changed,
 * and one that has it is asked (a log of casts is kept for that). The idea is the reliable, FIFO broadcast of Hadzilacos and Toueg (1994).
 */
import type {Cancel, Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import {MAX_HAD, signedPart, type Cast, type CastFrame, type Had} from './frames.js';
import {CastLog} from './log.js';
import {Parts} from './parts.js';
import {sign, Verifier} from './signed.js';
import {Spread} from './spread.js';

/** How long a member knows of nothing: nobody tells it what was before, and its first links are made. */
export const FRESH_MS = 5_000;
/** What is missing is on its way over another link, or is asked for after so long. */
const GAP_MS = 500;
/** What nobody has had for so long is not waited for. */
export const GIVE_UP_MS = 10_000;
/** A sender's own link may be slower than the way around it; what was said over it comes first for so long. */
export const MARK_MS = 5_000;
/** Casts of one sender that wait for an earlier one, and their size. */
const MAX_HELD = 256;
const MAX_HELD_BYTES = 1024 * 1024;
/**
 * Who has only just come may be the one link between others: so it is brought what was said shortly before as well, which it hands on and
 * does not deliver. Longer than it takes until a link in its place is made.
 */
const CARRY_MS = 30_000;
/** Senders who are in no List yet, or any more. */
const MAX_STRANGERS = 64;

export interface CastsOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  /** Names this mesh among those that the same id has been in. */
  readonly boot: string;
  readonly identity?: Identity | undefined;
  readonly cryptography?: Cryptography | undefined;
  /** Whether this member has only just come, so that it wants nothing from before. */
  readonly fresh: boolean;
  /** Neighbours with an open link. */
  readonly neighbours: () => readonly PeerId[];
  /** Says something to a neighbour, in order. @returns nothing once the link has taken it, or a promise for that. */
  readonly send: (to: PeerId, frame: CastFrame) => Promise<void> | undefined;
  readonly isMember: (id: PeerId) => boolean;
  /** Since when somebody has been in the room, in this member's eyes. */
  readonly memberSince: (id: PeerId) => number;
  /** Whether lines of this member's own may still be on their way over a link of theirs. */
  readonly hasOwnLink: (id: PeerId) => boolean;
  readonly isPartial: () => boolean;
  /** Takes a cast, in its sender's order, each once. @param from the neighbour that brought it. */
  readonly onCast: (cast: Cast, from: PeerId) => void;
  /** A neighbour brought what is none of its sender's. */
  readonly onFault: (from: PeerId, why: string) => void;
  readonly onLost: (error: MeshError) => void;
}

interface Held {
  readonly cast: Cast;
  readonly from: PeerId;
}

/** What is known of one sender. */
interface Sender {
  readonly boot: string;
  /** Its last cast that was delivered. */
  last: number;
  /** Its last cast that was for those who were there before. */
  base: number;
  /** Whether `last` is where it is to start; while this member is fresh it may not be. */
  based: boolean;
  readonly held: Map<number, Held>;
  heldBytes: number;
  /** A signature is being checked. */
  busy: boolean;
  gap: Cancel | undefined;
  gapSince: number | undefined;
  /** Runs while a cast waits for what its sender has said directly. */
  unmarked: Cancel | undefined;
}

/** What a neighbour has said over its own link about itself. */
interface Marks {
  readonly boot: string;
  readonly epoch: number;
  /** What it says directly waits for its casts up to this one. */
  readonly after: number;
  readonly direct: Array<() => void>;
  readonly stop: Cancel;
}

export class Casts {
  readonly #options: CastsOptions;
  readonly #log: CastLog;
  readonly #senders = new Map<PeerId, Sender>();
  readonly #marks = new Map<PeerId, Marks>();
  /** Boots that an id has had before: what is late of them is not delivered. */
  readonly #former = new Set<string>();
  readonly #verifier: Verifier;
  readonly #spread: Spread;
  /** Parts of a `have` that is not whole yet. */
  readonly #parts = new Parts();
  #fresh: boolean;
  #freshUntil: Cancel | undefined;
  #seq = 0;
  #signing: Promise<unknown> = Promise.resolve();
  #epoch = 0;
  #casting = false;
  #closed = false;

  constructor(options: CastsOptions) {
    this.#options = options;
    this.#log = new CastLog(options.clock);
    this.#verifier = new Verifier(options.cryptography);
    const {clock, neighbours} = options;
    this.#spread = new Spread({
      clock, neighbours,
      send: (to, frame) => this.#send(to, frame),
      missingAfter: had => this.#missingAfter(had),
      askAll: id => this.#sayHad(id),
    });
    this.#fresh = options.fresh;
    if (this.#fresh) this.#freshUntil = options.clock.after(FRESH_MS, () => this.#settle());
  }

  /** Whether this member says everything to everybody in casts. */
  get casting(): boolean {
    return this.#casting;
  }

  /** From here on everything is said in casts, or directly. */
  set casting(casting: boolean) {
    if (casting === this.#casting) return;
    this.#casting = casting;
    this.#epoch++;
    for (const id of this.#options.neighbours()) this.#mark(id);
  }

  /** Says something to everybody. @returns a promise for its being on its way. */
  cast(message: Pick<Cast, 'channel' | 'kind' | 'type' | 'body'>): Promise<Cast> {
    const {selfId, boot, identity} = this.#options;
    const unsigned = {...message, origin: selfId, boot, seq: ++this.#seq, epoch: this.#epoch};
    const signed = this.#signing.then(async (): Promise<Cast> => ({...unsigned, ...await sign(identity, signedPart(unsigned))}));
    const sent = signed.then(cast => {
      if (this.#closed) throw new MeshError('not-joined', 'The room has been left');
      this.#log.add(cast);
      return Promise.all(this.#spread.pass(cast)).then(() => cast);
    });
    this.#signing = signed.catch(() => undefined);
    return sent;
  }

  /** There is a link to this neighbour: tells it what has been had. */
  opened(id: PeerId): void {
    if (this.#epoch > 0) this.#mark(id);
    this.#sayHad(id);
  }

  /** Tells a neighbour what is here; it brings the rest. */
  #sayHad(id: PeerId): void {
    const {selfId, boot, isPartial} = this.#options;
    const had: Had[] = [...this.#senders].filter(([, {based, last}]) => based && last > 0)
      .map(([origin, sender]) => [origin, sender.boot, sender.last]);
    had.push([selfId, boot, this.#seq]);
    while (had.length) {
      const part = had.splice(0, MAX_HAD);
      void this.#send(id, {kind: 'have', had: part, fresh: this.#fresh, partial: isPartial(), more: had.length > 0});
    }
  }

  /** Takes what the neighbour `from` says. */
  receive(from: PeerId, frame: Extract<CastFrame, {kind: 'cast' | 'have' | 'base' | 'seen' | 'push' | 'gap' | 'mark'}>): void {
    if (this.#closed) return;
    switch (frame.kind) {
      case 'cast': return this.#take(from, frame.cast);
      case 'have': return this.#had(from, frame);
      case 'base': return this.#based(frame.had);
      case 'seen': return this.#spread.announced(from, frame.had);
      case 'push': return this.#spread.asked(from, frame.whole);
      case 'gap': return this.#bring(from, frame.origin, frame.boot, frame.seq);
      case 'mark': return this.#marked(from, frame);
    }
  }

  /** What `id` says directly: at once, or after those of its casts that it said before. */
  direct(id: PeerId, deliver: () => void): void {
    const marks = this.#marks.get(id);
    if (marks && this.#lastOf(id, marks.boot) < marks.after) marks.direct.push(deliver);
    else deliver();
  }

  /** There is no link to this neighbour any more. */
  closed(id: PeerId): void {
    this.#parts.forget(id);
    this.#spread.closed(id);
  }

  close(): void {
    this.#closed = true;
    this.#freshUntil?.();
    this.#spread.close();
    for (const sender of this.#senders.values()) this.#stop(sender);
    for (const {stop} of this.#marks.values()) stop();
    this.#senders.clear();
    this.#marks.clear();
    this.#log.clear();
  }

  #mark(id: PeerId): void {
    const {boot} = this.#options;
    void this.#send(id, {kind: 'mark', boot, epoch: this.#epoch, upTo: this.#casting ? undefined : this.#seq});
  }

  #send(to: PeerId, frame: CastFrame): Promise<void> | undefined {
    // Who does not get it now says what it has when it links again.
    return this.#options.send(to, frame)?.catch(() => undefined);
  }

  #sender(origin: PeerId, boot: string): Sender | undefined {
    const known = this.#senders.get(origin);
    if (known?.boot === boot) return known;
    if (this.#former.has(boot)) return undefined;
    if (known) {
      this.#former.add(known.boot);
      this.#stop(known);
    } else if (!this.#options.isMember(origin) && !this.#makeRoom()) {
      return undefined;
    }
    const sender: Sender = {
      boot, last: 0, base: 0, based: !this.#fresh, held: new Map(), heldBytes: 0, busy: false,
      gap: undefined, gapSince: undefined, unmarked: undefined,
    };
    this.#senders.set(origin, sender);
    return sender;
  }

  /** For somebody who is not in the List. */
  #makeRoom(): boolean {
    const strangers = [...this.#senders.keys()].filter(id => !this.#options.isMember(id));
    if (strangers.length < MAX_STRANGERS) return true;
    const [oldest] = strangers;
    const sender = oldest === undefined ? undefined : this.#senders.get(oldest);
    if (oldest === undefined || !sender || sender.held.size) return false;
    this.#stop(sender);
    return this.#senders.delete(oldest);
  }

  #stop(sender: Sender): void {
    sender.gap?.();
    sender.unmarked?.();
    sender.held.clear();
  }

  #take(from: PeerId, cast: Cast): void {
    const {origin, boot, seq, body} = cast;
    const {selfId, cryptography, onFault} = this.#options;
    if (origin === selfId || this.#former.has(boot)) return;
    const known = this.#senders.get(origin);
    if (known && known.boot !== boot) {
      // Anybody can claim that somebody has begun anew.
      void this.#isGenuine(cast).then(genuine => {
        if (this.#closed || this.#senders.get(origin) !== known) return;
        if (!genuine && cryptography) return onFault(from, 'A message was not its sender\'s');
        this.#sender(origin, boot);
        this.#take(from, cast);
      });
      return;
    }
    const sender = this.#sender(origin, boot);
    if (!sender) return;
    if (seq <= sender.base) return this.#carry(from, cast);
    if (seq <= sender.last || sender.held.has(seq)) return this.#spread.repeated(from);
    // What is too much is asked for again when there is room.
    if (seq > sender.last + 1 && (sender.held.size >= MAX_HELD || sender.heldBytes + body.length > MAX_HELD_BYTES)) return;
    if (cast.key === '' && cryptography && from !== origin) return onFault(from, 'A message of somebody else had no signature');
    sender.held.set(seq, {cast, from});
    sender.heldBytes += body.length;
    this.#pump(origin, sender);
  }

  /** A cast from before this member came: for others, who may have no other link to each other. */
  #carry(from: PeerId, cast: Cast): void {
    const {cryptography, neighbours, onFault, clock} = this.#options;
    if (this.#log.has(cast) || (cast.key === '' && cryptography)) return;
    void this.#isGenuine(cast).then(genuine => {
      if (this.#closed || this.#log.has(cast)) return;
      if (cryptography && !genuine) return onFault(from, 'A message was not its sender\'s');
      this.#log.add(cast, clock.now() - CARRY_MS);
      for (const id of neighbours()) if (id !== from && id !== cast.origin) void this.#send(id, {kind: 'cast', cast});
    });
  }

  #pump(origin: PeerId, sender: Sender): void {
    if (sender.busy || this.#closed) return;
    const next = sender.held.get(sender.last + 1);
    if (!next) return this.#watchGap(origin, sender);
    // The first of all of a sender's is the first for everybody.
    if (!sender.based && sender.last > 0) return;
    if (!this.#isDue(origin, sender, next.cast)) return;
    sender.gap?.();
    sender.gap = sender.gapSince = undefined;
    const {key} = next.cast;
    if (key === '' || !this.#options.cryptography) return this.#deliver(origin, sender, next);
    sender.busy = true;
    void this.#isGenuine(next.cast).then(genuine => {
      sender.busy = false;
      if (this.#closed || this.#senders.get(origin) !== sender) return;
      if (genuine) return this.#deliver(origin, sender, next);
      this.#drop(sender, next);
      this.#options.onFault(next.from, 'A message was not its sender\'s');
      this.#pump(origin, sender);
    });
  }

  #drop(sender: Sender, {cast}: Held): void {
    sender.held.delete(cast.seq);
    sender.heldBytes -= cast.body.length;
  }

  #deliver(origin: PeerId, sender: Sender, held: Held): void {
    const {cast, from} = held;
    this.#drop(sender, held);
    sender.last = cast.seq;
    sender.based = true;
    this.#log.add(cast);
    // An unsigned one counts as its sender's over the sender's own link only.
    if (cast.key !== '' || !this.#options.cryptography) void this.#spread.pass(cast, [from, origin]);
    this.#options.onCast(cast, from);
    this.#releaseDirect(origin);
    this.#pump(origin, sender);
  }

  #lastOf(id: PeerId, boot: string): number {
    const sender = this.#senders.get(id);
    return sender?.boot === boot ? sender.last : 0;
  }

  #missingAfter([origin, boot, seq]: Had): number | undefined {
    if (origin === this.#options.selfId || this.#former.has(boot)) return undefined;
    const sender = this.#senders.get(origin);
    if (this.#fresh && (sender?.boot !== boot || !sender.based)) return NaN;
    if (sender?.boot !== boot) return 0;
    return seq <= sender.last || sender.held.has(seq) ? undefined : sender.last;
  }

  #releaseDirect(id: PeerId): void {
    const marks = this.#marks.get(id);
    if (!marks || this.#lastOf(id, marks.boot) < marks.after) return;
    marks.stop();
    for (const deliver of marks.direct.splice(0)) deliver();
  }

  #isGenuine(cast: Cast): Promise<boolean> {
    return this.#verifier.isGenuine(cast.origin, signedPart(cast), cast);
  }

  /** Whether everything that its sender said directly before has come. */
  #isDue(origin: PeerId, sender: Sender, {epoch}: Cast): boolean {
    const marks = this.#marks.get(origin);
    if ((marks?.boot === sender.boot && marks.epoch >= epoch) || !this.#options.hasOwnLink(origin)) return true;
    sender.unmarked ??= this.#options.clock.after(MARK_MS, () => {
      sender.unmarked = undefined;
      // It does not come; what waits for later ones does not wait for this again.
      this.#setMarks(origin, {boot: sender.boot, epoch, after: 0});
      this.#pump(origin, sender);
    });
    return false;
  }

  #setMarks(id: PeerId, marks: Pick<Marks, 'boot' | 'epoch' | 'after'>): void {
    const former = this.#marks.get(id);
    former?.stop();
    this.#marks.set(id, {...marks, direct: former?.direct ?? [], stop: marks.after === 0 ? () => undefined
      : this.#options.clock.after(MARK_MS, () => this.#setMarks(id, {...marks, after: 0}))});
    this.#releaseDirect(id);
  }

  #marked(id: PeerId, {boot, epoch, upTo}: Extract<CastFrame, {kind: 'mark'}>): void {
    const marks = this.#marks.get(id);
    if (marks?.boot === boot && marks.epoch > epoch) return;
    this.#setMarks(id, {boot, epoch, after: upTo ?? 0});
    const sender = this.#senders.get(id);
    if (!sender) return;
    sender.unmarked?.();
    sender.unmarked = undefined;
    this.#pump(id, sender);
  }

  #watchGap(origin: PeerId, sender: Sender): void {
    if (!sender.held.size || sender.gap || !sender.based) return;
    const {clock, neighbours, onLost} = this.#options;
    sender.gapSince ??= clock.now();
    sender.gap = clock.after(GAP_MS, () => {
      sender.gap = undefined;
      if (!sender.held.size || sender.held.has(sender.last + 1)) return;
      if (clock.now() - sender.gapSince! >= GIVE_UP_MS) {
        sender.gapSince = undefined;
        const first = Math.min(...sender.held.keys());
        onLost(new MeshError('undelivered', `${first - 1 - sender.last} messages of somebody could not be had any more`, {ids: [origin]}));
        sender.last = first - 1;
        this.#releaseDirect(origin);
        return this.#pump(origin, sender);
      }
      for (const id of neighbours()) void this.#send(id, {kind: 'gap', origin, boot: sender.boot, seq: sender.last});
      this.#watchGap(origin, sender);
    });
  }

  /** Brings a neighbour what it has not had. */
  #bring(to: PeerId, origin: PeerId, boot: string, seq: number): void {
    for (const cast of this.#log.after(origin, boot, seq)) {
      // What its sender did not sign, only the sender itself can bring.
      if (cast.key !== '' || origin === this.#options.selfId) void this.#send(to, {kind: 'cast', cast});
    }
  }

  #had(from: PeerId, {had, fresh, more}: Extract<CastFrame, {kind: 'have'}>): void {
    const all = this.#parts.add(from, had, more);
    if (!all) return;
    const {selfId, boot} = this.#options;
    if (fresh) return this.#welcome(from);
    const theirs = new Map(all.map(([origin, of, seq]) => [`${origin} ${of}`, seq]));
    const bring = (origin: PeerId, of: string, seq: number): void => {
      const known = theirs.get(`${origin} ${of}`) ?? 0;
      if (known < seq) this.#bring(from, origin, of, known);
    };
    for (const [origin, sender] of this.#senders) bring(origin, sender.boot, sender.last);
    bring(selfId, boot, this.#seq);
  }

  /** Brings somebody who has only just come everything since then, and says where that begins. */
  #welcome(id: PeerId): void {
    const {selfId, boot, memberSince} = this.#options;
    const since = memberSince(id);
    const had: Had[] = [];
    const all: Had[] = [...this.#senders].filter(([, {based}]) => based).map(([origin, sender]) => [origin, sender.boot, sender.last]);
    all.push([selfId, boot, this.#seq]);
    for (const [origin, of, last] of all) {
      const base = (this.#log.firstSince(origin, of, since) ?? last + 1) - 1;
      if (base > 0) had.push([origin, of, base]);
    }
    while (had.length) void this.#send(id, {kind: 'base', had: had.splice(0, MAX_HAD)});
    for (const [origin, of] of all) {
      const first = this.#log.firstSince(origin, of, since - CARRY_MS);
      if (first !== undefined) this.#bring(id, origin, of, first - 1);
    }
  }

  #based(had: readonly Had[]): void {
    if (!this.#fresh) return;
    for (const [origin, boot, seq] of had) {
      const sender = origin === this.#options.selfId ? undefined : this.#sender(origin, boot);
      if (!sender || sender.based) continue;
      sender.last = sender.base = seq;
      this.#base(origin, sender);
    }
  }

  #base(origin: PeerId, sender: Sender): void {
    sender.based = true;
    for (const held of [...sender.held.values()]) if (held.cast.seq <= sender.last) this.#drop(sender, held);
    this.#pump(origin, sender);
  }

  /** From now on what is missing is missing. */
  #settle(): void {
    this.#fresh = false;
    this.#freshUntil?.();
    for (const [origin, sender] of this.#senders) if (!sender.based) this.#base(origin, sender);
  }
}
