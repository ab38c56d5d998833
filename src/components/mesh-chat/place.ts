import type {ReactiveController, ReactiveControllerHost} from 'lit';

/** Pixels from the end within which the reader counts as being there: a line's height, since a finger stops short of it. */
const NEAR = 32;

/**
 * Keeps the reader's place in a log: at the newest line for as long as the reader is there, whatever grows or shrinks; otherwise at
 * the line that is being read, whatever is added or taken away around it.
 */
export class ReadingPlace implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #log: () => HTMLElement | undefined;
  readonly #drawsLast: () => boolean;
  readonly #resized: ResizeObserver | undefined;
  #anchor: {readonly element: Element; readonly top: number} | undefined;
  #watched: HTMLElement | undefined;
  #atEnd = true;
  /** Where the log was when it was last looked at. */
  #top = 0;

  /** @param drawsLast - whether the end of the log is the end of what there is. */
  constructor(host: ReactiveControllerHost, log: () => HTMLElement | undefined, drawsLast: () => boolean) {
    this.#drawsLast = drawsLast;
    this.#host = host;
    this.#log = log;
    if (typeof ResizeObserver === 'function') this.#resized = new ResizeObserver(() => this.#onResize());
    host.addController(this);
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Whether the oldest line that is drawn comes into sight. */
  get nearStart(): boolean {
    const log = this.#log();
    return !!log && log.scrollTop < log.clientHeight;
  }

  /** Whether the newest line that is drawn comes into sight. */
  get nearEnd(): boolean {
    const log = this.#log();
    return !!log && log.scrollHeight - log.scrollTop - log.clientHeight < log.clientHeight;
  }

  hostUpdate(): void {
    this.#anchor = undefined;
    const log = this.#log();
    // The reader may have moved since the last frame, and the event that tells of it is yet to come.
    if (log) this.#look(log);
    if (!log || this.#atEnd) return;
    const edge = log.getBoundingClientRect().top;
    for (const element of log.firstElementChild?.children ?? []) {
      const {top, bottom} = element.getBoundingClientRect();
      if (bottom <= edge) continue;
      this.#anchor = {element, top};
      break;
    }
  }

  hostUpdated(): void {
    const log = this.#log();
    if (log && log !== this.#watched) {
      this.#watched = log;
      this.#observe();
    }
    if (log && this.#anchor?.element.isConnected) log.scrollTop += this.#anchor.element.getBoundingClientRect().top - this.#anchor.top;
    this.#hold();
  }

  hostConnected(): void {
    this.#observe();
  }

  hostDisconnected(): void {
    this.#resized?.disconnect();
  }

  /** To be called on every `scroll` of the log. */
  onScroll(): void {
    const log = this.#log();
    if (!log) return;
    const before = this.#atEnd;
    this.#look(log);
    if (this.#atEnd !== before) this.#host.requestUpdate();
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#hold();
    this.#host.requestUpdate();
  }

  #onResize(): void {
    const log = this.#log();
    if (log) this.#look(log);
    this.#hold();
  }

  #observe(): void {
    const log = this.#watched;
    for (const element of log ? [log, log.firstElementChild!] : []) this.#resized?.observe(element);
  }

  /** Somebody who goes up leaves the end at once, however small the step: in a lively room it would be taken back before the next. */
  #look({scrollTop, scrollHeight, clientHeight}: HTMLElement): void {
    const left = scrollHeight - scrollTop - clientHeight;
    if (this.#atEnd) this.#atEnd = scrollTop >= this.#top - 1 || left < 2;
    else this.#atEnd = this.#drawsLast() && (left < 2 || (scrollTop > this.#top && left < NEAR));
    this.#top = scrollTop;
  }

  #hold(): void {
    const log = this.#log();
    if (!log) return;
    if (this.#atEnd) log.scrollTop = log.scrollHeight;
    this.#top = log.scrollTop;
  }
}
