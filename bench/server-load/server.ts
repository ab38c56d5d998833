import {Child} from '../../server/testing/children.js';
import {fromRoot} from '../../scripts/build/paths.js';

export interface Usage {
  /** Since it began. */
  readonly processorMs: number;
  /** Resident, after its garbage was collected. */
  readonly memoryBytes: number;
}

/** A contestant's server as one process, and what it uses. */
export class ServerProcess {
  readonly #child: Child;
  url = '';

  constructor(contestant: string) {
    this.#child = new Child(fromRoot('bench/server-load/child.ts'), [contestant]);
  }

  /** Resolves when it listens at `url`. */
  async start(): Promise<void> {
    this.url = await this.#child.line();
  }

  async usage(): Promise<Usage> {
    this.#child.say('usage');
    return JSON.parse(await this.#child.line()) as Usage;
  }

  /** It has nothing to save. */
  stop(): Promise<void> {
    return this.#child.kill();
  }
}
