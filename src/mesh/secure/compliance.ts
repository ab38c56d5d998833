/** What every cryptography must do for those who use it honestly, and against those who do not. */
import {expect} from 'chai';
import type {Agreed, Agreement, Bytes, Cryptography, Identity, Seal} from './types.js';

const bytes = (text: string): Bytes => new TextEncoder().encode(text);
const text = (data: Bytes | undefined): string | undefined => data && new TextDecoder().decode(data);

/** The code of the error that `promise` is rejected with. */
export const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => 'nothing', (error: unknown) => String((error as {code?: string}).code));

/** A flipped bit. */
export function damaged(data: Bytes, at = data.length - 1): Bytes {
  const copy = data.slice();
  copy[at]! ^= 1;
  return copy;
}

export function cryptographyCompliance(name: string, create: () => Cryptography): void {
  describe(`${name} as cryptography`, () => {
    const cryptography = create();
    let ada: Identity;
    let bo: Identity;
    before(async () => {
      [ada, bo] = await Promise.all([cryptography.createIdentity(), cryptography.createIdentity()]);
    });

    const begin = (purpose = 'session', of = purpose): Promise<[Agreement, Agreement]> => Promise.all([
      cryptography.agree(ada, {peerId: bo.id, initiator: true, purpose}),
      cryptography.agree(bo, {peerId: ada.id, initiator: false, purpose: of}),
    ]);
    const exchange = ([a, b]: [Agreement, Agreement]): Promise<[Agreed, Agreed]> => Promise.all([a.accept(b.offer), b.accept(a.offer)]);
    async function agreed(purpose?: string): Promise<[Seal, Seal]> {
      const [a, b] = await exchange(await begin(purpose));
      return Promise.all([a.verify(b.proof), b.verify(a.proof)]);
    }

    it('names everybody by the key, as rooms name people', async () => {
      expect(ada.id).to.match(/^[0-9a-v]{20}$/);
      expect(ada.id).to.not.equal(bo.id);
      expect(await cryptography.idOf(ada.publicKey)).to.equal(ada.id);
    });

    it('lets two who agree read each other', async () => {
      const [a, b] = await agreed();
      for (const [from, to] of [[a, b], [b, a]] as const) {
        for (const n of [0, 1, 2 ** 33]) {
          expect(text(await to.open(n, bytes('header'), await from.seal(n, bytes('header'), bytes(`word ${n}`))))).to.equal(`word ${n}`);
        }
      }
    });

    it('opens nothing that was changed, renumbered, moved to another header, sent back, or sealed in another agreement', async () => {
      const [[a, b], [other]] = [await agreed(), await agreed()];
      const sealed = await a.seal(1, bytes('header'), bytes('word'));
      expect(await b.open(1, bytes('header'), damaged(sealed))).to.equal(undefined);
      expect(await b.open(2, bytes('header'), sealed)).to.equal(undefined);
      expect(await b.open(1, bytes('headers'), sealed)).to.equal(undefined);
      expect(await a.open(1, bytes('header'), sealed)).to.equal(undefined);
      expect(await b.open(1, bytes('header'), await other.seal(1, bytes('header'), bytes('word')))).to.equal(undefined);
      expect(await b.open(1, bytes('header'), new Uint8Array(3))).to.equal(undefined);
      expect(text(await b.open(1, bytes('header'), sealed))).to.equal('word');
    });

    it('agrees with nobody but the one who was meant', async () => {
      const [a, b] = await exchange(await begin());
      const eve = await cryptography.createIdentity();
      expect(await rejection(a.verify({publicKey: eve.publicKey, signature: b.proof.signature}))).to.equal('bad-frame');
      expect(await rejection(a.verify({...b.proof, signature: damaged(b.proof.signature)}))).to.equal('bad-frame');
      expect(await rejection(a.verify({...b.proof, publicKey: new Uint8Array(0)}))).to.equal('bad-frame');
      expect(await rejection(a.verify(a.proof)), 'one\'s own, sent back').to.equal('bad-frame');
    });

    it('takes no proof of another agreement, though it was between the same two', async () => {
      const [[a], [, b]] = [await exchange(await begin()), await exchange(await begin())];
      expect(await rejection(a.verify(b.proof))).to.equal('bad-frame');
      const [c, d] = await exchange(await begin('session 1', 'session 2'));
      expect(await rejection(c.verify(d.proof)), 'each took it for something else').to.equal('bad-frame');
    });

    it('takes no proof that somebody in the middle has brought about', async () => {
      // Eve puts keys of her own between the two, and passes their proofs on.
      const eve = await cryptography.createIdentity();
      const [[a, b], toAda, toBo] = await Promise.all([
        begin(), cryptography.agree(eve, {peerId: ada.id, initiator: false, purpose: 'session'}),
        cryptography.agree(eve, {peerId: bo.id, initiator: true, purpose: 'session'}),
      ]);
      const [withA, withB] = await Promise.all([a.accept(toAda.offer), b.accept(toBo.offer)]);
      expect(await rejection(withA.verify(withB.proof))).to.equal('bad-frame');
      expect(await rejection(withB.verify(withA.proof))).to.equal('bad-frame');
    });

    it('tells whose words something is', async () => {
      const signature = await ada.sign(bytes('word'));
      expect(await cryptography.verify(ada.publicKey, bytes('word'), signature)).to.equal(true);
      expect(await cryptography.verify(ada.publicKey, bytes('words'), signature)).to.equal(false);
      expect(await cryptography.verify(bo.publicKey, bytes('word'), signature)).to.equal(false);
      expect(await cryptography.verify(new Uint8Array(65), bytes('word'), signature)).to.equal(false);
    });
  });
}
