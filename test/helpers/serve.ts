/** Pages of another origin than the server's, for embedding tests. */
import {createServer, type RequestListener} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Site {
  /** Such as `http://127.0.0.1:40123/`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves `pages`, HTML by path, on a free port of `host`, an address of this machine. Everything else is a 404. */
export async function servePages(pages: Readonly<Record<string, string>>, host = '127.0.0.1'): Promise<Site> {
  return serveWith((request, response) => {
    const path = new URL(request.url ?? '/', 'http://site.test').pathname;
    const body = pages[path];
    // Browsers ask for it unbidden, and would log its absence as an error of the page.
    if (path === '/favicon.ico') response.writeHead(204).end();
    else if (body === undefined) response.writeHead(404, {'content-type': 'text/plain'}).end('Not found');
    else response.writeHead(200, {'content-type': 'text/html; charset=utf-8'}).end(body);
  }, host);
}

/** Has `answer` answer all that is asked at a free port of `host`, an address of this machine. */
export async function serveWith(answer: RequestListener, host = '127.0.0.1'): Promise<Site> {
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    stop: () => new Promise(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
