import {expect} from 'chai';
import fc from 'fast-check';
import {
  BYE, decodeBulk, decodeLine, encodeAck, encodeBinaryLine, encodeCancel, encodeHello, encodeLine, encodeLineBody, encodeName, encodeOpen,
  encodePiece, encodePing, encodePong, isOversized, joinFrames, splitFrames,
} from './frame.js';
import {MAX_MESSAGE_BYTES} from './limits.js';

const count = fc.integer({min: 1, max: 2 ** 40});
const channel = fc.string({maxLength: 64, unit: 'binary'});

describe('Frames', () => {
  it('bring over what was encoded', () => {
    fc.assert(fc.property(count, count, channel, fc.jsonValue(), (n, after, name, data) => {
      const json = JSON.stringify(data);
      const frame = decodeLine(encodeLine(n, after, encodeLineBody(name, json)));
      expect(frame).to.deep.equal({kind: 'message', n, after, channel: name, data: JSON.parse(json) as unknown});
    }));
  });

  it('travel together, whatever is in them', () => {
    fc.assert(fc.property(channel, fc.array(fc.jsonValue(), {minLength: 1}), (name, values) => {
      const frames = values.map((value, i) => encodeLine(i + 1, 0, encodeLineBody(name, JSON.stringify(value))));
      expect(splitFrames(joinFrames(frames))).to.deep.equal(frames);
    }));
  });

  it('bring over binary, with its header', () => {
    fc.assert(fc.property(count, channel, fc.uint8Array({maxLength: 2000}), (n, name, bytes) => {
      const head = {channel: name, kind: 'buffer', type: ''} as const;
      const frame = decodeLine(encodeBinaryLine(n, 0, head, bytes).buffer);
      expect(frame?.kind === 'message' && [...new Uint8Array(frame.data as ArrayBuffer)]).to.deep.equal([...bytes]);
      expect(frame?.kind === 'message' && frame.channel).to.equal(head.channel);
    }));
  });

  it('bring over what keeps a conversation going', () => {
    const hello = {v: 1, boot: 'b', name: 'Ada', from: 2, got: {boot: 'c', line: 3, done: [1, 2], parts: [[4, 70_000]] as const}, re: true};
    expect(decodeLine(encodeHello(hello))).to.deep.equal({kind: 'hello', hello});
    expect(decodeLine(encodeAck(7, [2]))).to.deep.equal({kind: 'ack', line: 7, done: [2]});
    expect(decodeLine(encodeName('Ünal'))).to.deep.equal({kind: 'name', name: 'Ünal'});
    expect(decodeLine(encodePing(3, 8))).to.deep.equal({kind: 'ping', id: 3, line: 8});
    expect(decodeLine(encodePong(3))).to.deep.equal({kind: 'pong', id: 3});
    expect(decodeLine(BYE)).to.deep.equal({kind: 'bye'});
    const open = {transfer: 9, head: {channel: 'f', kind: 'blob', type: 'image/png'} as const, size: 100, offset: 5, afterLine: 2};
    expect(decodeBulk(encodeOpen(open))).to.deep.equal({kind: 'open', open});
    expect(decodeBulk(encodeCancel(9))).to.deep.equal({kind: 'cancel', transfer: 9});
    const piece = decodeBulk(encodePiece(9, new Uint8Array([1, 2, 3])).buffer);
    expect(piece?.kind === 'piece' && [piece.transfer, ...piece.bytes]).to.deep.equal([9, 1, 2, 3]);
  });

  it('never throw on what a stranger sends', () => {
    const anyText = fc.oneof(fc.string({unit: 'binary'}), fc.json(), fc.array(fc.jsonValue()).map(value => JSON.stringify(value)));
    const kinds = fc.constantFrom('m', 'ack', 'hi', 'name', 'ping', 'pong', 'bye', 'open', 'cancel');
    const almost = fc.tuple(kinds, fc.array(fc.oneof(fc.jsonValue(), count), {maxLength: 8}))
      .map(([kind, rest]) => JSON.stringify([kind, ...rest]));
    fc.assert(fc.property(fc.oneof(anyText, almost, fc.uint8Array()), data => {
      const raw = typeof data === 'string' ? data : new Uint8Array(data).buffer;
      decodeLine(raw);
      decodeBulk(raw);
      isOversized(raw);
    }), {numRuns: 2000});
  });

  it('tell an oversized declaration from a malformed one', () => {
    const tooLarge = encodeOpen({transfer: 1, head: {channel: '', kind: 'buffer', type: ''}, size: MAX_MESSAGE_BYTES + 1, offset: 0, afterLine: 0});
    expect([decodeBulk(tooLarge), isOversized(tooLarge)]).to.deep.equal([undefined, true]);
    expect(isOversized('["open",1]')).to.equal(false);
  });
});
