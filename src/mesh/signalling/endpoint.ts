/** Where a server is, and whether anything is there at all. */
import {MeshError} from '../errors.js';

/** Where deepstream lives when the URL names no path. */
const DEFAULT_PATH = '/deepstream';

/** @throws {MeshError} `bad-url` */
export function endpoint(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw new MeshError('bad-url', `Not a URL: ${url}`, {cause: error});
  }
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') throw new MeshError('bad-url', `Not a ws: or wss: URL: ${url}`);
  if (parsed.hash !== '') throw new MeshError('bad-url', `A WebSocket URL has no fragment: ${url}`);
  if (parsed.pathname === '/') parsed.pathname = DEFAULT_PATH;
  return parsed;
}

/** Whether plain HTTP gets any answer at the endpoint, whatever it says but that nobody is there. Never rejects. */
export async function answersHttp(endpoint: URL, signal: AbortSignal): Promise<boolean> {
  const url = new URL(endpoint);
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:';
  try {
    const response = await fetch(url, {mode: 'no-cors', cache: 'no-store', credentials: 'omit', signal});
    await response.body?.cancel();
    // A gateway that answers for a server that is away. Of another origin's answer nothing is to be seen.
    return response.status < 502 || response.status > 504;
  } catch {
    // Nothing there, or nothing that this page may speak to: either way it cannot be reached.
    return false;
  }
}
