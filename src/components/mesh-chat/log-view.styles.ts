import {css} from 'lit';

/** For what is in the log, and for what else a chat shows only once that is loaded; comes with it. */
export const logStyles = css`
.block { display: flex; gap: .5em; margin-block-start: calc(var(--_space) * 1.25); }
.block > .avatar { font-size: .9em; align-self: flex-end; }
.said { min-inline-size: 0; flex: 1; }
.author { font-size: .85em; font-weight: 600; padding-inline: .85em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.own { display: block; }
.row { display: flex; align-items: center; gap: .5em; margin-block-start: 2px; }
.own .row { flex-direction: row-reverse; }
.bubble {
  max-inline-size: min(85%, 42em); min-inline-size: 0; padding: .4em .85em; border-radius: var(--_radius);
  background: var(--_surface); white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext;
}
.own .bubble { background: var(--_accent); color: var(--_on-accent); }
.said .row + .row .bubble { border-start-start-radius: 4px; }
.said .row:not(:last-child) .bubble { border-end-start-radius: 4px; }
.own .row + .row .bubble { border-start-end-radius: 4px; }
.own .row:not(:last-child) .bubble { border-end-end-radius: 4px; }
.block .emoji { background: none; padding-inline: .1em; font-size: 2.2em; line-height: 1.2; }
.own .waiting .bubble { background: color-mix(in oklab, var(--_accent) 14%, transparent); color: inherit; outline: 1px dashed var(--_link); outline-offset: -1px; }
a { color: var(--_link); text-underline-offset: .15em; }
.own a { color: inherit; }
code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: .9em; }
.bubble > code { background: color-mix(in oklab, currentColor 10%, transparent); border-radius: 4px; padding: .1em .3em; }
pre { margin: .2em 0; overflow-x: auto; white-space: pre; overflow-wrap: normal; unicode-bidi: isolate; direction: ltr; text-align: left; }
time { flex: none; font-size: .75em; color: var(--_muted); opacity: 0; transition: opacity .12s; white-space: nowrap; }
.row:hover time, .row:focus-within time, details time { opacity: 1; }
details time { color: inherit; font-size: 1em; }
.note { display: flex; align-items: center; justify-content: flex-end; gap: .35em; color: var(--_muted); font-size: .8em; padding: .2em .3em; }
.note.failed { color: var(--_danger); }
.note .text-button { color: inherit; text-decoration: underline; text-underline-offset: .15em; }
.note svg { inline-size: 1em; block-size: 1em; }
.sending { animation: appear 1ms 1.5s both; }
.mark { flex: none; align-self: flex-end; display: flex; color: var(--_muted); padding-block-end: .45em; }
.mark svg { inline-size: 1em; block-size: 1em; }
.kept .text-button { color: inherit; text-decoration: underline; text-underline-offset: .15em; }
.earlier { display: flex; align-items: center; gap: 1em; padding-inline: 0; }
.earlier::before, .earlier::after { content: ''; flex: 1; border-block-start: 1px solid var(--_line); }
.aside { unicode-bidi: plaintext; color: var(--_muted); font-size: .8em; text-align: center; padding: calc(var(--_space) * 1.25) 2em 0; overflow-wrap: anywhere; }
summary { cursor: pointer; list-style: none; }
summary::after { content: ''; display: inline-block; inline-size: .4em; block-size: .4em; margin-inline-start: .5em; translate: 0 -.15em;
  rotate: 45deg; border: solid; border-width: 0 1.5px 1.5px 0; }
.banner { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: center; gap: 0 .5em; color: var(--_muted); font-size: .85em;
  padding: 0 var(--_space) calc(var(--_space) / 2); margin: 0; text-align: center; }
.send.ready { background: var(--_accent); color: var(--_on-accent); }
.jump {
  position: absolute; inset-block-end: var(--_space); inset-inline: 0; margin-inline: auto; inline-size: fit-content; display: flex;
  align-items: center; gap: .4em; font-size: .85em; font-weight: 600; padding: .35em .9em; border-radius: 99px;
  background: var(--_accent); color: var(--_on-accent); animation: appear .15s;
}
.jump svg { inline-size: 1.1em; block-size: 1.1em; }
@keyframes appear { from { opacity: 0; } }
@container (inline-size < 17rem) { .block > .avatar { display: none; } }
@media (pointer: coarse) { summary { padding-block: 1em; } }
@media (forced-colors: active) { .bubble, .jump { border: 1px solid; } }
`;
