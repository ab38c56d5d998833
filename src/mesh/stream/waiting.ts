import type {MeshError} from '../errors.js';

/** Somebody waits for the transport to take a message. Either call ends the wait. */
export interface Waiting {
  resolve(): void;
  reject(error: MeshError): void;
  /** When the wait began, on the clock's scale. */
  readonly since: number;
}
