/**
 * What neighbours say to each other about messages to everybody, as ordinary lines on a channel of their own: numbered, in order and
 * repeated over the next link as all lines are. `docs/protocol.md` shows each. Decoders never throw.
 */
import {MAX_CHANNEL_LENGTH, MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_TYPE_LENGTH, RESERVED} from '../wire/limits.js';
import type {PayloadKind} from '../wire/frame.js';

export const CASTS_CHANNEL = `${RESERVED}casts`;

/** A message to everybody, on its way from neighbour to neighbour. */
export interface Cast {
  readonly origin: string;
  /** Its sender's mesh; numbers belong to it. */
  readonly boot: string;
  /** Counts the sender's casts from 1. */
  readonly seq: number;
  /** Counts how often the sender has changed between casts and lines of its own to everybody. */
  readonly epoch: number;
  readonly channel: string;
  /** `none` is a number without a message: its sender has taken it back. `pulled` is fetched, and `body` says what it is. */
  readonly kind: PayloadKind | 'none' | 'pulled';
  readonly type: string;
  /** JSON, or base64 of bytes. */
  readonly body: string;
  /** Its sender's public key and signature, as base64; both empty where the page may not use cryptography. */
  readonly key: string;
  readonly signature: string;
}

/** What a member tells of itself. */
export interface Card {
  readonly origin: string;
  readonly boot: string;
  /** The later one counts. */
  readonly version: number;
  readonly name: string;
  /** See `TopologyFacts.capacityOf`. */
  readonly capacity: number;
  readonly key: string;
  readonly signature: string;
}

/** All casts of `origin` up to `seq` have been delivered. */
export type Had = readonly [origin: string, boot: string, seq: number];

export type CastFrame =
  | {readonly kind: 'cast'; readonly cast: Cast}
  /** What this side has. @param fresh it knows of nothing yet, and wants nothing from before. @param more another part follows. */
  | {readonly kind: 'have'; readonly had: readonly Had[]; readonly fresh: boolean; readonly partial: boolean; readonly more: boolean}
  /** For who has only just come: what was delivered before that one was in the room; later casts follow. */
  | {readonly kind: 'base'; readonly had: readonly Had[]}
  /** This side has these, and brings them if it is asked. */
  | {readonly kind: 'seen'; readonly had: readonly Had[]}
  /** Whether casts are to be brought whole over this link, or announced. */
  | {readonly kind: 'push'; readonly whole: boolean}
  /** Asks for `origin`'s casts after `seq`. */
  | {readonly kind: 'gap'; readonly origin: string; readonly boot: string; readonly seq: number}
  /** From here on this side says everything to everybody in casts; or, with `upTo`, directly, after its casts up to that. */
  | {readonly kind: 'mark'; readonly boot: string; readonly epoch: number; readonly upTo: number | undefined}
  /** Whether this side needs the link. */
  | {readonly kind: 'keep'; readonly keep: boolean}
  | {readonly kind: 'card'; readonly card: Card}
  /** The versions of the cards that this side has. */
  | {readonly kind: 'cards'; readonly had: readonly Had[]; readonly more: boolean}
  /** Asks for what `origin` announced under `seq`, to be sent on the channel that `token` names. */
  | {readonly kind: 'pull'; readonly origin: string; readonly boot: string; readonly seq: number; readonly token: number};

/** What its sender signs, word for word. */
export const signedPart = (cast: Omit<Cast, 'key' | 'signature'>): string =>
  JSON.stringify(['mesh-room cast 1', ...castFields(cast)]);
export const signedCard = ({origin, boot, version, name, capacity}: Omit<Card, 'key' | 'signature'>): string =>
  JSON.stringify(['mesh-room card 1', origin, boot, version, name, capacity]);

const castFields = ({origin, boot, seq, epoch, channel, kind, type, body}: Omit<Cast, 'key' | 'signature'>): readonly unknown[] =>
  [origin, boot, seq, epoch, channel, kind, type, body];

