import {css} from 'lit';

/** For the details; comes with them. */
export const styles = css`
details { color: var(--_muted); font-size: .85em; margin-inline-start: auto; }
details[open] { flex-basis: 100%; }
summary { cursor: pointer; inline-size: fit-content; }
.more { max-block-size: 10em; overflow: auto; scrollbar-width: thin; }
p, pre { margin: .3em 0; unicode-bidi: plaintext; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (pointer: coarse) { summary { padding-block: .7em; } }
`;
