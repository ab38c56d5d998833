import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
import fc from 'fast-check';
import {EVENT_ACTION, isPlainEvent, parse, TOPIC, type Message} from './protocol.js';

const text = fc.string({unit: 'binary', maxLength: 40});
/** Around the lengths at which a length takes a byte more. */
const longText = fc.oneof(fc.integer({min: 100, max: 140}), fc.integer({min: 16_340, max: 16_400})).map(length => 'é'.repeat(length / 2));
const data = fc.oneof(text, longText);

const frameOf = (message: Partial<Message>): Uint8Array =>
  getMessage({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, ...message}, false);

function isPlain(frame: Uint8Array): boolean {
  const [message] = parse(frame) as Message[];
  return isPlainEvent(frame, message?.name ?? '', message?.data as string);
}

describe('isPlainEvent', () => {
  it('takes every event of deepstream\'s codec that can be read again', () => {
    fc.assert(fc.property(text, data, (name, said) => {
      const frame = frameOf({name, data: said});
      const [message] = parse(frame) as Message[];
      const isReadable = !`${message?.name}${message?.data as string}`.includes('\uFFFD');
      assert.equal(isPlain(frame), isReadable);
    }));
  });

  it('refuses what has anything more in it or behind it', () => {
    const more = fc.record({
      correlationId: text, isAck: fc.boolean(), isError: fc.boolean(), names: fc.array(text, {minLength: 1, maxLength: 2}),
      subscription: text,
    }, {requiredKeys: []}).filter(fields => Object.keys(fields).length > 0);
    fc.assert(fc.property(text, data, more, (name, said, fields) => {
      assert.equal(isPlain(frameOf({name, data: said, ...fields})), false);
    }));
    fc.assert(fc.property(text, data, fc.uint8Array({minLength: 1, maxLength: 8}), (name, said, behind) => {
      assert.equal(isPlain(Buffer.concat([frameOf({name, data: said}), behind])), false);
    }));
  });

  it('refuses bytes that are no text, whatever makes up for their length', () => {
    const frame = Buffer.from(frameOf({name: 'rtc-signal/ada', data: 'said'}));
    frame[frame.indexOf('said')] = 0xff;
    assert.equal(isPlain(frame), false);
  });
});
