import {LitElement, html, nothing, type TemplateResult} from 'lit';
import {shellStyles} from '../mesh-shell/shell.styles.js';
import {offered} from './early.js';
import {styles} from './mesh-install.styles.js';

/** iOS alone has this property, and no other way to install than by hand. */
const isByHand = (): boolean => (navigator as Navigator & {standalone?: boolean}).standalone === false && navigator.maxTouchPoints > 1;

const isInstalled = (): boolean =>
  (navigator as Navigator & {standalone?: boolean}).standalone === true
  || ['standalone', 'minimal-ui', 'fullscreen', 'window-controls-overlay'].some(mode => matchMedia(`(display-mode: ${mode})`).matches);

/**
 * @summary A button that installs the page as an app. There only where that can work, and gone once it is done.
 * @slot - What the button says. Default: "Install".
 * @csspart button - The button.
 * @csspart steps - The box with the steps, where the browser wants it done by hand.
 */
export class MeshInstall extends LitElement {
  static override styles = [shellStyles, styles];

  readonly #internals = this.attachInternals();
  #listening = new AbortController();
  #installed = false;
  #byHand = false;

  override connectedCallback(): void {
    super.connectedCallback();
    const {signal} = this.#listening = new AbortController();
    this.#installed = isInstalled();
    // Without a manifest iOS would put a mere bookmark on the screen, and inside of a frame the button for it is another page's.
    this.#byHand = isByHand() && window === window.top && document.querySelector('link[rel~="manifest"]') !== null;
    addEventListener('beforeinstallprompt', () => this.#refresh(), {signal});
    addEventListener('appinstalled', () => {
      this.#installed = true;
      offered.current = undefined;
      this.#refresh();
    }, {signal});
    this.#refresh();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
  }

  /** Whether the button is there. */
  get offered(): boolean {
    return !this.#installed && (this.#byHand || offered.current !== undefined);
  }

  #refresh(): void {
    // A state and not an attribute: it is the element's own affair, and `hidden` stays the page's.
    if (this.offered) this.#internals.states.add('offered');
    else this.#internals.states.delete('offered');
    this.requestUpdate();
  }

  #install = (): void => {
    const offer = offered.current;
    if (!offer) {
      this.renderRoot.querySelector('dialog')?.showModal();
      return;
    }
    // It can be asked once. Whoever declines is offered it again when the browser does.
    offered.current = undefined;
    offer.prompt().then(() => offer.userChoice).then(({outcome}) => {
      this.#installed = outcome === 'accepted';
      this.#refresh();
    }, () => this.#refresh()); // the browser has changed its mind
  };

  protected override render(): TemplateResult | typeof nothing {
    if (!this.offered) return nothing;
    return html`<button part="button" class="install" type="button" aria-haspopup=${this.#byHand ? 'dialog' : nothing} @click=${this.#install}
      ><slot>Install</slot></button>${this.#byHand ? html`<dialog part="steps" aria-labelledby="title"><h2 id="title">Put it on your home screen</h2
      ><ol><li>Tap the browser&rsquo;s Share button, a square with an arrow.</li><li>Choose &ldquo;Add to Home Screen&rdquo;.</li><li>Tap &ldquo;Add&rdquo;.</li></ol
      ><form method="dialog"><button>Close</button></form></dialog>` : nothing}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-install': MeshInstall;
  }
}
