import {expect} from 'chai';
import fc from 'fast-check';
import {systemClock} from '../clock.js';
import type {MeshError} from '../errors.js';
import {connect, once} from '../link/compliance.js';
import {MemoryNetwork} from '../link/memory.js';
import type {Link} from '../link/types.js';
import {decodeBulk, decodeLine, encodeAck, encodeOpen, encodePiece, encodeTaken, splitFrames, type Received} from '../wire/frame.js';
import {MAX_OPEN_TRANSFERS} from '../wire/limits.js';
import {Inbound} from './inbound.js';
import {prepareMessage} from './message.js';
import {Outbound} from './outbound.js';

const BOOT = 'boot';

/** A sender and a receiver, and the links between them, which a test may replace at any moment. */
class Stage {
  readonly network = new MemoryNetwork({latencyMs: 0, bytesPerSecond: 400_000_000});
  readonly received: Array<readonly [channel: string, data: unknown]> = [];
  readonly faults: MeshError[] = [];
  readonly outbound = new Outbound({
    clock: systemClock, peerId: 'b', onLost: error => this.faults.push(error), rider: {frame: () => undefined, sent: () => undefined},
  });
  readonly inbound = new Inbound({
    clock: systemClock, peerId: 'a', from: 0,
    onGap: () => void this.cut().then(() => this.link()),
    onMessage: (_from, channel, data) => this.#onMessage(channel, data),
    onFault: error => this.faults.push(error),
    sendAck: (line, done) => void this.#back?.send('lines', encodeAck(line, done)),
  });
  #back: Link | undefined;
  #forth: Link | undefined;
  #waiting: Array<() => void> = [];

