import {css} from 'lit';

export const styles = css`
:host { display: block; overflow: auto; padding: var(--_space) calc(var(--_space) * 1.5); scrollbar-width: thin; }
.count { color: var(--_muted); font-size: .85em; line-height: 2; }
@container (inline-size < 40rem) {
  :host { padding-block: calc(var(--_space) * .5); }
  .people { display: flex; flex-wrap: wrap; align-items: center; gap: var(--_space); min-block-size: 2.2em; }
}
`;
