import {css} from 'lit';

export const styles = css`
:host { display: block; overflow: auto; padding: var(--_space) calc(var(--_space) * 1.5); scrollbar-width: thin; }
.head { display: none; }
.count { display: block; color: var(--_muted); font-size: .85em; font-weight: 600; padding-block: .2em .4em; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: calc(var(--_space) * .75); }
li { display: flex; align-items: center; gap: .6em; min-inline-size: 0; }
.who { min-inline-size: 0; line-height: 1.25; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
.you, .link { color: var(--_muted); font-size: .85em; }
.link { display: block; }
.connecting .avatar { background: none; outline: 1.5px dashed var(--_line); outline-offset: -1.5px; }
.lost .avatar { opacity: .75; filter: grayscale(1); }
@container (inline-size < 40rem) {
  :host { display: flex; flex-wrap: wrap; align-items: center; gap: var(--_space); padding-block: calc(var(--_space) * .75); }
  .count { display: none; }
  .head { display: flex; align-items: center; gap: .3em; margin-inline-start: auto; color: var(--_muted); padding-inline: .4em; font-size: .9em; }
  .head:hover { background: var(--_surface); }
  .head svg { inline-size: 1em; block-size: 1em; transition: rotate .15s; }
  .open .head svg { rotate: 180deg; }
  .people { display: contents; }
  ul { flex: 1 1 0; min-inline-size: 0; }
  .people:not(.open) ul { display: flex; gap: 0; overflow: hidden; }
  .people:not(.open) li { flex: 0 0 auto; gap: 0; }
  .people:not(.open) li + li { margin-inline-start: -.35em; }
  .people:not(.open) .avatar { inline-size: 1.8em; block-size: 1.8em; }
  .people:not(.open) .who { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
  .open ul { flex-basis: 100%; order: 1; max-block-size: 14rem; overflow: auto; }
}
`;
