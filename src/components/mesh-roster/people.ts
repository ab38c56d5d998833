import {html, nothing, type LitElement} from 'lit';
import {guard} from 'lit/directives/guard.js';
import {repeat} from 'lit/directives/repeat.js';
import type {RoomView} from '../../room/context.js';
import {isNotable, linkWords, roundTripWords} from '../../room/link-words.js';
import {displayName} from '../../room/people.js';
import type {PeerState} from '../../room/types.js';
import {addStyles} from '../add-styles.js';
import {avatar, avatarStyles} from '../avatar.js';
import {chevronIcon} from '../later-icons.js';
import {ScrollStop} from '../scroll-stop.js';
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
  const roundTrip = roundTripWords(peer);
  // The round trip is a number that changes all the time: only for those who ask.
  const title = `${shown}: ${words}${roundTrip && `, ${roundTrip}`}`;
  return row(id, shown, away ? `${link} away` : link, title, isNotable(peer) ? html`<div class="link">${words}</div>` : nothing);
}

/** The people of a room, oneself first, and the button that opens them where there is room for a strip only. A chunk of its own. */
export class People {
  /** To be made after the host has its `renderRoot`. */
  constructor(host: LitElement) {
    addStyles(host, avatarStyles, styles);
    new ScrollStop(host, '.list');
  }

  render({state: {peers, selfId}, name}: RoomView, {count, open, toggle}: PeopleOptions): unknown {
    // Most of what changes in a room is said in its chat, and the list of hundreds is none of that.
    return guard([peers, selfId, name, count, open], () => {
      const names = new Map(peers.map(peer => [peer.id, peer.name]));
      const nameOf = (id: string): string => displayName(id, names.get(id) ?? '');
      const own = displayName(selfId, name);
      // A person is the same object for as long as nothing about it changes.
      const others = repeat(peers, ({id}) => id, peer => guard([peer, names.get(peer.via ?? '')], () => person(peer, nameOf)));
      return html`<div class="list" role="group" aria-label="People in the room"><ul part="list" role="list">${row(selfId, own, 'self', own,
        nothing)}${others}</ul></div><button part="toggle" class="head" type="button" aria-expanded=${open} @click=${toggle}><bdi>${count}</bdi
        >${chevronIcon}</button>`;
    });
  }
}
