import {LitElement, html, nothing} from 'lit';
import {property, state} from 'lit/decorators.js';
import {repeat} from 'lit/directives/repeat.js';
import {RoomConsumer} from '../../room/consumer.js';
import {displayName} from '../../room/names.js';
import type {PeerState} from '../../room/types.js';
import {plural} from '../../room/words.js';
import {avatar, avatarStyles} from '../avatar.js';
import {baseStyles} from '../base.styles.js';
import {chevronIcon} from '../icons.js';
import {styles} from './mesh-roster.styles.js';

/** What there is to say of a connection; nothing while it works, whichever way it takes. */
const LINK_WORDS: Partial<Record<PeerState['link'], string>> = {connecting: 'Connecting…', lost: 'Cannot be reached'};

/**
 * @summary Who is in the room, oneself first. In a narrow room a strip that opens.
 * @csspart list - The list of people.
 * @csspart person - One person.
 * @csspart avatar - The circle with the initials, in the person's colour.
 * @csspart toggle - The button that opens the strip.
 */
export class MeshRoster extends LitElement {
  static override styles = [baseStyles, avatarStyles, styles];

  readonly #room = new RoomConsumer(this, () => this.for);

  @state() private open = false;

  /** Id of the `<mesh-room>`; empty for the one around this element. */
  @property() for = '';

  #toggle = (): void => {
    this.open = !this.open;
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.open) return;
    event.stopPropagation();
    this.open = false;
  };

  #person(id: string, shown: string, link: PeerState['link'] | 'self') {
    const words = link === 'self' ? undefined : LINK_WORDS[link];
    return html`<li part="person" class=${link} title=${words ? `${shown}: ${words}` : shown}
      >${avatar(id, shown)}<div class="who"><div class="name" dir="auto">${shown}${link === 'self' ? html` <span class="you">you</span>` : nothing}</div
      >${words ? html`<span class="link">${words}</span>` : nothing}</div></li>`;
  }

  protected override render() {
    const view = this.#room.view;
    if (!view?.state.selfId) return html`<div class="people"><span class="count">Nobody here yet</span></div>`;
    const {state: {peers, selfId}, name} = view;
    const count = plural(peers.length + 1, 'person', 'people');
    return html`<div class="people ${this.open ? 'open' : ''}" @keydown=${this.#onKey}
      ><span class="count" id="count">${count}</span
      ><ul part="list" role="list" aria-label="People in the room"
        >${this.#person(selfId, displayName(selfId, name), 'self')}${repeat(peers, ({id}) => id, ({id, name, link}) =>
          this.#person(id, displayName(id, name), link))}</ul
      ><button part="toggle" class="head" type="button" aria-expanded=${this.open} @click=${this.#toggle}>${count}${chevronIcon}</button></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-roster': MeshRoster;
  }
}
