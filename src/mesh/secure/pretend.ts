/**
 * The twin of WebCrypto for tests and the simulator, where ten thousand members cannot sign in real time: it notices everything that
 * `compliance.ts` asks for, in microtasks, and keeps nothing from anybody who wants to know. Never for a room.
 */
import {MeshError} from '../errors.js';
import type {PeerId} from '../signalling/types.js';
import type {Agreed, Agreement, AgreementContext, Bytes, Cryptography, Identity, Proof, Seal} from './types.js';

const OFFER_BYTES = 8;
/** As many as AES-GCM adds. */
const MARK_BYTES = 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A fingerprint of `parts` (FNV-1a, twice, from different starts), each behind its length. */
function mark(...parts: readonly (string | Bytes)[]): Bytes {
  const sums = [0x811c9dc5, 0x9dc5811c, 0x01000193, 0x19301000];
  const eat = (byte: number): void => {
    for (let i = 0; i < sums.length; i++) sums[i] = Math.imul(sums[i]! ^ (byte + i), 0x01000193) >>> 0;
  };
  for (const part of parts) {
    const bytes = typeof part === 'string' ? encoder.encode(part) : part;
    for (let shift = 0; shift < 32; shift += 8) eat((bytes.length >>> shift) & 255);
    for (const byte of bytes) eat(byte);
  }
  return new Uint8Array(new Uint32Array(sums).buffer);
}

const isSame = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Somebody called `id`. */
export const pretendIdentity = (id: PeerId): Identity =>
  ({id, publicKey: encoder.encode(id), sign: async data => mark('signed by', id, data)});

let made = 0;

async function agree(self: Identity, context: AgreementContext): Promise<Agreement> {
  const offer = mark('offer', self.id, String(++made)).slice(0, OFFER_BYTES);
  return {offer, accept: (theirs: Bytes) => accept(self, context, offer, theirs)};
}

async function accept(self: Identity, {peerId, initiator, purpose}: AgreementContext, ours: Bytes, theirs: Bytes): Promise<Agreed> {
  if (theirs.length !== OFFER_BYTES) throw new MeshError('bad-frame', 'A key is none', {ids: [peerId]});
  const sides = initiator ? [self.id, peerId, ours, theirs] : [peerId, self.id, theirs, ours];
  const common = mark(purpose, ...sides);
  return {
    proof: {publicKey: self.publicKey, signature: await self.sign(common)},
    async verify({publicKey, signature}: Proof) {
      if (decoder.decode(publicKey) !== peerId || !isSame(signature, mark('signed by', peerId, common))) {
        throw new MeshError('bad-frame', 'A proof is not of the member that it should be of', {ids: [peerId]});
      }
      return new PretendSeal(common, self.id, peerId);
    },
  };
}

class PretendSeal implements Seal {
  readonly #key: Bytes;
  readonly #self: PeerId;
  readonly #peer: PeerId;

  constructor(key: Bytes, self: PeerId, peer: PeerId) {
    this.#key = key;
    this.#self = self;
    this.#peer = peer;
  }

  async seal(n: number, header: Bytes, plain: Bytes): Promise<Bytes> {
    const sealed = new Uint8Array(plain.length + MARK_BYTES);
    sealed.set(plain);
    sealed.set(mark(this.#key, this.#self, String(n), header, plain), plain.length);
    return sealed;
  }

  async open(n: number, header: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
    const plain = sealed.slice(0, Math.max(0, sealed.length - MARK_BYTES));
    return isSame(sealed.slice(plain.length), mark(this.#key, this.#peer, String(n), header, plain)) ? plain : undefined;
  }
}

export const pretendCryptography: Cryptography = {
  createIdentity: async () => pretendIdentity(Array.from(crypto.getRandomValues(new Uint8Array(20)), byte => (byte & 31).toString(32)).join('')),
  agree,
  verify: async (publicKey, data, signature) => isSame(signature, mark('signed by', decoder.decode(publicKey), data)),
  digest: async data => mark('digest', data),
  idOf: async publicKey => decoder.decode(publicKey),
};
