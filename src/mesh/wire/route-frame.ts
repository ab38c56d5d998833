/**
 * Frames that members hand on for others, outside of the numbered stream of the links that they pass. Binary: `0x03`, header length as
 * uint16, header as JSON `[to, from, route, n, ttl]`, then the sealed frame. What could not be handed on goes back as text,
 * `["r!", to, from, route, why]`. Decoders never throw.
 */
import {MAX_ID_LENGTH, MAX_LINE_FRAME_BYTES} from './limits.js';

export interface RouteFrame {
  readonly to: string;
  readonly from: string;
  /** Which of the links between these two. */
  readonly route: string;
  readonly n: number;
  /** How many members may still hand it on. */
  readonly ttl: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** `from` cannot be told anything by `to` on `route`: the word comes back to who sent a frame, so `to` is that one. */
export interface RouteNotice {
  readonly to: string;
  readonly from: string;
  readonly route: string;
  readonly why: string;
}

export const ROUTED = 0x03;
const MAX_ROUTE_LENGTH = 128;
const MAX_WHY_LENGTH = 200;
/** Most members that anything passes: more than the overlays of ten thousand need. */
export const MAX_TTL = 32;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', {fatal: true});

export function encodeRouteFrame({to, from, route, n, ttl, body}: RouteFrame): Uint8Array<ArrayBuffer> {
  const header = utf8.encode(JSON.stringify([to, from, route, n, ttl]));
  const frame = new Uint8Array(3 + header.length + body.length);
  frame[0] = ROUTED;
  new DataView(frame.buffer).setUint16(1, header.length);
  frame.set(header, 3);
  frame.set(body, 3 + header.length);
  return frame;
}

export const encodeRouteNotice = ({to, from, route, why}: RouteNotice): string => JSON.stringify(['r!', to, from, route, why]);

export function decodeRouteFrame(data: ArrayBuffer): RouteFrame | undefined {
  if (data.byteLength < 3 || data.byteLength > MAX_LINE_FRAME_BYTES) return undefined;
  const view = new DataView(data);
  const length = view.getUint16(1);
  if (view.getUint8(0) !== ROUTED || 3 + length > data.byteLength) return undefined;
  try {
    const header = JSON.parse(fromUtf8.decode(new Uint8Array(data, 3, length))) as unknown;
    if (!Array.isArray(header)) return undefined;
    const [to, from, route, n, ttl] = header as unknown[];
    const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
    if (!isAddressed(to, from, route) || !isCount(n) || !isCount(ttl) || ttl > MAX_TTL) return undefined;
    return {to: to as string, from: from as string, route: route as string, n, ttl, body: new Uint8Array(data, 3 + length)};
  } catch {
    return undefined; // a remote's word
  }
}

/** @param fields - what stands behind the kind. */
export function decodeRouteNotice([to, from, route, why]: readonly unknown[]): RouteNotice | undefined {
  if (!isAddressed(to, from, route) || typeof why !== 'string' || why.length > MAX_WHY_LENGTH) return undefined;
  return {to: to as string, from: from as string, route: route as string, why};
}

const isText = (value: unknown, max: number): boolean => typeof value === 'string' && value !== '' && value.length <= max;

const isAddressed = (to: unknown, from: unknown, route: unknown): boolean =>
  isText(to, MAX_ID_LENGTH) && isText(from, MAX_ID_LENGTH) && isText(route, MAX_ROUTE_LENGTH);
