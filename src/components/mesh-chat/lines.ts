import {html, nothing, type TemplateResult} from 'lit';
import {summary, noticeWords, type ChatBlock, type NoticeBlock} from '../../room/chat-blocks.js';
import type {ChatMessage} from '../../room/chat.js';
import {deliveredWords, failureWords, keptWords, missedWords, waitingWords} from '../../room/chat-words.js';
import {displayName, hue} from '../../room/people.js';
import {isEmoji, toParts} from '../../room/rich-text.js';
import {avatar} from '../avatar.js';
import {alertIcon, checkIcon, clockIcon, doubleCheckIcon} from '../later-icons.js';

// Made once: a formatter takes longer to make than 100 lines to draw.
const clock = new Intl.DateTimeFormat(undefined, {hour: 'numeric', minute: '2-digit'});
const calendar = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long'});

/** A message is frozen, and replaced when it changes: what was made of it holds for as long as it is there. */
const made = new WeakMap<ChatMessage, TemplateResult>();

/** What was typed, as text and safe links; lit never parses a value as markup. */
const richText = (text: string) => toParts(text).map(part => {
  switch (part.kind) {
    case 'link': return html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow">${part.text}</a>`;
    case 'code': return html`<code>${part.text}</code>`;
    case 'block': return html`<pre><code>${part.text}</code></pre>`;
    case 'text': return part.text;
  }
});

const when = (at: number) => html`<time datetime=${new Date(at).toISOString()}>${clock.format(at)}</time>`;

const again = (id: string) => html`<button class="text-button" type="button" data-retry=${id}>Try again</button>`;

/** What is to be said of one's own message; nothing once everybody has it. */
function note({id, status, reason, missed, waitingFor}: ChatMessage) {
  if (status === 'waiting' || waitingFor) return html`<div class="note">${clockIcon}<bdi>${waitingWords(waitingFor)}</bdi></div>`;
  // Shown only if it lasts, see the styles.
  if (status === 'sending') return html`<div class="note sending">${clockIcon}<bdi>Sending&hellip;</bdi></div>`;
  if (status === 'failed') return html`<div class="note failed">${alertIcon}<bdi>${failureWords(reason)}</bdi>${again(id)}</div>`;
  return missed?.length ? html`<div class="note"><bdi>${missedWords(missed.length)}</bdi>${again(id)}</div>` : nothing;
}

/** How far an own message has come; nothing for one that was said to an empty room. */
function mark({own, status, deliveredTo, pending = [], missed = []}: ChatMessage) {
  const got = deliveredTo.length;
  const all = got + pending.length + missed.length;
  if (!own || status !== 'sent' || !all) return nothing;
  const words = deliveredWords(got, all);
  return html`<span class="mark" title=${words}>${got === all ? doubleCheckIcon : checkIcon}<span class="hidden">${words}</span></span>`;
}

function messageRow(message: ChatMessage): TemplateResult {
  let row = made.get(message);
  if (!row) {
    const {text, at, status} = message;
    row = html`<div class="row ${status}"><div part="message" class="bubble ${isEmoji(text) ? 'emoji' : ''}" dir="auto"
      >${richText(text)}</div>${mark(message)}${when(at)}</div>${note(message)}`;
    made.set(message, row);
  }
  return row;
}

const noticesBlock = ({notices}: NoticeBlock) => notices.length === 1
  ? html`<div class="aside">${summary(notices)}</div>`
  : html`<details class="aside"><summary>${summary(notices)}</summary>${notices.map(notice =>
    html`<div>${noticeWords(notice)} ${when(notice.at)}</div>`)}</details>`;

/** The first row of a log that is to be kept: whether it is, and how to end it. */
export const renderKept = (kept: boolean, asked: boolean, onForget: (event: Event) => void): TemplateResult => html`<div class="aside kept" @click=${onForget}>${asked
  ? html`<span role="alert">Remove all messages of this room from this device?</span>
    <button class="text-button" type="button" data-forget="yes">Remove</button>
    <button class="text-button" type="button" data-forget="no">Keep</button>`
  : html`${keptWords(kept)} <button class="text-button" type="button" data-forget="ask">Forget this room</button>`}</div>`;

/** One block of the log. */
export function renderBlock(block: ChatBlock): TemplateResult {
  if (block.kind === 'time') {
    const {newDay, first: {at}} = block;
    return html`<div class="aside">${newDay ? calendar.format(at) : clock.format(at)}</div>`;
  }
  if (block.kind === 'earlier') return html`<div class="aside earlier" role="separator">Earlier</div>`;
  if (block.kind === 'notices') return noticesBlock(block);
  const {first: {from, own}, messages} = block;
  if (own) return html`<div class="block own"><span class="hidden">You</span>${messages.map(messageRow)}</div>`;
  const name = displayName(from, block.first.name);
  return html`<div class="block">${avatar(from, name)}<div class="said"><div class="author" style="--hue:${hue(from)}"
    ><span dir="auto">${name}</span></div>${messages.map(messageRow)}</div></div>`;
}
