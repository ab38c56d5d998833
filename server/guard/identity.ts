import {createHash, timingSafeEqual} from 'node:crypto';
import type {Connection} from '../deepstream/connection.js';

const MAX_ID_LENGTH = 128;
/** Control characters, and halves of surrogate pairs, which no UTF-8 can carry. */
const UNFIT = /[\p{Cc}\p{Cs}]/u;

/** Whether `value` can be a user's id: 1 to 128 UTF-16 units without control characters. */
export const isUserId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH && !UNFIT.test(value);

interface Binding {
  /** SHA-256 of the token that proves this id; `undefined` for an id that was bound without one. */
  readonly proof: Buffer | undefined;
  /** The socket that speaks for the id; `undefined` while its last one is gone and the grace period runs. */
  owner: Connection | undefined;
  grace: NodeJS.Timeout | undefined;
}

export interface IdentityHandlers {
  /** `connection` speaks for `id` from now on. */
  bound(id: string, connection: Connection): void;
  /** Nobody spoke for `id` for the grace period. */
  expired(id: string): void;
  /** Whether `id` is in a List, so that it is worth waiting for its return. */
  isPresent(id: string): boolean;
}

/**
 * Which socket speaks for which user id. One socket speaks for one id, and one id has one socket:
 *
 * - bound at login by `username` and a secret `token`: whoever shows the same token again takes the id over;
 * - otherwise bound to the first id that it adds to a List, as plain pages do.
 *
 * An id whose socket is gone stays taken for the grace period. A token holder comes back by its token; an id without a token
 * goes to the socket that claims it first, because deepstream's client subscribes again after a reconnect but proves nothing.
 */
export class Identity {
  readonly #bindings = new Map<string, Binding>();
  readonly #graceMs: number;
  readonly #handlers: IdentityHandlers;

  constructor(graceMs: number, handlers: IdentityHandlers) {
    this.#graceMs = graceMs;
    this.#handlers = handlers;
  }

  /** How many ids are taken, those within their grace period included. */
  get size(): number {
    return this.#bindings.size;
  }

  /** The live socket that speaks for `id`. */
  owner(id: string): Connection | undefined {
    return this.#bindings.get(id)?.owner;
  }

  /** Whether `id` is somebody else's: of a live socket, or of a token holder within its grace period. */
  isForeign(id: string, connection: Connection): boolean {
    const binding = this.#bindings.get(id);
    if (!binding || binding.owner === connection) return false;
    return binding.owner !== undefined || binding.proof !== undefined;
  }

  /**
   * Binds at login. Anything that does not fit leaves the socket unbound; the login itself always succeeds.
   * @param username, token - as the client sent them, unchecked
   */
  logIn(connection: Connection, username: unknown, token: unknown): void {
    if (!isUserId(username)) return;
    if (typeof token !== 'string' || token === '') {
      connection.claimedName = username;
      return;
    }
    const proof = createHash('sha256').update(token).digest();
    const binding = this.#bindings.get(username);
    if (!binding) {
      this.#bind(username, connection, {proof, owner: undefined, grace: undefined});
    } else if (binding.proof && timingSafeEqual(binding.proof, proof)) {
      // The older socket, half-open as a rule, speaks for nobody from here on. It is not closed: two live tabs with one token
      // would otherwise throw each other out for ever.
      if (binding.owner) binding.owner.userId = undefined;
      this.#bind(username, connection, binding);
    }
  }

  /** Binds a socket without a token to `id`, if the id is free or waits for somebody like it. */
  claim(connection: Connection, id: string): boolean {
    if (connection.userId !== undefined) return connection.userId === id;
    if (!this.isClaimable(id)) return false;
    this.#bind(id, connection, this.#bindings.get(id) ?? {proof: undefined, owner: undefined, grace: undefined});
    return true;
  }

  /** The live socket of an id that was never proved by a token, if it is not `connection` itself. */
  unprovenOwner(id: string, connection: Connection): Connection | undefined {
    const binding = this.#bindings.get(id);
    return binding?.proof || binding?.owner === connection ? undefined : binding?.owner;
  }

  /** Whether a socket without a token could be bound to `id`. */
  isClaimable(id: string): boolean {
    const binding = this.#bindings.get(id);
    return isUserId(id) && (!binding || (!binding.owner && !binding.proof));
  }

  /** Whether `id` waits for the return of somebody who never showed a token. */
  isAwaited(id: string): boolean {
    const binding = this.#bindings.get(id);
    return binding !== undefined && !binding.owner && !binding.proof;
  }

  /** Lets a socket that is in no List any more give up an id that it never proved, so that it may add another. */
  giveUp(connection: Connection): void {
    const id = connection.userId;
    if (id === undefined || this.#bindings.get(id)?.proof || this.#handlers.isPresent(id)) return;
    this.#bindings.delete(id);
    connection.userId = undefined;
  }

  /** The socket is gone. */
  release(connection: Connection): void {
    const id = connection.userId;
    const binding = id === undefined ? undefined : this.#bindings.get(id);
    if (id === undefined || binding?.owner !== connection) return;
    binding.owner = undefined;
    if (this.#graceMs > 0 && this.#handlers.isPresent(id)) {
      binding.grace = setTimeout(() => this.#expire(id), this.#graceMs);
    } else {
      this.#expire(id);
    }
  }

  close(): void {
    for (const binding of this.#bindings.values()) clearTimeout(binding.grace);
    this.#bindings.clear();
  }

  #bind(id: string, connection: Connection, binding: Binding): void {
    clearTimeout(binding.grace);
    binding.grace = undefined;
    binding.owner = connection;
    this.#bindings.set(id, binding);
    connection.userId = id;
    this.#handlers.bound(id, connection);
  }

  #expire(id: string): void {
    this.#bindings.delete(id);
    this.#handlers.expired(id);
  }
}
