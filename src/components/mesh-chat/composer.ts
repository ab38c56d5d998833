import type {ReactiveController, ReactiveControllerHost} from 'lit';
import {MAX_TEXT} from '../../room/chat.js';

export interface ComposerOptions {
  readonly input: () => HTMLTextAreaElement | null;
  /** The room that is written for; empty for none. */
  readonly room: () => string;
  /** Settles once the text is sent. */
  readonly say: (text: string) => Promise<void>;
  /** Whether the text became a message, which tells by itself how it goes on. */
  readonly said: (text: string) => boolean;
}

/** What is being written: takes it to the room, keeps it when it cannot be sent, and apart from what was meant for another room. */
export class Composer implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #options: ComposerOptions;
  /** Unfinished messages, by room. */
  readonly #drafts = new Map<string, string>();
  #room = '';
  #ready = false;
  #problem = '';

  constructor(host: ReactiveControllerHost, options: ComposerOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
    // What was typed before this was loaded.
    this.onInput();
  }

  /** Whether there is something to send. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Why it cannot be sent. */
  get problem(): string {
    return this.#problem;
  }

  hostUpdated(): void {
    this.#keepDraft();
    this.#fit();
  }

  /** To be called on every `input` of the field. */
  onInput(): void {
    const text = this.#options.input()?.value ?? '';
    this.#set(text.trim() !== '', text.length > MAX_TEXT
      ? `${text.length.toLocaleString()} characters: a message has at most ${MAX_TEXT.toLocaleString()}.`
      : '');
    this.#fit();
  }

  submit(): void {
    const {input: find, say, said} = this.#options;
    const input = find();
    const text = input?.value ?? '';
    if (!input || !text.trim() || text.length > MAX_TEXT) return;
    input.value = '';
    this.onInput();
    say(text).catch((error: unknown) => {
      if (said(text)) return;
      input.value ||= text;
      this.onInput();
      this.#set(this.#ready, error instanceof Error && 'code' in error && error.code === 'flood'
        ? 'Too many messages are waiting to be sent.'
        : 'This could not be sent.');
    });
  }

  #set(ready: boolean, problem: string): void {
    this.#ready = ready;
    this.#problem = problem;
    this.#host.requestUpdate();
  }

  #keepDraft(): void {
    const room = this.#options.room();
    const input = this.#options.input();
    if (!input || !room || room === this.#room) return;
    if (this.#room) {
      this.#drafts.set(this.#room, input.value);
      input.value = this.#drafts.get(room) ?? '';
      this.onInput();
    }
    this.#room = room;
  }

  /** Grows the field with its text where the browser does not do it by itself (`field-sizing`). */
  #fit(): void {
    const input = this.#options.input();
    if (!input || CSS.supports('field-sizing', 'content')) return;
    input.style.blockSize = 'auto';
    input.style.blockSize = `${input.scrollHeight + 2}px`;
  }
}
