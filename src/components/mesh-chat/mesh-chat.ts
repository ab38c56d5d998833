import {LitElement, html, nothing, type PropertyValues} from 'lit';
import {property, query, state} from 'lit/decorators.js';
import {repeat} from 'lit/directives/repeat.js';
import {toBlocks, type ChatBlock} from '../../room/chat-blocks.js';
import {EMPTY_CHAT, MAX_TEXT, type ChatMessage, type ChatState} from '../../room/chat-log.js';
import {RoomConsumer} from '../../room/consumer.js';
import {IDLE_STATE, type RoomState} from '../../room/types.js';
import {chatWords, plural, retryWord, roomWords, tooLongWords} from '../../room/words.js';
import {avatarStyles} from '../avatar.js';
import {baseStyles} from '../base.styles.js';
import {MeshChatMessageEvent, MeshRejoinRequestEvent, MeshRetryRequestEvent, MeshSayRequestEvent} from '../events.js';
import {downIcon, sendIcon} from '../icons.js';
import {Announcer} from './announcer.js';
import {renderBlock} from './lines.js';
import {styles} from './mesh-chat.styles.js';
import {ReadingPlace} from './place.js';

/** Blocks that are drawn while the reader is at the end; more are drawn as the reader goes back. A screen holds about 10. */
const WINDOW = 60;

/**
 * @summary Reads and writes the messages of a room.
 * @fires {MeshChatMessageEvent} mesh-chat-message - A message appeared: `message`, own ones included.
 * @csspart log - Where the messages are.
 * @csspart message - One message.
 * @csspart composer - Where one writes.
 * @csspart input - The text field.
 * @csspart send - The button that sends.
 */
export class MeshChat extends LitElement {
  static override styles = [baseStyles, avatarStyles, styles];

  readonly #room = new RoomConsumer(this, () => this.for);
  readonly #place = new ReadingPlace(this, () => this.log ?? undefined);
  readonly #announcer = new Announcer(this);
  /** What was being written in which room. */
  readonly #drafts = new Map<string, string>();
  #draftRoom = '';
  #chat: ChatState = EMPTY_CHAT;
  #blocks: readonly ChatBlock[] = [];
  #messages: {readonly of: ChatState; readonly list: readonly ChatMessage[]} | undefined;
  /** `seq` of the first line of the first block that is drawn. */
  #start = 0;
  #lastSeq = -1;

  @query('.log') private readonly log!: HTMLElement | null;
  @query('textarea') private readonly input!: HTMLTextAreaElement | null;

  /** Others' messages that came while the reader was further up. */
  @state() private unseen = 0;
  @state() private ready = false;
  @state() private problem = '';

  /** Id of the `<mesh-room>`; empty for the one around this element. */
  @property() for = '';

  /** The messages of this room, oldest first, own ones included; frozen, a new array after every change. At most 5,000 are kept. */
  get messages(): readonly ChatMessage[] {
    const of = this.#room.view?.chat ?? EMPTY_CHAT;
    if (this.#messages?.of !== of) {
      this.#messages = {of, list: Object.freeze(of.lines.filter((line) => line.kind === 'text'))};
    }
    return this.#messages.list;
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    const chat = this.#room.view?.chat ?? EMPTY_CHAT;
    if (chat !== this.#chat) this.#follow(chat);
    if (this.#place.atEnd) this.unseen = 0;
    this.#slide();
  }

  protected override updated(): void {
    this.#keepDraft();
    this.#fit();
  }

  /** Says `text`. Settles once it is sent. @throws {MeshError} `not-joined` without a room, `bad-data`, `too-large`, `undelivered` … */
  say(text: string): Promise<void> {
    return this.#room.request(new MeshSayRequestEvent(text));
  }

  /** Takes in what is new in `chat`. */
  #follow(chat: ChatState): void {
    const {lines, logId} = chat;
    const other = logId !== this.#chat.logId;
    this.#chat = chat;
    this.#blocks = toBlocks(lines, Date.now());
    const from = other ? lines.length : lines.findLastIndex(({seq}) => seq <= this.#lastSeq) + 1;
    this.#lastSeq = lines.at(-1)?.seq ?? -1;
    if (other) this.#place.toEnd();
    for (const line of lines.slice(from)) {
      if (line.kind !== 'text') continue;
      if (line.own) {
        this.#place.toEnd();
      } else {
        this.unseen++;
        this.#announcer.announce(line);
      }
      // After this update, so that a listener finds the message drawn.
      void this.updateComplete.then(() => this.dispatchEvent(new MeshChatMessageEvent(line)));
    }
  }

  /** Draws the last blocks while the reader is at the end, and keeps the first that is drawn while not. */
  #slide(): void {
    const latest = this.#blocks.at(-WINDOW)?.first.seq ?? 0;
    // In steps, since each is a change at the top of the log.
    const crowded = this.#blocks.length > WINDOW * 1.5 && (this.#blocks.at(-WINDOW * 1.5)?.first.seq ?? 0) > this.#start;
    if (this.#start > latest || (this.#place.atEnd && crowded)) this.#start = latest;
  }

  #onScroll = (): void => {
    this.#place.onScroll();
    const first = this.#blocks.findIndex(({first: {seq}}) => seq >= this.#start);
    if (first <= 0 || this.#place.atEnd || !this.#place.nearStart) return;
    this.#start = this.#blocks[Math.max(0, first - WINDOW)]!.first.seq;
    this.requestUpdate();
  };

  #toEnd = (): void => {
    this.#place.toEnd();
    this.input?.focus();
  };

  #onClick = ({target}: Event): void => {
    const id = target instanceof Element && target.closest<HTMLElement>('[data-retry]')?.dataset.retry;
    // How it goes is told by the message itself, and by the room's state.
    if (id) this.#room.request(new MeshRetryRequestEvent(id)).catch(() => undefined);
  };

