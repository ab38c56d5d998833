/**
 * A deepstream server that is not ours: `@deepstream/server` as it comes (no login check, no permissions, no plugin), on a free
 * port of 127.0.0.1. Only what would reach outside or outlive the test is turned off: telemetry, the log, endpoints on fixed
 * ports, and timers that its `stop()` forgets.
 */
import type {Server} from 'node:http';
import {Deepstream} from '@deepstream/server';

/** How long a stopping server waits for its sockets' close frames before it cuts them; a frozen client never sends one. */
const CLOSE_GRACE_MS = 200;

export interface StockServerOptions {
  /** Port to listen on; default 0, any free one. Give the old one to restart in place. */
  readonly port?: number;
  /** Milliseconds between heartbeats; default 30,000 as in deepstream. */
  readonly heartbeatInterval?: number;
  /** Rules for deepstream's `config` permission plugin; default: everything is allowed. */
  readonly permissions?: Record<string, unknown>;
  /** Replaces the login check; default: everybody is let in under the name that they bring. */
  readonly authentication?: StockAuthentication;
}

/** The part of deepstream's authentication interface that a test may want to stand in for. */
export interface StockAuthentication {
  whenReady(): Promise<void>;
  close(): Promise<void>;
  isValidUser(connection: unknown, auth: unknown): Promise<{isValid: boolean; id?: string; clientData?: unknown}>;
}

export interface StockServer {
  /** Endpoint for clients, `ws://127.0.0.1:<port>/deepstream`. */
  readonly url: string;
  readonly port: number;
  readonly server: Deepstream;
  /** The entries of a List as the server holds them; empty when there is none. */
  entries(list: string): readonly string[];
  /** Ends every connection at once, without a close frame, as a network that went away. */
  dropConnections(): void;
  /** Stops listening, ends all connections, leaves no timer. Idempotent. */
  stop(): Promise<void>;
}

/** What deepstream keeps to itself and a test has to reach; checked against 7.0.2. */
interface HttpService {
  readonly pluginOptions: {port: number};
  readonly server: Server;
  readonly connections: Map<{terminate(): void}, unknown>;
}

/** @throws what the http server throws, e.g. when `port` is taken. */
export async function startStockServer(
  {port = 0, heartbeatInterval = 30_000, permissions, authentication}: StockServerOptions = {}): Promise<StockServer> {
  const title = process.title;
  const config = {
    showLogo: false,
    logLevel: 'OFF',
    logger: {type: 'default', options: {colors: false, logLevel: 'OFF'}},
    telemetry: {type: 'deepstreamIO', options: {enabled: false}},
    // The schema refuses port 0; the real one is set below.
    httpServer: {type: 'default', options: {host: '127.0.0.1', port: port || 1}},
    connectionEndpoints: [{type: 'ws-binary', options: {urlPath: '/deepstream', heartbeatInterval}}],
    auth: [{type: 'none', options: {}}],
    permission: permissions
      ? {type: 'config', options: {permissions, maxRuleIterations: 3, cacheEvacuationInterval: 60_000}}
      : {type: 'none', options: {}},
  };
  const server = new Deepstream(config as unknown as ConstructorParameters<typeof Deepstream>[0]);
  if (authentication) server.set('authentication', authentication);
  const services = server.getServices() as unknown as {
    httpService: HttpService;
    subscriptions: {pluginOptions: {subscriptionsSanityTimer: number}};
    cache: {data: Map<string, {data: unknown}>};
  };
  services.httpService.pluginOptions.port = port;
  // 0 is the registry's own "no timers"; the schema does not let one say so, and `stop()` clears none of the twelve.
  services.subscriptions.pluginOptions.subscriptionsSanityTimer = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('started', () => resolve());
    server.once('FATAL_EXCEPTION', () => reject(new Error('deepstream did not start')));
    server.start();
    services.httpService.server?.once('error', reject);
  });
  process.title = title;
  const address = services.httpService.server.address();
  if (address === null || typeof address === 'string') throw new Error('deepstream listens on no port');
  const bound = address.port;
  const dropConnections = (): void => services.httpService.connections.forEach((_, socket) => socket.terminate());
  let stopped: Promise<void> | undefined;
  return {
    url: `ws://127.0.0.1:${bound}/deepstream`,
    port: bound,
    server,
    entries(list) {
      const data = services.cache.data.get(list)?.data;
      return Array.isArray(data) ? data as string[] : [];
    },
    dropConnections,
    stop() {
      stopped ??= new Promise<void>(resolve => {
        const cut = setTimeout(dropConnections, CLOSE_GRACE_MS);
        server.once('stopped', () => {
          clearTimeout(cut);
          resolve();
        });
        server.stop();
      });
      return stopped;
    },
  };
}
