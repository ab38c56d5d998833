/**
 * The last resort against a broken update: a page whose own files do not load although a worker serves it throws the worker and its copy
 * of the app away, and loads anew from the server. Once per tab, and only with a network: without one the copy is all there is.
 */
import {CACHE_PREFIX} from './cache-prefix.js';

const DONE_KEY = 'mesh-room:rescued';

async function rescue(): Promise<void> {
  if (!navigator.serviceWorker?.controller || !navigator.onLine) return;
  // Throws where storage is blocked, and then there is no worker either.
  if (sessionStorage.getItem(DONE_KEY)) return;
  sessionStorage.setItem(DONE_KEY, String(Date.now()));
  const registrations = await navigator.serviceWorker.getRegistrations();
  await Promise.all(registrations.filter(({scope}) => new URL(scope).pathname === '/').map(registration => registration.unregister()));
  await Promise.all((await caches.keys()).filter(name => name.startsWith(CACHE_PREFIX)).map(name => caches.delete(name)));
  location.reload();
}

/** Watches over the scripts and styles of the page. To be called before the first of them. */
export function watchOverFiles(): void {
  addEventListener('error', ({target}) => {
    if (target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) rescue().catch(() => undefined);
  }, true);
}
