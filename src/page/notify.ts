/** Notifications of messages that arrive while the page is hidden: only for who asked for them. */
import type {NotificationData} from '../shell/messages.js';

const KEY = 'mesh-room:notify';
/** A phone shows two or three lines. */
const MAX_BODY = 200;

export interface NotifierOptions {
  readonly button: HTMLButtonElement;
  /** The room that is open, and its address. */
  readonly room: () => NotificationData;
  /** Tells those who do not see the button. */
  readonly announce: (words: string) => void;
}

/** The button that asks for notifications, and the notifications. */
export class Notifier {
  readonly #options: NotifierOptions;
  #wanted: boolean;
  /** Messages that came since the page was hidden. */
  #unread = 0;
  /** Settles when what was begun last is done: one after the other, so that no notification comes after what removes it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: NotifierOptions) {
    this.#options = options;
    const {button} = options;
    this.#wanted = isWanted();
    // Phones show notifications through a service worker only, and so does this page everywhere.
    button.hidden = !('Notification' in globalThis && 'serviceWorker' in navigator);
    this.#show();
    button.addEventListener('click', () => void this.#toggle());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#clear();
    });
  }

  /** A message has arrived. */
  async tell(from: string, text: string): Promise<void> {
    if (!this.#wanted || document.visibilityState === 'visible' || Notification.permission !== 'granted') return;
    const {room, url} = this.#options.room();
    this.#unread += 1;
    // Not everywhere, and not without being installed.
    navigator.setAppBadge?.(this.#unread).catch(() => undefined);
    await this.#inTurn(async registration => {
      await registration?.showNotification(`${from} in ${room}`, {
        body: Array.from(text).slice(0, MAX_BODY).join(''),
        // One for each room: the newest takes the place of the one before, and is told of again.
        tag: tagOf(room), renotify: true,
        icon: '/icon-192.png', badge: '/icon-badge.png',
        data: {room, url} satisfies NotificationData,
      } as NotificationOptions);
    });
  }

  async #toggle(): Promise<void> {
    const {announce} = this.#options;
    if (this.#wanted) {
      this.#want(false);
      announce('Notifications are off');
      return;
    }
    const permission = await Notification.requestPermission();
    this.#want(permission === 'granted');
    const words = permission === 'granted' ? 'Notifications are on' : 'Your browser does not let this page notify you. Its settings for this page can.';
    announce(words);
    if (permission === 'denied') this.#options.button.title = words;
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    try {
      if (wanted) localStorage.setItem(KEY, 'on');
      else localStorage.removeItem(KEY);
    } catch {
      // Storage is blocked or full: it holds for this visit.
    }
    this.#show();
  }

  #show(): void {
    this.#options.button.setAttribute('aria-pressed', String(this.#wanted));
  }

  #clear(): void {
    if (!this.#unread) return;
    this.#unread = 0;
    navigator.clearAppBadge?.().catch(() => undefined);
    const {room} = this.#options.room();
    this.#inTurn(async registration => {
      for (const notification of await registration?.getNotifications({tag: tagOf(room)}) ?? []) notification.close();
    }).catch(() => undefined); // the browser has taken its permission back, and them with it
  }

  #inTurn(run: (registration: ServiceWorkerRegistration | undefined) => Promise<void>): Promise<void> {
    const done = this.#turn.then(async () => run(await navigator.serviceWorker.getRegistration()));
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const tagOf = (room: string): string => `mesh-room:${room}`;

function isWanted(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on' && Notification.permission === 'granted';
  } catch {
    return false; // storage is blocked, or there are no notifications here
  }
}
