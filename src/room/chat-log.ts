import {MeshError, asMeshError} from '../mesh/errors.js';
import {CHAT_CHANNEL, EMPTY_CHAT, MAX_TEXT, type ChatLine, type ChatMessage, type ChatNotice, type ChatState} from './chat.js';
import {cleanName, clip} from './names.js';
import {canTalk, type PeerState, type RoomMessageEvent, type RoomSession} from './types.js';

/** Lines kept in memory: an evening of lively talk; at 200 bytes a line about 1 MB. The oldest go first. */
export const MAX_LINES = 5000;

/** Own messages that may wait while the room cannot be reached; nobody types more, a script might. */
export const MAX_WAITING = 500;

export interface ChatLogOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly newId?: () => string;
  readonly maxLines?: number;
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

/** `crypto.randomUUID` is missing in an insecure context; 16 random bytes are as good. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

/**
 * The lines of one room's chat. Outlives the sessions that it is attached to, so that what was typed while the room could not be
 * reached is kept and sent, in order, by the next. Fires `change`, at most once a microtask.
 */
export class ChatLog extends EventTarget {
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #maxLines: number;
  readonly #promises = new Map<string, Settle>();
  readonly #seen = new Set<string>();
  readonly #logId: string;
  #lines: ChatLine[] = [];
  #state = EMPTY_CHAT;
  #stale = true;
  #announced = false;
  #seq = 0;
  #session: RoomSession | undefined;
  #detach: AbortController | undefined;
  /** Who is known to be in the room, by id, with the name last told; undefined until the room is joined. */
  #people: Map<string, string> | undefined;

  constructor({now = Date.now, newId = randomId, maxLines = MAX_LINES}: ChatLogOptions = {}) {
    super();
    this.#now = now;
    this.#newId = newId;
    this.#maxLines = maxLines;
    this.#logId = newId();
  }

  /** Frozen; a new object after every change. */
  get state(): ChatState {
    if (this.#stale) {
      this.#stale = false;
      this.#state = Object.freeze({logId: this.#logId, lines: Object.freeze(this.#lines.slice())});
    }
    return this.#state;
  }

  /** Whether own messages wait, or failed: a log that must not be forgotten. */
  get unsent(): boolean {
    return this.#lines.some(line => line.kind === 'text' && line.status !== 'sent');
  }

  /** Follows `session` from now on: its messages, its people, and what waits is sent as soon as it is joined. */
  attach(session: RoomSession): void {
    this.detach();
    this.#session = session;
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
    const error = new MeshError('aborted', 'the room was left before the message was sent; it is sent when the room is joined again');
    for (const {reject} of this.#promises.values()) reject(error);
    this.#promises.clear();
  }

  /**
   * Adds an own message and sends it as soon as the room is joined.
   * @returns once sent (to whoever could be reached).
   * @throws {MeshError} `bad-data` for no text; `too-large` for more than `MAX_TEXT`; `flood` when `MAX_WAITING` wait; `undelivered`
   *   when it reached nobody; `aborted` when the room is left first.
   */
  async say(text: string, name = ''): Promise<void> {
    if (typeof text !== 'string' || !text.trim()) throw new MeshError('bad-data', 'say() needs text');
    if (text.length > MAX_TEXT) throw new MeshError('too-large', `a message has at most ${MAX_TEXT} characters, this one ${text.length}`);
    if (this.#waiting().length >= MAX_WAITING) throw new MeshError('flood', `${MAX_WAITING} messages wait to be sent already`);
    const id = this.#newId();
    const from = this.#session?.state.selfId ?? '';
    const sent = this.#promise(id);
    this.#add({kind: 'text', id, from, name: cleanName(name), own: true, text, at: this.#now(), status: 'waiting'});
    this.#flush();
    return sent;
  }

  /** Sends a failed message again, or a sent one to those that it did not reach. An unknown id is left alone. */
  async retry(id: string): Promise<void> {
    const line = this.#find(id);
    if (!line || (line.status !== 'failed' && !line.missed)) return;
    const sent = this.#promise(id);
    this.#change(id, {status: 'waiting'});
    this.#flush();
    return sent;
  }

  #promise(id: string): Promise<void> {
    return new Promise((resolve, reject) => this.#promises.set(id, {resolve, reject}));
  }

  #find(id: string): ChatMessage | undefined {
    const line = this.#lines.findLast(each => each.id === id);
    return line?.kind === 'text' ? line : undefined;
  }

  #waiting(): ChatMessage[] {
    return this.#lines.filter(line => line.kind === 'text' && line.status === 'waiting') as ChatMessage[];
  }

