/**
 * What went wrong, in a word that code can switch on. `docs/errors.md` says for each what it means and what to do.
 *
 * - `bad-room`, `bad-url`, `bad-data`: what the page's author passed cannot be used
 * - `insecure-context`, `no-webrtc`: this page or browser cannot open links
 * - `server-unreachable`: nothing answered at the endpoint
 * - `not-deepstream`: something answered that does not speak deepstream
 * - `denied`: the server refused the login, the List or a signal
 * - `server-lost`: the connection went away while joined; it is being mended
 * - `link-failed`: one pair could not be linked; it is tried again
 * - `bad-frame`, `flood`, `too-large`, `bad-version`: what a remote peer sent was dropped
 * - `storage-failed`: this device does not keep messages
 * - `undelivered`: `send` did not reach the ids in `ids`
 * - `not-joined`, `aborted`: the room was left, or never entered
 */
export type MeshErrorCode =
  | 'bad-room' | 'bad-url' | 'bad-data'
  | 'insecure-context' | 'no-webrtc'
  | 'server-unreachable' | 'not-deepstream' | 'denied' | 'server-lost'
  | 'link-failed'
  | 'bad-frame' | 'flood' | 'too-large' | 'bad-version'
  | 'storage-failed'
  | 'undelivered' | 'not-joined' | 'aborted';

export interface MeshErrorOptions extends ErrorOptions {
  /** The user ids that the error is about. */
  readonly ids?: readonly string[];
}

/** The only error type of this project. `message` is for a developer; visitors read the words of `src/room/words.ts`. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly code: MeshErrorCode;
  /** The user ids that the error is about; for `undelivered` those that the message did not reach. */
  readonly ids: readonly string[];

  constructor(code: MeshErrorCode, message: string, {ids = [], ...options}: MeshErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.ids = Object.freeze([...ids]);
  }
}

/** `error` as a `MeshError`: itself if it is one, otherwise wrapped as `code` with `error` as its cause. */
export function asMeshError(error: unknown, code: MeshErrorCode): MeshError {
  if (error instanceof MeshError) return error;
  return new MeshError(code, error instanceof Error ? error.message : String(error), {cause: error});
}
