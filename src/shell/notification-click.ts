/** In the service worker: a tap on a notification brings its room to the front. */
import {isNotificationData, type NotificationData, type OpenRoom, type RoomQuestion} from './messages.js';
import type {NotificationClick, WindowClient, WorkerScope} from './worker-scope.js';

/** For a tab's answer. One that is frozen gives none, and browsers let a worker focus a tab for a few seconds after the tap only. */
const ANSWER_MS = 500;

/** The room that a tab shows; undefined if it does not say. */
function roomOf(client: WindowClient): Promise<string | undefined> {
  return new Promise(resolve => {
    const {port1, port2} = new MessageChannel();
    const timer = setTimeout(() => settle(undefined), ANSWER_MS);
    const settle = (room: unknown): void => {
      clearTimeout(timer);
      port1.close();
      resolve(typeof room === 'string' ? room : undefined);
    };
    port1.onmessage = ({data}: MessageEvent<unknown>) => settle(data);
    client.postMessage({type: 'which-room'} satisfies RoomQuestion, [port2]);
  });
}

/** Brings the tab that has the room to the front; opens one where none has it: another room is not taken from anybody. */
async function open({clients}: WorkerScope, {room, url}: NotificationData): Promise<void> {
  const tabs = await clients.matchAll({type: 'window', includeUncontrolled: true});
  const rooms = await Promise.all(tabs.map(roomOf));
  const tab = tabs[rooms.indexOf(room)];
  if (tab) {
    await tab.focus();
    tab.postMessage({type: 'open-room', room} satisfies OpenRoom);
  } else {
    await clients.openWindow(url);
  }
}

/** To be called on `notificationclick`. */
export function onNotificationClick(scope: WorkerScope, event: NotificationClick): void {
  const {notification} = event;
  notification.close();
  const data: unknown = notification.data;
  if (!isNotificationData(data)) return;
  // Another origin's address in it would be a mistake of ours; it is not followed.
  const url = new URL(data.url, scope.location.href);
  if (url.origin === scope.location.origin) event.waitUntil(open(scope, {room: data.room, url: url.href}));
}
