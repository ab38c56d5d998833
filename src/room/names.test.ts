import {assert} from 'chai';
import fc from 'fast-check';
import {MAX_NAME, cleanName, clip} from './names.js';
import {displayName, hue, initials} from './people.js';

const characters = (text: string) => [...new Intl.Segmenter(undefined, {granularity: 'grapheme'}).segment(text)].map(({segment}) => segment);
const name = fc.oneof(fc.string({unit: 'grapheme', maxLength: 400}), fc.string({unit: 'binary', maxLength: 400}));

describe('clip', () => {
  it('leaves a short text alone', () => {
    assert.equal(clip('Ada', 3, 100), 'Ada');
    assert.equal(clip('', 3, 100), '');
  });

  it('never cuts through a character', () => {
    assert.equal(clip('👩‍🚀'.repeat(5), 3, 1000), '👩‍🚀👩‍🚀…');
    fc.assert(fc.property(fc.string({unit: 'grapheme', maxLength: 100}), fc.integer({min: 1, max: 50}), (text, max) => {
      const all = characters(text);
      const clipped = clip(text, max, 1000);
      if (clipped === text) return;
      assert.equal(clipped, `${all.slice(0, clipped === '…' ? 0 : characters(clipped.slice(0, -1)).length).join('')}…`);
      assert.isAtMost(characters(clipped).length, max);
    }), {numRuns: 500});
  });

  it('ends at a pile of accents', () => {
    assert.equal(clip(`abc${'\u0301'.repeat(500)}`, 64, 768), 'ab…');
  });
});

describe('cleanName', () => {
  it('is on one line and shows what it is', () => {
    assert.equal(cleanName('  Ada\n\tLovelace\u0000 '), 'Ada Lovelace');
    assert.equal(cleanName('\u202eevil\u2066'), 'evil');
    assert.equal(cleanName('\u200b\u3164'), '');
    assert.equal(cleanName(undefined), '');
    assert.equal(cleanName('👨‍👩‍👧‍👦'), '👨‍👩‍👧‍👦');
  });

  it('takes whatever a remote sends', () => {
    fc.assert(fc.property(name, text => {
      const clean = cleanName(text);
      assert.isAtMost(characters(clean).length, MAX_NAME);
      assert.notMatch(clean, /[\n\r\0\u202a-\u202e\u2066-\u2069]/);
      assert.isAbove(displayName('id', text).length, 0);
      assert.isAbove(initials(displayName('id', text)).length, 0);
    }), {numRuns: 500});
  });
});

describe('people', () => {
  it('have the same name and colour everywhere', () => {
    assert.equal(displayName('user-1', ''), displayName('user-1', '\u200b'));
    assert.match(displayName('user-1', ''), /^Guest [0-9A-Z]{3}$/);
    assert.equal(hue('user-1'), hue('user-1'));
  });

  it('do not all have the same colour', () => {
    const hues = new Set(Array.from({length: 100}, (_, i) => hue(`user-${i}`)));
    assert.equal(hues.size, 12);
  });

  it('have initials in any script', () => {
    assert.deepEqual(['Ada Lovelace', 'ada', '(Bo) x y', '山田 太郎', '👩‍🚀 Sally', '…'].map(initials), ['AL', 'A', 'BY', '山太', '👩‍🚀S', '?']);
  });
});
