import {css} from 'lit';

export const styles = css`
:host { display: block; padding: var(--_space) calc(var(--_space) * 1.5); }
.line { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: .6em; min-block-size: 1.4em; }
.text-button { margin-inline-start: -.4em; }
.state { display: inline-flex; align-items: baseline; gap: .5em; font-weight: 600; }
.dot { flex: none; inline-size: .6em; block-size: .6em; border-radius: 50%; border: 2px solid currentColor; }
.joined .dot { color: #23914f; background: currentColor; }
.failed .dot { color: var(--_danger); background: currentColor; border-radius: 2px; }
.joining .dot, .resuming .dot { animation: breathe 1.6s ease-in-out 12; }
.action { display: var(--_action, contents); }
/* A chat says all but this. */
.joined .action { display: contents; }
.hint { color: var(--_muted); font-size: .9em; overflow-wrap: anywhere; }
@keyframes breathe { 50% { opacity: .35; } }
@media (forced-colors: active) { .dot { forced-color-adjust: none; } }
`;
