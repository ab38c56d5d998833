import {html, nothing} from 'lit';
import type {RoomView} from '../../room/context.js';
import {displayName} from '../../room/people.js';
import type {PeerState} from '../../room/types.js';
import {avatar, avatarStyles} from '../avatar.js';
import {styles} from './people.styles.js';

/** What there is to say of a connection; nothing while it works, whichever way it takes. */
const LINK_WORDS: Partial<Record<PeerState['link'] | 'self', string>> = {connecting: 'Connecting…', lost: 'Cannot be reached'};

function person(id: string, name: string, link: PeerState['link'] | 'self') {
  const shown = displayName(id, name);
  const words = LINK_WORDS[link];
  return html`<li part="person" class=${link} title=${words ? `${shown}: ${words}` : shown}
    >${avatar(id, shown)}<div class="who"><div class="name"><bdi>${shown}</bdi>${link === 'self'
      ? html` <span class="you">you</span>`
      : nothing}</div>${words ? html`<span class="link">${words}</span>` : nothing}</div></li>`;
}

/** The people of a room, oneself first. */
export const renderPeople = ({state: {peers, selfId}, name}: RoomView) =>
  [person(selfId, name, 'self'), ...peers.map(({id, name, link}) => person(id, name, link))];

export const peopleStyles = [avatarStyles, styles];
