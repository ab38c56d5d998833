import {css} from 'lit';

/** For the people in the list; comes with them. */
export const styles = css`
li { display: flex; align-items: center; gap: .6em; min-inline-size: 0; }
.who { min-inline-size: 0; line-height: 1.25; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.you, .link { color: var(--_muted); font-size: .85em; }
.link { display: block; }
.connecting .avatar { background: none; outline: 1.5px dashed var(--_line); outline-offset: -1.5px; }
.lost .avatar { background: none; outline: 1.5px solid var(--_line); outline-offset: -1.5px; color: var(--_muted); }
@container (inline-size < 40rem) {
  .people:not(.open) li { flex: 0 0 auto; gap: 0; }
  .people:not(.open) li + li { margin-inline-start: 4px; }
  .people:not(.open) .avatar { inline-size: 1.8em; block-size: 1.8em; }
  .people:not(.open) .who { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
}
`;
