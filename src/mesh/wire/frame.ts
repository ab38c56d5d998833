/**
 * The frames on a link, as pure functions. `docs/protocol.md` shows each with an example.
 *
 * Text frames are JSON arrays whose first entry names the kind. Binary frames are, on `lines`, a small binary message
 * (`0x01`, header length as uint16, header as JSON, payload), and on `bulk` a piece (transfer id as uint32, bytes).
 * All integers are big-endian. Decoders never throw: what is not a frame of this protocol is `undefined`.
 */
import {
  MAX_CHANNEL_LENGTH, MAX_ID_LENGTH, MAX_LINE_FRAME_BYTES, MAX_MESSAGE_BYTES, MAX_NAME_LENGTH, MAX_OPEN_TRANSFERS, MAX_TYPE_LENGTH,
} from './limits.js';
import {decodeRouteFrame, decodeRouteNotice, MAX_TTL, ROUTED, type RouteFrame, type RouteNotice} from './route-frame.js';

/** How a payload is to be read: UTF-8 JSON, bytes, or bytes with a media type. */
export type PayloadKind = 'json' | 'buffer' | 'blob';

/** What this side has of the other side's messages: all lines up to `line`, these transfers whole, and those in part. */
export interface Received {
  /** The sender's `boot` that these numbers belong to. */
  readonly boot: string;
  readonly line: number;
  readonly done: readonly number[];
  readonly parts: ReadonlyArray<readonly [transfer: number, bytes: number]>;
}

export interface Hello {
  readonly v: number;
  /** Random per joined mesh; a new one means that message numbers start again. */
  readonly boot: string;
  readonly name: string;
  /** Its sender's last line that has been acknowledged: where a receiver that knows none of them starts to count. */
  readonly from: number;
  readonly got?: Received;
  /** Its sender has had a hello over this link. */
  readonly re?: boolean;
}

export interface MessageHead {
  readonly channel: string;
  readonly kind: PayloadKind;
  /** Media type of a `blob`, otherwise empty. */
  readonly type: string;
}

export type LineFrame =
  | {readonly kind: 'hello'; readonly hello: Hello}
  | {readonly kind: 'message'; readonly n: number; readonly after: number; readonly channel: string; readonly data: unknown}
  | {readonly kind: 'ack'; readonly line: number; readonly done: readonly number[]}
  | {readonly kind: 'taken'; readonly bytes: number}
  | {readonly kind: 'name'; readonly name: string}
  | {readonly kind: 'ping'; readonly id: number; readonly line: number}
  | {readonly kind: 'pong'; readonly id: number}
  | {readonly kind: 'signal'; readonly message: Readonly<Record<string, unknown>>}
  | {readonly kind: 'passed'; readonly to: string; readonly from: string; readonly message: Readonly<Record<string, unknown>>; readonly ttl: number}
  | {readonly kind: 'ask'; readonly to: string}
  | {readonly kind: 'can'; readonly to: string; readonly rttMs: number; readonly load: number}
  | {readonly kind: 'routed'; readonly frame: RouteFrame}
  | {readonly kind: 'unrouted'; readonly notice: RouteNotice}
  | {readonly kind: 'away' | 'bye'};

export interface TransferOpen {
  readonly transfer: number;
  readonly head: MessageHead;
  /** Size of the whole message in bytes. */
  readonly size: number;
  /** Where this part starts; more than 0 when a transfer goes on over a new link. */
  readonly offset: number;
  /** The last line sent before it on any channel: the message must not be delivered before that line. */
  readonly afterLine: number;
}

export type BulkFrame =
  | {readonly kind: 'open'; readonly open: TransferOpen}
  | {readonly kind: 'piece'; readonly transfer: number; readonly bytes: Uint8Array<ArrayBuffer>}
  | {readonly kind: 'cancel'; readonly transfer: number};

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', {fatal: true});
const SMALL_BINARY = 0x01;

export const encodeHello = (hello: Hello): string => JSON.stringify(['hi', hello]);
export const encodeAck = (line: number, done: readonly number[]): string => JSON.stringify(['ack', line, done]);
/** @param bytes of pieces that have been taken since the link opened. */
export const encodeTaken = (bytes: number): string => `["taken",${bytes}]`;
export const encodeName = (name: string): string => JSON.stringify(['name', name]);
/** @param line number of the last line that was sent before it. */
export const encodePing = (id: number, line: number): string => `["ping",${id},${line}]`;
export const encodePong = (id: number): string => `["pong",${id}]`;
/** A signal for another link between the two. */
export const encodeSignal = (message: object): string => JSON.stringify(['sig', message]);
/** A signal that a neighbour is to hand on. @param ttl how many members may still do so. */
export const encodePassed = (to: string, from: string, message: object, ttl = 1): string => JSON.stringify(['s', to, from, message, ttl]);
/** Asks whether this neighbour can carry for a link to `to`. */
export const encodeAsk = (to: string): string => JSON.stringify(['ask', to]);
/** It can. @param rttMs its own round trip to there. @param load how many routes pass it. */
export const encodeCan = (to: string, rttMs: number, load: number): string => JSON.stringify(['can', to, rttMs, load]);
/** This side is about to stand still; its next frame, whichever, ends that. */
export const AWAY = '["away"]';
export const BYE = '["bye"]';

