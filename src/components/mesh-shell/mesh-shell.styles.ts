import {css} from 'lit';

export const styles = css`
:host { display: block; }
:host(:not(:state(notice))) { display: none; }
.notices { display: grid; gap: var(--_space); }
.notice {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: .15em .75em;
  padding: .5em .85em;
  background: var(--mesh-background, transparent);
  background-image: linear-gradient(var(--_surface), var(--_surface));
  border-radius: calc(var(--_radius) * .7);
  overflow-wrap: anywhere;
}
.words { flex: 1 1 12em; min-inline-size: 0; }
.agree { color: var(--_link); font-weight: 600; white-space: nowrap; }
strong { font-weight: 600; }
.hint { color: var(--_muted); }
@media (forced-colors: active) { .notice { border: 1px solid; } }
`;
