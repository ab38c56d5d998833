/** deepstream's messages as bytes: what the bundles for browsers have for it, beside what deepstream has. */
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {before, describe, it} from 'node:test';
import * as builder from '@deepstream/protobuf/dist/src/message-builder.js';
import * as parser from '@deepstream/protobuf/dist/src/message-parser.js';
import originalEnums from '@deepstream/protobuf/dist/types/all.js';
import {ACTIONS, type Message} from '@deepstream/protobuf/dist/types/messages.js';
import {build} from 'esbuild';
import fc from 'fast-check';
import {fromRoot} from '../scripts/build/paths.js';
import {browserOptions} from '../scripts/build/vendors.js';

interface Codec {
  readonly getMessage: (message: Message, isAck: boolean) => Uint8Array;
  readonly parse: (frame: Uint8Array) => unknown;
}

const {TOPIC} = originalEnums;
/** What a message is before anything is read into it, by the name of its type. There are no types of it for TypeScript. */
const generated = createRequire(import.meta.url)('@deepstream/protobuf/dist/generated/protobuf.js') as
  Readonly<Record<string, {readonly prototype: Readonly<Record<string, unknown>>}>>;
const original: Codec = {
  // Not Node's Buffers, which no browser has.
  getMessage: (message, isAck) => Uint8Array.from(builder.getMessage(message, isAck)),
  parse: frame => parser.parse(frame),
};
let bundled: Codec & {readonly enums: unknown};

const int32 = fc.oneof(fc.integer(), fc.nat({max: 300}), fc.constantFrom(-1, 0, 127, 128, 2 ** 31 - 1, -(2 ** 31)));
const string = fc.oneof(
  {weight: 8, arbitrary: fc.string({unit: 'binary'})},
  {weight: 2, arbitrary: fc.constantFrom('', '\uFEFF', '\uFEFFand twelve more letters', '__proto__', 'constructor', '\0', '😀é')},
  // Sizes around those that take one byte more to write.
  {weight: 1, arbitrary: fc.tuple(fc.constantFrom(40, 127, 128, 16_383, 16_384, 70_000), fc.constantFrom('a', 'é', '😀'))
    .map(([length, letter]) => letter.repeat(length).slice(0, length & ~1))},
);
const versions = fc.array(fc.tuple(string, int32), {maxLength: 5}).map(pairs => Object.fromEntries(pairs));

/** Values like the one that deepstream has for a field that is not there. */
function valuesLike(example: unknown): fc.Arbitrary<unknown> {
  const values = typeof example === 'number' ? int32
    : typeof example === 'string' ? string
    : typeof example === 'boolean' ? fc.boolean()
    : Array.isArray(example) ? fc.array(string, {maxLength: 5})
    : versions;
  return fc.oneof({weight: 9, arbitrary: values}, {weight: 1, arbitrary: fc.constantFrom(null, undefined)});
}

/** Topics that have messages; deepstream writes and reads no other. */
const topics = Object.entries(TOPIC).flatMap(([name, topic]) => {
  const type = generated[`${name.charAt(0)}${name.slice(1).toLowerCase()}Message`];
  return typeof topic === 'number' && type ? [{name, topic, fields: type.prototype}] : [];
});

/** Every action of every topic, with any of the fields that deepstream knows for it. */
const message: fc.Arbitrary<Message> = fc.constantFrom(...topics).chain(({topic, fields}) => fc.record({
  ...Object.fromEntries(Object.entries(fields).map(([name, example]) => [name, valuesLike(example)])),
  topic: fc.constant(topic),
  action: fc.constantFrom(0, ...Object.values(ACTIONS[topic as keyof typeof ACTIONS]).filter(value => typeof value === 'number')),
  parsedData: fc.jsonValue(),
  isUnknown: fc.boolean(),
}, {requiredKeys: ['topic', 'action']})) as unknown as fc.Arbitrary<Message>;

/** `value` in bytes of seven bits each, in more of them than it needs when `length` says so. */
function varint(value: number, length = 1): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  } while (rest > 0n || bytes.length < length);
  bytes.push(bytes.pop()! & 127);
  return bytes;
}

/** Fields' numbers: small ones that are known or not, and those where 32 bits end. */
const number = fc.oneof({weight: 9, arbitrary: fc.nat({max: 24})}, {weight: 1, arbitrary: fc.constantFrom(2 ** 28, 2 ** 29 - 1, 2 ** 29)});

/** Bytes that are fields, or would be with one bit more or less. */
const soup: fc.Arbitrary<number[]> = fc.letrec<{fields: number[]; field: number[]}>(tie => ({
  fields: fc.array(tie('field'), {maxLength: 6}).map(fields => fields.flat()),
  field: fc.oneof({depthSize: 'small'},
    fc.array(fc.nat({max: 255}), {maxLength: 12}),
    fc.tuple(number, fc.nat({max: 7}), fc.nat({max: 11})).map(([of, type, length]) => varint(of * 8 + type, length)),
    fc.tuple(fc.oneof(fc.nat({max: 40}), fc.nat(), fc.maxSafeInteger().map(Math.abs)), fc.nat({max: 11})).map(args => varint(...args)),
    fc.tuple(number, fc.nat({max: 11}), tie('fields'))
      .map(([of, length, inside]) => [...varint(of * 8 + 2), ...varint(inside.length, length), ...inside]),
    fc.tuple(number, tie('fields'), number, fc.boolean()).map(([of, inside, other, isClosed]) =>
      [...varint(of * 8 + 3), ...inside, ...varint((isClosed ? of : other) * 8 + 4)]),
  ),
})).fields;

