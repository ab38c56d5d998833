import type {LitElement, ReactiveController} from 'lit';
import type * as later from './later.js';

export type Later = typeof later;

/**
 * Brings an element what it needs only once its frame is painted. What could not be loaded is asked for again when the element is put into
 * a page anew.
 */
export class Late implements ReactiveController {
  readonly #host: LitElement;
  readonly #use: (later: Later) => void;
  readonly #onFailure: (() => void) | undefined;
  /** Settles when it has come, or cannot. */
  loading: Promise<void> | undefined;

  constructor(host: LitElement, use: (later: Later) => void, onFailure?: () => void) {
    this.#host = host;
    this.#use = use;
    this.#onFailure = onFailure;
    host.addController(this);
  }

  hostConnected(): void {
    this.loading ??= this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.#use(await import('./later.js'));
    } catch {
      // The browser's console names the file.
      this.loading = undefined;
      this.#onFailure?.();
    }
    this.#host.requestUpdate();
  }
}
