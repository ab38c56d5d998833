import {parseArgs} from 'node:util';
import {ServerError} from './errors.js';
import {startServer, type ServerOptions} from './index.js';
import {DEFAULT_HOST, DEFAULT_PORT} from './options.js';
import {version} from './version.js';

const HELP = `mesh-room ${version} - a live room for any web page

Usage: mesh-room [options]

  --port <number>        port to listen on, 0 for a free one (default: PORT, else ${DEFAULT_PORT})
  --host <address>       address to listen on (default: ${DEFAULT_HOST}, this machine only; 0.0.0.0 for all)
  --allow-origin <url>   origin whose pages may connect, such as https://site.example; may be repeated (default: any)
  --turn <url>           TURN server to hand out credentials for, such as turn:turn.example:3478; may be repeated. The secret
                         that it shares with this one is read from TURN_SECRET
  --turn-ttl <seconds>   how long such credentials are good for (default: 3600)
  --relay <on|off>       whether members that nothing else links may talk through this server (default: on)
  --help                 show this
  --version              show the version

GET /healthz tells how the server is doing.
`;

/** Options from the command line and the environment; a word when there is only something to print. */
function readCommand(args: readonly string[]): ServerOptions | 'help' | 'version' {
  const {values} = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  // An empty PORT is what a shell leaves of an unset one.
  const fromEnvironment = process.env.PORT === '' ? undefined : process.env.PORT;
  const port = values.port ?? fromEnvironment;
  return {
    ...(port !== undefined && {port: portOf(port, values.port === undefined ? 'PORT' : '--port')}),
    ...(values.host !== undefined && {host: values.host}),
    ...(values['allow-origin'] && {allowedOrigins: values['allow-origin']}),
    ...(values.relay !== undefined && {relay: isOn(values.relay, '--relay')}),
    ...turnOf(values.turn, values['turn-ttl']),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: {type: 'string', short: 'p'},
        host: {type: 'string'},
        'allow-origin': {type: 'string', multiple: true},
        turn: {type: 'string', multiple: true},
        'turn-ttl': {type: 'string'},
        relay: {type: 'string'},
        help: {type: 'boolean', short: 'h'},
        version: {type: 'boolean', short: 'v'},
      },
    });
  } catch (error) {
    // Node's message may go on with advice over several lines; the first sentence names the option.
    const [first = ''] = String(error instanceof Error ? error.message : error).split(/\n|\. /, 1);
    throw new ServerError('bad-option', `${first.replace(/\.$/, '')}. See mesh-room --help.`, {cause: error});
  }
}

function portOf(text: string, name: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new ServerError('bad-option', `${name} must be a number from 0 to 65535, not "${text}".`);
}

function isOn(text: string, name: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new ServerError('bad-option', `${name} must be "on" or "off", not "${text}".`);
}

function turnOf(urls: readonly string[] | undefined, ttl: string | undefined): Pick<ServerOptions, 'turn'> {
  if (!urls) {
    if (ttl !== undefined) throw new ServerError('bad-option', '--turn-ttl says nothing without --turn.');
    return {};
  }
  // Not an option: other users of the machine can read command lines.
  const secret = process.env.TURN_SECRET;
  if (!secret) throw new ServerError('bad-option', '--turn needs the secret that the TURN server shares, in TURN_SECRET.');
  if (ttl !== undefined && !/^\d+$/.test(ttl)) throw new ServerError('bad-option', `--turn-ttl must be a number of seconds, not "${ttl}".`);
  return {turn: {urls, secret, ...(ttl !== undefined && {ttlSeconds: Number(ttl)})}};
}

const welcome = (url: string): string => `Mesh Room is running at ${url}

  Try it:     open ${url} in two tabs
  Embed it:   <script type="module" src="${url}mesh-room.js"></script>
              <mesh-room room="lobby"></mesh-room>
  Stop it:    Ctrl-C
`;

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if (command === 'version') {
    process.stdout.write(`${version}\n`);
    return;
  }
  let isStopping = false;
  const stopped = new Promise<void>(resolve => {
    const stop = (): void => {
      // Whoever asks twice means it.
      if (isStopping) process.exit(130);
      isStopping = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  const server = await startServer({...command, onError: error => console.error(error)});
  process.stdout.write(welcome(server.url));
  await stopped;
  // Nothing is left after this, so the process ends by itself.
  await server.stop();
}

main().catch((error: unknown) => {
  console.error(error instanceof ServerError ? `mesh-room: ${error.message}` : error);
  process.exitCode = 1;
});
