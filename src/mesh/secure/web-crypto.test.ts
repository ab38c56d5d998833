import {expect} from 'chai';
import {cryptographyCompliance, damaged, rejection} from './compliance.js';
import {webCryptography} from './web-crypto.js';

cryptographyCompliance('WebCrypto', () => webCryptography!);

describe('WebCrypto', () => {
  it('refuses keys that are none, and points that are not on the curve', async () => {
    const identity = await webCryptography!.createIdentity();
    const agreement = await webCryptography!.agree(identity, {peerId: 'somebody', initiator: true, purpose: 'session'});
    for (const key of [new Uint8Array(0), new Uint8Array(65), damaged(agreement.offer), new Uint8Array(1000)]) {
      expect(await rejection(agreement.accept(key))).to.equal('bad-frame');
    }
  });
});
