import {expect} from 'chai';
import fc from 'fast-check';
import type {Bytes} from '../secure/types.js';
import type {SignalMessage} from '../signalling/types.js';
import {VirtualClock} from '../virtual-clock.js';
import {toBase64} from '../wire/base64.js';
import {SERVER_BURST, SERVER_FRAME_BYTES, SERVER_FRAMES_PER_SECOND, ServerWays} from './server-ways.js';
import type {Carrier} from './types.js';

/** One frame, at the pace of the long run. */
const FRAME_MS = 1000 / SERVER_FRAMES_PER_SECOND;

describe('ServerWays', () => {
  let clock: VirtualClock;
  let ways: ServerWays;
  let up: boolean;
  /** What left, and when. */
  let sent: {readonly at: number; readonly to: string; readonly message: SignalMessage}[];

  beforeEach(() => {
    clock = new VirtualClock();
    up = true;
    sent = [];
    ways = new ServerWays({
      clock, selfId: 'me', isUp: () => up,
      emit: (to, message) => void sent.push({at: clock.now(), to, message}),
    });
  });

  const bytes = (...values: number[]): Bytes => Uint8Array.from(values);
  /** How many frames went to each. */
  const counts = (from = 0): Record<string, number> => {
    const all: Record<string, number> = {};
    for (const {to} of sent.slice(from)) all[to] = (all[to] ?? 0) + 1;
    return all;
  };
  const numbers = (to: string): unknown[] => sent.filter(each => each.to === to).map(({message}) => (message.route as unknown[])[1]);

  /** One link's end of a way, which hands over what it has as links do: on a word, in a turn of its own. */
  class Sender {
    readonly way: Carrier;
    /** How often it was told to go on. */
    told = 0;
    #left = 0;
    #n = 0;
    #waits = false;

    constructor(peerId: string, route = 'route') {
      this.way = ways.carrier(peerId, route);
      this.way.ondrain = () => {
        this.told++;
        void Promise.resolve().then(() => {
          this.#waits = false;
          this.#go();
        });
      };
    }

    send(count: number): void {
      this.#left += count;
      this.#go();
    }

    #go(): void {
      while (this.#left && !this.#waits) {
        if (this.way.send(this.#n, bytes(this.#n % 256))) {
          this.#n++;
          this.#left--;
        } else {
          this.#waits = true;
        }
      }
    }
  }

  it('says what it was given, to whom, and by which route', () => {
    expect(ways.carrier('bo', 'x.1~').send(7, bytes(1, 2, 255))).to.equal(true);
    expect(sent).to.deep.equal([{at: 0, to: 'bo', message: {user: 'me', route: ['x.1~', 7, toBase64(bytes(1, 2, 255))]}}]);
  });

  it('sends so many at once and so many a second, whatever the number of links', async () => {
    const senders = ['a', 'b', 'c'].map(id => new Sender(id));
    for (const sender of senders) sender.send(1_000);
    expect(sent).to.have.length(SERVER_BURST);
    const seconds = 10;
    await clock.run(seconds * 1000);
    expect(sent).to.have.length(SERVER_BURST + seconds * SERVER_FRAMES_PER_SECOND);
  });

  it('gives every link that waits as much as the others', async () => {
    const senders = ['a', 'b', 'c', 'd'].map(id => new Sender(id));
    for (const sender of senders) sender.send(1_000);
    const from = sent.length;
    await clock.run(100 * FRAME_MS);
    expect(counts(from)).to.deep.equal({a: 25, b: 25, c: 25, d: 25});
  });

  it('lets a line pass what others have much of', async () => {
    const many = ['a', 'b', 'c'].map(id => new Sender(id));
    for (const sender of many) sender.send(1_000);
    await clock.run(1_000);
    new Sender('line').send(1);
    const asked = clock.now();
    await clock.run(1_000);
    const {at} = sent.find(({to}) => to === 'line')!;
    expect(at - asked).to.be.at.most((many.length + 1) * FRAME_MS);
  });

  it('lets nobody in between those who wait', async () => {
    const early = new Sender('early');
    early.send(SERVER_BURST + 1);
    // The timer is due, and has not fired: as when a message comes at that very moment.
    await clock.run(FRAME_MS - 1);
    let late: Sender | undefined;
    clock.after(1, () => {
      late = new Sender('late');
      late.send(1);
    });
    await clock.run(1);
    expect(late).not.to.equal(undefined);
    expect(counts()).to.deep.equal({early: SERVER_BURST + 1});
    await clock.run(FRAME_MS);
    expect(counts()).to.deep.equal({early: SERVER_BURST + 1, late: 1});
  });

  it('tells everybody who waits, and nobody else', async () => {
    const idle = new Sender('idle');
    idle.send(1);
    const waiting = ['a', 'b'].map(id => new Sender(id));
    for (const sender of waiting) sender.send(SERVER_BURST);
    await clock.run(FRAME_MS);
    expect(waiting.map(({told}) => told)).to.deep.equal([1, 1]);
    expect(idle.told).to.equal(0);
  });

  it('is held up by no link that waits and never comes back', async () => {
    ways.carrier('gone', 'route');
    const sender = new Sender('a');
    sender.send(SERVER_BURST);
    const deaf = ways.carrier('deaf', 'route');
    expect(deaf.send(0, bytes())).to.equal(false);
    sender.send(100);
    await clock.run(50 * FRAME_MS);
    // One frame is kept for who does not come.
    expect(counts().a).to.be.within(SERVER_BURST + 48, SERVER_BURST + 50);
    deaf.close();
    await clock.run(60 * FRAME_MS);
    expect(counts()).to.deep.equal({a: SERVER_BURST + 100});
  });

  it('keeps to its pace, its order and its word, whoever sends whatever when', async () => {
    const plan = fc.array(fc.record({
      after: fc.nat(2_000), link: fc.nat(4), count: fc.integer({min: 1, max: 80}), close: fc.boolean(),
    }), {maxLength: 25});
    await fc.assert(fc.asyncProperty(plan, async steps => {
      clock = new VirtualClock();
      sent = [];
      ways = new ServerWays({
        clock, selfId: 'me', isUp: () => true, emit: (to, message) => void sent.push({at: clock.now(), to, message}),
      });
      const wanted: Record<string, number> = {};
      const senders = new Map<string, Sender>();
      const closed = new Set<string>();
      for (const {after, link, count, close} of steps) {
        await clock.run(after);
        const id = `peer ${link}`;
        const sender = senders.get(id) ?? new Sender(id);
        senders.set(id, sender);
        if (closed.has(id)) continue;
        if (close && count > 70) {
          sender.way.close();
          closed.add(id);
          continue;
        }
        wanted[id] = (wanted[id] ?? 0) + count;
        sender.send(count);
      }
      await clock.run(1_000 + FRAME_MS * Object.values(wanted).reduce((sum, count) => sum + count, 0));
      for (const [id, count] of Object.entries(wanted)) {
        const all = numbers(id);
        expect(all).to.deep.equal(Array.from(all, (_, n) => n));
        if (!closed.has(id)) expect(all).to.have.length(count);
      }
      for (const [i, {at}] of sent.entries()) {
        const until = sent[i + SERVER_BURST];
        // Whichever 61 follow each other, they took at least the time that one more than the burst takes.
        if (until) expect(until.at - at).to.be.at.least(FRAME_MS - 1);
        const later = sent[i + SERVER_BURST + 100];
        if (later) expect(later.at - at).to.be.at.least(101 * FRAME_MS - 1);
      }
      expect(clock.pending).to.equal(0);
    }), {numRuns: 60, seed: 20_261});
  });

  it('sends nothing while the server is away, and says so to every link', () => {
    const downs: string[] = [];
    for (const id of ['a', 'b']) {
      const way = ways.carrier(id, 'route');
      way.ondown = why => {
        downs.push(`${id}: ${why}`);
        way.close();
      };
    }
    up = false;
    ways.down();
    expect(downs).to.deep.equal(['a: the server cannot be reached', 'b: the server cannot be reached']);
    const more = ways.carrier('c', 'route');
    expect(more.send(0, bytes(1))).to.equal(false);
    expect(sent).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('spends nothing of its allowance while the server is away', () => {
    up = false;
    const sender = new Sender('a');
    for (let i = 0; i < 2 * SERVER_BURST; i++) expect(sender.way.send(i, bytes())).to.equal(false);
    up = true;
    sender.send(SERVER_BURST);
    expect(sent).to.have.length(SERVER_BURST);
  });

  describe('what comes in', () => {
    const frame = toBase64(Uint8Array.of(1, 2, 3));
    let heard: string[];

    const listen = (peerId: string, route: string): Carrier => {
      const way = ways.carrier(peerId, route);
      way.onframe = (n, content) => void heard.push(`${peerId} ${route} ${n}: ${[...content].join()}`);
      return way;
    };
    beforeEach(() => {
      heard = [];
    });

    it('reaches the link that it is for', () => {
      listen('bo', 'one');
      listen('bo', 'two');
      listen('cy', 'one');
      expect(ways.receive({user: 'bo', route: ['two', 4, frame]})).to.equal(true);
      expect(heard).to.deep.equal(['bo two 4: 1,2,3']);
    });

    it('is dropped when it is malformed, or for nobody', () => {
      listen('bo', 'one');
      const wrong: unknown[] = [
        null, 0, '', 'one', {}, [], ['one'], ['one', 0], ['one', 0, 5], ['one', 0, 'no base64!'], ['one', 0, 'a'.repeat(40_000)],
        ['one', '0', frame], ['one', 0.5, frame], ['one', NaN, frame], ['one', 2 ** 60, frame], [1, 0, frame], [['one'], 0, frame],
        ['two', 0, frame], ['__proto__', 0, frame],
      ];
      for (const route of wrong) expect(ways.receive({user: 'bo', route}), JSON.stringify(route)).to.equal(true);
      ways.receive({user: 'eve', route: ['one', 0, frame]});
      expect(heard).to.deep.equal([]);
    });

    it('is left to others when it is a signal', () => {
      listen('bo', 'one');
      expect(ways.receive({user: 'bo', signal: {type: 'offer'}, mesh: {}})).to.equal(false);
    });

    it('cannot be taken for a link of others by a clever name', () => {
      listen('bo by', 'one');
      ways.receive({user: 'bo', route: ['by one', 0, frame]});
      expect(heard).to.deep.equal([]);
    });

    it('is as large as what is sent', () => {
      const big = crypto.getRandomValues(new Uint8Array(SERVER_FRAME_BYTES));
      let got: Bytes | undefined;
      listen('me', 'one').onframe = (_n, content) => { got = content; };
      ways.carrier('bo', 'one').send(0, big);
      ways.receive({...sent[0]!.message});
      expect(got).to.deep.equal(big);
    });

    it('reaches no link that let go, not even of the same name', () => {
      const old = listen('bo', 'one');
      old.close();
      ways.receive({user: 'bo', route: ['one', 0, frame]});
      listen('bo', 'one');
      old.close();
      ways.receive({user: 'bo', route: ['one', 1, frame]});
      expect(heard).to.deep.equal(['bo one 1: 1,2,3']);
    });
  });

  it('leaves no timer when the last link that waits lets go', () => {
    const [a, b] = ['a', 'b'].map(id => new Sender(id));
    a!.send(SERVER_BURST + 1);
    b!.send(1);
    expect(clock.pending).to.equal(1);
    a!.way.close();
    expect(clock.pending).to.equal(1);
    b!.way.close();
    expect(clock.pending).to.equal(0);
  });

  it('leaves no timer when it is closed, and starts none for links that still say something', async () => {
    const sender = new Sender('a');
    sender.send(SERVER_BURST + 10);
    ways.close();
    expect(clock.pending).to.equal(0);
    expect(sender.way.send(99, bytes())).to.equal(false);
    await clock.run(5_000);
    expect(sender.told).to.equal(0);
    expect(sent).to.have.length(SERVER_BURST);
    expect(clock.pending).to.equal(0);
  });
});
