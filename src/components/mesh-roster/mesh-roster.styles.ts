import {css} from 'lit';

export const styles = css`
:host { display: flex; flex-direction: column; overflow: auto; padding: var(--_space) calc(var(--_space) * 1.5); }
/* The list scrolls, the count stays; also in a page that makes the element a block of some height. */
.people { display: flex; flex-direction: column; min-block-size: 0; max-block-size: 100%; }
.count { color: var(--_muted); font-size: .85em; line-height: 2; }
@container (inline-size < 40rem) {
  :host { padding-block: calc(var(--_space) * .5); }
  .people { flex-flow: wrap; align-items: center; gap: var(--_space); min-block-size: 2.2em; }
}
`;
