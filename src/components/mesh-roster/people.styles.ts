import {css} from 'lit';

/** For the people in the list; comes with them. */
export const styles = css`
.count:not(:only-child) { font-weight: 600; }
.head { display: none; }
/* Reaches to the edge of the element, so that what scrolls is not cut within it. */
.list { overflow: auto; min-block-size: 0; scrollbar-width: thin; --_end: var(--_space);
  margin: 0 calc(var(--_space) * -1.5) calc(var(--_end) * -1); padding: 0 calc(var(--_space) * 1.5) var(--_end); }
.list:focus-visible { outline-offset: -3px; border-radius: var(--_radius); }
ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: calc(var(--_space) * .5); }
/* As high as two lines: nobody below moves when there is something to say of somebody. */
li { display: flex; align-items: center; gap: .6em; min-inline-size: 0; min-block-size: 2.5em; }
.who { min-inline-size: 0; line-height: 1.25; }
/* Cut at its end, not at its foot. */
.name, .link { overflow-x: clip; text-overflow: ellipsis; white-space: nowrap; }
.you, .link { color: var(--_muted); font-size: .85em; }
.connecting .avatar { background: none; outline: 1.5px dashed var(--_muted); outline-offset: -1.5px; }
.away .avatar { opacity: .5; }
.lost .avatar { background: none; outline: 1.5px solid var(--_muted); outline-offset: -1.5px; color: var(--_muted); }
@container (inline-size < 40rem) {
  .count:not(:only-child) { display: none; }
  .head { display: flex; align-items: center; gap: .3em; color: var(--_muted); padding-inline: .5em; font-size: .9em; }
  .head:hover { background: var(--_surface); }
  .head svg { inline-size: 1em; block-size: 1em; transition: rotate .15s; }
  .open .head { margin-inline-start: auto; }
  .open .head svg { rotate: 180deg; }
  .list { flex: 1 1 0; min-inline-size: 0; --_end: calc(var(--_space) * .5); }
  /* Wrapped and cut after the first line, so that no circle is cut in two. */
  .people:not(.open) .list { overflow: hidden; margin: 0; padding: 0; block-size: 1.8em; }
  .people:not(.open) ul { display: flex; flex-wrap: wrap; gap: 4px; }
  .open .list { flex: 1 0 100%; order: 1; max-block-size: 14rem; }
  .people:not(.open) li { flex: none; gap: 0; min-block-size: 0; }
  .people:not(.open) .avatar { inline-size: 1.8em; block-size: 1.8em; }
  .people:not(.open) .who { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
}
`;
