import {MeshError, asMeshError} from '../mesh/errors.js';
import {CHAT_CHANNEL, type ChatMessage, type Reader} from './chat.js';
import {displayName} from './people.js';
import {canTalk, type PeerState, type RoomData, type RoomSession, type RoomState} from './types.js';

/** Former ids that a message tells: so many reloads while it waits. */
export const MAX_WAS = 8;

/**
 * Who has taken a message and has not answered for so long, over a link that is there, has it, if there is no chat that would answer. A
 * chat says that it does as soon as there is a link. In milliseconds.
 */
export const RECEIPT_MS = 10_000;

/** The lines that an outbox works on. */
export interface OutboxLines {
  /** Own messages that somebody is still to get, oldest first. */
  unsent(): readonly ChatMessage[];
  find(id: string): ChatMessage | undefined;
  replace(line: ChatMessage): void;
  /** Whether it is kept as it is now, so that a page that goes away does not lose it. */
  isKept(line: ChatMessage): boolean;
}

export type After = (ms: number, run: () => void) => () => void;

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: MeshError) => void;
}

const isOpen = ({link}: PeerState): boolean => link !== 'connecting' && link !== 'lost';

const withoutOutcome = ({reason: _reason, missed: _missed, ...line}: ChatMessage): ChatMessage => line;

/**
 * Brings own messages to each of their readers, in order. A message's readers are those who are in the room when it is first sent to
 * somebody, and those who had vanished from it without a goodbye; each gets it when there is a link, and has it when its chat says so.
 */
export class Outbox {
  readonly #lines: OutboxLines;
  readonly #after: After;
  readonly #promises = new Map<string, Settle>();
  /** Ids of messages that the room has taken for a peer, over the link that is there, by the peer's id. */
  readonly #handed = new Map<string, Set<string>>();
  /** Ids of people whose chats answer. What they have not answered for, they may not have, however good the link looks. */
  readonly #answering = new Set<string>();
  readonly #timers = new Set<() => void>();
  /** Messages for whoever is in the room once it is joined, even if that is nobody. */
  readonly #casual = new Set<string>();
  #session: RoomSession | undefined;

  constructor(lines: OutboxLines, after: After) {
    this.#lines = lines;
    this.#after = after;
  }

  attach(session: RoomSession): void {
    this.#session = session;
  }

