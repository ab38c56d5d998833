import {css} from 'lit';

export const styles = css`
:host { display: inline-block; }
:host(:not(:state(offered))) { display: none; }
.install { border: 1px solid var(--_line); min-block-size: 2.75em; white-space: nowrap; }
dialog {
  font: inherit;
  color: CanvasText;
  background: Canvas;
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  inline-size: min(24em, 100vw - 2em);
  padding: calc(var(--_space) * 2.5);
}
dialog::backdrop { background: rgb(0 0 0 / .4); }
h2 { font-size: 1.15em; margin: 0; }
ol { margin: .75em 0 1em; padding-inline-start: 1.4em; }
li { margin-block: .35em; }
form { margin: 0; }
form button { inline-size: 100%; min-block-size: 2.75em; border: 1px solid var(--_line); }
`;
