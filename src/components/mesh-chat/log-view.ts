import {html, nothing, type LitElement, type ReactiveController, type TemplateResult} from 'lit';
import {guard} from 'lit/directives/guard.js';
import {repeat} from 'lit/directives/repeat.js';
import {linesOf, toBlocks, type ChatBlock} from '../../room/chat-blocks.js';
import {firstIndex} from '../../room/chat-lines.js';
import {EMPTY_CHAT, type ChatLine, type ChatMessage, type ChatPart, type ChatState} from '../../room/chat.js';
import {plural} from '../../room/words.js';
import {addStyles} from '../add-styles.js';
import {avatarStyles} from '../avatar.js';
import {downIcon} from '../later-icons.js';
import {Announcer} from './announcer.js';
import {renderBlock, renderKept} from './lines.js';
import {logStyles} from './log-view.styles.js';
import {ReadingPlace} from './place.js';

/** Blocks that are drawn while the reader is at the end. A screen holds about 10. */
const WINDOW = 60;

/** Blocks that are drawn more at one time as the reader goes back: about a screen, within a frame or two. */
const STEP = 8;

/** Blocks that are drawn at most while the reader is further up, however many come meanwhile. */
const MAX_DRAWN = 4 * WINDOW;

/** At 60 frames a second. */
const FRAME_MS = 1000 / 60;

/** The lines behind that of `seq`. */
function newer(parts: readonly ChatPart[], seq: number): ChatLine[] {
  const part = Math.max(0, firstIndex(parts, each => each[0]!.seq > seq) - 1);
  return parts.slice(part).flat().filter(line => line.seq > seq);
}

const nextFrame = (): Promise<void> => new Promise(resolve => {
  const done = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    resolve();
  };
  const frame = requestAnimationFrame(done);
  const timer = setTimeout(done, 100);
});

export interface LogViewOptions {
  /** The element that scrolls; its first child holds the lines. */
  readonly log: () => HTMLElement | null;
  readonly chat: () => ChatState;
  /** A message that was not there before; told once it is drawn. */
  readonly onMessage: (message: ChatMessage) => void;
  /** The reader has asked for the newest message. */
  readonly onJump: () => void;
}

/** The inside of a chat's log: what is drawn of it, where its reader is, what is read aloud. A chunk of its own. */
export class LogView implements ReactiveController {
  readonly #host: LitElement;
  readonly #options: LogViewOptions;
  readonly #place: ReadingPlace;
  readonly #announcer: Announcer;
  #chat: ChatState = EMPTY_CHAT;
  #blocks: readonly ChatBlock[] = [];
  /** `seq` of the first line of the first block that is drawn. */
  #start = -Infinity;
  #lastSeq = -1;
  #drawnAt = 0;
  /** Others' messages that came while the reader was further up. */
  #unseen = 0;
  /** Whether lines of former visits are on their way. */
  #reading = false;
  /** Whether the reader has asked to forget the room, and not said yet whether that is meant. */
  #asked = false;

  /** To be made after the host has its `renderRoot`. */
  constructor(host: LitElement, options: LogViewOptions) {
    this.#host = host;
    this.#options = options;
    // First, so that what it changes is drawn in the same update.
    host.addController(this);
    this.#announcer = new Announcer(host);
    this.#place = new ReadingPlace(host, () => options.log() ?? undefined, () => this.#drawsLast());
    addStyles(host, avatarStyles, logStyles);
    host.requestUpdate();
  }

