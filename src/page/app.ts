/** What makes the page an app: it opens without a connection, brings its updates in, and answers its service worker. */
import {isOpenRoom, isRoomQuestion} from '../shell/messages.js';
import {ShellUpdates} from '../shell/updates.js';

export interface AppOptions {
  /** The `<mesh-shell>` that says what there is to say. */
  readonly notice: HTMLElement;
  /** Where it stands whether the page opens without a connection. */
  readonly state: HTMLElement;
  /** The button that asks for notifications. */
  readonly bell: HTMLElement;
  readonly room: () => string;
  /** Whether this tab is in a room, or on its way to one. */
  readonly isJoined: () => boolean;
  readonly go: (room: string) => void;
}

const STATE_WORDS = {
  starting: '',
  ready: 'This page opens without a connection, too.',
  unavailable: 'Without a connection this page cannot be opened: the browser or the site does not allow it.',
} as const;

/** Starts all of that. @returns what is to be called when the tab enters or leaves a room. */
export function startApp({notice, state, bell, room, isJoined, go}: AppOptions): () => void {
  const updates = new ShellUpdates();
  updates.addEventListener('change', () => {
    notice.toggleAttribute('update-ready', updates.updateReady);
    state.textContent = STATE_WORDS[updates.status];
    if (updates.status !== 'unavailable') return;
    // Notifications are the worker's.
    bell.hidden = true;
    console.warn('Mesh Room: this page has no service worker, so it does not open without a connection and cannot notify. Rooms work.',
      updates.problem);
  });
  notice.addEventListener('mesh-update-request', () => updates.agree());
  // Not there on plain http: and in some private windows.
  navigator.serviceWorker?.addEventListener('message', ({data, ports}: MessageEvent<unknown>) => {
    if (isRoomQuestion(data)) ports[0]?.postMessage(room());
    else if (isOpenRoom(data) && data.room !== room()) go(data.room);
  });
  updates.joined = isJoined();
  void updates.start();
  return () => {
    updates.joined = isJoined();
  };
}
