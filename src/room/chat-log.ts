import {MeshError} from '../mesh/errors.js';
import {
  CHAT_CHANNEL, EMPTY_CHAT, MAX_TEXT, messagesOf, RECEIPT_CHANNEL, type ChatLine, type ChatMessage, type ChatNotice, type ChatState,
} from './chat.js';
import {MAX_WAS, Outbox, readersOf, saidAlone, type After, type OutboxLines} from './chat-outbox.js';
import {ChatLines} from './chat-lines.js';
import {Keeper, type FormerLines} from './history/keeper.js';
import {PAGE_LINES, type ChatStore} from './history/types.js';
import {cleanName, clip} from './names.js';
import type {PeerState, RoomMessageEvent, RoomSession} from './types.js';

/** Lines kept in memory: days of lively talk; at 400 bytes a line about 40 MB. The oldest go first. */
export const MAX_LINES = 100_000;

/** UTF-16 units of text kept in memory: more than so many lines have, unless somebody fills them on purpose. */
const MAX_UNITS = 16 * 1024 * 1024;

/** Own messages that may wait while the room cannot be reached; nobody types more, a script might. */
export const MAX_WAITING = 500;

/** Characters of an id that a remote names. */
const MAX_ID = 64;

/** Ids that one receipt names, and second names of messages that are remembered. */
const MAX_RECEIPT = 500;
const MAX_ALIASES = 1000;

const NOBODY: readonly string[] = Object.freeze([]);

export interface ChatLogOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly newId?: () => string;
  /** Runs something later; returns what keeps it from running. */
  readonly after?: After;
  readonly maxLines?: number;
  /** What keeps the lines between visits. Default: nothing does. */
  readonly store?: ChatStore;
  /** What identifies the room on this machine. */
  readonly room?: string;
  /** Name of this tab, the same after a reload. */
  readonly tab?: string;
}

const isId = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_ID;

/** `crypto.randomUUID` is missing in an insecure context; 16 random bytes are as good. */
export const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

/**
 * The lines of one room's chat. Outlives the sessions that it is attached to, so that what was typed while the room could not be
 * reached is kept and sent, in order, by the next; with a store it outlives the page. Fires `change`, at most once a microtask.
 */
export class ChatLog extends EventTarget {
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #maxLines: number;
  /** Ids of messages that are not shown and not to be shown again. */
  readonly #seen = new Set<string>();
  /** Messages that came again under another id of their sender; the newest so many. */
  readonly #aliases = new Set<string>();
  readonly #logId: string;
  readonly #lines = new ChatLines();
  readonly #outbox: Outbox;
  readonly #keeper: Keeper | undefined;
  readonly #forget = (): Promise<void> => this.forget();
  readonly #earlier = (): Promise<void> => this.#readEarlier();
  #state = EMPTY_CHAT;
  #stale = true;
  #announced = false;
  #seq = 0;
  #session: RoomSession | undefined;
  #detach: AbortController | undefined;
  /** What came before it was known what is there already; undefined once that is known. */
  #early: RoomMessageEvent[] | undefined;
  /** Reads the lines of former visits that are not here yet; undefined where there are none. */
  #former: FormerLines['earlier'];
  #reading: Promise<void> | undefined;
  /** Ids of people who have been told that there is a chat here that answers. */
  readonly #told = new Set<string>();
  /** Ids to acknowledge once their lines are kept, by sender. */
  #receipts = new Map<string, string[]>();
  /** Who is known to be in the room, by id, with the name last told; undefined until the room is joined. */
  #people: Map<string, string> | undefined;

