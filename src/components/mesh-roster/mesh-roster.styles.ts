import {css} from 'lit';

export const styles = css`
:host { display: block; overflow: auto; padding: var(--_space) calc(var(--_space) * 1.5); scrollbar-width: thin; }
.head { display: none; }
.count { color: var(--_muted); font-size: .85em; font-weight: 600; line-height: 2; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: calc(var(--_space) * .75); }
@container (inline-size < 40rem) {
  :host { padding-block: calc(var(--_space) * .5); }
  .people { display: flex; flex-wrap: wrap; align-items: center; gap: var(--_space); min-block-size: 2.2em; }
  .people > .count { display: none; }
  .head { display: flex; align-items: center; gap: .3em; color: var(--_muted); padding-inline: .5em; font-size: .9em; }
  .head:hover { background: var(--_surface); }
  .head svg { inline-size: 1em; block-size: 1em; transition: rotate .15s; }
  .open .head { margin-inline-start: auto; }
  .open .head svg { rotate: 180deg; }
  ul { flex: 1 1 0; min-inline-size: 0; }
  .people:not(.open) ul { display: flex; gap: 0; overflow: hidden; }
  .open ul { flex: 1 0 100%; order: 1; max-block-size: 14rem; overflow: auto; }
}
`;