const frame = (topic: number, inside: readonly number[]): Uint8Array => {
  const outside = [...varint(16), ...varint(topic), ...varint(26), ...varint(inside.length), ...inside];
  return Uint8Array.from([...varint(outside.length), ...outside]);
};

function assertSameVerdict(bytes: Uint8Array): void {
  assert.deepEqual(bundled.parse(bytes), original.parse(bytes));
}

function assertSameBytes(given: Message, isAck: boolean): Uint8Array {
  // Both write into what they are given.
  const [ours, theirs] = [structuredClone(given), structuredClone(given)];
  const bytes = bundled.getMessage(ours, isAck);
  assert.deepEqual(bytes, original.getMessage(theirs, isAck));
  assert.deepEqual(ours, theirs);
  return bytes;
}

describe('deepstream\'s codec in the bundles for browsers', {timeout: 120_000}, () => {
  before(async () => {
    const {outputFiles} = await build({
      ...browserOptions,
      stdin: {
        contents: `export {getMessage} from '@deepstream/protobuf/dist/src/message-builder.js';
          export {parse} from '@deepstream/protobuf/dist/src/message-parser.js';
          export {default as enums} from '@deepstream/protobuf/dist/types/all.js';`,
        resolveDir: fromRoot(),
        sourcefile: 'codec.mjs',
      },
      write: false,
    });
    const script = outputFiles[0]!.text;
    assert.doesNotMatch(script, /protobufjs/);
    bundled = await import(`data:text/javascript,${encodeURIComponent(script)}`) as typeof bundled;
  });

  it('has the same names and numbers', () => {
    assert.deepEqual({...bundled.enums as object}, {...originalEnums});
  });

  it('knows every topic that has messages', () => {
    assert.deepEqual(topics.map(({name}) => name),
      ['PARSER', 'CONNECTION', 'AUTH', 'EVENT', 'RECORD', 'RPC', 'PRESENCE', 'MONITORING', 'CLUSTER', 'LOCK']);
    for (const topic of [-1, 0, 11, 12, 100]) {
      const odd: unknown = {topic, action: 1};
      for (const codec of [bundled, original]) assert.throws(() => codec.getMessage(odd as Message, false), TypeError);
      assertSameVerdict(frame(topic, [8, 1]));
    }
  });

  it('writes the same bytes, and reads the same from them', () => {
    fc.assert(fc.property(message, fc.boolean(), (given, isAck) => {
      const bytes = assertSameBytes(given, isAck);
      assertSameVerdict(bytes);
      const [{topic}] = bundled.parse(bytes) as [Message];
      assert.equal(topic, given.topic); // not the parser's own, for what is malformed
    }), {numRuns: 1_000});
  });

  it('writes every field of every message', () => {
    for (const {topic, fields} of topics) {
      for (const [name, example] of Object.entries(fields)) {
        const value = typeof example === 'number' ? -7 : typeof example === 'string' ? 'x' : typeof example === 'boolean' ? true
          : Array.isArray(example) ? ['x', 'y'] : {x: -1, y: 300};
        const bytes = assertSameBytes({topic, [name]: value} as unknown as Message, false);
        assertSameVerdict(bytes);
        const [read] = bundled.parse(bytes) as [Record<string, unknown>];
        assert.deepEqual(read[name], name === 'requestorData' ? '"x"' : value); // deepstream writes that one as JSON
      }
    }
  });

  it('gives the same verdict on a frame that ends early, or goes on', () => {
    fc.assert(fc.property(message, fc.double({min: 0, max: 1, noNaN: true}), fc.uint8Array({maxLength: 20}), (given, share, more) => {
      const bytes = original.getMessage(given, false);
      assertSameVerdict(bytes.subarray(0, Math.floor(share * bytes.length)));
      assertSameVerdict(Uint8Array.from([...bytes, ...more]));
    }), {numRuns: 1_000});
  });

  it('gives the same verdict on a frame with some bytes wrong', () => {
    const mistakes = fc.array(fc.tuple(fc.nat(), fc.nat({max: 255}), fc.nat({max: 2})), {minLength: 1, maxLength: 3});
    fc.assert(fc.property(message, mistakes, (given, wrong) => {
      const bytes = [...original.getMessage(given, false)];
      for (const [at, byte, removed] of wrong) bytes.splice(at % (bytes.length + 1), removed, byte);
      assertSameVerdict(Uint8Array.from(bytes));
    }), {numRuns: 1_000});
  });

  it('gives the same verdict on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({maxLength: 60}), assertSameVerdict), {numRuns: 2_000});
    fc.assert(fc.property(soup, fc.nat({max: 11}), (bytes, length) =>
      assertSameVerdict(Uint8Array.from([...varint(bytes.length, length), ...bytes]))), {numRuns: 5_000});
    fc.assert(fc.property(fc.constantFrom(...topics), soup, ({topic}, inside) =>
      assertSameVerdict(frame(topic, inside))), {numRuns: 10_000});
  });

  it('gives the same verdict on groups in groups', () => {
    for (const depth of [1, 2, 99, 100, 101, 102, 5_000]) {
      for (const inside of [[], [8, 1]]) {
        assertSameVerdict(frame(TOPIC.EVENT, [...Array<number>(depth).fill(171).flatMap(tag => [tag, 1]), ...inside,
          ...Array<number>(depth).fill(172).flatMap(tag => [tag, 1])]));
      }
    }
  });

  it('writes half of a surrogate pair as all of the web does; deepstream writes it one way or another, by length', () => {
    const [read] = bundled.parse(bundled.getMessage({topic: TOPIC.EVENT, action: 2, name: 'a\uD800'}, false)) as [Message];
    assert.equal(read.name, 'a\uFFFD');
  });
});