  constructor({now = Date.now, newId = randomId, after = afterTimeout, maxLines = MAX_LINES, store, room = '', tab = ''}: ChatLogOptions = {}) {
    super();
    this.#now = now;
    this.#newId = newId;
    this.#maxLines = maxLines;
    this.#logId = newId();
    this.#outbox = new Outbox(this.#outboxLines(), after);
    if (!store) return;
    this.#early = [];
    this.#keeper = new Keeper({
      store, room, owner: `${tab}/${this.#logId}`,
      find: id => this.#lines.find(id),
      unsent: () => this.#lines.unsent().length > 0,
      onTake: () => {
        const receipts = this.#takeReceipts();
        return ownIsNew => {
          if (ownIsNew) this.#outbox.flush();
          this.#acknowledge(receipts);
        };
      },
    });
    void this.#keeper.load(now(), former => this.#begin(former));
  }

  /** Frozen; a new object after every change. */
  get state(): ChatState {
    if (this.#stale) {
      this.#stale = false;
      this.#state = Object.freeze({
        logId: this.#logId, parts: this.#lines.parts,
        ...this.#former && {earlier: this.#earlier}, ...this.#keeper && {kept: this.#keeper.works, forget: this.#forget},
      });
    }
    return this.#state;
  }

  /** Whether own messages wait, or failed: a log that must not be forgotten. */
  get unsent(): boolean {
    return this.#lines.unsent().some(({status}) => status !== 'sent');
  }

  /** Follows `session` from now on: its messages, its people, and what waits is sent as soon as it is joined. */
  attach(session: RoomSession): void {
    this.detach();
    this.#session = session;
    this.#outbox.attach(session);
    const {signal} = this.#detach = new AbortController();
    session.addEventListener('message', event => this.#receive(event), {signal});
    session.addEventListener('peers-change', () => this.#follow(), {signal});
    session.addEventListener('status-change', () => this.#follow(), {signal});
    this.#follow();
  }

  /** Stops following. What has not been sent waits for the next `attach`, but whoever awaits it is told. */
  detach(): void {
    this.#detach?.abort();
    this.#detach = this.#session = this.#people = undefined;
    this.#receipts.clear();
    this.#told.clear();
    this.#outbox.detach(
      new MeshError('aborted', 'the room was left before the message was sent; it is sent when the room is joined again'));
  }

  /**
   * Adds an own message and sends it as soon as the room is joined, and somebody is there to get it if it was not joined yet.
   * @returns once sent (to whoever could be reached).
   * @throws {MeshError} `bad-data` for no text; `too-large` for more than `MAX_TEXT`; `flood` when `MAX_WAITING` wait; `undelivered`
   *   when it reached nobody; `aborted` when the room is left first.
   */
  async say(text: string, name = ''): Promise<void> {
    if (typeof text !== 'string' || !text.trim()) throw new MeshError('bad-data', 'say() needs text');
    if (text.length > MAX_TEXT) throw new MeshError('too-large', `a message has at most ${MAX_TEXT} characters, this one ${text.length}`);
    const waiting = this.#lines.unsent().filter(({status}) => status === 'waiting');
    if (waiting.length >= MAX_WAITING) throw new MeshError('flood', `${MAX_WAITING} messages wait to be sent already`);
    const id = this.#newId();
    const state = this.#session?.state;
    const {status, selfId = '', peers} = state ?? {};
    // Nobody is waiting for what is said to an empty room, unless there is something before it that waits.
    const casual = waiting.every(line => this.#outbox.isCasual(line.id)) && (status === 'joining' || (status === 'joined' && !peers?.length));
    const alone = casual && status === 'joined' && !waiting.length && !this.#early;
    const sent = alone ? undefined : this.#outbox.promise(id, casual);
    const readers = {deliveredTo: NOBODY};
    this.#add({
      kind: 'text', id, from: selfId, name: cleanName(name), own: true, text, at: this.#now(), ...readers,
      // Who is known to be in the room gets it, also if it goes out after a reload, when nobody knows that any more.
      ...alone ? saidAlone(readers, state!) : {status: 'waiting', ...state && {pending: readersOf(readers, state)}},
    });
    this.#keeper?.write(id);
    this.#flush();
    return sent;
  }

  /** Sends a failed message again, or a sent one to those that it did not reach. An unknown id is left alone. */
  async retry(id: string): Promise<void> {
    const line = this.#lines.find(id);
    if (!line || (line.status !== 'failed' && !line.missed)) return;
    const sent = this.#outbox.promise(id);
    this.#outbox.retry(line);
    this.#flush();
    return sent;
  }

  /** Removes all lines, also those that wait, from here and from this machine. What comes again is not shown again. */
  async forget(): Promise<void> {
    this.forgotten();
    await this.#keeper?.forget();
  }

  /** Another tab has removed the room's lines from this machine. */
  forgotten(): void {
    for (const {id} of messagesOf(this.#lines.parts)) this.#seen.add(id);
    this.#lines.clear();
    this.#former = undefined;
    this.#keeper?.forgotten();
    this.#outbox.forget();
    this.#touch();
  }

  /** This machine keeps lines no longer, or does again. */
  storageChanged(): void {
    if (this.#keeper?.works) for (const {id} of messagesOf(this.#lines.parts).slice(-PAGE_LINES)) this.#keeper.write(id);
    this.#touch();
  }

  #outboxLines(): OutboxLines {
    return {
      unsent: () => this.#lines.unsent(),
      find: id => {
        const line = this.#lines.find(id);
        return line?.own ? line : undefined;
      },
      replace: line => this.#replace(line),
      isKept: line => this.#keeper?.has(line) ?? true,
    };
  }

  #flush(): void {
    if (!this.#early) this.#outbox.flush();
  }

  #replace(line: ChatMessage): void {
    if (!this.#lines.replace(Object.freeze(line))) return;
    this.#keeper?.write(line.id);
    this.#touch();
  }

  /** Takes in the newest lines of former visits, and goes on with what had to wait for them. */
  #begin(former: FormerLines): void {
    this.#prepend(former);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#receive(event);
    this.#outbox.follow();
    this.#flush();
  }

  #readEarlier(): Promise<void> {
    const former = this.#former;
    return this.#reading ??= Promise.resolve(former?.()).then(read => {
      this.#reading = undefined;
      // What has been forgotten meanwhile does not come back.
      if (read && former === this.#former) this.#prepend(read);
    });
  }

  /** Puts lines of former visits above what there is, as long as there is room. */
  #prepend({lines, earlier}: FormerLines): void {
    // What another tab said is here twice, if this one was there: once as said, once as heard.
    for (const line of lines) if (line.own) for (const key of heardAs(line)) this.#seen.add(key);
    const shown = lines.filter(line => line.own
      ? ![line.id, ...heardAs(line)].some(key => this.#lines.has(key))
      : !this.#isSeen(line.id));
    const first = Math.min(0, this.#lines.parts[0]?.[0]?.seq ?? 0);
    this.#lines.prepend(shown.map((line, i) => Object.freeze({...line, seq: first + i - shown.length})));
    this.#former = this.#isFull ? undefined : earlier;
    this.#touch();
  }

  get #isFull(): boolean {
    return this.#lines.length > this.#maxLines || this.#lines.units > MAX_UNITS;
  }

  /** A remote's word: anything but a text of some length is dropped, a longer one is cut. */
  #receive(event: RoomMessageEvent): void {
    const {from, channel, data} = event;
    if (typeof data !== 'object' || data === null) return;
    if (channel === RECEIPT_CHANNEL) {
      const {got} = data as {got?: unknown};
      if (Array.isArray(got)) this.#outbox.receipt(from, got.slice(0, MAX_RECEIPT));
      return;
    }
    if (channel !== CHAT_CHANNEL) return;
    if (this.#early) {
      if (this.#early.length < this.#maxLines) this.#early.push(event);
      return;
    }
    const {text, id, was} = data as {text?: unknown; id?: unknown; was?: unknown};
    if (typeof text !== 'string' || !text.trim()) return;
    // The id is the sender's own word, so it counts only together with who sent it.
    const key = `${from} ${isId(id) ? id : this.#newId()}`;
    const known = this.#knows(key, id, was);
    if (isId(id)) this.#receipts.set(from, [...this.#receipts.get(from) ?? [], id]);
    if (!known) {
      this.#add({
        kind: 'text', id: key, from, name: this.#session?.state.peers.find(peer => peer.id === from)?.name ?? '', own: false,
        // Cheap for the usual text; `clip` walks the characters of what is too long.
        text: text.length <= MAX_TEXT ? text : clip(text, MAX_TEXT, MAX_TEXT), at: this.#now(), status: 'sent', deliveredTo: NOBODY,
      });
      this.#keeper?.write(key);
    }
    queueMicrotask(() => {
      // Otherwise what it is busy with comes first.
      if (!this.#keeper?.busy) this.#acknowledge(this.#takeReceipts());
    });
  }

  /**
   * Whether this message is here, also as one that its sender sent under a former id. Those are only looked up and never noted: nobody can
   * keep another's line from being shown.
   */
  #knows(key: string, id: unknown, was: unknown): boolean {
    if (this.#isSeen(key) || this.#aliases.has(key)) return true;
    if (!isId(id) || !Array.isArray(was)) return false;
    if (!was.slice(0, MAX_WAS).some(former => isId(former) && this.#isSeen(`${former} ${id}`))) return false;
    this.#aliases.add(key);
    if (this.#aliases.size > MAX_ALIASES) for (const oldest of this.#aliases) return this.#aliases.delete(oldest);
    return true;
  }

  #isSeen(key: string): boolean {
    return this.#lines.has(key) || this.#seen.has(key);
  }

  #takeReceipts(): ReadonlyMap<string, readonly string[]> {
    const receipts = this.#receipts;
    this.#receipts = new Map();
    return receipts;
  }

  /** Tells the senders what has come, once it would survive a reload. */
  #acknowledge(receipts: ReadonlyMap<string, readonly string[]>): void {
    const {peers = []} = this.#session?.state ?? {};
    for (const [from, got] of receipts) {
      // Who is gone, or has no link, sends it again and is told then.
      if (!peers.some(({id, plain, far}) => id === from && !plain && !far)) continue;
      for (let i = 0; i < got.length; i += MAX_RECEIPT) {
        this.#session?.send({got: got.slice(i, i + MAX_RECEIPT)}, {channel: RECEIPT_CHANNEL, to: from}).catch(() => undefined);
      }
    }
  }

  /** Notes who came and went, and sends what waits. Notes only while joined: nobody has left because this machine was offline. */
  #follow(): void {
    const {status, peers} = this.#session!.state;
    this.#tellChats(peers);
    this.#outbox.follow();
    if (status !== 'joined') return this.#flush();
    const first = !this.#people;
    const people = this.#people ??= new Map(peers.map(({id, name}) => [id, name]));
    if (!first) this.#compare(people, peers);
    this.#flush();
  }

  /** An empty receipt says that others will come, before there is anything to acknowledge. */
  #tellChats(peers: readonly PeerState[]): void {
    const here = new Set(peers.map(({id}) => id));
    for (const id of this.#told) if (!here.has(id)) this.#told.delete(id);
    for (const {id, plain, link, far} of peers) {
      if (plain || far || link === 'connecting' || link === 'lost' || this.#told.has(id)) continue;
      this.#told.add(id);
      this.#session?.send({got: []}, {channel: RECEIPT_CHANNEL, to: id}).catch(() => this.#told.delete(id));
    }
  }

  #compare(people: Map<string, string>, peers: readonly PeerState[]): void {
    for (const {id, name, link} of peers) {
      const known = people.get(id);
      // A person is announced once there is a name to announce, or once it is clear that none will come.
      if (known === undefined && (name || link !== 'connecting')) {
        people.set(id, name);
        this.#note('joined', id, name);
      } else if (known !== undefined && name && name !== known) {
        people.set(id, name);
        if (known) this.#note('renamed', id, known, name);
      }
    }
    for (const [id, name] of people) {
      if (peers.some(peer => peer.id === id)) continue;
      people.delete(id);
      this.#note('left', id, name);
    }
  }

  #note(kind: ChatNotice['kind'], from: string, name: string, to?: string): void {
    this.#add({kind, id: `${kind} ${this.#seq}`, from, name, at: this.#now(), ...to && {to}});
  }

  #add(line: Omit<ChatMessage, 'seq'> | Omit<ChatNotice, 'seq'>): void {
    this.#lines.add(Object.freeze({...line, seq: this.#seq++} as ChatLine));
    while (this.#isFull && this.#lines.shift()) {
      // Behind a line that is gone there is nothing to be read without a hole.
      this.#former = undefined;
    }
    this.#touch();
  }

  #touch(): void {
    this.#stale = true;
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}

/** What an own message is called at those who hear it: by each id that its sender has had. */
const heardAs = ({id, from, was = []}: Omit<ChatMessage, 'seq'>): string[] => [...was, from].map(each => `${each} ${id}`);

function afterTimeout(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