  /** What is not sent waits for the next session; who awaits it gets `error`. */
  detach(error: MeshError): void {
    this.#session = undefined;
    this.#handed.clear();
    this.#casual.clear();
    for (const stop of this.#timers) stop();
    this.#timers.clear();
    for (const line of this.#lines.unsent()) {
      if (line.status === 'sending' || line.waitingFor) this.#interrupt(line);
    }
    this.#reject(error);
  }

  /** All messages are gone. */
  forget(): void {
    this.#reject(new MeshError('aborted', 'the messages of this room were removed before this one was sent'));
  }

  /**
   * Settles when message `id` has been sent, or has failed.
   * @param casual - whether it counts as sent when nobody is in the room; otherwise it waits until there is somebody.
   */
  promise(id: string, casual = false): Promise<void> {
    if (casual) this.#casual.add(id);
    return new Promise((resolve, reject) => this.#promises.set(id, {resolve, reject}));
  }

  isCasual(id: string): boolean {
    return this.#casual.has(id);
  }

  /** Sends a failed message again to all, or one that some did not get to those. */
  retry(line: ChatMessage): void {
    const {missed, pending = []} = line;
    const again = this.#session?.state.peers.filter(({id}) => missed?.includes(id)).map(readerOf) ?? [];
    for (const {id} of again) this.#handed.get(id)?.delete(line.id);
    const fresh = withoutOutcome(line);
    this.#lines.replace(missed ? {...fresh, pending: Object.freeze([...pending, ...again])} : {...fresh, status: 'waiting'});
    // Who has left has not missed it.
    if (missed && !again.length) this.#settle(line.id);
  }

  /** The people, or their links, have changed. */
  follow(): void {
    if (!this.#session) return;
    const {state} = this.#session;
    const {peers, absent = []} = state;
    const known = new Set([...peers, ...absent].map(({id}) => id));
    for (const id of this.#answering) if (!known.has(id)) this.#answering.delete(id);
    // Whoever was there before the server went away may be in the room again only after us: an empty one tells nothing then.
    if (state.error) this.#casual.clear();
    // A new link brings again what is not known to have arrived: the room gives up what waits for too long.
    for (const id of this.#handed.keys()) if (!peers.some(peer => peer.id === id && isOpen(peer))) this.#handed.delete(id);
    for (const line of this.#lines.unsent()) {
      const followed = told(succeeded(line, peers), canTalk(state) ? peers : []);
      if (followed !== line) this.#lines.replace(followed);
    }
  }

  /** Sends what can be sent. */
  flush(): void {
    const session = this.#session;
    if (!session || !canTalk(session.state)) return;
    const {selfId, peers} = session.state;
    const lines = this.#lines.unsent().filter(({status}) => status !== 'failed');
    // Kept before it is sent, so that whoever sends it after a reload knows under which ids it may have gone out.
    for (const line of lines) if (line.from !== selfId) this.#lines.replace(from(line, selfId));
    const open = peers.filter(isOpen);
    for (const {id} of lines) {
      const line = this.#lines.find(id);
      // Whatever is behind it waits as well, or it would come out of order.
      if (!line || !this.#lines.isKept(line)) return;
      if (!peers.length && this.#casual.has(id)) {
        this.#lines.replace({...line, ...saidAlone(line, session.state)});
        this.#settle(id);
        continue;
      }
      // For a moment all may be linked in a large room too; what came one by one then would overtake what is still on its way around.
      if (line.status === 'waiting' && peers.length && session.casting) {
        void this.#sayToAll(session, line);
        continue;
      }
      const readers = line.status === 'waiting' ? peers : line.pending ?? [];
      const now = open.filter(peer => readers.some(reader => reader.id === peer.id) && !this.#handed.get(peer.id)?.has(id));
      if (now.length) {
        void this.#send(session, line, now);
        continue;
      }
      const waits = told(line, peers);
      if (waits !== line) this.#lines.replace(waits);
    }
  }

  /** `peer` has these messages, and a chat that says so. */
  receipt(peer: string, ids: readonly unknown[]): void {
    this.#answering.add(peer);
    for (const id of ids) {
      const line = typeof id === 'string' ? this.#lines.find(id) : undefined;
      if (line) this.#delivered(line, [peer]);
    }
  }

  /** In a large room a message goes from neighbour to neighbour, once for all; nobody counts who has it. */
  async #sayToAll(session: RoomSession, line: ChatMessage): Promise<void> {
    const {id} = line;
    // Whoever is counted gets it alone as well.
    this.#lines.replace({...withoutReaders(line), status: 'sending'});
    try {
      await session.send(dataOf(line), {channel: CHAT_CHANNEL});
      const sent = session === this.#session ? this.#lines.find(id) : undefined;
      if (sent?.status === 'sending') this.#lines.replace({...sent, status: 'sent'});
      this.#settle(id);
    } catch (thrown) {
      const error = asMeshError(thrown, 'undelivered');
      const failed = session === this.#session ? this.#lines.find(id) : undefined;
      if (failed && session.state.status === 'joined') this.#fail(failed, error);
      else if (failed?.status === 'sending') this.#interrupt(failed);
    }
  }

  async #send(session: RoomSession, line: ChatMessage, to: readonly PeerState[]): Promise<void> {
    const {id} = line;
    const ids = to.map(peer => peer.id);
    for (const peer of ids) this.#handed.set(peer, (this.#handed.get(peer) ?? new Set()).add(id));
    if (line.status === 'waiting') {
      this.#lines.replace(told({...line, status: 'sending', pending: readersOf(line, session.state)}, session.state.peers));
    }
    try {
      await session.send(dataOf(line), {channel: CHAT_CHANNEL, to: ids});
      if (session === this.#session) this.#sent(id, to);
    } catch (thrown) {
      if (session === this.#session) this.#failed(session, id, to, asMeshError(thrown, 'undelivered'));
    }
  }

  /** The room has taken it for these. */
  #sent(id: string, to: readonly PeerState[]): void {
    const line = this.#lines.find(id);
    if (line?.status === 'sending') this.#lines.replace({...line, status: 'sent'});
    this.#settle(id);
    // A plain page has no chat that could say so.
    const plain = to.filter(peer => peer.plain).map(peer => peer.id);
    const sent = this.#lines.find(id);
    if (sent && plain.length) this.#delivered(sent, plain);
    if (plain.length === to.length) return;
    const stop = this.#after(RECEIPT_MS, () => {
      this.#timers.delete(stop);
      const late = this.#lines.find(id);
      if (late) this.#delivered(late, to.map(peer => peer.id)
        .filter(peer => this.#handed.get(peer)?.has(id) && !this.#answering.has(peer)));
    });
    this.#timers.add(stop);
  }

  #failed(session: RoomSession, id: string, to: readonly PeerState[], error: MeshError): void {
    const line = this.#lines.find(id);
    if (!line) return;
    const {status, peers} = session.state;
    for (const peer of to) this.#handed.get(peer.id)?.delete(id);
    if (status !== 'joined') {
      // Not the message's fault: it waits for the room. Who has it already drops the second by its id.
      if (line.status === 'sending') this.#interrupt(line);
      return;
    }
    if (error.code !== 'undelivered') return this.#fail(line, error);
    // Only people who are still here have missed anything; who is to get another link gets it over that.
    const missed = error.ids.filter(each => peers.some(peer => peer.id === each && isOpen(peer)));
    const pending = (line.pending ?? []).filter(reader => !missed.includes(reader.id));
    const gotIt = to.filter(peer => !error.ids.includes(peer.id));
    if (missed.length && !gotIt.length && !pending.length && !line.deliveredTo.length) return this.#fail(line, error);
    for (const peer of gotIt) this.#handed.get(peer.id)?.add(id);
    const {missed: before = [], ...rest} = line;
    const all = [...new Set([...before, ...missed])];
    this.#lines.replace({...rest, pending: Object.freeze(pending), ...all.length && {missed: Object.freeze(all)}});
    this.#sent(id, gotIt);
  }

  #interrupt(line: ChatMessage): void {
    this.#lines.replace(interrupted(line, this.#lines.unsent()));
  }

  #fail(line: ChatMessage, error: MeshError): void {
    this.#lines.replace({...withoutReaders(withoutOutcome(line)), status: 'failed', reason: error.code});
    this.#settle(line.id, error);
  }

  #delivered(line: ChatMessage, peers: readonly string[]): void {
    const got = line.pending?.filter(({id}) => peers.includes(id)) ?? [];
    if (!got.length) return;
    this.#lines.replace(told({
      ...line,
      pending: Object.freeze(line.pending!.filter(reader => !got.includes(reader))),
      deliveredTo: Object.freeze([...line.deliveredTo, ...got.map(({id}) => id)]),
    }, this.#session?.state.peers ?? []));
  }

