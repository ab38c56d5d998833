/** A TCP proxy on 127.0.0.1 that delays, cuts or swallows what passes: a network that a test can break. */
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';

export interface LatencyProxyOptions {
  readonly targetPort: number;
  /** One-way delay in milliseconds; a round trip takes twice that. Default 0. */
  readonly delayMs?: number;
}

export interface LatencyProxy {
  readonly port: number;
  /** Cuts every connection; new ones pass. */
  dropConnections(): void;
  /** While true, connections stand and nothing passes, as behind a network that went dead without a word. */
  silent: boolean;
  stop(): Promise<void>;
}

export async function startLatencyProxy({targetPort, delayMs = 0}: LatencyProxyOptions): Promise<LatencyProxy> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const state = {silent: false};
  /** Runs after the delay; timers of one length keep their order. */
  const later = (run: () => void): void => {
    if (delayMs === 0) return run();
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, delayMs);
    timers.add(timer);
  };
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', data => {
      if (!state.silent) later(() => to.destroyed || to.write(data));
    });
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
  };
  const server = createServer({allowHalfOpen: true}, client => {
    const upstream = connect({port: targetPort, host: '127.0.0.1', allowHalfOpen: true});
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    dropConnections,
    get silent() {
      return state.silent;
    },
    set silent(silent) {
      state.silent = silent;
    },
    stop() {
      return new Promise(resolve => {
        server.close(() => resolve());
        dropConnections();
        for (const timer of timers) clearTimeout(timer);
      });
    },
  };
}
