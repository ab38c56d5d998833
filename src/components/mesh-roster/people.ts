import {html, nothing, type TemplateResult} from 'lit';
import type {RoomView} from '../../room/context.js';
import {displayName} from '../../room/people.js';
import type {PeerState} from '../../room/types.js';
import {isNotable, linkWords} from '../../room/words.js';
import {avatar, avatarStyles} from '../avatar.js';
import {chevronIcon} from '../later-icons.js';
import {styles} from './people.styles.js';

export interface PeopleOptions {
  /** In words. */
  readonly count: string;
  readonly open: boolean;
  readonly toggle: () => void;
}

const row = (id: string, shown: string, kind: string, title: string, words: unknown) =>
  html`<li part="person" class=${kind} title=${title}>${avatar(id, shown)}<div class="who"><div class="name"><bdi>${shown}</bdi>${kind === 'self'
    ? html` <span class="you">you</span>`
    : nothing}</div>${words}</div></li>`;

function person(peer: PeerState, nameOf: (id: string) => string) {
  const {id, name, link, away} = peer;
  const shown = displayName(id, name);
  const words = linkWords(peer, nameOf);
  return row(id, shown, away ? `${link} away` : link, `${shown}: ${words}`, isNotable(peer) ? html`<span class="link">${words}</span>` : nothing);
}

/** The people of a room, oneself first, and the button that opens them where there is room for a strip only. */
export function renderPeople({state: {peers, selfId}, name}: RoomView, {count, open, toggle}: PeopleOptions): TemplateResult {
  const nameOf = (id: string): string => displayName(id, peers.find(peer => peer.id === id)?.name ?? '');
  const own = displayName(selfId, name);
  return html`<ul part="list" role="list" aria-label="People in the room">${row(selfId, own, 'self', own, nothing)}${peers.map(peer =>
    person(peer, nameOf))}</ul><button part="toggle" class="head" type="button" aria-expanded=${open} @click=${toggle}
    ><bdi>${count}</bdi>${chevronIcon}</button>`;
}

export const peopleStyles = [avatarStyles, styles];
