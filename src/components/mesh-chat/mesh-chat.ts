import {LitElement, html, nothing, type TemplateResult} from 'lit';
import {property} from 'lit/decorators.js';
import {EMPTY_CHAT, messagesOf, type ChatMessage, type ChatState} from '../../room/chat.js';
import {RoomConsumer} from '../../room/consumer.js';
import {IDLE_STATE, type RoomState} from '../../room/types.js';
import {chatWords, retryWord, roomWords} from '../../room/words.js';
import {baseStyles} from '../base.styles.js';
import {MeshChatMessageEvent, MeshRejoinRequestEvent, MeshRetryRequestEvent, MeshSayRequestEvent} from '../events.js';
import {sendIcon} from '../icons.js';
import {Late, type Later} from '../late.js';
import type {Composer} from './composer.js';
import type {LogView} from './log-view.js';
import {styles} from './mesh-chat.styles.js';

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
  static override styles = [baseStyles, styles];

  readonly #room = new RoomConsumer(this, () => this.for);
  #messages: {readonly of: ChatState; readonly list: readonly ChatMessage[]} | undefined;
  #view: LogView | undefined;
  #composer: Composer | undefined;

  // What is in the log comes after the frame is painted.
  readonly #late = new Late(this, later => this.#fill(later), () => {
    this.#broken = true;
  });

  /** They stay for as long as this element; the text field stands behind all that is in the log. */
  readonly #found: {log?: HTMLElement | null; input?: HTMLTextAreaElement | null} = {};

  /** Whether the log could not be loaded. */
  #broken = false;

  /** Id of the `<mesh-room>`; empty for the one around this element. */
  @property() for = '';

  /** The messages of this room, oldest first, own ones included; frozen, a new array after every change. At most 100,000 are kept. */
  get messages(): readonly ChatMessage[] {
    const of = this.#room.view?.chat ?? EMPTY_CHAT;
    if (this.#messages?.of !== of) {
      this.#messages = {of, list: Object.freeze(messagesOf(of.parts))};
    }
    return this.#messages.list;
  }

  protected override async scheduleUpdate(): Promise<void> {
    await this.#view?.turn();
    await super.scheduleUpdate();
  }

  protected override async getUpdateComplete(): Promise<boolean> {
    await this.#late.loading;
    return super.getUpdateComplete();
  }

  /** Says `text`. Settles once it is sent. @throws {MeshError} `not-joined` without a room, `bad-data`, `too-large`, `undelivered` … */
  say(text: string): Promise<void> {
    return this.#room.request(new MeshSayRequestEvent(text));
  }

  /** Removes the messages of this room from this device, also those that wait to be sent. Settles once they are gone. */
  async forget(): Promise<void> {
    await this.#room.view?.chat.forget?.();
  }

  get #log(): HTMLElement | null {
    return this.#found.log ??= this.renderRoot.querySelector('.log');
  }

  get #input(): HTMLTextAreaElement | null {
    return this.#found.input ??= this.renderRoot.querySelector('textarea');
  }

  #fill({LogView, Composer}: Later): void {
    this.#view = new LogView(this, {
      log: () => this.#log,
      chat: () => this.#room.view?.chat ?? EMPTY_CHAT,
      onMessage: message => this.dispatchEvent(new MeshChatMessageEvent(message)),
      onJump: () => this.#toEnd(),
    });
    this.#composer = new Composer(this, {
      input: () => this.#input,
      room: () => this.#room.view?.state.room ?? '',
      say: text => this.say(text),
      said: text => this.messages.some(message => message.own && message.text === text),
    });
    this.#broken = false;
  }

  #toEnd(): void {
    this.#view?.toEnd();
    this.#input?.focus();
  }

  #onScroll = (): void => this.#view?.onScroll();

  #onClick = ({target}: Event): void => {
    const id = target instanceof Element && target.closest<HTMLElement>('[data-retry]')?.dataset.retry;
    // How it goes is told by the message itself, and by the room's state.
    if (id) this.#room.request(new MeshRetryRequestEvent(id)).catch(() => undefined);
  };

  #rejoin = (): void => {
    this.#room.request(new MeshRejoinRequestEvent()).catch(() => undefined);
  };

  #onInput = (): void => this.#composer?.onInput();

  #onLogKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.#input?.focus();
  };

  #onKey = (event: KeyboardEvent): void => {
    const input = this.#input;
    // While an input method is composing, Enter belongs to it. Safari ends the composition before the key, and tells by this code alone.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (event.isComposing || event.keyCode === 229 || !input) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else {
      this.#view?.onKey(event, input);
    }
  };

  #onSubmit = (event: Event): void => {
    event.preventDefault();
    this.#submit();
  };

  #submit(): void {
    this.#input?.focus();
    if (this.#composer) this.#composer.submit();
    // Nothing is lost when it is sent before the rest is loaded: it stays in the field until then.
    else void this.#late.loading?.then(() => this.#composer?.submit());
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
    const {title, hint, retry} = roomWords(roomState);
    return html`<bdi>${title} · ${hint}</bdi>${retry ? this.#rejoinButton(roomState) : nothing}`;
  }

  protected override render(): TemplateResult {
    const {state: roomState, chat} = this.#room.view ?? {state: IDLE_STATE, chat: EMPTY_CHAT};
    const blank = !chat.parts.length;
    const fine = blank || roomState.status === 'joined' || roomState.status === 'joining';
    const {ready, problem} = this.#composer ?? {ready: false, problem: this.#broken ? 'Messages could not be loaded. Reload the page.' : ''};
    return html`<div class="frame"><div class="body"
      ><div part="log" class="log" role="log" aria-live="off" aria-label="Messages" tabindex="0" @scroll=${this.#onScroll}
        @click=${this.#onClick} @keydown=${this.#onLogKey}><div class="lines">${this.#view?.lines()}</div
        >${blank ? this.#empty(roomState) : nothing}</div>${this.#view?.jump()}</div
      ><p class="banner" role="status" ?hidden=${fine}>${fine ? nothing : this.#banner(roomState)}</p><form part="composer" @submit=${this.#onSubmit}
        ><p class="problem" role="alert" ?hidden=${!problem}>${problem}</p
        ><textarea part="input" rows="1" dir="auto" aria-label="Message" placeholder="Message" enterkeyhint="send" autocomplete="off"
          ?disabled=${!roomState.room} @input=${this.#onInput} @keydown=${this.#onKey}></textarea
        ><button part="send" class="send ${ready && !problem ? 'ready' : ''}" aria-label="Send">${sendIcon}</button></form
      ><div class="hidden" role="status">${this.#view?.announcement}</div></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-chat': MeshChat;
  }
}
