/** A message as it is sent: encoded once, whoever and however many receive it. */
import {MeshError} from '../errors.js';
import {encodeLineBody, type MessageHead} from '../wire/frame.js';
import {MAX_CHANNEL_LENGTH, MAX_LINE_BYTES, MAX_MESSAGE_BYTES} from '../wire/limits.js';
import {BlobSource, BytesSource, type PieceSource} from './source.js';

export type OutgoingMessage = {
  readonly head: MessageHead;
  /** What a plain page gets instead; without it such a page gets nothing. */
  readonly plainText?: string;
} & (
  /** Fits one frame of the `lines` lane: the shared part of a JSON frame, or bytes. */
  | {readonly lane: 'lines'; readonly body: string | Uint8Array<ArrayBuffer>}
  /** Travels in pieces; every receiver reads the source at its own pace. */
  | {readonly lane: 'bulk'; readonly open: () => PieceSource}
);

const utf8 = new TextEncoder();

/**
 * Encodes `data` for `channel`.
 * @throws {MeshError} `bad-data` for what is neither JSON nor binary, or a bad channel name; `too-large` above 1 GiB.
 */
export function prepareMessage(channel: string, data: unknown): OutgoingMessage {
  if (channel.length > MAX_CHANNEL_LENGTH) {
    throw new MeshError('bad-data', `A channel's name has at most ${MAX_CHANNEL_LENGTH} characters`);
  }
  if (typeof data !== 'object') return prepareJson(channel, data);
  if (data instanceof Blob) return prepareBlob(channel, data);
  if (data instanceof ArrayBuffer) return prepareBytes(channel, new Uint8Array(data));
  if (ArrayBuffer.isView(data)) {
    return prepareBytes(channel, new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
  }
  return prepareJson(channel, data);
}

function prepareJson(channel: string, data: unknown): OutgoingMessage {
  const head: MessageHead = {channel, kind: 'json', type: ''};
  const json = stringify(data);
  // At most three bytes of UTF-8 for a UTF-16 unit: most lines need no count.
  if (json.length * 3 <= MAX_LINE_BYTES) return {head, lane: 'lines', body: encodeLineBody(channel, json)};
  const bytes = utf8.encode(json);
  if (bytes.length <= MAX_LINE_BYTES) return {head, lane: 'lines', body: encodeLineBody(channel, json)};
  checkSize(bytes.length);
  return {head, lane: 'bulk', open: () => new BytesSource(bytes)};
}

function prepareBytes(channel: string, bytes: Uint8Array<ArrayBuffer>): OutgoingMessage {
  const head: MessageHead = {channel, kind: 'buffer', type: ''};
  if (bytes.length <= MAX_LINE_BYTES) return {head, lane: 'lines', body: bytes.slice()};
  checkSize(bytes.length);
  return {head, lane: 'bulk', open: () => new BytesSource(bytes)};
}

function prepareBlob(channel: string, blob: Blob): OutgoingMessage {
  checkSize(blob.size);
  const head: MessageHead = {channel, kind: 'blob', type: blob.type.slice(0, 255)};
  return {head, lane: 'bulk', open: () => new BlobSource(blob)};
}

function stringify(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    throw new MeshError('bad-data', 'Only JSON and binary can be sent; this value cannot be written as JSON', {cause: error});
  }
  if (json === undefined) throw new MeshError('bad-data', 'Only JSON and binary can be sent, not undefined, a function or a symbol');
  return json;
}

function checkSize(bytes: number): void {
  if (bytes > MAX_MESSAGE_BYTES) throw new MeshError('too-large', `A message has at most ${MAX_MESSAGE_BYTES} bytes, not ${bytes}`);
}
