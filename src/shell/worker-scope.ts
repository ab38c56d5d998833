/** The part of a service worker's world that is used here. TypeScript's own types of it cannot stand beside those of a page. */

export interface WorkerScope {
  /** What is to be kept, put here by the build. */
  readonly __WB_MANIFEST: (string | {url: string; revision: string | null})[];
  readonly clients: WorkerClients;
  readonly location: Location;
  readonly FetchEvent: new (type: 'fetch', init: {request: Request}) => Event;
  skipWaiting(): Promise<void>;
  dispatchEvent(event: Event): boolean;
  addEventListener<K extends keyof WorkerEventMap>(type: K, listener: (event: WorkerEventMap[K]) => void): void;
}

export interface WorkerClients {
  matchAll(options: {type: 'window'; includeUncontrolled: boolean}): Promise<readonly WindowClient[]>;
  openWindow(url: string): Promise<WindowClient | null>;
}

export interface WindowClient {
  readonly id: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<WindowClient>;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

export interface LastingEvent extends Event {
  /** Keeps the worker alive until `done` settles. */
  waitUntil(done: Promise<unknown>): void;
}

export interface NotificationClick extends LastingEvent {
  readonly notification: Notification;
}

export interface WorkerEventMap {
  install: LastingEvent;
  activate: LastingEvent;
  message: LastingEvent & {readonly data: unknown};
  notificationclick: NotificationClick;
}
