/** What a visitor reads in a chat's log; see `words.ts`. */
import type {MeshErrorCode} from '../mesh/errors.js';
import {plural} from './words.js';

/** Why a message was not sent. */
export function failureWords(reason: MeshErrorCode | undefined): string {
  if (reason === 'undelivered') return 'Nobody got this.';
  if (reason === 'too-large') return 'This is too long to send.';
  return 'Not sent.';
}

export const missedWords = (missed: number): string => `${plural(missed, 'person', 'people')} did not get this.`;

/** Who has an own message: `got` of `all` whom it was for. */
export function deliveredWords(got: number, all: number): string {
  if (!got) return 'Sent';
  if (got < all) return `Delivered to ${got} of ${all}`;
  return all === 1 ? 'Delivered' : `Delivered to all ${all}`;
}

/** What an own message waits for: the connection, or people. */
export const waitingWords = (names: readonly string[] = []): string =>
  names.length ? `Waiting for ${nameList(names)}` : 'Waiting to be sent';

/** A list of names as one reads it: "Ada", "Ada and Bo", "Ada, Bo and 3 others". */
export function nameList(names: readonly string[]): string {
  if (names.length < 3) return names.join(' and ');
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

export const keptWords = (kept: boolean): string =>
  kept ? 'Messages are kept on this device.' : 'New messages are not kept: this device’s storage is full or blocked.';
