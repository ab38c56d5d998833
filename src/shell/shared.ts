/** What is shared to the installed app: the worker keeps it until the page has asked where it belongs. */

/** Where the system posts it: `share_target.action` in `public/manifest.webmanifest`. */
export const SHARE_PATH = '/share';
/** Where the page asks. */
export const SHARED_ADDRESS = '/?shared';

/** Apart from the copies of the app, which an update or a rescue may throw away. */
const CACHE = 'shared-with-mesh-room';

/** In the worker: keeps the form of a share, in place of one that nobody took. @throws where there is no room for it */
export async function keepShared(request: Request): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.delete(SHARE_PATH);
  // As it came: the boundary between its parts is in the header.
  const headers = {'content-type': request.headers.get('content-type') ?? ''};
  await cache.put(SHARE_PATH, new Response(await request.blob(), {headers}));
}

/** In the page: what was shared and not taken yet; undefined if there is nothing, or nothing that can be read. */
export async function sharedForm(): Promise<FormData | undefined> {
  try {
    return await (await (await caches.open(CACHE)).match(SHARE_PATH))?.formData();
  } catch {
    return undefined; // no storage, or damaged
  }
}

/** It is taken, or not wanted. */
export async function dropShared(): Promise<void> {
  await caches.delete(CACHE);
}
