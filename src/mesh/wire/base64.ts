/** Bytes in JSON (RFC 4648 §4). `Uint8Array.fromBase64` is too young for the browsers that rooms are for. */

/** Longest text that is read: keys and signatures have some 100 letters, frames through the server have the carrier's bound. */
const MAX_LENGTH = 32 * 1024;

export const toBase64 = (bytes: Uint8Array<ArrayBuffer>): string => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));

/** @returns nothing for what is no base64, or too long. */
export function fromBase64(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
  try {
    return Uint8Array.from(atob(value), letter => letter.charCodeAt(0));
  } catch {
    return undefined; // a remote's word
  }
}
