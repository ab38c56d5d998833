/** What every link adapter must do. Run by `memory.test.ts` and `simple-peer.test.ts`. */
import {expect} from 'chai';
import type {CreateLink, Lane, LaneData, Link, LinkCloseEvent, LinkRoute} from './types.js';

/** Resolves with the first event of a type. */
export const once = <E extends Event>(target: EventTarget, type: string): Promise<E> =>
  new Promise(resolve => target.addEventListener(type, event => resolve(event as E), {once: true}));

/** Makes two links and wires their signals; `deliver` may hold them back or change them. */
export function connect(
  createLink: CreateLink, deliver: (to: Link, signal: unknown) => void = (to, signal) => to.accept(signal),
): {readonly a: Link; readonly b: Link} {
  const a = createLink({initiator: true, iceServers: []});
  const b = createLink({initiator: false, iceServers: []});
  a.addEventListener('signal', ({signal}) => deliver(b, signal));
  b.addEventListener('signal', ({signal}) => deliver(a, signal));
  return {a, b};
}

/** Resolves with the next `count` messages of a lane. */
function messages(link: Link, lane: Lane, count: number): Promise<LaneData[]> {
  const received: LaneData[] = [];
  return new Promise(resolve => {
    const before = link.onmessage;
    link.onmessage = (from, data) => {
      before?.(from, data);
      if (from === lane && received.push(data) === count) resolve(received);
    };
  });
}

export function linkCompliance(name: string, createLink: () => CreateLink, route: LinkRoute = 'direct'): void {
  describe(`${name} as a link`, () => {
    let open: Link[] = [];

    function pair(deliver?: (to: Link, signal: unknown) => void) {
      const {a, b} = connect(createLink(), deliver);
      open.push(a, b);
      return {a, b, opened: Promise.all([once(a, 'open'), once(b, 'open')])};
    }

    afterEach(async () => {
      await Promise.all(open.filter(({state}) => state !== 'closed').map(link => {
        const closed = once(link, 'close');
        link.close();
        return closed;
      }));
      open = [];
    });

    it('opens on both sides, once', async () => {
      const {a, b, opened} = pair();
      let count = 0;
      for (const link of [a, b]) link.addEventListener('open', () => count++);
      expect(a.state).to.equal('connecting');
      await opened;
      expect([a.state, b.state, count]).to.deep.equal(['open', 'open', 2]);
      expect(await a.route()).to.equal(route);
      expect(a.maxMessageSize).to.be.at.least(64 * 1024);
    });

    it('takes nothing before it is open', () => {
      const {a} = pair();
      expect(a.send('lines', 'too early')).to.equal(false);
    });

    for (const lane of ['lines', 'bulk'] as const) {
      it(`carries text and binary in order on ${lane}, both ways`, async () => {
        const {a, b, opened} = pair();
        await opened;
        for (const [from, to] of [[a, b], [b, a]] as const) {
          const received = messages(to, lane, 50);
          for (let i = 0; i < 50; i++) {
            const item = i % 2 ? `text ${i}` : new Uint8Array([i, 255]);
            while (!from.send(lane, item)) await once(from, 'drain');
          }
          const data = await received;
          for (const [i, item] of data.entries()) {
            if (i % 2) expect(item).to.equal(`text ${i}`);
            else expect([...new Uint8Array(item as ArrayBuffer)]).to.deep.equal([i, 255]);
          }
        }
      });
    }

    it('says when its buffer is full and when it has drained, and loses nothing', async () => {
      const {a, b, opened} = pair();
      await opened;
      const piece = new Uint8Array(64 * 1024 - 4);
      const total = 200;
      const received = messages(b, 'bulk', total);
      let sent = 0;
      let waits = 0;
      while (sent < total) {
        piece[0] = sent;
        if (a.send('bulk', piece)) {
          sent++;
        } else {
          if (a.buffered('bulk') > 0) waits++;
          await once(a, 'drain');
        }
      }
      expect(waits).to.be.above(0);
      expect((await received).map(data => new Uint8Array(data as ArrayBuffer)[0])).to.deep.equal(
        Array.from({length: total}, (_, i) => i % 256));
    });

    it('closes both sides, once each, whoever begins', async () => {
      const {a, b, opened} = pair();
      await opened;
      let count = 0;
      for (const link of [a, b]) link.addEventListener('close', () => count++);
      const closed = Promise.all([once(a, 'close'), once<LinkCloseEvent>(b, 'close')]);
      a.close();
      a.close();
      await closed;
      expect([a.state, b.state, count]).to.deep.equal(['closed', 'closed', 2]);
      expect(a.send('lines', 'too late')).to.equal(false);
      a.accept({type: 'offer', sdp: ''});
    });

    it('closes before it has opened', async () => {
      const {a} = pair(() => undefined);
      const closed = once(a, 'close');
      a.close();
      await closed;
      expect(a.state).to.equal('closed');
    });

    it('is not harmed by signals that are none', async () => {
      const {a, b, opened} = pair();
      const nonsense: unknown[] = [
        null, undefined, 5, '', 'text', [], {}, {type: 'offer'}, {type: 'answer', sdp: 7}, {type: 'candidate', candidate: null},
        {candidate: {candidate: 9}}, {type: 'transceiverRequest', transceiverRequest: {kind: 'video'}}, {type: 'renegotiate'},
        {type: 'offer', sdp: 'x'.repeat(100_000)}, {__proto__: null, type: 'rollback'},
      ];
      for (const signal of nonsense) {
        a.accept(signal);
        b.accept(signal);
      }
      await opened;
      for (const signal of nonsense) a.accept(signal);
      const received = messages(b, 'lines', 1);
      a.send('lines', 'still here');
      expect(await received).to.deep.equal(['still here']);
    });

    it('goes on over another path after a restart, with nothing lost, and any number of times', async () => {
      const {a, b, opened} = pair();
      await opened;
      b.restart([]); // not its to begin
      for (let round = 0; round < 3; round++) {
        const received = messages(b, 'lines', 20);
        for (let i = 0; i < 20; i++) {
          if (i === 5) a.restart([]);
          if (i === 6) a.restart([]);
          a.send('lines', `${round}.${i}`);
        }
        expect(await received).to.deep.equal(Array.from({length: 20}, (_, i) => `${round}.${i}`));
        const back = messages(a, 'lines', 1);
        b.send('lines', 'back');
        await back;
      }
      expect([a.state, b.state]).to.deep.equal(['open', 'open']);
    });

    it('is not harmed by a repeated answer', async () => {
      const {a, b, opened} = pair((to, signal) => {
        to.accept(signal);
        if ((signal as {type?: string}).type === 'answer') to.accept(signal);
      });
      await opened;
      const received = messages(b, 'lines', 1);
      a.send('lines', 'still here');
      expect(await received).to.deep.equal(['still here']);
    });
  });
}
