import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {Counters} from './counters.js';
import {embedDeepstream} from './deepstream/embed.js';
import {SocketHub} from './deepstream/socket-hub.js';
import {listenError} from './errors.js';
import {Allowances} from './guard/allowance.js';
import {Gate} from './guard/gate.js';
import {Identity} from './guard/identity.js';
import {RoomGuard} from './guard/room-guard.js';
import {health, type Health} from './health.js';
import {resolveOptions, type ResolvedOptions, type ServerOptions} from './options.js';
import {staticFiles} from './static.js';
import {version} from './version.js';
import {attachTo, serveAlone, Web} from './web.js';

export {ServerError, type ServerErrorCode} from './errors.js';
export {DEFAULT_LIMITS, type ServerLimits, type ServerOptions, type TurnOptions} from './options.js';
export type {IceAnswer} from './ice.js';
export type {Health} from './health.js';

export interface MeshServer {
  /** What to open in a browser, such as `http://127.0.0.1:8080/`. With a `server` of one's own valid once that listens. */
  readonly url: string;
  readonly port: number;
  /** What `/healthz` answers with. */
  health(): Health;
  /** Disconnects everybody and frees the port, within a second. A `server` of one's own stays open. Idempotent. */
  stop(): Promise<void>;
}

/** How long answers that are on their way may take when the server stops. */
const DRAIN_MS = 300;

/**
 * Starts the server: deepstream at `/deepstream`, the page, the script, `/healthz`, with a TURN server `/ice`; all on one port.
 * @throws {ServerError}
 */
export async function startServer(options: ServerOptions = {}): Promise<MeshServer> {
  const resolved = resolveOptions(options);
  const files = resolved.static ? staticFiles({dir: resolved.webDir, page: resolved.page}) : undefined;
  const rooms = await startRooms(resolved);
  const web = new Web({
    files,
    health: rooms.health,
    ice: resolved.turn && {turn: resolved.turn, allowedOrigins: resolved.allowedOrigins},
    upgrade: (request, socket, head) => rooms.hub.upgrade(request, socket, head),
  });
  if (resolved.server) {
    const detach = attachTo(resolved.server, web);
    return meshServer(resolved.server, resolved.host, rooms, async () => detach());
  }
  const server = createServer();
  serveAlone(server, web);
  try {
    await listen(server, resolved.port, resolved.host);
  } catch (error) {
    await rooms.stop();
    throw error;
  }
  return meshServer(server, resolved.host, rooms, () => closeServer(server));
}

interface Rooms {
  readonly hub: SocketHub;
  readonly health: () => Health;
  stop(): Promise<void>;
}

/** deepstream with the guard, without any port. */
async function startRooms({limits, heartbeatMs, allowedOrigins, graceMs, turn, relay, onError}: ResolvedOptions): Promise<Rooms> {
  const counters = new Counters();
  const startedAt = performance.now();
  let isStopping = false;
  const guard = new RoomGuard({limits, counters});
  const gate = new Gate({limits, counters, relay});
  const allowances = new Allowances();
  const identity = new Identity(graceMs, {
    bound(id, connection) {
      allowances.bound(id, connection);
      gate.evictEavesdroppers(id, connection);
    },
    expired: id => guard.removeEverywhere(id),
    isPresent: id => guard.isPresent(id),
  });
  const hub = new SocketHub({limits, heartbeatMs, allowedOrigins, counters, onError}, {
    admit: (connection, message, frame) => gate.admit(connection, message, frame),
    closed(connection) {
      if (isStopping) return;
      guard.forget(connection);
      allowances.closed(connection);
      identity.release(connection);
    },
  });
  const engine = await embedDeepstream(hub, (connection, {username, token, enter}) => {
    connection.phase = 'open';
    identity.logIn(connection, username, token);
    const entered = gate.enter(connection, enter);
    return {
      meshRoom: version, guard: true,
      ...(turn && {ice: true}), ...(!relay && {relay}), ...(connection.userId !== undefined && {id: connection.userId}),
      ...(entered && {entered}),
    };
  });
  guard.attach({identity, cache: engine.services.cache, subscriptions: engine.listSubscriptions});
  gate.attach({hub, identity, guard, events: engine.eventSubscriptions});
  return {
    hub,
    health: () => health({
      counters, startedAt,
      now: () => ({isStopping, sockets: hub.connections.size, users: identity.size, ...guard.counts}),
    }),
    async stop() {
      isStopping = true;
      guard.close();
      identity.close();
      await hub.close();
      await engine.stop();
    },
  };
}

function meshServer(server: Server, host: string, rooms: Rooms, release: () => Promise<void>): MeshServer {
  let stopping: Promise<void> | undefined;
  const address = (): AddressInfo | undefined => {
    const bound = server.address();
    return bound !== null && typeof bound === 'object' ? bound : undefined;
  };
  // Kept for after stop(), when the socket has no address any more.
  let port = address()?.port ?? 0;
  return {
    get port() {
      return port = address()?.port ?? port;
    },
    get url() {
      return `${'cert' in server ? 'https' : 'http'}://${visitable(host)}:${this.port}/`;
    },
    health: rooms.health,
    stop: () => stopping ??= Promise.all([rooms.stop(), release()]).then(() => {}),
  };
}

/** `host` as it stands in a URL; "every address" is no address to open. */
function visitable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, port, host));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

/** Closes idle connections at once (browsers keep some open for a minute) and the others after `DRAIN_MS`. */
function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
