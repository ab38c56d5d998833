/**
 * The service worker, `/sw.js`. It holds one version of the app, whole, and answers for its page and its files; everything else, such as
 * `/deepstream` and `/healthz`, it does not touch. A newer one waits until a page tells it to take over, see `updates.ts`.
 */
import {clientsClaim, setCacheNameDetails} from 'workbox-core';
import {cleanupOutdatedCaches, PrecacheController, PrecacheRoute} from 'workbox-precaching';
import {NavigationRoute, registerRoute, setCatchHandler} from 'workbox-routing';
import {CACHE_PREFIX} from './cache-prefix.js';
import {onNotificationClick} from './notification-click.js';
import {proveItself} from './self-test.js';
import {keepShared, SHARE_PATH, SHARED_ADDRESS} from './shared.js';
import type {WorkerScope} from './worker-scope.js';

declare const self: WorkerScope;

setCacheNameDetails({prefix: CACHE_PREFIX});
const copy = new PrecacheController();
copy.addToCacheList(self.__WB_MANIFEST);
registerRoute(new PrecacheRoute(copy));
// Any room's address is the page.
registerRoute(new NavigationRoute(copy.createHandlerBoundToURL('/index.html'), {allowlist: [/^\/(index\.html)?(\?|$)/, /^\/r\//]}));
registerRoute(({url}) => url.pathname === SHARE_PATH, async ({request}) => {
  // Without room for it the page says that it did not arrive.
  await keepShared(request).catch(() => undefined);
  return Response.redirect(SHARED_ADDRESS, 303);
}, 'POST');
// What the copy does not have, or fails to hand out, comes from the network.
setCatchHandler(({request}) => fetch(request));

// All files or none: one that is missing, or is not what the build made, keeps this version from being installed; so does a test failed.
self.addEventListener('install', event => event.waitUntil(copy.install(event).then(() =>
  proveItself(self, ['/', '/r/any', ...copy.getCachedURLs()]))));
self.addEventListener('activate', event => event.waitUntil(copy.activate(event)));
cleanupOutdatedCaches();
clientsClaim();

self.addEventListener('message', event => {
  const {data} = event;
  // The name that workbox-window gives it.
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') event.waitUntil(self.skipWaiting());
});
self.addEventListener('notificationclick', event => onNotificationClick(self, event));
