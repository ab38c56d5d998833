/**
 * Agreement and encryption with WebCrypto alone: ECDSA and ECDH on P-256, which every engine has, HKDF-SHA-256 (RFC 5869) and AES-256-GCM.
 *
 * The agreement is the signed Diffie-Hellman of ISO/IEC 9798-3, whose relatives are SIGMA (Krawczyk, CRYPTO 2003) and TLS 1.3. Each side
 * signs both fresh keys and **both ids**, so that no third member can pass another's words off as said to itself; the fresh keys make
 * what was recorded unreadable later, and old proofs worthless.
 */
import {MeshError} from '../errors.js';
import type {PeerId} from '../signalling/types.js';
import {createIdentity, digest, framed, idOf, raw, verify} from './identity.js';
import type {Agreed, Agreement, AgreementContext, Bytes, Cryptography, Identity, Proof, Seal} from './types.js';

const EXCHANGE = {name: 'ECDH', namedCurve: 'P-256'} as const;
/** Said first in everything that is signed or derived here, so that no signature of another purpose fits. */
const LABEL = 'mesh-room route 1';
/** An uncompressed point. */
const KEY_BYTES = 65;

async function agree(self: Identity, context: AgreementContext): Promise<Agreement> {
  const {privateKey, publicKey} = await crypto.subtle.generateKey(EXCHANGE, false, ['deriveBits']);
  const offer = await raw(publicKey);
  return {offer, accept: theirs => accept(self, context, privateKey, offer, theirs)};
}

async function accept(
  self: Identity, {peerId, initiator, purpose}: AgreementContext, privateKey: CryptoKey, ours: Bytes, theirs: Bytes,
): Promise<Agreed> {
  const secret = await exchange(privateKey, theirs, peerId);
  const [first, second] = initiator ? [self.id, peerId] : [peerId, self.id];
  const common = [LABEL, purpose, first, second, ...initiator ? [ours, theirs] : [theirs, ours]];
  const signedBy = (id: PeerId): Bytes => framed([...common, `signed by ${id}`]);
  return {
    proof: {publicKey: self.publicKey, signature: await self.sign(signedBy(self.id))},
    async verify({publicKey, signature}: Proof) {
      if (await idOf(publicKey) !== peerId || !await verify(publicKey, signedBy(peerId), signature)) {
        throw new MeshError('bad-frame', 'A proof is not of the member that it should be of', {ids: [peerId]});
      }
      const salt = await digest(framed(common));
      const [sending, receiving] = await Promise.all([self.id, peerId].map(id => keyOf(secret, salt, id)));
      return new WebCryptoSeal(sending!, receiving!);
    },
  };
}

async function exchange(privateKey: CryptoKey, theirs: Bytes, peerId: PeerId): Promise<CryptoKey> {
  try {
    if (theirs.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, this one ${theirs.length}`);
    // Importing checks that the point is on the curve; without that, answers to bad points would give the private key away.
    const key = await crypto.subtle.importKey('raw', theirs, EXCHANGE, false, []);
    const bits = await crypto.subtle.deriveBits({name: 'ECDH', public: key}, privateKey, 256);
    return await crypto.subtle.importKey('raw', bits, 'HKDF', false, ['deriveKey']);
  } catch (error) {
    throw new MeshError('bad-frame', 'A key is none', {ids: [peerId], cause: error});
  }
}

const keyOf = (secret: CryptoKey, salt: Bytes, sender: PeerId): Promise<CryptoKey> => crypto.subtle.deriveKey(
  {name: 'HKDF', hash: 'SHA-256', salt, info: framed([LABEL, `from ${sender}`])}, secret, {name: 'AES-GCM', length: 256}, false,
  ['encrypt', 'decrypt']);

class WebCryptoSeal implements Seal {
  readonly #sending: CryptoKey;
  readonly #receiving: CryptoKey;

  constructor(sending: CryptoKey, receiving: CryptoKey) {
    this.#sending = sending;
    this.#receiving = receiving;
  }

  async seal(n: number, header: Bytes, plain: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt(parametersOf(n, header), this.#sending, plain));
  }

  async open(n: number, header: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parametersOf(n, header), this.#receiving, sealed));
    } catch {
      return undefined; // forged, damaged, or of another place
    }
  }
}

/** The number is the nonce: a key lives for one agreement, in one direction, and numbers never repeat there. */
function parametersOf(n: number, header: Bytes): AesGcmParams {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(n));
  return {name: 'AES-GCM', iv, additionalData: header};
}

/** Missing over plain http, where pages have no `crypto.subtle`. */
export const webCryptography: Cryptography | undefined =
  (globalThis.crypto as Partial<Crypto> | undefined)?.subtle ? {createIdentity, agree, verify, digest, idOf} : undefined;
