/** In the service worker: a version that would not open the page is not installed, and the one at hand goes on. */
import type {WorkerScope} from './worker-scope.js';

/** What the worker answers to a request for `path`; undefined if nothing. Nothing leaves the worker but what it fetches itself. */
async function answerTo(scope: WorkerScope, path: string): Promise<Response | undefined> {
  const request = new Request(new URL(path, scope.location.href));
  // Browsers alone can make a request that navigates, and an event that can be answered.
  if (!/\.\w+$/.test(request.url)) Object.defineProperty(request, 'mode', {value: 'navigate'});
  const event = new scope.FetchEvent('fetch', {request});
  let answer: Promise<Response> | Response | undefined;
  Object.defineProperties(event, {
    request: {value: request},
    respondWith: {value: (given: typeof answer) => { answer = given; }},
    waitUntil: {value: () => undefined},
  });
  scope.dispatchEvent(event);
  return answer;
}

/** Asks the worker, in its own process, for each of `paths` as a browser would. @throws if one of them has no good answer. */
export async function proveItself(scope: WorkerScope, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const response = await answerTo(scope, path);
    if (!response?.ok) throw new Error(`This version does not answer for ${path}`);
  }
}
