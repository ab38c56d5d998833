import {html, nothing, type TemplateResult} from 'lit';
import type {RoomView} from '../../room/context.js';
import {displayName} from '../../room/people.js';
import type {PeerState} from '../../room/types.js';
import {avatar, avatarStyles} from '../avatar.js';
import {chevronIcon} from '../icons.js';
import {styles} from './people.styles.js';

/** What there is to say of a connection; nothing while it works, whichever way it takes. */
const LINK_WORDS: Partial<Record<PeerState['link'] | 'self', string>> = {connecting: 'Connecting…', lost: 'Cannot be reached'};

export interface PeopleOptions {
  /** In words. */
  readonly count: string;
  readonly open: boolean;
  readonly toggle: () => void;
}

function person(id: string, name: string, link: PeerState['link'] | 'self', away = false) {
  const shown = displayName(id, name);
  const words = LINK_WORDS[link] ?? (away ? 'Away' : undefined);
  return html`<li part="person" class=${away ? `${link} away` : link} title=${words ? `${shown}: ${words}` : shown}
    >${avatar(id, shown)}<div class="who"><div class="name"><bdi>${shown}</bdi>${link === 'self'
      ? html` <span class="you">you</span>`
      : nothing}</div>${words ? html`<span class="link">${words}</span>` : nothing}</div></li>`;
}

/** The people of a room, oneself first, and the button that opens them where there is room for a strip only. */
export const renderPeople = ({state: {peers, selfId}, name}: RoomView, {count, open, toggle}: PeopleOptions): TemplateResult =>
  html`<ul part="list" role="list" aria-label="People in the room">${person(selfId, name, 'self')}${peers.map(({id, name, link, away}) =>
    person(id, name, link, away))}</ul><button part="toggle" class="head" type="button" aria-expanded=${open} @click=${toggle}
    ><bdi>${count}</bdi>${chevronIcon}</button>`;

export const peopleStyles = [avatarStyles, styles];
