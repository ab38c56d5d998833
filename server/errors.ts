/**
 * Why the server could not start, in a word that code can switch on.
 *
 * - `bad-option`: an option cannot be used; the message says which and what is expected
 * - `port-in-use`, `port-denied`, `bad-host`, `listen-failed`: the port could not be opened
 * - `missing-build`: the files that browsers load are not there
 * - `engine-failed`: the embedded deepstream server did not start
 */
export type ServerErrorCode =
  | 'bad-option' | 'port-in-use' | 'port-denied' | 'bad-host' | 'listen-failed' | 'missing-build' | 'engine-failed';

/** The only error that `startServer` rejects with. `message` is one line that says what to do. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What `listen` failed with, in words that help whoever typed the command. */
export function listenError(error: NodeJS.ErrnoException, port: number, host: string): ServerError {
  const cause = {cause: error};
  switch (error.code) {
    case 'EADDRINUSE':
      return new ServerError('port-in-use',
        `Port ${port} on ${host} is in use: stop the program that uses it, or choose another with --port.`, cause);
    case 'EACCES':
      return new ServerError('port-denied',
        `Port ${port} on ${host} may not be opened by this user: choose one above 1023 with --port.`, cause);
    case 'EADDRNOTAVAIL': case 'ENOTFOUND': case 'EAI_AGAIN': case 'EINVAL':
      return new ServerError('bad-host',
        `Host "${host}" is not an address of this machine: try --host 127.0.0.1, or 0.0.0.0 for all of its addresses.`, cause);
    default:
      return new ServerError('listen-failed', `Could not listen on ${host}:${port}: ${error.message}.`, cause);
  }
}
