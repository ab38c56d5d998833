/** Who this user is in a room: somebody new in each, and after each leave. */
import {createIdentity} from '../mesh/secure/identity.js';
import type {Identity} from '../mesh/secure/types.js';
import {hasCryptography} from './checks.js';

/** An id that is its owner's by a key, where the page may use cryptography. */
export type Self = Identity | {readonly id: string};

/** A key pair, its bytes and their digest are three turns through other threads, for which whoever joins would wait. */
let spare: Promise<Self> | undefined;

/** Makes the next one before it is needed. */
export function prepareSelf(): void {
  spare ??= createSelf();
  // Whoever takes it is told.
  spare.catch(() => undefined);
}

/** @returns one that nobody else has had. */
export function takeSelf(): Promise<Self> {
  const self = spare ?? createSelf();
  spare = undefined;
  return self;
}

const createSelf = async (): Promise<Self> => hasCryptography() ? createIdentity() : {id: randomId()};

/** 100 random bits in letters and digits: nobody can guess an id before its owner has entered the List. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return Array.from(bytes, byte => (byte & 31).toString(32)).join('');
}

prepareSelf();