  #rejoin = (): void => {
    this.#room.request(new MeshRejoinRequestEvent()).catch(() => undefined);
  };

  #onInput = (): void => {
    const text = this.input?.value ?? '';
    this.ready = !!text.trim();
    this.problem = text.length > MAX_TEXT ? tooLongWords(text.length, MAX_TEXT) : '';
    this.#fit();
  };

  #onLogKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.input?.focus();
  };

  #onKey = (event: KeyboardEvent): void => {
    const {log, input} = this;
    // While an input method is composing, Enter belongs to it; Safari ends the composition before the key, with code 229.
    if (event.isComposing || event.keyCode === 229 || !log || !input) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === 'Escape' && !this.#place.atEnd) {
      this.#toEnd();
    } else if (/^Page(Up|Down)$/.test(event.key) && input.scrollHeight <= input.clientHeight + 1) {
      event.preventDefault();
      log.scrollTop += log.clientHeight * (event.key === 'PageUp' ? -0.8 : 0.8);
    }
  };

  #onSubmit = (event: Event): void => {
    event.preventDefault();
    this.#submit();
  };

  #submit(): void {
    const {input} = this;
    const text = input?.value ?? '';
    input?.focus();
    if (!input || !text.trim() || text.length > MAX_TEXT) return;
    input.value = '';
    this.#onInput();
    this.say(text).catch((error: unknown) => {
      // What became a message tells by itself how it went; what did not is put back.
      if (this.messages.some((message) => message.own && message.text === text)) return;
      input.value ||= text;
      this.#onInput();
      this.problem = error instanceof Error && 'code' in error && error.code === 'flood'
        ? 'Too many messages are waiting to be sent.'
        : 'This could not be sent.';
    });
  }

  /** What is being written stays with the room that it is written for. */
  #keepDraft(): void {
    const room = this.#room.view?.state.room ?? '';
    const {input} = this;
    if (!input || !room || room === this.#draftRoom) return;
    if (this.#draftRoom) {
      this.#drafts.set(this.#draftRoom, input.value);
      input.value = this.#drafts.get(room) ?? '';
      this.#onInput();
    }
    this.#draftRoom = room;
  }

  /** Grows the text field with its text where the browser does not do it by itself (`field-sizing`). */
  #fit(): void {
    const {input} = this;
    if (!input || CSS.supports('field-sizing', 'content')) return;
    input.style.blockSize = 'auto';
    input.style.blockSize = `${input.scrollHeight + 2}px`;
  }

  #rejoinButton({status}: RoomState) {
    return html`<button class="text-button" type="button" @click=${this.#rejoin}>${retryWord(status)}</button>`;
  }

  #empty(roomState: RoomState) {
    const {title, hint, retry} = chatWords(roomState);
    return html`<div class="empty"><strong>${title}</strong>${hint}${retry ? html`<div>${this.#rejoinButton(roomState)}</div>` : nothing}</div>`;
  }

  /** One line above the composer for what the writer must know. */
  #banner(roomState: RoomState) {
    if (roomState.status === 'joined' || roomState.status === 'joining') return nothing;
    const {title, hint, retry} = roomWords(roomState);
    return html`<p class="banner"><span>${title}${hint ? html`. ${hint}` : nothing}</span>${retry ? this.#rejoinButton(roomState) : nothing}</p>`;
  }

  #jump() {
    if (this.#place.atEnd) return nothing;
    return html`<button class="jump" type="button" @click=${this.#toEnd}>${downIcon}${this.unseen
      ? plural(this.unseen, 'new message', 'new messages')
      : html`<span>Newest</span>`}</button>`;
  }

  protected override render() {
    const roomState = this.#room.view?.state ?? IDLE_STATE;
    const blank = !this.#blocks.length;
    const blocks = this.#blocks.slice(Math.max(0, this.#blocks.findIndex(({first: {seq}}) => seq >= this.#start)));
    return html`<div class="body"
      ><div part="log" class="log" role="log" aria-live="off" aria-label="Messages" tabindex="0" @scroll=${this.#onScroll}
        @click=${this.#onClick} @keydown=${this.#onLogKey}><div class="lines">${repeat(blocks, ({kind, first: {seq}}) => `${kind}${seq}`, renderBlock)}</div
        >${blank ? this.#empty(roomState) : nothing}</div>${this.#jump()}</div
      >${blank ? nothing : this.#banner(roomState)}<form part="composer" @submit=${this.#onSubmit}
        ><p class="problem" role="alert" ?hidden=${!this.problem}>${this.problem}</p
        ><textarea part="input" rows="1" dir="auto" aria-label="Message" placeholder="Message" enterkeyhint="send" autocomplete="off"
          ?disabled=${!roomState.room} @input=${this.#onInput} @keydown=${this.#onKey}></textarea
        ><button part="send" class="send ${this.ready && !this.problem ? 'ready' : ''}" aria-label="Send">${sendIcon}</button></form
      ><div class="hidden" role="status">${this.#announcer.text}</div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-chat': MeshChat;
  }
}
