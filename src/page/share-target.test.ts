import {assert} from 'chai';
import {sharedText, withoutShare} from './share-target.js';

const share = (title: string, text: string, url: string): URL =>
  new URL(`https://chat.example/?${new URLSearchParams({'share-title': title, 'share-text': text, 'share-url': url}).toString()}`);

describe('what was shared', () => {
  it('is one text, in which nothing stands twice', () => {
    assert.equal(sharedText(share('Title', 'Text', 'https://a.example/')), 'Title\nText\nhttps://a.example/');
    assert.equal(sharedText(share('', 'See https://a.example/ now', 'https://a.example/')), 'See https://a.example/ now');
    assert.equal(sharedText(share('same', 'same', '')), 'same');
    assert.equal(sharedText(share('', '  ', '')), '');
    assert.equal(sharedText(new URL('https://chat.example/?text=other')), '');
  });

  it('is taken out of the address, and nothing else is', () => {
    assert.equal(withoutShare(new URL('https://chat.example/?room=den&share-text=x&share-url=')).href, 'https://chat.example/?room=den');
  });
});
