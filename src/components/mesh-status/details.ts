import {html, nothing, type LitElement, type ReactiveController} from 'lit';
import type {RoomView} from '../../room/context.js';
import {ownerWords, peopleHint, relayingWords, type Browser} from '../../room/link-words.js';
import {declines, type RoomState} from '../../room/types.js';
import {addStyles} from '../add-styles.js';
import {ScrollStop} from '../scroll-stop.js';
import {styles} from './details.styles.js';

/** What is carried for others changes with every message, and tells nobody. In milliseconds. */
const LOOK_MS = 1_000;

export interface StatusDetailsOptions {
  readonly view: () => RoomView | undefined;
  /** The visitor wants to carry for others from now on, or does not. */
  readonly onRelay: (relay: boolean) => void;
}

/**
 * What stands behind the word: what a visitor can do for people who cannot be reached, what this device carries for others, and for the
 * site's owner what is wrong. A chunk of its own.
 */
export class StatusDetails implements ReactiveController {
  readonly #host: LitElement;
  readonly #options: StatusDetailsOptions;
  // As the engine finds it. Code that the two share would be a further chunk.
  readonly #browser: Browser = {
    hasWebRtc: typeof globalThis.RTCPeerConnection === 'function',
    hasCryptography: (globalThis.crypto as Partial<Crypto> | undefined)?.subtle !== undefined,
  };

  #timer: ReturnType<typeof setInterval> | undefined;
  #carried = '';

  /** To be made after the host has its `renderRoot`. */
  constructor(host: LitElement, options: StatusDetailsOptions) {
    this.#host = host;
    this.#options = options;
    addStyles(host, styles);
    new ScrollStop(host, '.more');
    host.addController(this);
  }

  hostConnected(): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (this.#carriedNow() !== this.#carried) this.#host.requestUpdate();
    }, LOOK_MS);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
  }

  hint(state: RoomState): string {
    return peopleHint(state, this.#browser);
  }

  render(state: RoomState): unknown {
    const owner = ownerWords(state, this.#browser);
    const carried = this.#carried = this.#carriedNow();
    return carried || owner
      ? html`<details part="details"><summary>Details</summary><div class="more" role="group" aria-label="Details"><div>${carried
        ? this.#relaying(carried)
        : nothing}${owner ? html`<pre>${owner}</pre>` : nothing}</div></div></details>`
      : nothing;
  }

  #carriedNow(): string {
    const {relaying} = this.#options.view()?.target ?? {};
    return relaying ? relayingWords(relaying) : '';
  }

  #relaying(words: string) {
    const declined = declines(this.#options.view()?.target.relay);
    return html`<p>${words} <button class="text-button" type="button" @click=${() => this.#options.onRelay(declined)}>${declined
      ? 'Carry again'
      : 'Stop carrying'}</button></p>`;
  }
}
