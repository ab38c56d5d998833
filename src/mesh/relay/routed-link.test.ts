import {expect} from 'chai';
import {connect, linkCompliance, once} from '../link/compliance.js';
import type {CreateLink, Lane, LaneData, Link, LinkCloseEvent} from '../link/types.js';
import {damaged} from '../secure/compliance.js';
import type {Bytes, Identity} from '../secure/types.js';
import {webCryptography as cryptography} from '../secure/web-crypto.js';
import {MemoryCarrier} from './memory-carrier.js';
import {RoutedLink, ROUTE_WINDOW_BYTES} from './routed-link.js';

let ada: Identity;
let bo: Identity;
let eve: Identity;
before(async () => {
  [ada, bo, eve] = await Promise.all(Array.from({length: 3}, () => cryptography!.createIdentity())) as [Identity, Identity, Identity];
});

let routes = 0;

/** Both ends of one way, and what makes the links on it: first the initiator's, then the other's. */
function way({via = 'member', answerer = bo}: {via?: string; answerer?: Identity} = {}) {
  const [a, b] = MemoryCarrier.pair(via);
  const route = `route ${++routes}`;
  const createLink: CreateLink = ({initiator}) => new RoutedLink({
    initiator, route, cryptography: cryptography!, carrier: initiator ? a : b,
    self: initiator ? ada : answerer, peerId: initiator ? bo.id : ada.id,
  });
  return {a, b, createLink};
}

linkCompliance('RoutedLink through a member', () => way().createLink, 'relayed');
linkCompliance('RoutedLink through the server', () => way({via: ''}).createLink, 'server');

describe('RoutedLink', () => {
  const text = (data: LaneData | undefined): string => typeof data === 'string' ? data : '';

  async function opened({a, b, createLink} = way()) {
    const links = connect(createLink);
    await Promise.all([once(links.a, 'open'), once(links.b, 'open')]);
    const heard: string[] = [];
    links.b.onmessage = (_lane: Lane, data) => void heard.push(text(data));
    return {...links, ends: [a, b] as const, heard};
  }

  /** Why a link closes. */
  const reason = async (link: Link): Promise<string> => (await once<LinkCloseEvent>(link, 'close')).error?.message ?? '';

  it('lets nobody in between read what is said', async () => {
    const {a, b, ends, heard} = await opened();
    const seen: Bytes[] = [];
    ends[0].relay = (n, frame) => {
      seen.push(frame);
      return [[n, frame]];
    };
    const arrived = new Promise<void>(resolve => { b.onmessage = (_lane, data) => {
      heard.push(text(data));
      resolve();
    }; });
    a.send('lines', 'a secret that is long enough to be found');
    await arrived;
    expect(heard).to.deep.equal(['a secret that is long enough to be found']);
    const whole = seen.map(frame => String.fromCharCode(...frame)).join('');
    expect(whole.length).to.be.above(40);
    expect(whole).not.to.contain('secret');
  });

  for (const [what, relay] of Object.entries<MemoryCarrier['relay']>({
    'a changed': (n, frame) => [[n, damaged(frame)]],
    'a repeated': (n, frame) => [[n, frame], [n, frame]],
    'a renumbered': (n, frame) => [[n, frame], [n + 1, frame]],
    'an empty': n => [[n, new Uint8Array()]],
  })) {
    it(`closes at ${what} frame, on both sides, and says nothing of it to those above`, async () => {
      const {a, b, ends, heard} = await opened();
      a.send('lines', 'fine');
      await new Promise(resolve => setTimeout(resolve, 20));
      ends[0].relay = relay;
      const closed = Promise.all([reason(a), reason(b)]);
      a.send('lines', 'last');
      expect((await closed)[1]).to.match(/a frame was (lost on the way|not the other side's)/);
      expect(heard.slice(0, 1)).to.deep.equal(['fine']);
      expect(heard.length).to.be.below(3);
      await Promise.all(ends.map(end => end.closed));
    });
  }

  it('closes when a frame is missing, as soon as the next comes', async () => {
    const {a, b, ends, heard} = await opened();
    ends[0].relay = () => [];
    a.send('lines', 'lost');
    await new Promise(resolve => setTimeout(resolve, 20));
    ends[0].relay = (n, frame) => [[n, frame]];
    const closed = reason(b);
    a.send('lines', 'next');
    expect(await closed).to.contain('a frame was lost on the way');
    expect(heard).to.deep.equal([]);
  });

  it('opens with nobody but the member whose id it is for', async () => {
    const {a: ours, createLink} = way({answerer: eve});
    const {a} = connect(createLink);
    expect(await reason(a)).to.contain('could not agree on keys');
    await ours.closed;
  });

  it('does not open when signals were exchanged for another route', async () => {
    const [one, other] = [way(), way()];
    const {a} = connect(one.createLink, () => undefined);
    const {b} = connect(other.createLink, () => undefined);
    a.addEventListener('signal', ({signal}) => b.accept(signal));
    b.addEventListener('signal', ({signal}) => a.accept(signal));
    expect(await reason(a)).to.contain('could not agree on keys');
    b.close();
  });

  it('closes when who is in between goes away', async () => {
    const {a, b, ends} = await opened();
    const closed = Promise.all([reason(a), reason(b)]);
    ends[0].break('the member in between has left');
    expect(await closed).to.deep.equal(['No link: the member in between has left', 'No link: the member in between has left']);
  });

  it('has no more on the way than its window, however long the other side takes', async () => {
    const {a, ends} = await opened();
    let bytes = 0;
    ends[0].relay = (_n, frame) => {
      bytes += frame.length;
      return [];
    };
    const piece = new Uint8Array(16_000);
    let sent = 0;
    while (a.send('bulk', piece)) sent++;
    expect(sent * piece.length).to.be.within(ROUTE_WINDOW_BYTES, ROUTE_WINDOW_BYTES + piece.length);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(bytes).to.be.below(ROUTE_WINDOW_BYTES * 1.1);
    a.close();
  });
});
