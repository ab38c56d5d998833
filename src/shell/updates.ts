import {Workbox} from 'workbox-window';
import {JoinedLock} from './joined-lock.js';

/**
 * - `starting`: not known yet
 * - `ready`: the app opens without a connection
 * - `unavailable`: this browser, or a policy of the site, has no service worker for us; everything but that works
 */
export type ShellStatus = 'starting' | 'ready' | 'unavailable';

/** A worker that has not taken over by then is broken, and the page it was to serve is still the old one. */
const SWITCH_TIMEOUT_MS = 5_000;

/** A page that comes to the front asks for a new version, at most this often; a page that is left open for days would never hear of one. */
const CHECK_EVERY_MS = 10 * 60_000;

/**
 * Installs the service worker and brings its updates in. A new version waits; it takes over when the visitor agrees, in any tab, or when
 * no tab is in a room. Then tabs without a room, and the one where the visitor agreed, reload; others say so and wait for theirs to agree.
 * Fires `change` when `status` or `updateReady` does.
 */
export class ShellUpdates extends EventTarget {
  readonly #script: string;
  #workbox: Workbox | undefined;
  readonly #lock = new JoinedLock();
  readonly #reload: () => void;
  #status: ShellStatus = 'starting';
  #updateReady = false;
  #problem: unknown;
  /** Whether the new version has taken over, and only this page is still of the old one. */
  #switched = false;
  /** Whether the visitor agreed here. */
  #agreed = false;
  #checkedAt = 0;

  constructor({script = '/sw.js', reload = () => location.reload()}: {script?: string; reload?: () => void} = {}) {
    super();
    this.#reload = reload;
    this.#script = script;
  }

  get status(): ShellStatus {
    return this.#status;
  }

  /** Why it is `unavailable`, for the site's owner. */
  get problem(): unknown {
    return this.#problem;
  }

  /** Whether there is a new version that the visitor can agree to. */
  get updateReady(): boolean {
    return this.#updateReady;
  }

  /** Whether this tab is in a room, or on its way to one. */
  set joined(joined: boolean) {
    this.#lock.joined = joined;
    if (!joined && this.#updateReady) this.#switchQuietly();
  }

  /** Registers the worker. To be called once, when the page has loaded. Never rejects: `status` tells. */
  async start(): Promise<void> {
    try {
      if (!('serviceWorker' in navigator)) throw new Error('No service workers here');
      this.#checkedAt = Date.now();
      // Not before: where there are no service workers its constructor throws.
      this.#workbox = new Workbox(this.#script, {updateViaCache: 'none'});
      const registration = await this.#workbox.register({immediate: true});
      if (registration) this.#watch(registration);
      document.addEventListener('visibilitychange', () => this.#check());
      await navigator.serviceWorker.ready;
      this.#set('ready', this.#updateReady);
    } catch (error) {
      this.#problem = error;
      // Blocked by policy or settings, or the worker is broken. One that was installed before goes on serving.
      const active = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
      this.#set(active?.active ? 'ready' : 'unavailable', this.#updateReady);
    }
  }

  /** The visitor agrees to the new version. */
  agree(): void {
    this.#agreed = true;
    if (this.#switched) {
      this.#reload();
      return;
    }
    this.#workbox?.messageSkipWaiting();
    setTimeout(() => this.#reload(), SWITCH_TIMEOUT_MS);
  }

  /** For as long as the page is open: workbox-window hears of one update, and guesses by time whose it is. */
  #watch(registration: ServiceWorkerRegistration): void {
    // The first worker takes over a page that it has just been made by: nothing about it is old.
    const first = registration.active ?? registration.waiting ?? registration.installing;
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (navigator.serviceWorker.controller !== first) this.#onSwitched();
    });
    const follow = (worker: ServiceWorker | null): void => {
      if (!worker || worker === first) return;
      const look = (): void => {
        if (worker === registration.waiting) this.#onWaiting();
      };
      worker.addEventListener('statechange', look);
      look();
    };
    registration.addEventListener('updatefound', () => follow(registration.installing));
    follow(registration.waiting);
    follow(registration.installing);
  }

  #onWaiting(): void {
    this.#set(this.#status, true);
    this.#switchQuietly();
  }

  #switchQuietly(): void {
    if (this.#switched) {
      if (!this.#lock.joined) this.#reload();
      return;
    }
    this.#lock.whenNoneIsJoined(() => this.#workbox?.messageSkipWaiting()).catch(() => undefined); // then the visitor is asked
  }

  #onSwitched(): void {
    this.#switched = true;
    if (this.#agreed || !this.#lock.joined) this.#reload();
    else this.#set(this.#status, true);
  }

  #check(): void {
    if (document.visibilityState !== 'visible') return;
    if (this.#updateReady) this.#switchQuietly();
    if (Date.now() - this.#checkedAt < CHECK_EVERY_MS) return;
    this.#checkedAt = Date.now();
    this.#workbox?.update().catch(() => undefined); // no connection, or a broken worker: the version at hand goes on
  }

  #set(status: ShellStatus, updateReady: boolean): void {
    if (status === this.#status && updateReady === this.#updateReady) return;
    this.#status = status;
    this.#updateReady = updateReady;
    this.dispatchEvent(new Event('change'));
  }
}
