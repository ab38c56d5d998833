/**
 * The deepstream endpoint when none is given: `/deepstream` on the origin that served this script, or, where the script came from
 * elsewhere than a web server (a blob, a file), on the page's own.
 * @param script - address of the script.
 * @returns a `ws:` or `wss:` URL; undefined where there is neither, such as in Node.
 */
export function defaultUrl(script: string = import.meta.url, page: string | undefined = globalThis.location?.href): string | undefined {
  const origin = [script, page].find(address => address && /^https?:/i.test(address));
  return origin && new URL('/deepstream', origin).href.replace(/^http/, 'ws');
}
