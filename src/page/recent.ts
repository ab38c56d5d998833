/** The rooms that this browser was in, with who was there last: kept here alone, and there without a connection too. */
import {LOBBY} from './rooms.js';

const KEY = 'mesh-room:rooms';

/** Enough to find one's way back; the oldest is forgotten. */
const MAX_ROOMS = 8;
/** Names that are kept of one room. */
const MAX_PEOPLE = 32;

export interface KnownRoom {
  readonly room: string;
  /** When `people` was true, in milliseconds since 1970; 0 if the room was never joined. */
  readonly seenAt: number;
  /** Names of the others; empty for who has told none. */
  readonly people: readonly string[];
}

const isKnownRoom = (value: unknown): value is KnownRoom => {
  const {room, seenAt, people} = (value ?? {}) as Record<string, unknown>;
  return typeof room === 'string' && room !== '' && typeof seenAt === 'number' && Number.isFinite(seenAt)
    && Array.isArray(people) && people.every(name => typeof name === 'string');
};

/** Names of the rooms to go back to: the lobby is always at hand, and one is in `current` already. */
export const otherRooms = (known: readonly KnownRoom[], current = LOBBY): string[] =>
  known.map(({room}) => room).filter(room => room !== LOBBY && room !== current);

/** The room that was open last comes first. Empty where the browser keeps nothing, or what it kept is damaged. */
export function knownRooms(): KnownRoom[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isKnownRoom).slice(0, MAX_ROOMS) : [];
  } catch {
    return [];
  }
}

function keep(rooms: readonly KnownRoom[]): void {
  try {
    if (rooms.length) localStorage.setItem(KEY, JSON.stringify(rooms));
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is blocked or full: there is no list then, and every room works all the same.
  }
}

/** `room` is open. */
export function noteRoom(room: string): void {
  const rooms = knownRooms();
  const known = rooms.find(entry => entry.room === room) ?? {room, seenAt: 0, people: []};
  keep([known, ...rooms.filter(entry => entry !== known)].slice(0, MAX_ROOMS));
}

/** `people` are in `room` now. */
export function notePeople(room: string, people: readonly string[], seenAt = Date.now()): void {
  // Another tab may have another room open since, so the order stays. A room that was forgotten meanwhile stays forgotten.
  keep(knownRooms().map(entry => entry.room === room ? {room, seenAt, people: people.slice(0, MAX_PEOPLE)} : entry));
}

export function forgetRoom(room: string): void {
  keep(knownRooms().filter(entry => entry.room !== room));
}

/** The words for a room that cannot be reached; empty if nobody was seen there. */
export function lastSeenWords({seenAt, people}: KnownRoom, now = new Date()): string {
  if (!seenAt || !people.length) return '';
  const then = new Date(seenAt);
  const when = new Intl.DateTimeFormat(undefined, {
    timeStyle: 'short', ...then.toDateString() !== now.toDateString() && {dateStyle: 'medium'},
  }).format(then);
  const named = people.filter(name => name !== '');
  const guests = people.length - named.length;
  const list = [...named, ...guests ? [`${guests} ${guests === 1 ? 'guest' : 'guests'}`] : []];
  return `As last seen at ${when}: ${new Intl.ListFormat('en').format(list)}`;
}
