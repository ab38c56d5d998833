import type {IncomingMessage, Server, ServerResponse} from 'node:http';
import type {Duplex} from 'node:stream';
import {ENDPOINT_PATH} from './deepstream/embed.js';
import {refuseUpgrade} from './deepstream/socket-hub.js';
import type {Health} from './health.js';
import {answerIce, type IceOptions} from './ice.js';
import type {StaticFiles} from './static.js';

export interface WebOptions {
  readonly files: StaticFiles | undefined;
  health(): Health;
  /** Without it there is no `/ice`. */
  readonly ice: IceOptions | undefined;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** The path of a request, without query; `//evil` and absolute forms included. */
const pathOf = (request: IncomingMessage): string => {
  const target = request.url ?? '/';
  const path = target.startsWith('/') ? target : URL.canParse(target) ? new URL(target).pathname : '/';
  return path.split(/[?#]/, 1)[0]!;
};

/** What this server answers, on an `http.Server` of ours or of somebody else. */
export class Web {
  readonly #options: WebOptions;
  #detached = false;

  constructor(options: WebOptions) {
    this.#options = options;
  }

  /** Answers a request that is ours; false when it is not. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#detached) return false;
    const path = pathOf(request);
    if (path === '/healthz') {
      this.#answerHealth(request, response);
      return true;
    }
    if (path === ENDPOINT_PATH) {
      answerText(request, response, 426, 'This is the WebSocket endpoint of Mesh Room; it has nothing to show.',
        {Upgrade: 'websocket', Connection: 'Upgrade'});
      return true;
    }
    const {files, ice} = this.#options;
    if (ice && path === '/ice') {
      answerIce(request, response, ice);
      return true;
    }
    if (!files?.has(path)) return false;
    files.serve(request, response, path);
    return true;
  }

  /** Takes a WebSocket handshake that is ours; false when it is not. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (pathOf(request) !== ENDPOINT_PATH) return false;
    this.#options.upgrade(request, socket, head);
    return true;
  }

  /** Answers nothing from here on. */
  detach(): void {
    this.#detached = true;
  }

  #answerHealth(request: IncomingMessage, response: ServerResponse): void {
    const health = this.#options.health();
    response.writeHead(health.status === 'ok' ? 200 : 503, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(health, null, 2)}\n`);
  }
}

function answerText(
  request: IncomingMessage, response: ServerResponse, status: number, text: string, headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
}

/** Makes `web` all that `server` answers; everything else is not there. */
export function serveAlone(server: Server, web: Web): void {
  server.on('request', (request, response) => {
    if (!web.handle(request, response)) {
      answerText(request, response, 404, 'There is nothing at this address. The rooms are at / .');
    }
  });
  server.on('upgrade', (request, socket, head) => {
    if (!web.upgrade(request, socket, head)) refuseUpgrade(socket, 404);
  });
}

/**
 * Puts `web` in front of the listeners that `server` has, or gets later: what is ours never reaches them, what is not ours
 * always does. A listener could not do that, because every listener gets every request; hence `emit`.
 * @returns a function that undoes it
 */
export function attachTo(server: Server, web: Web): () => void {
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (web.upgrade(request, socket, head)) return;
    // Ours is the only listener, so Node waits for us to say that there is nothing.
    if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, 404);
  };
  const original = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean;
  const before = Object.getOwnPropertyDescriptor(server, 'emit');
  const emit: Server['emit'] = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event === 'request' && web.handle(args[0] as IncomingMessage, args[1] as ServerResponse)) return true;
    return original(event, ...args);
  };
  server.emit = emit;
  // Without a listener Node would hand upgrades to 'request'.
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    // Somebody who wrapped `emit` after us keeps their wrapper; ours then lets everything pass.
    if (Object.getOwnPropertyDescriptor(server, 'emit')?.value === emit) {
      if (before) Object.defineProperty(server, 'emit', before);
      else Reflect.deleteProperty(server, 'emit');
    }
    web.detach();
  };
}