/** The part of a JSON line that is the same for every receiver, so that a broadcast is encoded once. */
export const encodeLineBody = (channel: string, json: string): string => `${JSON.stringify(channel)},${json}]`;
/** @param after transfer on the same channel that must be delivered first, or 0. */
export const encodeLine = (n: number, after: number, body: string): string => `["m",${n},${after},${body}`;

/** Text frames that travel together, for what each message costs by itself. JSON as it is written here has no line feeds. */
export const joinFrames = (frames: readonly string[]): string => frames.join('\n');
export const isJoined = (data: string): boolean => data.includes('\n');
export const splitFrames = (data: string): readonly string[] => data.split('\n');

/** A small binary message as one frame. */
export function encodeBinaryLine(
  n: number, after: number, {channel, kind, type}: MessageHead, payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = utf8.encode(JSON.stringify([n, after, channel, kind, type]));
  const frame = new Uint8Array(3 + header.length + payload.length);
  frame[0] = SMALL_BINARY;
  new DataView(frame.buffer).setUint16(1, header.length);
  frame.set(header, 3);
  frame.set(payload, 3 + header.length);
  return frame;
}

export function encodeOpen({transfer, head, size, offset, afterLine}: TransferOpen): string {
  return JSON.stringify(['open', transfer, head.channel, head.kind, head.type, size, offset, afterLine]);
}

/** @param scratch where the frame is put, at least four bytes longer than `bytes`; a transport copies what it is given. */
export function encodePiece(transfer: number, bytes: Uint8Array, scratch = new Uint8Array(4 + bytes.length)): Uint8Array<ArrayBuffer> {
  new DataView(scratch.buffer).setUint32(0, transfer);
  scratch.set(bytes, 4);
  return scratch.subarray(0, 4 + bytes.length);
}

export const encodeCancel = (transfer: number): string => `["cancel",${transfer}]`;

/** Reads a frame of the `lines` lane; `undefined` for anything that is not one. */
export function decodeLine(data: string | ArrayBuffer): LineFrame | undefined {
  if (typeof data !== 'string') return decodeBinaryLine(data);
  if (data.length > MAX_LINE_FRAME_BYTES) return undefined;
  const frame = parseArray(data);
  if (!frame) return undefined;
  // By index, so that no message takes an iterator.
  const {0: kind, 1: a, 2: b, 3: c, 4: d} = frame;
  switch (kind) {
    case 'm':
      return isCount(a) && isCountOrZero(b) && isChannel(c) && frame.length === 5
        ? {kind: 'message', n: a, after: b, channel: c, data: d}
        : undefined;
    case 'ack':
      return isCountOrZero(a) && isCounts(b) ? {kind: 'ack', line: a, done: b} : undefined;
    case 'hi': {
      const hello = readHello(a);
      return hello && {kind: 'hello', hello};
    }
    case 'taken':
      return isCount(a) ? {kind, bytes: a} : undefined;
    case 'name':
      return isText(a, MAX_NAME_LENGTH) ? {kind: 'name', name: a} : undefined;
    case 'ping':
      return isCountOrZero(a) && isCountOrZero(b) ? {kind, id: a, line: b} : undefined;
    case 'pong':
      return isCountOrZero(a) ? {kind, id: a} : undefined;
    case 'sig':
      return isObject(a) ? {kind: 'signal', message: a} : undefined;
    case 's':
      return isText(a, MAX_ID_LENGTH) && isText(b, MAX_ID_LENGTH) && isObject(c) && isCountOrZero(d)
        ? {kind: 'passed', to: a, from: b, message: c, ttl: Math.min(d, MAX_TTL)} : undefined;
    case 'ask':
      return isText(a, MAX_ID_LENGTH) ? {kind, to: a} : undefined;
    case 'can':
      return isText(a, MAX_ID_LENGTH) && isCountOrZero(b) && isCountOrZero(c) ? {kind, to: a, rttMs: b, load: c} : undefined;
    case 'r!': {
      const notice = decodeRouteNotice(frame.slice(1));
      return notice && {kind: 'unrouted', notice};
    }
    case 'away':
    case 'bye':
      return {kind};
    default:
      return undefined;
  }
}

