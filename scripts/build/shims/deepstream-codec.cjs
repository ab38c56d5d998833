'use strict';

/**
 * deepstream's messages as bytes, instead of what protobufjs has generated for `@deepstream/protobuf` 1.0.9 (`generated/protobuf.js`).
 * The same bytes, and the same verdict on any frame: `test/deepstream-codec.test.ts` compares the two.
 *
 * The format: https://protobuf.dev/programming-guides/encoding/
 */
const {TOPIC} = require('@deepstream/protobuf/dist/types/all');

/** protobufjs's own limit of groups in groups; deepstream has no groups at all. */
const MAX_DEPTH = 100;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {ignoreBOM: true});

class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** Cut to 32 bits, with sign. An integer is seven bits a byte, low ones first, ten bytes at most. */
  int32() {
    // As nearly all are.
    if (this.#bytes[this.#at] < 128) return this.#bytes[this.#at++];
    let bits = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      byte = this.#byte(shift);
      if (shift < 35) bits |= (byte & 127) << shift;
    }
    return bits;
  }

  bool() {
    let bits = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) bits |= (byte = this.#byte(shift)) & 127;
    return bits > 0;
  }

  bytes() {
    return this.#take(this.#uint());
  }

  /** Reads `size` bytes, or all that are left, into `values`. What it does not know, it skips. */
  fields(fields, values, size = this.#bytes.length) {
    const end = this.#at + size;
    while (this.#at < end) {
      const tag = this.int32();
      const field = fields[tag >>> 3];
      if (field) values[field.name] = field.read(this, values[field.name]);
      else this.#skip(tag & 7);
    }
    return values;
  }

  #skip(wireType, depth = 0, group = undefined) {
    if (depth > MAX_DEPTH) throw new RangeError('groups in groups');
    switch (wireType) {
      case 0: while (this.#byte(0) > 127); break;
      case 1: this.#take(8); break;
      case 2: this.bytes(); break;
      case 3:
        for (;;) {
          const tag = this.#uint();
          const number = tag >>> 3;
          if (number === 0) throw new RangeError('field without a number');
          if ((tag & 7) === 4) {
            if (group !== undefined && number !== group) throw new RangeError('end of another group');
            return;
          }
          this.#skip(tag & 7, depth + 1, number);
        }
      case 5: this.#take(4); break;
      default: throw new RangeError('no such type');
    }
  }

  /** An integer of 32 bits at most, without sign. */
  #uint() {
    if (this.#bytes[this.#at] < 128) return this.#bytes[this.#at++];
    let bits = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      byte = this.#byte(shift);
      if (shift > 28 || (shift === 28 && byte > 15)) throw new RangeError('number too large');
      bits |= (byte & 127) << shift;
    }
    return bits >>> 0;
  }

  /** @param shift for the bits of an integer, where it is one's. */
  #byte(shift) {
    if (shift === 70) throw new RangeError('integer too long');
    if (this.#at >= this.#bytes.length) throw new RangeError('ends too early');
    return this.#bytes[this.#at++];
  }

  #take(size) {
    const end = this.#at + size;
    if (end > this.#bytes.length) throw new RangeError('ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

class Writer {
  #bytes = new Uint8Array(1024);
  #size = 0;

  int32(value) {
    this.#reserve(10);
    let rest = value | 0;
    // A negative one is written as if it had 64 bits, which are ten bytes.
    for (let more = rest < 0 ? 9 : 0; rest > 127 || more > 0; more--) {
      this.#bytes[this.#size++] = rest & 127 | 128;
      rest >>= 7;
    }
    this.#bytes[this.#size++] = rest < 0 ? 1 : rest;
  }

  bytes(value) {
    this.int32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  fields(fields, values) {
    for (const number in fields) {
      const {name, wireType, write, many} = fields[number];
      const value = values[name] ?? undefined;
      if (value === undefined) continue;
      for (const one of many ? many.each(value) : [value]) {
        this.int32(number << 3 | wireType);
        write(this, one);
      }
    }
    return this;
  }

  finish() {
    return this.#bytes.slice(0, this.#size);
  }

  #reserve(size) {
    if (this.#size + size <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#size + size));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/**
 * A message with as much of protobufjs's interface as `@deepstream/protobuf` calls. What is read is no such message where it throws.
 *
 * @param fields by their numbers: name, wire type (0: delimited by the high bits of its bytes, 2: by its size in front), how to read
 *   and how to write it. One of several values says with `many` what stands for none, and what to write one after another.
 */
const message = fields => ({
  encode: values => new Writer().fields(fields, values),
  encodeDelimited(values) {
    const writer = new Writer();
    writer.bytes(this.encode(values).finish());
    return writer;
  },
  decode(bytes) {
    const values = {};
    for (const number in fields) if (fields[number].many) values[fields[number].name] = fields[number].many.none();
    return new Reader(bytes).fields(fields, values);
  },
  decodeDelimited(bytes) {
    const reader = new Reader(bytes);
    return reader.fields(fields, {message: new Uint8Array()}, reader.int32() >>> 0);
  },
});

const int32 = name => ({name, wireType: 0, read: reader => reader.int32(), write: (writer, value) => writer.int32(value)});

const bool = name => ({name, wireType: 0, read: reader => reader.bool(), write: (writer, value) => writer.int32(value ? 1 : 0)});

const bytes = name => ({name, wireType: 2, read: reader => reader.bytes(), write: (writer, value) => writer.bytes(value)});

const string = name => ({
  name, wireType: 2,
  read: reader => decoder.decode(reader.bytes()),
  write: (writer, value) => writer.bytes(encoder.encode(value)),
});

const strings = name => {
  const {read, ...rest} = string(name);
  return {
    ...rest,
    read: (reader, list) => {
      list.push(read(reader));
      return list;
    },
    many: {none: () => [], each: value => value},
  };
};

const entry = {1: string('key'), 2: int32('value')};

const numbersByName = name => ({
  name, wireType: 2,
  read: (reader, before) => {
    const {key, value} = reader.fields(entry, {key: '', value: 0}, reader.int32() >>> 0);
    // Not an assignment, which `__proto__` would turn into something else.
    return Object.defineProperty(before, key, {value, configurable: true, enumerable: true, writable: true});
  },
  write: (writer, [key, value]) => writer.bytes(new Writer().fields(entry, {key, value}).finish()),
  many: {none: () => ({}), each: Object.entries},
});

module.exports = {
  TOPIC,
  Message: message({2: int32('topic'), 3: bytes('message')}),
  AuthMessage: message({1: int32('action'), 2: string('data'), 3: bool('isError'), 4: bool('isAck')}),
  ClusterMessage: message({
    1: int32('action'), 2: string('data'), 3: bool('isError'), 4: bool('isAck'), 5: int32('leaderScore'), 7: string('role'),
  }),
  ConnectionMessage: message({
    1: int32('action'), 2: string('data'), 3: bool('isError'), 4: bool('isAck'), 5: string('url'), 6: string('protocolVersion'),
    7: string('sdkVersion'), 8: string('sdkType'),
  }),
  EventMessage: message({
    1: int32('action'), 2: string('data'), 3: string('correlationId'), 4: bool('isError'), 5: bool('isAck'), 6: string('name'),
    7: strings('names'), 8: string('subscription'), 10: int32('originalTOPIC'), 11: int32('originalAction'),
  }),
  LockMessage: message({1: int32('action'), 3: bool('locked')}),
  MonitoringMessage: message({
    1: int32('action'), 2: string('data'), 3: string('correlationId'), 4: bool('isError'), 5: bool('isAck'),
  }),
  ParserMessage: message({1: int32('action'), 2: string('data'), 8: int32('originalTOPIC'), 9: int32('originalAction')}),
  PresenceMessage: message({
    1: int32('action'), 2: int32('originalTOPIC'), 3: int32('originalAction'), 4: string('data'), 5: string('correlationId'),
    6: bool('isError'), 7: bool('isAck'), 8: string('name'), 9: strings('names'),
  }),
  RecordMessage: message({
    1: int32('action'), 2: string('data'), 3: string('correlationId'), 4: bool('isError'), 5: bool('isAck'), 6: string('name'),
    7: strings('names'), 8: string('pattern'), 9: string('subscription'), 10: int32('originalAction'), 11: bool('isWriteAck'),
    12: string('path'), 13: int32('version'), 14: numbersByName('versions'),
  }),
  RpcMessage: message({
    1: int32('action'), 2: string('data'), 3: string('correlationId'), 4: bool('isError'), 5: bool('isAck'), 6: strings('names'),
    7: string('name'), 9: int32('originalAction'), 10: string('requestorName'), 11: string('requestorData'),
  }),
};
