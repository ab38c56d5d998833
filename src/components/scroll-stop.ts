import type {LitElement, ReactiveController} from 'lit';

/**
 * Makes a box of its host a stop for the keyboard while there is more in it than can be seen: whoever has only a keyboard scrolls what has
 * the focus. Not all browsers do it by themselves; a box whose content fits is no stop.
 */
export class ScrollStop implements ReactiveController {
  readonly #host: LitElement;
  readonly #selector: string;
  /** Tells when the box, or what is in it, has another size. */
  readonly #sizes = new ResizeObserver(() => this.#measure());
  #box: HTMLElement | null = null;

  /** @param selector - the box; its one child is what scrolls in it. */
  constructor(host: LitElement, selector: string) {
    this.#host = host;
    this.#selector = selector;
    host.addController(this);
  }

  hostUpdated(): void {
    const box = this.#host.renderRoot.querySelector<HTMLElement>(this.#selector);
    if (box === this.#box) return;
    this.hostDisconnected();
    this.#box = box;
    if (box) for (const each of [box, box.firstElementChild!]) this.#sizes.observe(each);
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#sizes.disconnect();
    this.#box = null;
  }

  #measure(): void {
    const box = this.#box;
    if (!box) return;
    const scrolls = getComputedStyle(box).overflowY === 'auto' && box.scrollHeight > box.clientHeight + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
}
