import type {ReactiveController, ReactiveControllerHost} from 'lit';
import type {ChatMessage} from '../../room/chat.js';
import {clip} from '../../room/names.js';
import {displayName} from '../../room/people.js';

/** Milliseconds between announcements: a screen reader takes about as long to say one, and more would only queue up behind it. */
const PAUSE_MS = 2000;

/** Messages that are read out one by one; of more, only how many there are and the last. */
const FEW = 3;

/** Puts new messages into words for a live region, a few at a time, so that a lively room does not drown the reader. */
export class Announcer implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #waiting: ChatMessage[] = [];
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #text = '';

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** What the live region holds. */
  get text(): string {
    return this.#text;
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#count = 0;
  }

  announce(message: ChatMessage): void {
    this.#count++;
    this.#waiting = [...this.#waiting.slice(1 - FEW), message];
    if (this.#timer === undefined) this.#speak();
  }

  #speak(): void {
    const say = ({from, name, text}: ChatMessage) => `${displayName(from, name)}: ${clip(text, 200, 400)}`;
    const last = this.#waiting.at(-1);
    this.#timer = last && setTimeout(() => this.#speak(), PAUSE_MS);
    if (!last) return;
    this.#text = this.#count > FEW ? `${this.#count} new messages. ${say(last)}` : this.#waiting.map(say).join('\n');
    this.#waiting = [];
    this.#count = 0;
    this.#host.requestUpdate();
  }
}
