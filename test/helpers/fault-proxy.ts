/** A TCP relay that delays, stalls, cuts or swallows what passes: a network that a test can break. */
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';

export interface FaultProxyOptions {
  readonly targetPort: number;
  /** One-way delay in milliseconds; a round trip takes twice that. Default 0. */
  readonly delayMs?: number;
  /** Address of this machine to listen on. Default 127.0.0.1. */
  readonly host?: string;
}

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';

export interface FaultProxy {
  readonly port: number;
  /** What is swallowed: connections stand, and nothing passes that way, as behind a network that went dead without a word. */
  swallow: 'nothing' | 'everything' | Direction;
  /** While true, nothing passes; what came meanwhile passes afterwards. */
  stalled: boolean;
  /** Whether new connections are cut at once. */
  refusing: boolean;
  /** Cuts every connection. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startFaultProxy({targetPort, delayMs = 0, host = '127.0.0.1'}: FaultProxyOptions): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let held: Array<() => void> = [];
  let stalled = false;
  /** Runs after the delay, or when the stall is over; the order is kept. */
  const later = (run: () => void): void => {
    if (stalled) held.push(run);
    else if (delayMs === 0) run();
    else {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (stalled) held.push(run);
        else run();
      }, delayMs);
      timers.add(timer);
    }
  };
  const pass = (from: Socket, to: Socket, direction: Direction): void => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', data => {
      if (proxy.swallow !== 'everything' && proxy.swallow !== direction) later(() => to.destroyed || to.write(data));
    });
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
  };
  const server = createServer({allowHalfOpen: true}, client => {
    if (proxy.refusing) return void client.destroy();
    const upstream = connect({port: targetPort, host: '127.0.0.1', allowHalfOpen: true});
    pass(client, upstream, 'up');
    pass(upstream, client, 'down');
  });
  await new Promise<void>(resolve => server.listen(0, host, resolve));
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    swallow: 'nothing',
    refusing: false,
    get stalled() {
      return stalled;
    },
    set stalled(stall) {
      stalled = stall;
      if (!stall) for (const run of held.splice(0)) run();
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    stop() {
      return new Promise(resolve => {
        server.close(() => resolve());
        held = [];
        proxy.cut();
        for (const timer of timers) clearTimeout(timer);
      });
    },
  };
  return proxy;
}
