import {beginsAnew} from '../chat-outbox.js';
import type {ChatMessage} from '../chat.js';
import {ORPHAN_MS, isUnsent, type ChatStore, type StoredLine, type StoredPage} from './types.js';

export interface KeeperOptions {
  readonly store: ChatStore;
  readonly room: string;
  /** Name of the log, unique on this machine. */
  readonly owner: string;
  readonly find: (id: string) => ChatMessage | undefined;
  /** Whether the log has anything to send. */
  readonly unsent: () => boolean;
  /** Takes note of all that was written until now. @returns what to do once it is kept; `ownIsNew` if an own message can be sent then. */
  readonly onTake: () => (ownIsNew: boolean) => void;
}

/** Lines of former visits, oldest first. */
export interface FormerLines {
  readonly lines: readonly Omit<ChatMessage, 'seq'>[];
  /** The lines before these, or nothing where storage does not answer now; absent where there are none. */
  readonly earlier?: () => Promise<FormerLines | undefined>;
}

/** Writes the lines of one log into its store, behind it: in order, in batches, one at a time. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #changed = new Set<string>();
  /** Under which id of this user each own unsent message is kept. */
  readonly #kept = new Map<string, string>();
  #busy = true;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Whether anything is on its way into the store, or out of it. */
  get busy(): boolean {
    return this.#busy;
  }

  get works(): boolean {
    return this.#options.store.works;
  }

  /** Whether an own message is kept under the id that it is to be sent by. */
  has({id, from}: ChatMessage): boolean {
    return this.#kept.get(id) === from;
  }

  /** Hands over the newest lines of former visits, as they are to go on with. To be called once, before anything is written. */
  async load(now: number, take: (former: FormerLines) => void): Promise<void> {
    const {store, room, owner} = this.#options;
    const page = await store.load(room, owner);
    const waited = page.lines.filter(line => isLine(line) && isUnsent(line));
    for (const {id, from} of waited) this.#kept.set(id, from);
    const begun = former(page, now);
    // What waits no longer is not to be looked for at each visit.
    const waits = new Set(begun.lines.filter(isUnsent).map(({id}) => id));
    for (const {id} of waited) if (!waits.has(id)) this.#changed.add(id);
    take(begun);
    await this.#run();
  }

  /** Message `id` is new, or has changed. */
  write(id: string): void {
    this.#changed.add(id);
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => void this.#run());
  }

  async forget(): Promise<void> {
    await this.#options.store.forget(this.#options.room);
  }

  /** The lines are gone: what was to be written of them is not. */
  forgotten(): void {
    this.#changed.clear();
    this.#kept.clear();
  }

  async #run(): Promise<void> {
    const {store, room, owner, find, unsent, onTake} = this.#options;
    while (this.#changed.size) {
      const lines = [...this.#changed].map(find).filter(line => line !== undefined);
      this.#changed.clear();
      const onKept = onTake();
      store.hold(owner, unsent());
      await store.put(room, lines.map(({seq: _seq, ...line}) => ({...line, owner})));
      let ownIsNew = false;
      for (const line of lines) {
        if (!isUnsent(line)) this.#kept.delete(line.id);
        else if (!this.has(line)) {
          ownIsNew = true;
          this.#kept.set(line.id, line.from);
        }
      }
      onKept(ownIsNew);
    }
    store.hold(owner, unsent());
    this.#busy = false;
    onTake()(false);
  }
}

/** The database is the page's as well: what is in it may be anybody's work. */
const isLine = ({kind, id, from, name, text, at, own, deliveredTo}: StoredLine): boolean =>
  kind === 'text' && [id, from, name, text].every(each => typeof each === 'string') && Number.isFinite(at) && typeof own === 'boolean'
  && Array.isArray(deliveredTo);

const former = ({lines, earlier}: StoredPage, now: number): FormerLines => ({
  lines: lines.filter(isLine).map((line, _i, all) => resumed(line, all, now)),
  ...earlier && {earlier: async () => {
    const page = await earlier();
    return page && former(page, now);
  }},
});

/** One of `lines` as a later page goes on with it. */
function resumed(line: StoredLine, lines: readonly StoredLine[], now: number): Omit<ChatMessage, 'seq'> {
  const {owner: _owner, ...kept} = line;
  if (!isUnsent(line) || line.status === 'failed') return kept;
  const {pending, waitingFor: _waitingFor, ...rest} = kept;
  // Who has not come back for so long does not come back for it; a clock that jumps makes no difference between before and after.
  const isOrphan = Math.abs(now - line.at) > ORPHAN_MS;
  const begins = line.status === 'waiting' || ((line.status === 'sending' || !isOrphan) && beginsAnew(line, lines));
  return {...rest, ...pending && !isOrphan && {pending}, status: begins ? 'waiting' : 'sent'};
}
