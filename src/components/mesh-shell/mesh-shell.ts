import {LitElement, html, nothing, type TemplateResult} from 'lit';
import {styles} from './mesh-shell.styles.js';
import {shellStyles} from './shell.styles.js';
import {MeshUpdateRequestEvent} from './update-request.js';

/**
 * @summary Says that there is no connection, and that a new version of the page is ready; takes no room while there is nothing to say.
 * @slot - More to say while there is no connection, such as what still works on this page.
 * @fires {MeshUpdateRequestEvent} mesh-update-request - The visitor agrees to the new version.
 * @csspart offline - The notice that there is no connection.
 * @csspart update - The notice of a new version.
 * @csspart button - The button that agrees to it.
 */
export class MeshShell extends LitElement {
  static override styles = [shellStyles, styles];
  // Not by the decorator: that would move into the chunk that comes before the first paint.
  static override properties = {updateReady: {type: Boolean, reflect: true, attribute: 'update-ready'}};

  readonly #internals = this.attachInternals();
  #listening = new AbortController();
  /** Whether the visitor has agreed, and the page is about to be replaced. */
  #agreed = false;

  /** Whether a new version waits for the visitor. For the page to set; without a service worker nobody does. */
  declare updateReady: boolean;

  constructor() {
    super();
    this.updateReady = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const {signal} = this.#listening = new AbortController();
    for (const type of ['online', 'offline']) addEventListener(type, () => this.requestUpdate(), {signal});
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
  }

  protected override willUpdate(): void {
    if (!this.updateReady) this.#agreed = false;
    if (this.updateReady || !navigator.onLine) this.#internals.states.add('notice');
    else this.#internals.states.delete('notice');
  }

  #agree = (): void => {
    this.#agreed = true;
    this.dispatchEvent(new MeshUpdateRequestEvent());
    this.requestUpdate();
  };

  protected override render(): TemplateResult {
    const offline = !navigator.onLine;
    return html`<div class="notices" role="status">${offline ? html`<div part="offline" class="notice"><div class="words"
      ><strong>You are offline.</strong> <span class="hint">What you write waits until the connection is back.</span><slot></slot></div></div>`
      : nothing}${this.updateReady ? html`<div part="update" class="notice"><div class="words"
      ><strong>A new version is ready.</strong> <span class="hint">The page reloads, and you are back in the room.</span></div
      ><button part="button" class="agree" type="button" aria-disabled=${this.#agreed} @click=${this.#agreed ? nothing : this.#agree}
      >${this.#agreed ? 'Updating…' : 'Update'}</button></div>` : nothing}</div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-shell': MeshShell;
  }
}
