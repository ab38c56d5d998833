import {LitElement, html, type TemplateResult} from 'lit';
import {property} from 'lit/decorators.js';
import {RoomConsumer} from '../../room/consumer.js';
import {plural} from '../../room/words.js';
import {baseStyles} from '../base.styles.js';
import {Late} from '../late.js';
import type {People} from './people.js';
import {styles} from './mesh-roster.styles.js';

/**
 * @summary Who is in the room, oneself first. In a narrow room a strip that opens.
 * @csspart list - The list of people.
 * @csspart person - One person.
 * @csspart avatar - The circle with the initials, in the person's colour.
 * @csspart toggle - The button that opens the strip.
 */
export class MeshRoster extends LitElement {
  static override styles = [baseStyles, styles];

  readonly #room = new RoomConsumer(this, () => this.for);
  #people: People | undefined;
  // Nobody is known before the room is joined, so the people come after the frame is painted. Without them the count still stands.
  readonly #late = new Late(this, ({People}) => {
    this.#people = new People(this);
  });
  #open = false;

  /** Id of the `<mesh-room>`; empty for the one around this element. */
  @property() for = '';

  protected override async getUpdateComplete(): Promise<boolean> {
    await this.#late.loading;
    return super.getUpdateComplete();
  }

  #toggle = (): void => {
    this.#setOpen(!this.#open);
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.#setOpen(false);
  };

  #setOpen(open: boolean): void {
    this.#open = open;
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const view = this.#room.view;
    const known = view && /joined|offline|resuming/.test(view.state.status);
    if (!known) {
      const words = view?.state.status === 'joining' ? 'Looking who is here…' : 'You are not in the room';
      return html`<div class="people"><span class="count">${words}</span></div>`;
    }
    const count = plural(view.state.peers.length + 1, 'person', 'people');
    return html`<div class="people ${this.#open ? 'open' : ''}" @keydown=${this.#onKey}><span class="count">${count}</span
      >${this.#people?.render(view, {count, open: this.#open, toggle: this.#toggle})}</div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-roster': MeshRoster;
  }
}
