import {assert} from 'chai';
import fc from 'fast-check';
import {ChatLines, PART_LINES} from './chat-lines.js';
import type {ChatLine, ChatMessage} from './chat.js';

const message = (seq: number, more: Partial<ChatMessage> = {}): ChatMessage =>
  ({kind: 'text', id: `${seq}`, seq, from: 'a', name: 'A', own: false, text: 'x', at: 0, status: 'sent', deliveredTo: [], ...more});

const isWaiting = (line: ChatLine): boolean => line.kind === 'text' && line.own && line.status !== 'sent';

/** The same as the simplest thing that does it, whatever happens; and what was seen before has not changed. */
const action = fc.oneof(
  fc.record({do: fc.constant('add' as const), count: fc.integer({min: 1, max: 300}), waits: fc.boolean()}),
  fc.record({do: fc.constant('prepend' as const), count: fc.integer({min: 0, max: 600})}),
  fc.record({do: fc.constant('replace' as const), which: fc.nat()}),
  fc.record({do: fc.constant('shift' as const), count: fc.integer({min: 1, max: 300})}),
  fc.record({do: fc.constant('look' as const)}),
);

describe('ChatLines', () => {
  it('holds what an array would, and nobody sees it change', () => {
    fc.assert(fc.property(fc.array(action, {maxLength: 30}), actions => {
      const lines = new ChatLines();
      let model: ChatLine[] = [];
      let [first, last] = [0, 0];
      const looks: Array<readonly [parts: readonly (readonly ChatLine[])[], then: readonly ChatLine[]]> = [];
      for (const each of actions) {
        switch (each.do) {
          case 'add':
            for (let i = 0; i < each.count; i++) {
              const line = message(last++, i === 0 && each.waits ? {own: true, status: 'waiting'} : {});
              lines.add(line);
              model.push(line);
            }
            break;
          case 'prepend': {
            const former = Array.from({length: each.count}, (_, i) => message(first - each.count + i));
            first -= each.count;
            lines.prepend(former);
            model.unshift(...former);
            break;
          }
          case 'replace': {
            const before = model[each.which % model.length] as ChatMessage | undefined;
            if (!before) break;
            const line: ChatMessage = {...before, text: 'changed', status: 'sent'};
            assert.isTrue(lines.replace(line));
            model[model.indexOf(before)] = line;
            break;
          }
          case 'shift':
            for (let i = 0; i < each.count; i++) {
              const oldest = model.find(line => !isWaiting(line));
              assert.equal(lines.shift(), oldest);
              model = model.filter(line => line !== oldest);
            }
            break;
          case 'look':
            looks.push([lines.parts, model.slice()]);
        }
        assert.equal(lines.length, model.length);
        assert.deepEqual(lines.unsent(), model.filter(isWaiting) as ChatMessage[]);
      }
      looks.push([lines.parts, model]);
      for (const [parts, then] of looks) assert.deepEqual(parts.flat(), then);
      for (const part of lines.parts) assert.isTrue(part.length > 0 && part.length <= PART_LINES);
      assert.equal(lines.units, model.reduce((sum, line) => sum + (line as ChatMessage).text.length, 0));
      const some = model.at(model.length / 2);
      if (some) assert.equal(lines.find(some.id), some as ChatMessage);
      assert.isUndefined(lines.find('nobody'));
    }));
  });

  it('changes no part but that of the change', () => {
    const lines = new ChatLines();
    for (let i = 0; i < 3 * PART_LINES; i++) lines.add(message(i));
    const before = lines.parts;
    assert.equal(lines.parts, before);
    lines.replace(message(PART_LINES, {text: 'other'}));
    assert.deepEqual(lines.parts.map((part, i) => part === before[i]), [true, false, true]);
    assert.isFrozen(lines.parts[1]);
  });
});
