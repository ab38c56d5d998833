import {assert} from 'chai';
import fc from 'fast-check';
import {summary, toBlocks, type ChatBlock} from './chat-blocks.js';
import type {ChatLine, ChatMessage, ChatNotice} from './chat.js';

const noon = new Date(2026, 10, 22, 12).getTime();
let seq = 0;
const say = (from: string, at: number, more: Partial<ChatMessage> = {}): ChatMessage =>
  ({kind: 'text', id: `${seq}`, seq: seq++, from, name: from, own: false, text: 'x', at, status: 'sent', deliveredTo: [], ...more});
const note = (kind: ChatNotice['kind'], from: string, at = noon, name = from): ChatNotice => ({kind, id: `${seq}`, seq: seq++, from, name, at});
const linesOf = (block: ChatBlock): readonly ChatLine[] =>
  block.kind === 'messages' ? block.messages : block.kind === 'notices' ? block.notices : [];

describe('toBlocks', () => {
  it('puts together what one person says within a minute', () => {
    const blocks = toBlocks([[say('a', noon), say('a', noon + 59_000), say('a', noon + 60_000), say('b', noon + 61_000)]], noon);
    assert.deepEqual(blocks.map(block => linesOf(block).length), [2, 1, 1]);
  });

  it('marks another day, and an hour of silence, but not that today is today', () => {
    const day = 24 * 3600_000;
    const blocks = toBlocks([[say('a', noon - day), say('a', noon), say('a', noon + 3600_000)]], noon);
    assert.deepEqual(blocks.map(block => block.kind === 'time' ? (block.newDay ? 'day' : 'hour') : block.kind),
      ['day', 'messages', 'day', 'messages', 'hour', 'messages']);
    assert.deepEqual(toBlocks([[say('a', noon)]], noon).map(({kind}) => kind), ['messages']);
  });

  it('keeps every line, once and in order', () => {
    const line = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('text', 'joined', 'left'), fc.integer({min: 0, max: 9e6}), fc.boolean());
    fc.assert(fc.property(fc.array(line, {maxLength: 200}), fc.integer({min: 1, max: 50}), (drawn, size) => {
      let at = noon;
      const lines = drawn.map(([from, kind, pause, own]) => kind === 'text' ? say(from, at += pause, {own}) : note(kind as 'left', from, at += pause));
      const parts = Array.from({length: Math.ceil(lines.length / size)}, (_, i) => lines.slice(i * size, (i + 1) * size));
      const blocks = toBlocks(parts, noon);
      assert.deepEqual(blocks.flatMap(linesOf), lines);
      const times = (all: readonly ChatBlock[]) => all.filter(({kind}) => kind === 'time');
      assert.deepEqual(times(blocks), times(toBlocks(lines.length ? [lines] : [], noon)), 'time passes between parts as it does within them');
      for (const block of blocks) {
        if (block.kind === 'messages') assert.lengthOf(new Set(block.messages.map(({from, own}) => own ? 'me' : from)), 1);
        if (block.kind !== 'time') assert.equal(linesOf(block)[0], block.first);
      }
    }));
  });

  it('makes anew what has changed, and what comes right behind that', () => {
    const [a, b, c] = [[say('a', noon)], [say('b', noon)], [say('c', noon)]];
    const before = toBlocks([a, b, c], noon);
    const after = toBlocks([a, [{...b[0]!, text: 'y'}], c], noon);
    assert.deepEqual(after.map((block, i) => block === before[i]), [true, false, false]);
    assert.deepEqual(toBlocks([a, b, c], noon + 24 * 3600_000).map(({kind}) => kind), ['time', 'messages', 'messages', 'messages']);
  });
});

describe('summary', () => {
  it('says in one line who came and went', () => {
    assert.equal(summary([note('joined', 'Ada')]), 'Ada joined');
    assert.equal(summary(['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map(who => note('joined', who))), 'Ada, Bo and 3 others joined');
    assert.equal(summary([note('joined', 'Ada'), note('left', 'Bo')]), 'Ada joined · Bo left');
  });

  it('does not make much of somebody who was there for a moment, or who reloads', () => {
    assert.equal(summary([note('joined', 'Ada'), note('left', 'Ada')]), 'Ada came and went');
    assert.equal(summary([note('left', 'id-1', noon, 'Ada'), note('joined', 'id-2', noon, 'Ada')]), 'Ada came back');
  });
});
