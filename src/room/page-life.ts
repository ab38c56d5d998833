/** What a page lives through: it is about to stand still, or may have stood still; it goes away, or is back. See `docs/resume.md`. */
import type {Listen} from '../mesh/listen.js';

/** The page looks at its own clock this often … */
const TICK_MS = 5_000;
/** … and has stood still when it looks this much too late. Timers of hidden pages come late too, by up to a minute; asking costs little. */
const GAP_MS = 3_000;
/**
 * One awakening shows in several ways, such as `resume`, being seen, and a late look: what comes within so long is told once, at its end.
 * Until then a page draws, and says what it has to say; to ask all others first would make them answer at the very moment.
 */
const WAKING_MS = 50;

export class WakeEvent extends Event {
  /** @param network - whether the device's network is another one now. */
  constructor(readonly network: boolean) {
    super('wake');
  }
}

interface PageLifeEventMap {
  /** Nothing may run here any more from now on. */
  sleep: Event;
  /** What was known of the server and of links may be out of date. */
  wake: WakeEvent;
  /** The visitor goes to another page. Nothing may run here after this turn. */
  hide: Event;
  /** The visitor came back, and the page out of the back/forward cache, as it was. */
  show: Event;
  /** The device went online or offline, or says so. */
  'network-change': Event;
}

/** Watches the page from its construction until `close()`. Where there is no page, nothing happens. */
export class PageLife extends EventTarget {
  declare addEventListener: Listen<PageLifeEventMap>;
  readonly #watching = new AbortController();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = Date.now();
  #waking: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    const {document} = globalThis;
    const {connection} = (globalThis.navigator ?? {}) as {connection?: EventTarget & {readonly type?: string}};
    this.#on(globalThis, 'pagehide', () => this.#tell('hide'));
    this.#on(globalThis, 'pageshow', event => (event as PageTransitionEvent).persisted && this.#tell('show'));
    this.#on(document, 'freeze', () => this.#tell('sleep'));
    this.#on(document, 'resume', () => this.#wake());
    this.#on(document, 'visibilitychange', () => document.visibilityState === 'visible' && this.#wake());
    this.#on(globalThis, 'online', () => {
      this.#tell('network-change');
      this.#wake(true);
    });
    this.#on(globalThis, 'offline', () => this.#tell('network-change'));
    let type = connection?.type;
    this.#on(connection, 'change', () => {
      // Most changes are estimates of the same network's speed.
      this.#wake(type !== connection?.type);
      type = connection?.type;
    });
    if (document) this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  close(): void {
    this.#watching.abort();
    clearInterval(this.#timer);
    clearTimeout(this.#waking);
  }

  #look(): void {
    const now = Date.now();
    // Also when the clock was set back: what was known then is as old as it may be.
    const gap = Math.abs(now - this.#lookedAt - TICK_MS) > GAP_MS;
    this.#lookedAt = now;
    if (gap) this.#wake();
  }

  #wake(network = false): void {
    // On another network nothing that this page says gets anywhere, before that is mended.
    if (network) this.#tellAwake(true);
    else this.#waking ??= setTimeout(() => this.#tellAwake(false), WAKING_MS);
  }

  #tellAwake(network: boolean): void {
    clearTimeout(this.#waking);
    this.#waking = undefined;
    this.dispatchEvent(new WakeEvent(network));
  }

  #on(target: EventTarget | undefined, type: string, run: (event: Event) => unknown): void {
    target?.addEventListener?.(type, run, {signal: this.#watching.signal});
  }

  #tell(type: Exclude<keyof PageLifeEventMap, 'wake'>): void {
    this.dispatchEvent(new Event(type));
  }
}
