import type {Server} from 'node:http';
import {fileURLToPath} from 'node:url';
import {ServerError} from './errors.js';
import {isBuilt} from './version.js';

/** Bounds against a client that is broken or means harm. No honest page comes near them; `docs/server.md` gives the reasons. */
export interface ServerLimits {
  /** Bytes of one message. A session description with audio and video has about 10 kB. */
  readonly messageBytes: number;
  /** Messages that one socket may send at once; in a room of 32 a join sends 31 × about 20 signals. */
  readonly messageBurst: number;
  /** Messages per second that one socket may send in the long run. */
  readonly messagesPerSecond: number;
  /** Bytes of one event: a signal, or a frame of a routed link. */
  readonly eventBytes: number;
  /** Events that one user may emit at once; those above are dropped. */
  readonly eventBurst: number;
  /** Events per second that one user may emit in the long run. */
  readonly eventsPerSecond: number;
  /** Bytes of events per second in the long run; eight times as many at once. */
  readonly eventBytesPerSecond: number;
  /** Bytes of one event that is a frame of a routed link. */
  readonly frameBytes: number;
  /** Of the events, such frames: at once, … */
  readonly frameBurst: number;
  /** … per second in the long run, … */
  readonly framesPerSecond: number;
  /** … and their bytes; at once, `frameBurst` of the largest. */
  readonly frameBytesPerSecond: number;
  /** Events of one user that were dropped or too large, at which its socket is closed; 10 a second are forgiven. */
  readonly excessEvents: number;
  /** Milliseconds in which a new socket must log in. */
  readonly loginMs: number;
  /**
   * Milliseconds without a message after which a socket is cut although it answers pings: a frozen page, whose browser does that for it.
   * deepstream's clients say something every 30 s at the latest, from a hidden page every minute.
   */
  readonly silentMs: number;
  /** Sockets overall. */
  readonly sockets: number;
  /** Lists and signal names that one socket may be subscribed to. */
  readonly subscriptionsPerSocket: number;
  /** Lists that one user id may be in. */
  readonly listsPerUser: number;
  /** Lists overall. */
  readonly lists: number;
  /** User ids in one List. */
  readonly idsPerList: number;
}

export const DEFAULT_LIMITS: ServerLimits = Object.freeze({
  messageBytes: 64 * 1024,
  messageBurst: 4000,
  messagesPerSecond: 1000,
  eventBytes: 48 * 1024,
  eventBurst: 2000,
  eventsPerSecond: 200,
  eventBytesPerSecond: 512 * 1024,
  frameBytes: 12 * 1024,
  frameBurst: 240,
  framesPerSecond: 30,
  frameBytesPerSecond: 256 * 1024,
  excessEvents: 2000,
  loginMs: 5000,
  silentMs: 150_000,
  sockets: 4096,
  subscriptionsPerSocket: 256,
  listsPerUser: 64,
  lists: 8192,
  idsPerList: 512,
});

/** A TURN server that shares a secret with this one, so that members get credentials for it that expire. */
export interface TurnOptions {
  /** Its addresses as browsers take them: `turn:turn.example:3478`, `turns:turn.example:5349?transport=tcp`; 1 to 16. */
  readonly urls: readonly string[];
  /** At least 16 characters: whoever has been given credentials can try secrets at leisure. coturn calls it `static-auth-secret`. */
  readonly secret: string;
  /** Seconds that credentials are good for. Default 3600. */
  readonly ttlSeconds?: number;
}

export interface ServerOptions {
  /** Port to listen on; 0 takes a free one. Default 8080. Not used with `server`. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: this machine only. Not used with `server`. */
  readonly host?: string;
  /** An `http.Server` (or `https.Server`) of one's own to attach to; its other requests stay with its own listeners. */
  readonly server?: Server;
  /** Whether to serve the built files (`/mesh-room.js`, `/assets/`). Default true. */
  readonly static?: boolean;
  /** Whether to serve the page at `/` and `/r/<room>` too. Default true. */
  readonly page?: boolean;
  /** Folder with the built files. Default: the one that was built or installed with this server. */
  readonly webDir?: string;
  /** Milliseconds that a user whose last socket closed stays in its Lists, so that a blip does not flap. Default 500. */
  readonly graceMs?: number;
  /** Milliseconds between pings; a socket silent for two and a half of them is cut. Default 1000. */
  readonly heartbeatMs?: number;
  /** Origins (`https://site.example`) whose pages may connect. Default: every origin. Programs without one always may. */
  readonly allowedOrigins?: readonly string[];
  /** What `/ice` hands out credentials for. Default: nothing, and there is no `/ice`. */
  readonly turn?: TurnOptions;
  /**
   * Whether members that nothing else links may talk through this server, sealed end to end; 256 kB a second each at most, see `limits`.
   * Default true.
   */
  readonly relay?: boolean;
  readonly limits?: Partial<ServerLimits>;
  /** Told of exceptions that were contained. Default: none is told; `/healthz` counts them. */
  readonly onError?: (error: unknown) => void;
}