  #reject(error: MeshError): void {
    for (const {reject} of this.#promises.values()) reject(error);
    this.#promises.clear();
  }

  #settle(id: string, error?: MeshError): void {
    const promise = this.#promises.get(id);
    this.#promises.delete(id);
    if (error) promise?.reject(error);
    else promise?.resolve();
  }
}

const dataOf = ({id, text, at, was}: ChatMessage): RoomData => ({id, text, at, ...was?.length && {was}});

const readerOf = ({id, name}: Reader): Reader => Object.freeze({id, name});

type HasReaders = Pick<ChatMessage, 'pending' | 'deliveredTo' | 'was'>;

/**
 * Who is to get a message that goes out now: everybody in the room, and who was to get it before, as long as they may come back. A name
 * that is known stays, for whoever has no link yet: by it somebody is known again after a reload.
 */
export function readersOf({pending = [], deliveredTo, was = []}: HasReaders, {peers, absent = []}: RoomState): readonly Reader[] {
  const all = new Map<string, Reader>();
  for (const reader of [...pending, ...absent, ...peers]) all.set(reader.id, readerOf(reader.name ? reader : all.get(reader.id) ?? reader));
  for (const id of [...deliveredTo, ...was]) all.delete(id);
  return Object.freeze([...all.values()]);
}

