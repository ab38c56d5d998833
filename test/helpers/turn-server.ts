/** A real TURN server, coturn, on an address of this machine. */
import {spawn, type ChildProcess} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** Longest wait for it to listen. */
const START_MS = 10_000;

/** Its program, where it is installed: Debian's package `coturn` puts it into /usr/bin. */
export function findTurnServer(): string | undefined {
  return [process.env.TURNSERVER_PATH, ...(process.env.PATH ?? '').split(':').map(folder => join(folder, 'turnserver'))]
    .find(path => path !== undefined && path !== '' && existsSync(path));
}

async function freePort(host: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const {port} = socket.address();
  await new Promise<void>(resolve => { socket.close(resolve); });
  return port;
}

export class TurnServer {
  /** Everything that it has said. */
  log = '';
  readonly host: string;
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  /** @param folder what it may write to; removed when it stops. */
  constructor(program: string, secret: string, {host, port}: {readonly host: string; readonly port: number}, folder: string) {
    this.host = host;
    this.port = port;
    this.#folder = folder;
    this.#process = spawn(program, [
      '-n', `--listening-ip=${host}`, `--relay-ip=${host}`, `--listening-port=${port}`, '--allow-loopback-peers',
      '--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=mesh-room.test', '--no-cli', '--no-tls', '--no-dtls',
      '--fingerprint', '--verbose', '--log-file=stdout', `--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`,
    ], {stdio: ['ignore', 'pipe', 'pipe']});
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => { this.log += text; });
    }
  }

  /** Starts one that takes credentials made with `secret`, on a free port or on that of one that has been stopped. */
  static async start(program: string, secret: string, host = '127.0.0.1', port?: number): Promise<TurnServer> {
    const folder = await mkdtemp(join(tmpdir(), 'mesh-room-turn-'));
    const server = new TurnServer(program, secret, {host, port: port ?? await freePort(host)}, folder);
    await server.#listens();
    return server;
  }

  get url(): string {
    return `turn:${this.host}:${this.port}`;
  }

  /** Users that it has given a relay address to, in order. */
  get allocations(): readonly string[] {
    return [...this.log.matchAll(/user <([^>]*)>: incoming packet ALLOCATE processed, success/g)].map(([, user = '']) => user);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await exited;
    }
    await rm(this.#folder, {recursive: true, force: true});
  }

  /** Asks by STUN until it answers. */
  async #listens(): Promise<void> {
    // A binding request (RFC 8489): type, length, magic cookie, transaction.
    const request = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
    const socket = createSocket('udp4');
    const answered = once(socket, 'message', {signal: AbortSignal.timeout(START_MS)});
    const again = setInterval(() => socket.send(request, this.port, this.host), 50);
    try {
      await answered;
    } catch (cause) {
      await this.stop();
      throw new Error(`coturn does not answer:\n${this.log}`, {cause});
    } finally {
      clearInterval(again);
      socket.close();
    }
  }
}
