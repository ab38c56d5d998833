/** What somebody in between sees: everything that passes a page's data channels, and the forms in which a text could be read in it. */
import type {RoomTab} from './room-tabs.js';

/**
 * Script that keeps, when it runs before any of the page's, what the page's data channels send and get: `passed`, one character a byte, up
 * to some length; `passedBytes` counts all.
 */
export const RECORD_CHANNELS = `{
  const MOST = 4_000_000;
  // ASCII is itself there, and everything else one character a byte.
  const decoder = new TextDecoder('latin1');
  window.passed = [];
  window.passedBytes = 0;
  const note = data => {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data)
      : ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    if (window.passedBytes < MOST) window.passed.push(decoder.decode(bytes));
    window.passedBytes += bytes.length;
  };
  const heard = new WeakSet();
  const listen = channel => {
    if (heard.has(channel)) return;
    heard.add(channel);
    add.call(channel, 'message', ({data}) => note(data));
  };
  const {prototype} = RTCDataChannel;
  const {send, addEventListener: add} = prototype;
  prototype.send = function (data) {
    note(data);
    return send.call(this, data);
  };
  prototype.addEventListener = function (type, ...rest) {
    if (type === 'message') listen(this);
    return add.call(this, type, ...rest);
  };
  const onmessage = Object.getOwnPropertyDescriptor(prototype, 'onmessage');
  Object.defineProperty(prototype, 'onmessage', {
    ...onmessage,
    set(run) {
      listen(this);
      onmessage.set.call(this, run);
    },
  });
}`;

/** What has passed a page's channels, with `RECORD_CHANNELS`. */
export const passedThrough = ({page}: RoomTab): Promise<string> =>
  page.evaluate(() => (window as unknown as {passed: string[]}).passed.join('\n'));

/** How `text`, of ASCII, would look in bytes that are read as characters: as it is, as UTF-16, and either as hex or base64 at any place. */
export function formsOf(text: string): readonly string[] {
  const plain = [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()];
  return plain.flatMap(bytes => [bytes.toString('latin1'), bytes.toString('hex'), ...[0, 1, 2].flatMap(shift => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // Its first and last characters belong to what stands before and after.
    const inner = whole.slice(4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  })]);
}
