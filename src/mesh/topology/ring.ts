/** 32 bits of a string, FNV-1a over its UTF-16 units: ids need spreading, not secrecy, and WebCrypto's hashes cannot be had at once. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash, 0);
}

/** Another 32 bits for each `salt` from one hash: the finalizer of MurmurHash3 (Austin Appleby, public domain). */
export function mix(hash: number, salt: number): number {
  let mixed = hash ^ Math.imul(salt, 0x9e3779b9);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Members in a circle, ordered by their hash, so that neither names nor the List's order decide who stands beside whom. */
export class Ring {
  readonly ids: readonly string[];
  readonly hashes: readonly number[];
  readonly #ranks: ReadonlyMap<string, number>;

  constructor(members: readonly string[]) {
    const places = members.map(id => ({id, hash: hashOf(id)}));
    places.sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1));
    this.ids = places.map(({id}) => id);
    this.hashes = places.map(({hash}) => hash);
    this.#ranks = new Map(this.ids.map((id, rank) => [id, rank]));
  }

  get size(): number {
    return this.ids.length;
  }

  /** The place of a member in the circle, from 0. */
  rankOf(id: string): number | undefined {
    return this.#ranks.get(id);
  }

  /** Members between two, the shorter way round, counting the last. */
  distance(from: string, to: string): number {
    const apart = Math.abs((this.rankOf(from) ?? NaN) - (this.rankOf(to) ?? NaN));
    return Math.min(apart, this.size - apart);
  }
}
