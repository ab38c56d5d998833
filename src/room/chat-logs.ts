import {MeshError} from '../mesh/errors.js';
import {ChatLog, randomId} from './chat-log.js';
import {IndexedDbStore} from './history/indexeddb.js';
import {tabId} from './history/owners.js';
import type {ChatStore} from './history/types.js';

/** Chats of rooms that were left are kept in memory, so that coming back shows them at once; so many at most. */
const MAX_LOGS = 8;

/** The chats of the rooms that one element has been in. A chunk of its own: no frame needs it. */
export class ChatLogs {
  readonly #logs = new Map<string, ChatLog>();
  readonly #store: ChatStore | undefined;
  readonly #tab = tabId(randomId);

  /**
   * @param keep - whether this device keeps them between visits.
   * @param onError - told once, with `storage-failed`, when it cannot.
   */
  constructor(keep: boolean, onError: (error: MeshError) => void) {
    if (!keep) return;
    const storageChanged = () => {
      for (const log of this.#logs.values()) log.storageChanged();
    };
    this.#store = new IndexedDbStore({
      onForgotten: room => this.#logs.get(room)?.forgotten(),
      onMended: storageChanged,
      onBroken: cause => {
        storageChanged();
        onError(new MeshError('storage-failed', 'messages are not kept on this device', {cause}));
      },
    });
  }

  /** The chat of the room that `key` identifies. A new one for each room; one that holds something unsent is never forgotten. */
  of(key: string): ChatLog {
    const log = this.#logs.get(key) ?? new ChatLog(this.#store ? {store: this.#store, room: key, tab: this.#tab} : {});
    // The newest stands last.
    this.#logs.delete(key);
    const spare = this.#logs.size >= MAX_LOGS && [...this.#logs].find(([, each]) => !each.unsent);
    if (spare) this.#logs.delete(spare[0]);
    this.#logs.set(key, log);
    return log;
  }
}
