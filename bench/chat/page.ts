/** What both pages of the long chat offer to the driver, as `window.chat`. */
export interface Line {
  readonly id: string;
  /** Number of the speaker. */
  readonly by: number;
  readonly text: string;
}

/** What is measured: a log of lines in an element that scrolls. */
export interface Log {
  /** Shows what this device kept; resolves when the newest line of it is there, or at once if nothing was kept. */
  open(): Promise<void>;
  /** Lines that came from others, in one task. */
  add(lines: readonly Line[]): void;
  /** Resolves when all of them are drawn and kept. */
  settled(): Promise<void>;
  /** The element that scrolls. */
  readonly scroller: HTMLElement;
}

export const SPEAKERS = ['Ada', 'Bo', 'Chidi', 'Dora', 'Emre'] as const;

/** The same lines on every page: of one word to some thirty, three by one speaker, then the next one's. */
export const linesOf = (from: number, count: number): Line[] => Array.from({length: count}, (_, i) => {
  const n = from + i;
  return {id: `line-${n}`, by: Math.floor(n / 3) % SPEAKERS.length, text: `${n} ${'lorem ipsum dolor sit amet '.repeat(n * 7 % 8)}`.trim()};
});

export const frame = (): Promise<number> => new Promise(resolve => requestAnimationFrame(resolve));
/** After all that a frame draws. */
export const drawn = (): Promise<void> => frame().then(() => new Promise(resolve => setTimeout(resolve)));

const BATCH = 1_000;

class Page {
  readonly #log: Log;
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @returns milliseconds since the navigation began, when the newest line that was kept had been drawn */
  async open(): Promise<number> {
    await this.#log.open();
    await drawn();
    return performance.now();
  }

  /** Adds lines until there are `count`. */
  async fill(count: number): Promise<void> {
    while (this.#count < count) {
      this.#log.add(linesOf(this.#count, Math.min(BATCH, count - this.#count)));
      this.#count = Math.min(count, this.#count + BATCH);
      await frame();
    }
    await this.#log.settled();
  }

  /** Adds `count` lines, one a frame. */
  async append(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#log.add(linesOf(this.#count++, 1));
      await drawn();
    }
  }

  /** Scrolls back by `px` a frame. @returns milliseconds from each frame to the next */
  async scroll(frames: number, px: number): Promise<number[]> {
    const times: number[] = [];
    let before = await frame();
    for (let i = 0; i < frames; i++) {
      this.#log.scroller.scrollTop -= px;
      const at = await frame();
      times.push(at - before);
      before = at;
    }
    return times;
  }

  toEnd(): void {
    this.#log.scroller.scrollTop = this.#log.scroller.scrollHeight;
  }
}

declare global {
  interface Window {
    chat: Page;
  }
}

export type {Page};

export const serve = (log: Log): void => {
  window.chat = new Page(log);
};
