/**
 * The seam to cryptography for what passes through others. WebCrypto does it in rooms; the simulator's twin, which 10,000 members can
 * afford, only claims to. `compliance.ts` holds what both must do.
 */
import type {PeerId} from '../signalling/types.js';

export type Bytes = Uint8Array<ArrayBuffer>;

/** Who a member is: a key pair, and the id that is a digest of its public key, so that nobody can speak for an id without the key. */
export interface Identity {
  readonly id: PeerId;
  readonly publicKey: Bytes;
  sign(data: Bytes): Promise<Bytes>;
}

/** One side of an agreement between two members on keys that only they know. */
export interface Agreement {
  /** This side's part, for the other: a fresh key. */
  readonly offer: Bytes;
  /**
   * Takes the other side's part.
   * @returns what proves to the other side who this one is, and how to go on.
   * @throws {MeshError} `bad-frame` if it is no key.
   */
  accept(offer: Bytes): Promise<Agreed>;
}

export interface Agreed {
  readonly proof: Proof;
  /**
   * Takes the other side's proof.
   * @returns the keys.
   * @throws {MeshError} `bad-frame` if it does not come from the member that it should, or is of another agreement.
   */
  verify(proof: Proof): Promise<Seal>;
}

export interface Proof {
  readonly publicKey: Bytes;
  readonly signature: Bytes;
}

/** Keys of one agreement, in both directions. */
export interface Seal {
  /** @param n - never twice. @param header - what the other side must see unchanged beside it, in the clear. */
  seal(n: number, header: Bytes, plain: Bytes): Promise<Bytes>;
  /** @returns nothing if it was not sealed so, by the other side, under this number. */
  open(n: number, header: Bytes, sealed: Bytes): Promise<Bytes | undefined>;
}

/** What both sides must know of an agreement before it begins; another is another agreement. */
export interface AgreementContext {
  readonly peerId: PeerId;
  readonly initiator: boolean;
  /** What it is for: session and way. */
  readonly purpose: string;
}

export interface Cryptography {
  createIdentity(): Promise<Identity>;
  agree(self: Identity, context: AgreementContext): Promise<Agreement>;
  /** Whether the owner of `publicKey` signed `data`. */
  verify(publicKey: Bytes, data: Bytes, signature: Bytes): Promise<boolean>;
  /** SHA-256 of `data`. */
  digest(data: Bytes): Promise<Bytes>;
  /** The id that `publicKey` has. */
  idOf(publicKey: Bytes): Promise<PeerId>;
}
