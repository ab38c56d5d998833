import {css} from 'lit';

/**
 * What all elements share. Everything follows from the host's own text colour and font: surfaces and lines are tints of `currentColor`, so
 * that they fit a light or a dark page whether or not it says which it is. Private names begin with `--_`.
 */
export const baseStyles = css`
:host {
  --_accent: var(--mesh-accent, #2457c5);
  --_on-accent: var(--mesh-accent-text, oklch(from var(--_accent) clamp(0, (.57 - l) * 1000, 1) 0 0));
  --_surface: var(--mesh-surface, color-mix(in oklab, currentColor 8%, transparent));
  --_muted: var(--mesh-muted, color-mix(in oklab, currentColor 68%, transparent));
  --_line: var(--mesh-line, color-mix(in oklab, currentColor 16%, transparent));
  --_danger: color-mix(in oklab, var(--mesh-danger, #d92d20) 72%, currentColor);
  --_radius: var(--mesh-radius, 14px);
  --_space: var(--mesh-space, 8px);
  --_link: color-mix(in oklab, var(--_accent) 50%, currentColor);
  color: var(--mesh-text, inherit);
  font-size: var(--mesh-font-size, inherit);
  line-height: 1.4;
  text-align: start;
  box-sizing: border-box;
  min-inline-size: 0;
}
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
button {
  font: inherit;
  color: inherit;
  background: none;
  border: 0;
  border-radius: calc(var(--_radius) * .6);
  padding: .3em .7em;
  cursor: pointer;
  touch-action: manipulation;
}
.text-button { color: var(--_link); font-weight: 600; white-space: nowrap; padding: .1em .4em; margin: -.1em 0; }
.text-button:hover { background: var(--_surface); }
:focus-visible { outline: 2px solid var(--_link); outline-offset: 2px; }
svg { inline-size: 1.25em; block-size: 1.25em; flex: none; display: block; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (pointer: coarse) { button { min-block-size: 44px; min-inline-size: 44px; } .text-button { padding-inline: .8em; } }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
`;