/** Reads a frame of the `bulk` lane; `undefined` for anything that is not one. */
export function decodeBulk(data: string | ArrayBuffer): BulkFrame | undefined {
  if (typeof data !== 'string') {
    if (data.byteLength < 4) return undefined;
    return {kind: 'piece', transfer: new DataView(data).getUint32(0), bytes: new Uint8Array(data, 4)};
  }
  if (data.length > MAX_LINE_FRAME_BYTES) return undefined;
  const frame = parseArray(data);
  if (!frame) return undefined;
  const [kind, transfer] = frame;
  if (!isCount(transfer) || transfer > 0xffffffff) return undefined;
  if (kind === 'cancel') return {kind, transfer};
  if (kind !== 'open') return undefined;
  const [, , channel, payload, type, size, offset, afterLine] = frame;
  const head = readHead(channel, payload, type);
  if (!head || !isCountOrZero(size) || size > MAX_MESSAGE_BYTES || !isCountOrZero(offset) || offset > size) return undefined;
  return isCountOrZero(afterLine) ? {kind, open: {transfer, head, size, offset, afterLine}} : undefined;
}

/** Whether a remote declared more than this protocol carries: told apart from a malformed frame, to say so. */
export function isOversized(data: string | ArrayBuffer): boolean {
  if (typeof data !== 'string') return data.byteLength > MAX_LINE_FRAME_BYTES;
  if (data.length > MAX_LINE_FRAME_BYTES) return true;
  const frame = parseArray(data);
  return frame?.[0] === 'open' && typeof frame[5] === 'number' && frame[5] > MAX_MESSAGE_BYTES;
}

function decodeBinaryLine(data: ArrayBuffer): LineFrame | undefined {
  if (data.byteLength < 3 || data.byteLength > MAX_LINE_FRAME_BYTES) return undefined;
  const view = new DataView(data);
  if (view.getUint8(0) === ROUTED) {
    const frame = decodeRouteFrame(data);
    return frame && {kind: 'routed', frame};
  }
  const headerLength = view.getUint16(1);
  if (view.getUint8(0) !== SMALL_BINARY || 3 + headerLength > data.byteLength) return undefined;
  const header = parseArray(decodeUtf8(new Uint8Array(data, 3, headerLength)));
  if (!header) return undefined;
  const [n, after, channel, kind, type] = header;
  const head = readHead(channel, kind, type);
  if (!head || head.kind === 'json' || !isCount(n) || !isCountOrZero(after)) return undefined;
  const payload = data.slice(3 + headerLength);
  return {kind: 'message', n, after, channel: head.channel, data: head.kind === 'blob' ? new Blob([payload], {type: head.type}) : payload};
}

function readHead(channel: unknown, kind: unknown, type: unknown): MessageHead | undefined {
  const known = kind === 'json' || kind === 'buffer' || kind === 'blob';
  return isChannel(channel) && known && isText(type, MAX_TYPE_LENGTH) ? {channel, kind, type} : undefined;
}

function readHello(value: unknown): Hello | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const {v, boot, name, from, got, re} = value as Record<string, unknown>;
  if (!isCount(v) || !isText(boot, 64) || boot === '' || !isCountOrZero(from)) return undefined;
  // A name that is too long or no text costs the name, not the link.
  const hello = {v, boot, from, name: typeof name === 'string' ? name.slice(0, MAX_NAME_LENGTH) : ''};
  const received = readReceived(got);
  return {...hello, ...received && {got: received}, ...re === true && {re}};
}

function readReceived(value: unknown): Received | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const {boot, line, done, parts} = value as Record<string, unknown>;
  if (!isText(boot, 64) || !isCountOrZero(line) || !isCounts(done)) return undefined;
  if (!Array.isArray(parts) || parts.length > MAX_OPEN_TRANSFERS) return undefined;
  const isPart = (part: unknown): part is [number, number] =>
    Array.isArray(part) && part.length === 2 && isCount(part[0]) && isCountOrZero(part[1]);
  return parts.every(isPart) ? {boot, line, done, parts} : undefined;
}

function parseArray(text: string | undefined): unknown[] | undefined {
  if (!text?.startsWith('[')) return undefined;
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    return undefined; // A remote's word: not JSON is simply not a frame; the caller counts and reports it.
  }
}

/** Text of `bytes`, or `undefined` when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8.decode(bytes);
  } catch {
    return undefined; // As above: the caller counts and reports it.
  }
}

const isCountOrZero = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCount = (value: unknown): value is number => isCountOrZero(value) && value > 0;
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 4 * MAX_OPEN_TRANSFERS && value.every(isCount);
const isText = (value: unknown, max: number): value is string => typeof value === 'string' && value.length <= max;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isChannel = (value: unknown): value is string => isText(value, MAX_CHANNEL_LENGTH);