export interface ResolvedOptions {
  readonly port: number;
  readonly host: string;
  readonly server: Server | undefined;
  readonly static: boolean;
  readonly page: boolean;
  readonly webDir: string;
  readonly graceMs: number;
  readonly heartbeatMs: number;
  readonly allowedOrigins: ReadonlySet<string> | undefined;
  readonly turn: Required<TurnOptions> | undefined;
  readonly relay: boolean;
  readonly limits: ServerLimits;
  readonly onError: (error: unknown) => void;
}

export const DEFAULT_PORT = 8080;
export const DEFAULT_HOST = '127.0.0.1';
/** Long enough for a reconnect, short enough that a killed tab is gone from every roster within 2 s on a machine that is busy. */
const DEFAULT_GRACE_MS = 500;
/** Cuts a frozen socket 2 to 3 s after its last sign of life; a ping and its answer take 8 bytes. */
const DEFAULT_HEARTBEAT_MS = 1000;
/** Long enough for any attempt at a connection; one that stands goes on, because TURN servers look at the time when it is made. */
const DEFAULT_TURN_TTL_SECONDS = 3600;
const MIN_TURN_SECRET_LENGTH = 16;
const MAX_TURN_URLS = 16;

const OPTION_NAMES: ReadonlySet<string> = new Set([
  'port', 'host', 'server', 'static', 'page', 'webDir', 'graceMs', 'heartbeatMs', 'allowedOrigins', 'turn', 'relay', 'limits', 'onError',
] satisfies Array<keyof ServerOptions>);

const defaultWebDir = (): string => fileURLToPath(new URL(isBuilt ? '../web' : '../dist/web', import.meta.url));

function integer(name: string, value: unknown, from: number, to: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
  throw new ServerError('bad-option', `${name} must be a whole number from ${from} to ${to}, not ${show(value)}.`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** `origin` as browsers send it: scheme, host and port only. */
function originOf(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash) return url.origin;
  throw new ServerError('bad-option', `An allowed origin reads like https://site.example, not ${show(value)}.`);
}

function resolveTurn(turn: TurnOptions | undefined): Required<TurnOptions> | undefined {
  if (turn === undefined) return undefined;
  const {urls, secret, ttlSeconds} = turn;
  // `isArray` alone would make them `any`.
  const isList: boolean = Array.isArray(urls);
  if (!isList || urls.length === 0 || urls.length > MAX_TURN_URLS) {
    throw new ServerError('bad-option', `turn.urls must be a list of 1 to ${MAX_TURN_URLS} addresses.`);
  }
  // RFC 7065, which is all that browsers take.
  const wrong = (urls as readonly unknown[])
    .find(url => typeof url !== 'string' || !/^turns?:([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?(\?transport=(udp|tcp))?$/i.test(url));
  if (wrong !== undefined) throw new ServerError('bad-option', `A TURN address reads like turn:turn.example:3478, not ${show(wrong)}.`);
  if (typeof secret !== 'string' || secret.length < MIN_TURN_SECRET_LENGTH) {
    throw new ServerError('bad-option', `The secret shared with the TURN server must have at least ${MIN_TURN_SECRET_LENGTH} characters.`);
  }
  return {urls: [...urls], secret, ttlSeconds: integer('turn.ttlSeconds', ttlSeconds ?? DEFAULT_TURN_TTL_SECONDS, 1, 30 * 86_400)};
}

function resolveLimits(given: Partial<ServerLimits> | undefined): ServerLimits {
  const limits: Record<string, number> = {...DEFAULT_LIMITS};
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!(name in DEFAULT_LIMITS)) throw new ServerError('bad-option', `There is no limit "${name}".`);
    if (value !== undefined) limits[name] = integer(`limits.${name}`, value, 1, 2 ** 31 - 1);
  }
  return limits as unknown as ServerLimits;
}

/**
 * Options with every default filled in.
 * @throws {ServerError} `bad-option`
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name)) throw new ServerError('bad-option', `There is no option "${name}".`);
  }
  const host = options.host ?? DEFAULT_HOST;
  if (typeof host !== 'string' || !/^[^\s/]+$/.test(host)) {
    throw new ServerError('bad-option', `host must be a name or an address, not ${show(host)}.`);
  }
  return {
    port: integer('port', options.port ?? DEFAULT_PORT, 0, 65535),
    host,
    server: options.server,
    static: options.static ?? true,
    page: options.page ?? true,
    webDir: options.webDir ?? defaultWebDir(),
    graceMs: integer('graceMs', options.graceMs ?? DEFAULT_GRACE_MS, 0, 3_600_000),
    heartbeatMs: integer('heartbeatMs', options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS, 50, 3_600_000),
    allowedOrigins: options.allowedOrigins && new Set(options.allowedOrigins.map(originOf)),
    turn: resolveTurn(options.turn),
    relay: options.relay ?? true,
    limits: resolveLimits(options.limits),
    onError: options.onError ?? (() => {}),
  };
}