  hostUpdate(): void {
    const chat = this.#options.chat();
    if (chat !== this.#chat) this.#follow(chat);
    if (this.#place.atEnd) this.#unseen = 0;
    this.#slide();
  }

  /** To be called on every `scroll` of the log. */
  onScroll(): void {
    this.#place.onScroll();
    if (this.#place.atEnd) return;
    const first = this.#firstDrawn();
    if (first > 0 && this.#place.nearStart) this.#drawFrom(first - STEP);
    else if (this.#place.nearStart) void this.#readEarlier();
    else if (!this.#drawsLast() && this.#place.nearEnd) this.#drawFrom(first + STEP);
  }

  toEnd(): void {
    this.#place.toEnd();
  }

  /** A key in the text field that is the log's: PageUp, PageDown, and Escape back to the newest message. */
  onKey(event: KeyboardEvent, input: HTMLTextAreaElement): void {
    if (event.key === 'Escape' && !this.#place.atEnd) this.#options.onJump();
    // A text that does not fit its field has pages of its own.
    if (!/^Page(Up|Down)$/.test(event.key) || input.scrollHeight > input.clientHeight + 1) return;
    event.preventDefault();
    const log = this.#options.log();
    if (log) log.scrollTop += log.clientHeight * (event.key === 'PageUp' ? -0.85 : 0.85);
  }

  /**
   * When to draw: at once what comes alone, a flood once a frame; in a page that is not shown, and has no frames, ten times a second.
   */
  async turn(): Promise<void> {
    if (performance.now() - this.#drawnAt < FRAME_MS) await nextFrame();
    this.#drawnAt = performance.now();
  }

  /** Takes in what is new in `chat`. */
  #follow(chat: ChatState): void {
    const {parts, logId} = chat;
    const other = logId !== this.#chat.logId;
    this.#chat = chat;
    this.#blocks = toBlocks(parts, Date.now());
    const fresh = other ? [] : newer(parts, this.#lastSeq).filter(line => line.kind === 'text');
    this.#lastSeq = parts.at(-1)?.at(-1)?.seq ?? -1;
    if (other) {
      this.#start = -Infinity;
      this.#asked = false;
      this.#place.toEnd();
    }
    for (const message of fresh) {
      if (message.own) {
        this.#place.toEnd();
      } else {
        this.#unseen++;
        this.#announcer.announce(message);
      }
    }
    if (fresh.length) void this.#host.updateComplete.then(() => fresh.forEach(message => this.#options.onMessage(message)));
  }

  /** Draws the last blocks while the reader is at the end, and keeps the first that is drawn while not. */
  #slide(): void {
    const seqFromEnd = (blocks: number) => this.#blocks.at(-blocks)?.first.seq ?? -Infinity;
    const latest = seqFromEnd(WINDOW);
    // In steps of half a window: each is a change to the top of what is drawn.
    if (this.#place.atEnd && seqFromEnd(WINDOW * 1.5) > this.#start) this.#start = latest;
  }

  #drawsLast(): boolean {
    return this.#firstDrawn() + MAX_DRAWN >= this.#blocks.length;
  }

  #drawFrom(index: number): void {
    this.#start = this.#blocks[Math.max(0, index)]!.first.seq;
    this.#host.requestUpdate();
  }

  async #readEarlier(): Promise<void> {
    const chat = this.#chat;
    if (!chat.earlier || this.#reading) return;
    this.#reading = true;
    // What is drawn stays what is drawn, whatever comes above it.
    this.#start = Math.max(this.#start, this.#blocks[0]?.first.seq ?? -Infinity);
    await chat.earlier();
    await this.#host.updateComplete;
    this.#reading = false;
    // Who stands at the very top cannot scroll any further to see them. Where storage does not answer now, nothing has changed.
    if (this.#chat !== chat) this.onScroll();
  }

  #firstDrawn(): number {
    const index = firstIndex(this.#blocks, ({first: {seq}}) => seq >= this.#start);
    return index < this.#blocks.length ? index : 0;
  }

  /** What is read aloud. */
  get announcement(): string {
    return this.#announcer.text;
  }

  lines(): unknown {
    const first = this.#firstDrawn();
    const drawn = this.#blocks.slice(first, this.#place.atEnd ? undefined : first + MAX_DRAWN);
    // Lines are replaced when they change, so a block of the same lines is the same block.
    const blocks = repeat(drawn, ({kind, first: {seq}}) => `${kind}${seq}`, block => guard([...linesOf(block)], () => renderBlock(block)));
    const {kept, earlier} = this.#chat;
    const isFirst = first === 0 && !(kept && earlier) && drawn.length;
    return [kept !== undefined && isFirst ? renderKept(kept, this.#asked, this.#onForget) : nothing, blocks];
  }

  #onForget = ({target}: Event): void => {
    const answer = target instanceof Element && target.closest<HTMLElement>('[data-forget]')?.dataset.forget;
    if (!answer) return;
    this.#asked = answer === 'ask';
    this.#host.requestUpdate();
    // The button that was pressed is gone: the next one is where it was, or the text field is next.
    if (answer === 'yes') {
      void this.#chat.forget?.();
      this.#options.onJump();
    } else {
      void this.#host.updateComplete.then(() => this.#options.log()?.querySelector<HTMLElement>(`[data-forget="${this.#asked ? 'no' : 'ask'}"]`)?.focus());
    }
  };

  jump(): TemplateResult | typeof nothing {
    if (this.#place.atEnd) return nothing;
    return html`<button class="jump" type="button" @click=${this.#options.onJump}>${downIcon}${this.#unseen
      ? plural(this.#unseen, 'new message', 'new messages')
      : 'Newest'}</button>`;
  }
}