/** What becomes of a message that is said when nobody is in the room: it is for who vanished, on return. */
export function saidAlone(line: HasReaders, state: RoomState): Pick<ChatMessage, 'status' | 'pending'> {
  const pending = readersOf(line, state);
  return {status: 'sent', ...pending.length && {pending}};
}

/** `line` as sent by `selfId`, once it has been somebody else's. */
const from = (line: ChatMessage, selfId: string): ChatMessage =>
  ({...line, from: selfId, ...line.from && {was: Object.freeze([...line.was ?? [], line.from].slice(-MAX_WAS))}});

const idsOf = ({pending = [], deliveredTo}: HasReaders): string[] => [...deliveredTo, ...pending.map(({id}) => id)];

/**
 * Whether a message that nobody is known to have goes to whoever is in the room then, as if it had not been sent. Not where somebody who
 * was not to get it has been sent a later one of `lines`: it would come behind that.
 */
export function beginsAnew<Line extends HasReaders & Pick<ChatMessage, 'status'>>(line: Line, lines: readonly Line[]): boolean {
  const readers = idsOf(line);
  return !line.deliveredTo.length && (!readers.length || lines.slice(lines.indexOf(line) + 1)
    .every(later => later.status === 'waiting' || idsOf(later).every(id => readers.includes(id))));
}

/** One of `lines` whose sending came to no end: who is known to have it does not get it again. */
export const interrupted = (line: ChatMessage, lines: readonly ChatMessage[]): ChatMessage =>
  ({...withoutWait(line), ...line.status === 'sending' && {status: beginsAnew(line, lines) ? 'waiting' : 'sent'}});

function withoutWait({waitingFor: _waitingFor, ...line}: ChatMessage): ChatMessage {
  return line;
}

function withoutReaders({pending: _pending, ...line}: ChatMessage): ChatMessage {
  return withoutWait(line);
}

/**
 * Who left and came back under the same name, as after a reload, gets what the one who left did not. So does who comes while the other is
 * still taken to be there: only later it may show that it is gone, and what is said until then must not come first.
 */
function succeeded(line: ChatMessage, peers: readonly PeerState[]): ChatMessage {
  const {pending = [], deliveredTo} = line;
  const isKnown = (id: string) => deliveredTo.includes(id) || pending.some(reader => reader.id === id);
  let changed = false;
  const next = pending.flatMap(reader => {
    const again = reader.name ? peers.find(peer => peer.name === reader.name && isOpen(peer) && !isKnown(peer.id)) : undefined;
    if (!again) return [reader];
    changed = true;
    return peers.some(peer => peer.id === reader.id) ? [reader, readerOf(again)] : [readerOf(again)];
  });
  return changed ? {...line, pending: Object.freeze(next)} : line;
}

/** Tells for whom it waits. */
function told(line: ChatMessage, peers: readonly PeerState[]): ChatMessage {
  const readers = line.status === 'waiting' ? peers : line.pending ?? [];
  const names = peers.filter(peer => !isOpen(peer) && readers.some(({id}) => id === peer.id)).map(({id, name}) => displayName(id, name));
  if (names.join('\n') === (line.waitingFor ?? []).join('\n')) return line;
  return names.length ? {...line, waitingFor: Object.freeze(names)} : withoutWait(line);
}
