import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {join, relative, sep} from 'node:path';
import sirv from 'sirv';
import {ServerError} from './errors.js';

/** A year: a file whose name contains the hash of its content never changes. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Keep it, but ask every time whether it is still right; the ETag makes that answer empty. */
const REVALIDATE = 'no-cache';

/** sirv names no charset for these, and not every consumer assumes UTF-8. */
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

/** What is shared to the installed app goes to its service worker; only where that is missing it comes here. */
const SHARE_PATH = '/share';

export interface StaticOptions {
  /** Folder with the built files. */
  readonly dir: string;
  /** Whether the page and what belongs to it are served, or the scripts alone. */
  readonly page: boolean;
}

/** The built files. Listed once: a new build shows after a restart. */
export interface StaticFiles {
  /** Whether a request for `pathname` is for one of them. */
  has(pathname: string): boolean;
  /** Answers a request that `has` said yes to. */
  serve(request: IncomingMessage, response: ServerResponse, pathname: string): void;
}

/**
 * Serves `dir`: `/mesh-room.js` and `/assets/` to every origin, and, with `page`, everything else with `index.html` for `/` and
 * `/r/<room>`.
 * @throws {ServerError} `missing-build`
 */
export function staticFiles({dir, page}: StaticOptions): StaticFiles {
  if (!existsSync(join(dir, 'mesh-room.js'))) {
    throw new ServerError('missing-build', `There is no build in ${dir}: run "npm run build" first.`);
  }
  const tags = new Map(listFiles(dir).map(path => [path, etagOf(readFileSync(join(dir, path)))]));
  const files = sirv(dir, {brotli: true, gzip: true});
  const policy = page && tags.has('/index.html') ? pagePolicy(readFileSync(join(dir, 'index.html'), 'utf8')) : '';

  const resolve = (pathname: string): string | undefined => {
    if (page && pathname === SHARE_PATH) return SHARE_PATH;
    const path = isPagePath(pathname) ? '/index.html' : decode(pathname);
    if (path === undefined || !tags.has(path)) return undefined;
    return page || path === '/mesh-room.js' || path === '/mesh-room.js.map' || path.startsWith('/assets/') ? path : undefined;
  };

  return {
    has: pathname => resolve(pathname) !== undefined,
    serve(request, response, pathname) {
      const path = resolve(pathname) ?? pathname;
      if (path === SHARE_PATH) {
        // Nothing of it is read: the page says that it did not arrive.
        request.resume();
        response.writeHead(303, {Location: '/?shared', 'Cache-Control': 'no-store'}).end();
        return;
      }
      for (const [name, value] of Object.entries(headersFor(path, policy))) response.setHeader(name, value);
      if (request.method === 'OPTIONS') {
        response.writeHead(204, {'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS', 'Access-Control-Max-Age': '86400'}).end();
        return;
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, {Allow: 'GET, HEAD, OPTIONS'}).end();
        return;
      }
      const tag = tags.get(path);
      if (tag !== undefined) {
        response.setHeader('ETag', tag);
        if (request.headers['if-none-match']?.includes(tag)) {
          response.writeHead(304, {Vary: 'Accept-Encoding'}).end();
          return;
        }
      }
      // sirv knows the request by its `url` alone, and `/r/<room>` is not the name of a file.
      request.url = encodeURI(path);
      files(request, response);
    },
  };
}

/**
 * By content, and not by size and time as sirv has it: files of a package all have one time, and two builds whose hashes alone differ have
 * one size. Browsers would go on with the old page, which asks for scripts that are gone. Weak, since compressed copies share it.
 */
const etagOf = (content: Uint8Array): string => `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;

const isPagePath = (pathname: string): boolean => pathname === '/' || pathname.startsWith('/r/');

function decode(pathname: string): string | undefined {
  try {
    return decodeURI(pathname);
  } catch {
    // A stray `%`: no file has such a name.
    return undefined;
  }
}

/** Paths of the files in `dir` as URLs have them. Hidden ones are not served. */
function listFiles(dir: string): string[] {
  return readdirSync(dir, {recursive: true, encoding: 'utf8'})
    .filter(path => statSync(join(dir, path)).isFile())
    .map(path => `/${relative('', path).split(sep).join('/')}`)
    .filter(path => !path.includes('/.'));
}

function headersFor(path: string, policy: string): Record<string, string> {
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1)];
  const common = {
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': path.startsWith('/assets/') ? IMMUTABLE : REVALIDATE,
    ...(type && {'Content-Type': type}),
  };
  if (path.endsWith('.html')) {
    return {
      ...common,
      'Content-Security-Policy': policy,
      // The address holds the room's name, which is as good as its key.
      'Referrer-Policy': 'no-referrer',
    };
  }
  // Any site may load the script, also one that is isolated (COEP `require-corp`).
  return {...common, 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin'};
}

/** What the page may do: its own scripts, its inline ones by their hash, sockets to any server that a room names. */
function pagePolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc\s*=)[^>]*>([\s\S]*?)<\/script>/gi)]
    .map(([, text]) => `'sha256-${createHash('sha256').update(text ?? '').digest('base64')}'`);
  return [
    `default-src 'self'`,
    [`script-src 'self'`, ...new Set(inline)].join(' '),
    // Styles of elements where adopted style sheets are missing.
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `media-src 'self' blob: mediastream:`,
    `font-src 'self' data:`,
    `connect-src 'self' ws: wss:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'self'`,
  ].join('; ');
}