/** The frame as data for a line. */
export function encodeCastFrame(frame: CastFrame): readonly unknown[] {
  switch (frame.kind) {
    case 'cast': return ['cast', ...castFields(frame.cast), frame.cast.key, frame.cast.signature];
    case 'have': return ['have', frame.had, frame.fresh, frame.partial, frame.more];
    case 'base': return ['base', frame.had];
    case 'seen': return ['seen', frame.had];
    case 'push': return ['push', frame.whole];
    case 'gap': return ['gap', frame.origin, frame.boot, frame.seq];
    case 'pull': return ['pull', frame.origin, frame.boot, frame.seq, frame.token];
    case 'cards': return ['cards', frame.had, frame.more];
    case 'mark': return ['mark', frame.boot, frame.epoch, ...frame.upTo === undefined ? [] : [frame.upTo]];
    case 'keep': return ['keep', frame.keep];
    case 'card': {
      const {origin, boot, version, name, capacity, key, signature} = frame.card;
      return ['card', origin, boot, version, name, capacity, key, signature];
    }
  }
}

export function decodeCastFrame(data: unknown): CastFrame | undefined {
  if (!Array.isArray(data)) return undefined;
  const [kind, a, b, c, d, e, f, g, h, i, j] = data as readonly unknown[];
  switch (kind) {
    case 'cast':
      return isId(a) && isBoot(b) && isCount(c) && isCountOrZero(d) && isText(e, MAX_CHANNEL_LENGTH) && isKind(f)
        && isText(g, MAX_TYPE_LENGTH) && typeof h === 'string' && isText(i, MAX_KEY_LENGTH) && isText(j, MAX_KEY_LENGTH)
        ? {kind, cast: {origin: a, boot: b, seq: c, epoch: d, channel: e, kind: f, type: g, body: h, key: i, signature: j}} : undefined;
    case 'have':
      return isHads(a) && [b, c, d].every(each => typeof each === 'boolean')
        ? {kind, had: a, fresh: b === true, partial: c === true, more: d === true} : undefined;
    case 'base':
    case 'seen':
      return isHads(a) ? {kind, had: a} : undefined;
    case 'push':
      return typeof a === 'boolean' ? {kind, whole: a} : undefined;
    case 'gap':
      return isId(a) && isBoot(b) && isCountOrZero(c) ? {kind, origin: a, boot: b, seq: c} : undefined;
    case 'pull':
      return isId(a) && isBoot(b) && isCount(c) && isCount(d) ? {kind, origin: a, boot: b, seq: c, token: d} : undefined;
    case 'cards':
      return isHads(a) && typeof b === 'boolean' ? {kind, had: a, more: b} : undefined;
    case 'mark':
      return isBoot(a) && isCount(b) && (c === undefined || isCountOrZero(c)) ? {kind, boot: a, epoch: b, upTo: c} : undefined;
    case 'keep':
      return typeof a === 'boolean' ? {kind, keep: a} : undefined;
    case 'card':
      return isId(a) && isBoot(b) && isCount(c) && isText(d, MAX_NAME_LENGTH) && isCountOrZero(e) && e <= MAX_CAPACITY
        && isText(f, MAX_KEY_LENGTH) && isText(g, MAX_KEY_LENGTH)
        ? {kind, card: {origin: a, boot: b, version: c, name: d, capacity: e, key: f, signature: g}} : undefined;
    default:
      return undefined;
  }
}

/** Entries of one `have`, so that it fits into a line; more go into the next. */
export const MAX_HAD = 200;
/** A P-256 key is 65 bytes, its signature 64. */
const MAX_KEY_LENGTH = 128;
const MAX_CAPACITY = 8;

const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length <= max;
const isId = (value: unknown): value is string => isText(value, MAX_ID_LENGTH) && value !== '';
const isBoot = (value: unknown): value is string => isText(value, 64) && value !== '';
const isCountOrZero = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCount = (value: unknown): value is number => isCountOrZero(value) && value > 0;
const KINDS: readonly unknown[] = ['json', 'buffer', 'blob', 'none', 'pulled'];
const isKind = (value: unknown): value is Cast['kind'] => KINDS.includes(value);
const isHad = (value: unknown): value is Had => Array.isArray(value) && isId(value[0]) && isBoot(value[1]) && isCountOrZero(value[2]);
const isHads = (value: unknown): value is Had[] => Array.isArray(value) && value.length <= MAX_HAD && value.every(isHad);
