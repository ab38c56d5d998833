/** What members tell of themselves in a room where not all are linked: the latest card of each goes from neighbour to neighbour. */
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import {MAX_HAD, signedCard, type Card, type CastFrame, type Had} from './frames.js';
import {Parts} from './parts.js';
import {sign, Verifier} from './signed.js';

export interface CardsOptions {
  readonly selfId: PeerId;
  readonly boot: string;
  readonly identity?: Identity | undefined;
  readonly cryptography?: Cryptography | undefined;
  readonly neighbours: () => readonly PeerId[];
  readonly send: (to: PeerId, frame: CastFrame) => Promise<void> | undefined;
  readonly isMember: (id: PeerId) => boolean;
  /** @param isCapacity - whether more than a name has changed. */
  readonly onChange: (isCapacity: boolean) => void;
  readonly onFault: (from: PeerId, why: string) => void;
}

/** Cards of ids that are in no List yet. */
const MAX_STRANGERS = 64;
/** Cards of those who have left: who only lost the server is in the List again before long, and tells nothing anew. */
const MAX_LEFT = 1_000;

export class Cards {
  readonly #options: CardsOptions;
  readonly #cards = new Map<PeerId, Card>();
  /** Who carries less or more than an ordinary member. */
  readonly #unlike = new Set<PeerId>();
  /** Parts of a list that is not whole yet. */
  readonly #parts = new Parts();
  readonly #verifier: Verifier;
  /** Boots that an id has had before: what is late of them does not count. */
  readonly #former = new Set<string>();
  /** Who left, the first first. */
  readonly #left = new Set<PeerId>();
  #version = 0;

  constructor(options: CardsOptions) {
    this.#options = options;
    this.#verifier = new Verifier(options.cryptography);
  }

  get(id: PeerId): Pick<Card, 'name' | 'capacity'> | undefined {
    return this.#cards.get(id);
  }

  get isUniform(): boolean {
    return this.#unlike.size === 0;
  }

  /** Tells everybody about this member. */
  async announce(name: string, capacity: number): Promise<void> {
    const {selfId: origin, boot, identity} = this.#options;
    const unsigned = {origin, boot, version: ++this.#version, name, capacity};
    const card = {...unsigned, ...await sign(identity, signedCard(unsigned))};
    // A later one may have been quicker.
    if (unsigned.version === this.#version) this.#put(card, origin);
  }

  /** There is a link to this neighbour: tells it which cards are here. */
  opened(id: PeerId): void {
    const had: Had[] = this.#current.map(({origin, boot, version}) => [origin, boot, version]);
    do {
      const part = had.splice(0, MAX_HAD);
      void this.#send(id, {kind: 'cards', had: part, more: had.length > 0});
    } while (had.length);
  }

  receive(from: PeerId, frame: Extract<CastFrame, {kind: 'card' | 'cards'}>): void {
    if (frame.kind === 'cards') return this.#had(from, frame.had, frame.more);
    const {card} = frame;
    const {selfId, isMember, cryptography, onFault} = this.#options;
    if (card.origin === selfId || !this.#isNewer(card)) return;
    if (!isMember(card.origin) && !this.#cards.has(card.origin) && this.#strangers() >= MAX_STRANGERS) return;
    if (!cryptography || (card.key === '' && from === card.origin)) return this.#put(card, from);
    void this.#verifier.isGenuine(card.origin, signedCard(card), card).then(genuine => {
      if (!genuine) onFault(from, 'What a member told of itself was not its own word');
      else if (this.#isNewer(card)) this.#put(card, from);
    });
  }

  /** `id` is not in the room any more. */
  left(id: PeerId): void {
    if (!this.#cards.has(id)) return;
    this.#left.delete(id);
    this.#left.add(id);
    if (this.#left.size <= MAX_LEFT) return;
    const [oldest] = this.#left;
    this.#left.delete(oldest!);
    if (this.#options.isMember(oldest!)) return;
    this.#cards.delete(oldest!);
    this.#unlike.delete(oldest!);
  }

  closed(id: PeerId): void {
    this.#parts.forget(id);
  }

  /** All but those of who has left. */
  get #current(): Card[] {
    return [...this.#cards.values()].filter(({origin}) => !this.#left.has(origin) || this.#options.isMember(origin));
  }

  /** How many have a card here that have never been in the List. */
  #strangers(): number {
    return [...this.#cards.keys()].filter(id => !this.#options.isMember(id) && !this.#left.has(id)).length;
  }

  #isNewer({origin, boot, version}: Card): boolean {
    const known = this.#cards.get(origin);
    return known?.boot === boot ? known.version < version : !this.#former.has(boot);
  }

  #put(card: Card, from: PeerId): void {
    const before = this.#cards.get(card.origin);
    if (before && before.boot !== card.boot) this.#former.add(before.boot);
    this.#cards.set(card.origin, card);
    if (card.capacity === 1) this.#unlike.delete(card.origin);
    else this.#unlike.add(card.origin);
    for (const id of this.#options.neighbours()) if (id !== from && id !== card.origin) void this.#send(id, {kind: 'card', card});
    const isCapacity = (before?.capacity ?? 1) !== card.capacity;
    if (isCapacity || before?.name !== card.name) this.#options.onChange(isCapacity);
  }

  #had(from: PeerId, had: readonly Had[], more: boolean): void {
    const all = this.#parts.add(from, had, more);
    if (!all) return;
    const theirs = new Map(all.map(([origin, boot, version]) => [`${origin} ${boot}`, version]));
    for (const card of this.#current) {
      if (card.origin !== from && (theirs.get(`${card.origin} ${card.boot}`) ?? 0) < card.version) void this.#send(from, {kind: 'card', card});
    }
  }

  #send(to: PeerId, frame: CastFrame): Promise<void> | undefined {
    return this.#options.send(to, frame)?.catch(() => undefined);
  }
}
