import {LitElement, html, nothing, type TemplateResult} from 'lit';
import {property} from 'lit/decorators.js';
import {RoomConsumer} from '../../room/consumer.js';
import {IDLE_STATE} from '../../room/types.js';
import {retryWord, roomWords} from '../../room/words.js';
import {baseStyles} from '../base.styles.js';
import {MeshRejoinRequestEvent, MeshRelayRequestEvent} from '../events.js';
import {Late} from '../late.js';
import type {StatusDetails} from './details.js';
import {styles} from './mesh-status.styles.js';

/**
 * @summary How the room is: a dot and a word while all is well, more words only when there is something to do.
 * @slot - Anything to stand behind the words, such as a link.
 * @csspart state - The dot and the word.
 * @csspart hint - What it means, or what can be done.
 * @csspart retry - The button that tries again.
 * @csspart details - What this device carries for others; what is wrong, for the site's owner.
 */
export class MeshStatus extends LitElement {
  static override styles = [baseStyles, styles];

  readonly #room = new RoomConsumer(this, () => this.for);
  #details: StatusDetails | undefined;
  // There is nothing to explain before the room is joined, or could not be.
  readonly #late = new Late(this, ({StatusDetails}) => {
    this.#details = new StatusDetails(this, {view: () => this.#room.view, onRelay: this.#relay});
  });

  /** Id of the `<mesh-room>`; empty for the one around this element. */
  @property() for = '';

  #retry = (): void => {
    // How it goes is told by the state that this element shows.
    this.#room.request(new MeshRejoinRequestEvent()).catch(() => undefined);
  };

  // The words change when the room has taken note.
  #relay = (relay: boolean): void => {
    this.#room.request(new MeshRelayRequestEvent(relay)).then(() => this.requestUpdate(), () => undefined);
  };

  protected override async getUpdateComplete(): Promise<boolean> {
    await this.#late.loading;
    return super.getUpdateComplete();
  }

  protected override render(): TemplateResult {
    const state = this.#room.view?.state ?? IDLE_STATE;
    const {title, hint = this.#details?.hint(state), retry} = roomWords(state);
    return html`<div class="line ${state.status}"
      ><span role="status" class="line"><span part="state" class="state"><span class="dot"></span><bdi>${title}</bdi></span
      >${hint ? html`<span class="action"><bdi part="hint" class="hint">${hint}</bdi></span>` : nothing}</span
      ><span class="action">${retry ? html`<button part="retry" class="text-button" type="button" @click=${this.#retry}>${retryWord(state.status)}</button>` : nothing}</span><slot></slot>${this.#details?.render(state)}</div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-status': MeshStatus;
  }
}
