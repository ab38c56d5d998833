import {Child} from '../../server/testing/children.js';
import {fromRoot} from '../../scripts/build/paths.js';
import type {ContestantServer} from '../contestant.js';

export interface Usage {
  /** Since it began. */
  readonly processorMs: number;
  /** Resident. */
  readonly memoryBytes: number;
}

/** A contestant's server as one process, and what it uses. */
export class ServerProcess {
  readonly #child: Child;
  /** Its code is there, and can be started. */
  readonly loaded: Promise<unknown>;

  constructor(contestant: string) {
    this.#child = new Child(fromRoot('bench/servers/child.ts'), [contestant]);
    this.loaded = this.#child.line();
    // Told to whoever starts it.
    this.loaded.catch(() => undefined);
  }

  /** Resolves when it listens. @param port 0 is any that is free */
  async start(port = 0): Promise<ContestantServer> {
    await this.loaded;
    return await this.#ask(`start ${port}`) as ContestantServer;
  }

  /** @param collects whether its garbage is collected first, as memory is to be compared */
  async usage({collects = false} = {}): Promise<Usage> {
    return await this.#ask(collects ? 'collect' : 'usage') as Usage;
  }

  /** It has nothing to save. */
  stop(): Promise<void> {
    return this.#child.kill();
  }

  async #ask(question: string): Promise<unknown> {
    this.#child.say(question);
    return JSON.parse(await this.#child.line()) as unknown;
  }
}