  async link(): Promise<void> {
    const {a, b} = connect(this.network.createLink);
    a.onmessage = (_lane, data) => {
      const frame = decodeLine(data);
      if (a !== this.#forth) return;
      if (frame?.kind === 'ack') this.outbound.ack(frame.line, frame.done);
      if (frame?.kind === 'taken') this.outbound.taken(frame.bytes);
    };
    let taken = 0;
    b.onmessage = (lane, data) => {
      if (b !== this.#back) return;
      if (lane === 'lines') {
        for (const frame of typeof data === 'string' ? splitFrames(data) : [data]) this.inbound.line(decodeLine(frame) as never, 1);
        return;
      }
      const frame = decodeBulk(data);
      if (frame?.kind === 'piece') b.send('lines', encodeTaken(taken += frame.bytes.length));
      this.inbound.bulk(frame as never);
    };
    await Promise.all([once(a, 'open'), once(b, 'open')]);
    this.#forth = a;
    this.#back = b;
    // As in the hello: what the receiver has, it says first.
    const got: Received | undefined = this.inbound.received(BOOT);
    this.outbound.attach(a, got);
  }

  /** Loses the link, with everything that is on it. */
  async cut(): Promise<void> {
    const [a, b] = [this.#forth, this.#back];
    this.#forth = this.#back = undefined;
    this.outbound.detach();
    if (!a || !b) return;
    const closed = Promise.all([once(a, 'close'), once(b, 'close')]);
    a.close();
    await closed;
  }

  async until(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  end(): void {
    this.outbound.close(undefined as never);
    this.inbound.close();
    this.#forth?.close();
  }

  #onMessage(channel: string, data: unknown): void {
    this.received.push([channel, data]);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const large = (seed: number, size: number) => Uint8Array.from({length: size}, (_, i) => (i * 7 + seed) & 255);
const bytesOf = (data: unknown) => new Uint8Array(data as ArrayBuffer);

describe('A stream of messages to one peer', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.end());

  it('keeps what is sent before there is a link', async () => {
    const sent = stage.outbound.send(prepareMessage('', {early: true}));
    await stage.link();
    await sent;
    await stage.until(1);
    expect(stage.received).to.deep.equal([['', {early: true}]]);
  });

  it('brings over JSON and binary of every size', async () => {
    await stage.link();
    const values: unknown[] = [null, 0, '', 'x'.repeat(40_000), {deep: [[[1]]]}, ['é', '\u{1F600}'], false];
    for (const value of values) await stage.outbound.send(prepareMessage('', value));
    for (const size of [0, 1, 16_384, 16_385, 1_000_000]) await stage.outbound.send(prepareMessage('', large(size, size)));
    const blob = new Blob([large(3, 5_000_001)], {type: 'image/png'});
    await stage.outbound.send(prepareMessage('', blob));
    await stage.outbound.send(prepareMessage('', new Blob([])));
    await stage.until(values.length + 7);
    const data = stage.received.map(([, item]) => item);
    expect(data.slice(0, values.length)).to.deep.equal(values);
    const buffers = data.slice(values.length, values.length + 5).map(bytesOf);
    expect(buffers.map(({length}) => length)).to.deep.equal([0, 1, 16_384, 16_385, 1_000_000]);
    expect(buffers[4]).to.deep.equal(large(1_000_000, 1_000_000));
    const arrived = data.at(-2) as Blob;
    expect(arrived.type).to.equal('image/png');
    expect(bytesOf(await arrived.arrayBuffer())).to.deep.equal(large(3, 5_000_001));
    expect((data.at(-1) as Blob).size).to.equal(0);
    expect(stage.faults).to.deep.equal([]);
  });

  it('lets a line of another channel pass a large message, and none of its own', async () => {
    await stage.link();
    const done = stage.outbound.send(prepareMessage('file', large(1, 8_000_000)));
    void stage.outbound.send(prepareMessage('chat', 'hello'));
    void stage.outbound.send(prepareMessage('file', 'after the file'));
    await done;
    await stage.until(3);
    expect(stage.received.map(([channel, data]) => [channel, typeof data])).to.deep.equal(
      [['chat', 'string'], ['file', 'object'], ['file', 'string']]);
  });

  it('gives up a message when asked, and what was sent after it still comes', async () => {
    await stage.link();
    const abort = new AbortController();
    const given = stage.outbound.send(prepareMessage('file', large(1, 8_000_000)), {signal: abort.signal});
    void stage.outbound.send(prepareMessage('file', 'next'));
    abort.abort();
    expect(await given?.catch((error: unknown) => (error as MeshError).code)).to.equal('aborted');
    await stage.until(1);
    expect(stage.received).to.deep.equal([['file', 'next']]);
  });

  it('delivers every message once and in its channel\'s order, whenever links break', async function () {
    this.timeout(60_000);
    const step = fc.oneof(
      {weight: 6, arbitrary: fc.record({channel: fc.constantFrom('x', 'y'), size: fc.constantFrom(0, 10, 300, 20_000, 200_000, 1_500_000)})},
      {weight: 2, arbitrary: fc.constant('break' as const)},
      {weight: 3, arbitrary: fc.constant('wait' as const)},
    );
    await fc.assert(fc.asyncProperty(fc.array(step, {minLength: 1, maxLength: 25}), async steps => {
      const here = new Stage();
      await here.link();
      const sent: Record<string, string[]> = {x: [], y: []};
      for (const [index, item] of steps.entries()) {
        if (item === 'break') {
          await here.cut();
          await here.link();
        } else if (item === 'wait') {
          await new Promise<void>(resolve => setTimeout(resolve));
        } else {
          const mark = `${index}:`;
          sent[item.channel]?.push(mark);
          const padded = mark.padEnd(Math.max(item.size, mark.length), '.');
          void here.outbound.send(prepareMessage(item.channel, index % 2 ? padded : new TextEncoder().encode(padded)));
        }
      }
      await here.until((sent.x?.length ?? 0) + (sent.y?.length ?? 0));
      const marks = (channel: string) => here.received.filter(([name]) => name === channel)
        .map(([, data]) => typeof data === 'string' ? data : new TextDecoder().decode(bytesOf(data)))
        .map(text => text.slice(0, text.indexOf(':') + 1));
      expect({x: marks('x'), y: marks('y')}).to.deep.equal(sent);
      expect(here.faults).to.deep.equal([]);
      here.end();
    }), {numRuns: 60});
  });

  it('refuses what cannot be sent, and says why', () => {
    const codeOf = (data: unknown) => {
      try {
        prepareMessage('', data);
      } catch (error) {
        return (error as MeshError).code;
      }
      return undefined;
    };
    const circular: unknown[] = [];
    circular.push(circular);
    expect([undefined, () => 1, circular, 10n].map(codeOf)).to.deep.equal(['bad-data', 'bad-data', 'bad-data', 'bad-data']);
    expect(() => prepareMessage('c'.repeat(65), 1)).to.throw().with.property('code', 'bad-data');
    const huge = Object.defineProperty(new Blob([]), 'size', {value: 2 ** 30 + 1});
    expect(codeOf(huge)).to.equal('too-large');
  });
});

describe('A stream of messages from a hostile peer', () => {
  const head = {channel: 'c', kind: 'buffer', type: ''} as const;
  const bulk = (stage: Stage, data: string | Uint8Array<ArrayBuffer>) =>
    stage.inbound.bulk(decodeBulk(typeof data === 'string' ? data : data.buffer) as never);
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.end());

  it('is cut off when a message is longer than it said', () => {
    bulk(stage, encodeOpen({transfer: 1, head, size: 2000, offset: 0, afterLine: 0}));
    bulk(stage, encodePiece(1, new Uint8Array(2001)));
    expect(stage.faults.map(({code}) => code)).to.deep.equal(['bad-frame']);
    expect(stage.received).to.deep.equal([]);
  });

  it('may not open more messages than are allowed at one time', () => {
    for (let transfer = 1; transfer <= MAX_OPEN_TRANSFERS + 3; transfer++) {
      bulk(stage, encodeOpen({transfer, head, size: 10, offset: 0, afterLine: 0}));
    }
    expect(stage.faults.map(({code}) => code)).to.deep.equal(['flood', 'flood', 'flood']);
  });

  it('may not send crumbs, each of which costs more than it brings', () => {
    bulk(stage, encodeOpen({transfer: 1, head, size: 1_000_000, offset: 0, afterLine: 0}));
    bulk(stage, encodePiece(1, new Uint8Array(1)));
    expect(stage.faults.map(({code}) => code)).to.deep.equal(['bad-frame']);
  });

  it('may not say JSON and send something else', () => {
    bulk(stage, encodeOpen({transfer: 1, head: {...head, kind: 'json'}, size: 3, offset: 0, afterLine: 0}));
    bulk(stage, encodePiece(1, new Uint8Array([1, 2, 3])));
    expect(stage.faults.map(({code}) => code)).to.deep.equal(['bad-frame']);
    expect(stage.received).to.deep.equal([]);
  });
});
