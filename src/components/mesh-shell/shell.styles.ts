import {css} from 'lit';

/**
 * What `<mesh-shell>` and `<mesh-install>` need of `base.styles.ts`. Sharing that file itself with a chunk that comes later takes it out of
 * the script's own text, and costs the first paint 0.2 kB.
 */
export const shellStyles = css`
:host {
  --_accent: var(--mesh-accent, #2457c5);
  --_surface: var(--mesh-surface, color-mix(in oklab, currentColor 8%, transparent));
  --_muted: var(--mesh-muted, color-mix(in oklab, currentColor 68%, transparent));
  --_line: var(--mesh-line, color-mix(in oklab, currentColor 16%, transparent));
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
:host([hidden]) { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
button { font: inherit; color: inherit; background: none; border: 0; border-radius: calc(var(--_radius) * .6); padding: .3em .7em; cursor: pointer;
  touch-action: manipulation; }
button:hover { background: var(--_surface); }
:focus-visible { outline: 2px solid var(--_link); outline-offset: 2px; }
@media (pointer: coarse) { button { min-block-size: 44px; min-inline-size: 44px; } }
`;
