/** Words that are handed on by others, with what shows whose they are. */
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import {fromBase64, toBase64} from '../wire/base64.js';

/** A public key and a signature, as base64; both empty where the page may not use cryptography. */
export interface Signature {
  readonly key: string;
  readonly signature: string;
}

const utf8 = new TextEncoder();

export async function sign(identity: Identity | undefined, words: string): Promise<Signature> {
  const signature = await identity?.sign(utf8.encode(words));
  return {key: signature ? toBase64(identity!.publicKey) : '', signature: signature ? toBase64(signature) : ''};
}

/** Tells whose words something is. */
export class Verifier {
  readonly #cryptography: Cryptography | undefined;
  /** Whose key is whose, as far as that has been seen. */
  readonly #owners = new Map<string, PeerId>();

  constructor(cryptography: Cryptography | undefined) {
    this.#cryptography = cryptography;
  }

  /** Whether `origin` signed `words`; never rejects. */
  async isGenuine(origin: PeerId, words: string, {key, signature}: Signature): Promise<boolean> {
    const cryptography = this.#cryptography;
    const [publicKey, signed] = [fromBase64(key), fromBase64(signature)];
    if (!cryptography || !publicKey || !signed) return false;
    try {
      if (this.#owners.get(key) !== origin) {
        if (await cryptography.idOf(publicKey) !== origin) return false;
        this.#owners.set(key, origin);
      }
      return await cryptography.verify(publicKey, utf8.encode(words), signed);
    } catch {
      return false; // a remote's word
    }
  }
}
