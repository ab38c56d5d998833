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

/** A list of names as one reads it: "Ada", "Ada and Bo", "Ada, Bo and 3 others". */
export function nameList(names: readonly string[]): string {
  if (names.length < 3) return names.join(' and ');
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}