  #flush(): void {
    const session = this.#session;
    if (session && canTalk(session.state)) for (const line of this.#waiting()) void this.#send(session, line);
  }

  async #send(session: RoomSession, {id, text, at, missed}: ChatMessage): Promise<void> {
    const to = missed?.filter(each => session.state.peers.some(peer => peer.id === each));
    this.#change(id, {status: 'sending', from: session.state.selfId});
    try {
      if (to?.length !== 0) await session.send({id, text, at}, {channel: CHAT_CHANNEL, ...to && {to}});
      this.#settle(id, {status: 'sent'});
    } catch (thrown) {
      this.#failed(session, id, to, asMeshError(thrown, 'undelivered'));
    }
  }

  #failed(session: RoomSession, id: string, to: readonly string[] | undefined, error: MeshError): void {
    const {status, peers} = session.state;
    if (session !== this.#session || status !== 'joined') {
      // Not the message's fault: it waits for the room. Who did not get it cannot be told across sessions, so it goes to all
      // again; whoever has it already drops the second by its id.
      this.#change(id, {status: 'waiting'});
      if (session !== this.#session) this.#flush();
      return;
    }
    // Only people who are still here have missed anything.
    const missed = error.ids.filter(each => peers.some(peer => peer.id === each));
    if (error.code !== 'undelivered') this.#settle(id, {status: 'failed', reason: error.code}, error);
    else if (!to && missed.length && missed.length === peers.length) this.#settle(id, {status: 'failed', reason: error.code}, error);
    else this.#settle(id, {status: 'sent', ...missed.length && {missed: Object.freeze(missed)}});
  }

  /** The end of sending one message; `reason` and `missed` of an earlier attempt are gone unless given again. */
  #settle(id: string, change: Pick<ChatMessage, 'status' | 'reason' | 'missed'>, error?: MeshError): void {
    const line = this.#find(id);
    if (line) {
      const {reason: _reason, missed: _missed, ...rest} = line;
      this.#replace({...rest, ...change});
    }
    const promise = this.#promises.get(id);
    this.#promises.delete(id);
    if (error) promise?.reject(error);
    else promise?.resolve();
  }

  #change(id: string, change: Partial<ChatMessage>): void {
    const line = this.#find(id);
    if (line) this.#replace({...line, ...change});
  }

  #replace(line: ChatMessage): void {
    const index = this.#lines.findLastIndex(({id}) => id === line.id);
    if (index >= 0) this.#lines[index] = Object.freeze(line);
    this.#touch();
  }

  /** A remote's word: anything but a text of some length is dropped, a longer one is cut. */
  #receive({from, channel, data}: RoomMessageEvent): void {
    if (channel !== CHAT_CHANNEL || typeof data !== 'object' || data === null) return;
    const {text, id} = data as {text?: unknown; id?: unknown};
    if (typeof text !== 'string' || !text.trim()) return;
    // The id is the sender's own word, so it counts only together with who sent it.
    const key = typeof id === 'string' && id.length <= 64 ? `${from} ${id}` : `${from} ${this.#newId()}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#add({
      kind: 'text', id: key, from, name: this.#session?.state.peers.find(peer => peer.id === from)?.name ?? '', own: false,
      // Cheap for the usual text; `clip` walks the characters of what is too long.
      text: text.length <= MAX_TEXT ? text : clip(text, MAX_TEXT, MAX_TEXT), at: this.#now(), status: 'sent',
    });
  }

  /** Notes who came and went, and sends what waits. Only while joined: nobody has left because this machine was offline. */
  #follow(): void {
    const {status, peers} = this.#session!.state;
    if (status !== 'joined') return;
    const first = !this.#people;
    const people = this.#people ??= new Map(peers.map(({id, name}) => [id, name]));
    if (!first) this.#compare(people, peers);
    this.#flush();
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
    this.#lines.push(Object.freeze({...line, seq: this.#seq++} as ChatLine));
    if (this.#lines.length > this.#maxLines) {
      // The oldest line that is nobody's loss: own words that wait are kept.
      const oldest = this.#lines.findIndex(each => each.kind !== 'text' || each.status === 'sent');
      const [dropped] = oldest < 0 ? [] : this.#lines.splice(oldest, 1);
      if (dropped) this.#seen.delete(dropped.id);
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
