import {fork} from 'node:child_process';
import {once} from 'node:events';
import {connect, createServer, type AddressInfo} from 'node:net';
import {setTimeout as wait} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const START_MS = 10_000;

export interface Program {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Runs somebody's server as the program that it is.
 * @param file below `bench/node_modules`
 * @param wanted the port, or 0 for a free one
 * @param options its arguments and environment, which tell it the port
 */
export async function startProgram(
  file: string, wanted: number, options: (port: number) => {args?: string[]; env?: Record<string, string>}): Promise<Program> {
  const port = wanted || await freePort();
  const {args = [], env = {}} = options(port);
  const program = fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url));
  const child = fork(program, args, {env: {...process.env, ...env}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: []});
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // It has nothing to save, and may wait for whoever is connected.
    child.kill('SIGKILL');
    await ended;
  };
  for (const until = performance.now() + START_MS; !await answers(port);) {
    if (child.exitCode !== null || performance.now() > until) {
      await stop();
      throw new Error(`${file} does not listen on port ${port}`);
    }
    await wait(20);
  }
  return {port, stop};
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
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const {port} = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
