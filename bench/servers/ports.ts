import {connect, createServer, type AddressInfo} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';

const START_MS = 10_000;

/** Resolves when somebody answers at this port. */
export async function listens(port: number): Promise<void> {
  for (const until = performance.now() + START_MS; !await answers(port);) {
    if (performance.now() > until) throw new Error(`nobody listens on port ${port}`);
    await wait(20);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** One that nobody has at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
