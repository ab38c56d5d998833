import {createHmac, randomBytes} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {TurnOptions} from './options.js';

/** What `/ice` answers with: the form of draft-uberti-behave-turn-rest-00, which TURN servers such as coturn check by themselves. */
export interface IceAnswer {
  /** `<expiry in seconds since 1970>:<user>`. The user is made up for each answer, so that a TURN server's log tells nothing of people. */
  readonly username: string;
  /** Base64 of the HMAC-SHA1 of `username` with the secret that the TURN server shares. */
  readonly password: string;
  /** Seconds for which they can be used. */
  readonly ttl: number;
  readonly uris: readonly string[];
}

export interface IceOptions {
  readonly turn: Required<TurnOptions>;
  /** Origins whose pages may ask; undefined for all. */
  readonly allowedOrigins: ReadonlySet<string> | undefined;
}

/** Credentials that a TURN server takes for `ttlSeconds` from `now`, in milliseconds since 1970. */
export function turnCredentials({urls, secret, ttlSeconds}: Required<TurnOptions>, now = Date.now()): IceAnswer {
  const username = `${Math.floor(now / 1000) + ttlSeconds}:${randomBytes(9).toString('base64url')}`;
  const password = createHmac('sha1', secret).update(username).digest('base64');
  return {username, password, ttl: ttlSeconds, uris: urls};
}

/** Answers a request for `/ice`. */
export function answerIce(request: IncomingMessage, response: ServerResponse, {turn, allowedOrigins}: IceOptions): void {
  const {origin} = request.headers;
  const isAllowed = !allowedOrigins || origin === undefined || allowedOrigins.has(origin);
  // A program without an origin needs no leave.
  const readableBy = !isAllowed ? undefined : allowedOrigins ? origin : '*';
  const headers: Record<string, string> = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(allowedOrigins && {Vary: 'Origin'}),
    ...(readableBy !== undefined && {'Access-Control-Allow-Origin': readableBy, 'Cross-Origin-Resource-Policy': 'cross-origin'}),
  };
  const say = (status: number, body: unknown, more: Record<string, string> = {}): void => {
    response.writeHead(status, {...headers, ...more});
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, {error: 'Ask with GET.'}, {Allow: 'GET, HEAD'});
  if (!isAllowed) return say(403, {error: 'Pages of this origin may not ask.'});
  say(200, turnCredentials(turn));
}
