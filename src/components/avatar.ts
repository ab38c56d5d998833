import {css, html, type TemplateResult} from 'lit';
import {hue, initials} from '../room/people.js';

/** The colour of a person leans on the text's own, so that it can be read wherever text can; the ratio is for AA, light and dark. */
export const avatarStyles = css`
.avatar, .author { --_person: oklch(.62 .17 var(--hue)); color: color-mix(in oklab, var(--_person) 56%, currentColor); }
.avatar {
  flex: none;
  inline-size: 2em;
  block-size: 2em;
  border-radius: 50%;
  display: grid;
  place-items: center;
  background: color-mix(in oklab, var(--_person) 16%, transparent);
}
.avatar span { font-size: .8em; font-weight: 600; line-height: 1; }
@media (forced-colors: active) { .avatar { border: 1px solid; } }
`;

/** A circle with initials. The name stands beside it for those who do not see it. */
export const avatar = (id: string, shownName: string): TemplateResult =>
  html`<span part="avatar" class="avatar" style="--hue:${hue(id)}" aria-hidden="true"><span>${initials(shownName)}</span></span>`;
