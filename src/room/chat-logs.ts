import {ChatLog} from './chat-log.js';

/** Chats of rooms that were left are kept, so that coming back shows them, and what was not sent yet is sent; so many at most. */
const MAX_LOGS = 8;

/** The chats of the rooms that one element has been in. A chunk of its own: no frame needs it. */
export class ChatLogs {
  readonly #logs = new Map<string, ChatLog>();

  /** The chat of the room `key`. A new one for each room; one that holds something unsent is never forgotten. */
  of(key: string): ChatLog {
    const log = this.#logs.get(key) ?? new ChatLog();
    // The newest stands last.
    this.#logs.delete(key);
    const spare = this.#logs.size >= MAX_LOGS && [...this.#logs].find(([, each]) => !each.unsent);
    if (spare) this.#logs.delete(spare[0]);
    this.#logs.set(key, log);
    return log;
  }
}
