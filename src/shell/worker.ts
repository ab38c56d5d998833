/**
 * The service worker, `/sw.js`. It holds one version of the app, whole, and answers for its page and its files; everything else, such as
 * `/deepstream` and `/healthz`, it does not touch. A newer one waits until a page tells it to take over, see `updates.ts`.
 */
import {clientsClaim, setCacheNameDetails} from 'workbox-core';
import {cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute} from 'workbox-precaching';
import {NavigationRoute, registerRoute} from 'workbox-routing';
import {CACHE_PREFIX} from './cache-prefix.js';
import {onNotificationClick} from './notification-click.js';
import type {WorkerScope} from './worker-scope.js';

declare const self: WorkerScope;

setCacheNameDetails({prefix: CACHE_PREFIX});
// All files or none: one that is missing, or is not what the build made, keeps this version from being installed.
precacheAndRoute(self.__WB_MANIFEST);
// Any room's address is the page; a file that went missing from the cache comes from the network.
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), {allowlist: [/^\/(index\.html)?(\?|$)/, /^\/r\//]}));
cleanupOutdatedCaches();
clientsClaim();

self.addEventListener('message', event => {
  const {data} = event;
  // The name that workbox-window gives it.
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'SKIP_WAITING') event.waitUntil(self.skipWaiting());
});
self.addEventListener('notificationclick', event => onNotificationClick(self, event));
