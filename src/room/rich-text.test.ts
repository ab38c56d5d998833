import {assert} from 'chai';
import fc from 'fast-check';
import {isEmoji, toParts} from './rich-text.js';

const links = (text: string) => toParts(text).flatMap(part => part.kind === 'link' ? [part.href] : []);

/** Text as people type it, and as somebody would who looks for a hole. */
const hostile = fc.array(fc.oneof(
  fc.constantFrom('http://', 'https://', 'javascript:', 'JaVaScRiPt:', 'data:text/html,', 'mailto:', 'www.', '@', '.', '://', 'a.example', '(', ')',
    '`', '```', '\n', ' ', '<script>', '"', "'", '\u202e', '\u200b', '\0', '%00', '\\', '\t', 'user:pass@', '[::1]', '🏳️‍🌈', 'é', '\ud800'),
  fc.string(), fc.string({unit: 'binary'}), fc.webUrl({withQueryParameters: true, withFragments: true}),
), {maxLength: 30}).map(pieces => pieces.join(''));

describe('toParts', () => {
  it('finds addresses, without what follows them in a sentence', () => {
    assert.deepEqual(links('See https://a.example/x_(y)?q=1#z. And (http://b.example/), "www.c.example", or d@e.example!'),
      ['https://a.example/x_(y)?q=1#z', 'http://b.example/', 'https://www.c.example/', 'mailto:d@e.example']);
  });

  it('opens nothing but web and mail addresses, and none that hides where it leads', () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,<script>', 'file:///etc/passwd', 'ftp://a.example', 'vbscript:x',
      'https://bank.example@evil.example/', 'http://', 'https:///', 'www.', 'xhttps://a.example']) {
      assert.deepEqual(links(text).filter(href => !href.startsWith('mailto:')), [], text);
    }
  });

  it('keeps code as it is', () => {
    assert.deepEqual(toParts('a `b https://c.example` d'),
      [{kind: 'text', text: 'a '}, {kind: 'code', text: 'b https://c.example'}, {kind: 'text', text: ' d'}]);
    assert.deepEqual(toParts('```js\nlet a;\n  let b;\n```'), [{kind: 'block', text: 'let a;\n  let b;'}]);
    assert.deepEqual(toParts('one ` only'), [{kind: 'text', text: 'one ` only'}]);
  });

  it('loses nothing, invents nothing, and makes safe addresses only, whatever is typed', () => {
    fc.assert(fc.property(hostile, text => {
      // What is missing are the backticks of code, the name of its language, and the line ends beside them.
      const missing = Array.from(text);
      let at = 0;
      for (const letter of toParts(text).map(part => part.text).join('')) {
        at = missing.indexOf(letter, at);
        assert.isAtLeast(at, 0);
        missing.splice(at, 1);
      }
      assert.match(missing.join(''), /^[`\w+#.\s-]*$/);
      for (const part of toParts(text)) {
        if (part.kind !== 'link') continue;
        const url = new URL(part.href);
        assert.include(['http:', 'https:', 'mailto:'], url.protocol);
        assert.equal(url.username, '');
        assert.notMatch(part.text, /[\s<>"`\u202a-\u202e\u2066-\u2069]/);
      }
    }), {numRuns: 1000});
  });

  it('takes linear time for the worst that fits into a message', () => {
    const worst = ['www.'.repeat(2000), 'a@'.repeat(4000), '```'.repeat(2666), 'http://('.repeat(1000), `https://a${')'.repeat(7990)}`,
      `${'a.'.repeat(3990)}@`, `https://a/${'('.repeat(3900)}${')'.repeat(3900)}`, `https://a${'.'.repeat(7990)}`];
    for (const text of worst) {
      const start = performance.now();
      toParts(text);
      // Measured: 0.1 to 3 ms. A quadratic matcher takes 300 ms and more.
      assert.isBelow(performance.now() - start, 100, text.slice(0, 20));
    }
  });
});

describe('isEmoji', () => {
  it('tells one to three emoji from everything else', () => {
    for (const text of ['👍', '👨‍👩‍👧‍👦 ❤️', '🇩🇪', '3️⃣', '👍🏽👍🏽👍🏽', ' 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ']) assert.isTrue(isEmoji(text), text);
    for (const text of ['', ' ', '1', '#', 'a👍', '👍👍👍👍', '©', '👍'.repeat(500)]) assert.isFalse(isEmoji(text), text);
  });
});
