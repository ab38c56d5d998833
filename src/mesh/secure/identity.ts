/** Who a member is, with WebCrypto alone: an ECDSA key pair on P-256, which every engine has, and the id that is a digest of its key. */
import type {PeerId} from '../signalling/types.js';
import type {Bytes, Identity} from './types.js';

const CURVE = {name: 'ECDSA', namedCurve: 'P-256'} as const;
const SIGNATURE = {name: 'ECDSA', hash: 'SHA-256'} as const;
/** Letters and digits of an id: five bits each. */
const ID_LENGTH = 20;

const encoder = new TextEncoder();

/** `parts` one behind another, each behind its length, so that nothing can be moved from one into the next. */
export function framed(parts: readonly (string | Bytes)[]): Bytes {
  const chunks = parts.map(part => typeof part === 'string' ? encoder.encode(part) : part);
  const whole = new Uint8Array(chunks.reduce((sum, {length}) => sum + 4 + length, 0));
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const chunk of chunks) {
    view.setUint32(at, chunk.length);
    whole.set(chunk, at + 4);
    at += 4 + chunk.length;
  }
  return whole;
}

export const digest = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', data));

export const raw = async (key: CryptoKey): Promise<Bytes> => new Uint8Array(await crypto.subtle.exportKey('raw', key));

export async function idOf(publicKey: Bytes): Promise<PeerId> {
  const hash = await digest(framed(['mesh-room id', publicKey]));
  // 100 bits: nobody finds a second key for an id.
  return Array.from(hash.subarray(0, ID_LENGTH), byte => (byte & 31).toString(32)).join('');
}

export async function verify(publicKey: Bytes, data: Bytes, signature: Bytes): Promise<boolean> {
  try {
    return await crypto.subtle.verify(SIGNATURE, await crypto.subtle.importKey('raw', publicKey, CURVE, false, ['verify']), signature, data);
  } catch {
    return false; // no key, or none on this curve
  }
}

/** Where pages have no `crypto.subtle`, as over plain http, there is none. */
export async function createIdentity(): Promise<Identity> {
  // Not extractable: a script that gets at the page can use the key, and take it nowhere.
  const {privateKey, publicKey} = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
  const bytes = await raw(publicKey);
  return {
    id: await idOf(bytes),
    publicKey: bytes,
    sign: async data => new Uint8Array(await crypto.subtle.sign(SIGNATURE, privateKey, data)),
  };
}
