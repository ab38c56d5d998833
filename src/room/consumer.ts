import {ContextEvent} from '@lit/context';
import type {ReactiveController, ReactiveControllerHost} from 'lit';
import {MeshError} from '../mesh/errors.js';
import {roomContext, type RoomView} from './context.js';

/** A request that a `<mesh-room>` answers: `answer` is set by the time that dispatching it returns. */
export interface RoomRequest extends Event {
  readonly answer: Promise<void> | undefined;
}

/**
 * Gives an element its room: the one around it, or the one that its `for` names, also when that comes, goes or is replaced later.
 * The host is updated whenever the view changes.
 */
export class RoomConsumer implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #roomId: () => string;
  readonly #observer: MutationObserver | undefined;
  #asked: {readonly target: Element; readonly roomId: string} | undefined;
  #unsubscribe: (() => void) | undefined;
  #view: RoomView | undefined;

  /** @param roomId - id of the room's element; empty for the room around the host. */
  constructor(host: ReactiveControllerHost & HTMLElement, roomId: () => string) {
    this.#host = host;
    this.#roomId = roomId;
    // A look-up by id is cheap enough to do after every change of the page, and nothing else tells of an id that is set late.
    if (typeof MutationObserver === 'function') this.#observer = new MutationObserver(() => this.#resolve());
    host.addController(this);
  }

  /** Undefined while there is no room. */
  get view(): RoomView | undefined {
    return this.#view;
  }

  hostConnected(): void {
    this.#resolve();
  }

  hostUpdate(): void {
    if (this.#roomId() !== this.#asked?.roomId) this.#resolve();
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#release();
  }

  /** Hands a request to the room; it can be seen, and stopped, by whoever stands between. */
  async request(event: RoomRequest): Promise<void> {
    (this.#roomId() ? this.#view?.target : this.#host)?.dispatchEvent(event);
    if (!event.answer) throw new MeshError('not-joined', `<${this.#host.localName}> is in no <mesh-room>, and its "for" names none`);
    return event.answer;
  }

  #release(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = this.#asked = undefined;
  }

  #resolve(): void {
    const host = this.#host;
    if (!host.isConnected) return;
    const roomId = this.#roomId();
    this.#observer?.disconnect();
    if (roomId) this.#observe(host);
    const target = roomId ? this.#find(roomId) : host;
    if (this.#asked && target === this.#asked.target) {
      this.#asked = {target, roomId};
      return;
    }
    this.#release();
    this.#view = undefined;
    if (target) {
      this.#asked = {target, roomId};
      target.dispatchEvent(new ContextEvent(roomContext, host, (view, unsubscribe) => {
        this.#view = view;
        this.#unsubscribe = unsubscribe;
        host.requestUpdate();
      }, true));
    }
    host.requestUpdate();
  }

  #observe(host: HTMLElement): void {
    const options = {subtree: true, childList: true, attributes: true, attributeFilter: ['id']};
    for (const root of new Set([host.getRootNode(), host.ownerDocument])) this.#observer?.observe(root, options);
  }

  /** In the same tree first, so that an element in a shadow tree finds the room beside it. */
  #find(roomId: string): Element | undefined {
    const root = this.#host.getRootNode();
    const near = root instanceof DocumentFragment ? root.querySelector(`#${CSS.escape(roomId)}`) : undefined;
    return near ?? this.#host.ownerDocument.getElementById(roomId) ?? undefined;
  }
}
