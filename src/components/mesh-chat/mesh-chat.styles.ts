import {css} from 'lit';

export const styles = css`
.frame { display: flex; flex-direction: column; block-size: 100%; flex: 1 1 auto; min-inline-size: 0; }
:host { display: block; background: var(--mesh-background, transparent);
  border: var(--mesh-border, 1px solid var(--_line)); border-radius: var(--_radius); overflow: hidden; }
.body { flex: 1 1 22rem; min-block-size: 0; display: flex; position: relative; }
.log {
  flex: 1; min-inline-size: 0; overflow: hidden auto; overscroll-behavior: contain; overflow-anchor: none; scrollbar-width: thin;
  display: flex; flex-direction: column; padding: calc(var(--_space) * 1.5); container-type: inline-size;
}
.log:focus-visible { outline-offset: -3px; border-radius: var(--_radius); }
.lines { margin-block-start: auto; }
.empty { unicode-bidi: plaintext; margin: auto; inline-size: 100%; max-inline-size: 26em; min-block-size: min(7em, 100%);
  align-content: center; text-align: center; color: var(--_muted); padding: var(--_space); }
.empty strong { display: block; }
.empty .text-button { margin-block-start: var(--_space); border: 1px solid var(--_line); padding: .35em .9em; }
[hidden] { display: none !important; }
form { flex: none; display: flex; flex-wrap: wrap; align-items: flex-end; gap: var(--_space); margin: 0;
  padding: var(--_space) calc(var(--_space) * 1.5); padding-block-end: max(var(--_space), env(safe-area-inset-bottom));
  border-block-start: 1px solid var(--_line); }
.problem { flex: 1 0 100%; margin: 0; font-size: .85em; color: var(--_danger); }
textarea {
  flex: 1; min-inline-size: 0; font: inherit; line-height: 1.4; color: inherit; background: var(--_surface); resize: none; margin: 0;
  border: 1px solid transparent; border-radius: calc(var(--_radius) * 1.4); padding: .45em 1em; field-sizing: content;
  min-block-size: calc(2.3em + 2px); max-block-size: min(9.5em, 40vh); overflow-y: auto; scrollbar-width: thin;
}
textarea::placeholder { color: var(--_muted); opacity: 1; }
textarea:focus-visible { outline-offset: 0; }
textarea:disabled { opacity: .6; }
.send { flex: none; inline-size: calc(2.3em + 2px); block-size: calc(2.3em + 2px); padding: 0; border-radius: 50%; display: grid; place-items: center;
  color: var(--_muted); transition: background .12s, color .12s; }
@media (pointer: coarse) { .send { inline-size: 44px; block-size: 44px; } textarea { min-block-size: 44px; padding-block: .6em; font-size: max(16px, 1em); } }
@media (forced-colors: active) { textarea { border-color: currentColor; } textarea::placeholder { color: GrayText; } .send { border: 1px solid; } }
`;
