import {css} from 'lit';

/** For the people in the list; comes with them. */
export const styles = css`
.count:not(:only-child) { font-weight: 600; }
.head { display: none; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: calc(var(--_space) * .75); }
li { display: flex; align-items: center; gap: .6em; min-inline-size: 0; }
.who { min-inline-size: 0; line-height: 1.25; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.you, .link { color: var(--_muted); font-size: .85em; }
.link { display: block; }
.connecting .avatar { background: none; outline: 1.5px dashed var(--_line); outline-offset: -1.5px; }
.away .avatar { opacity: .5; }
.lost .avatar { background: none; outline: 1.5px solid var(--_line); outline-offset: -1.5px; color: var(--_muted); }
@container (inline-size < 40rem) {
  .count:not(:only-child) { display: none; }
  .head { display: flex; align-items: center; gap: .3em; color: var(--_muted); padding-inline: .5em; font-size: .9em; }
  .head:hover { background: var(--_surface); }
  .head svg { inline-size: 1em; block-size: 1em; transition: rotate .15s; }
  .open .head { margin-inline-start: auto; }
  .open .head svg { rotate: 180deg; }
  ul { flex: 1 1 0; min-inline-size: 0; }
  .people:not(.open) ul { display: flex; gap: 0; overflow: hidden; }
  .open ul { flex: 1 0 100%; order: 1; max-block-size: 14rem; overflow: auto; }
  .people:not(.open) li { flex: 0 0 auto; gap: 0; }
  .people:not(.open) li + li { margin-inline-start: 4px; }
  .people:not(.open) .avatar { inline-size: 1.8em; block-size: 1.8em; }
  .people:not(.open) .who { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
}
`;
