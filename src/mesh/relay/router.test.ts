import {expect} from 'chai';
import {systemClock, type Clock} from '../clock.js';
import {linkCompliance} from '../link/compliance.js';
import type {CreateLink} from '../link/types.js';
import type {Bytes, Identity} from '../secure/types.js';
import {webCryptography as cryptography} from '../secure/web-crypto.js';
import {VirtualClock} from '../virtual-clock.js';
import {decodeRouteFrame, decodeRouteNotice, encodeRouteFrame, type RouteFrame} from '../wire/route-frame.js';
import {RoutedLink} from './routed-link.js';
import {MAX_ROUTES, RELAY_BYTES_PER_SECOND, Router} from './router.js';
import type {Carrier} from './types.js';

/** Members and the links between them, each of which takes so many frames until it has handed them over. */
class World {
  readonly clock: Clock;
  readonly routers = new Map<string, Router>();
  readonly #links = new Map<string, (string | Bytes)[]>();
  readonly #silent = new Set<string>();
  capacity = 8;

  constructor(ids: readonly string[], {clock = systemClock, ...limits}: {clock?: Clock; bytesPerSecond?: number} = {}) {
    this.clock = clock;
    for (const id of ids) {
      this.routers.set(id, new Router({
        ...limits, clock, selfId: id, relays: () => !this.#silent.has(id), nextHop: () => undefined,
        hop: to => this.#links.has(`${id} ${to}`) ? {send: frame => this.#send(id, to, frame)} : undefined,
      }));
    }
  }

  router(id: string): Router {
    return this.routers.get(id)!;
  }

  link(a: string, b: string): void {
    for (const way of [`${a} ${b}`, `${b} ${a}`]) this.#links.set(way, []);
  }

  unlink(a: string, b: string): void {
    for (const way of [`${a} ${b}`, `${b} ${a}`]) this.#links.delete(way);
    this.router(a).gone(b);
    this.router(b).gone(a);
  }

  /** `id` does not carry for others any more. */
  decline(id: string): void {
    this.#silent.add(id);
  }

  #send(from: string, to: string, frame: string | Bytes): boolean {
    const held = this.#links.get(`${from} ${to}`)!;
    if (held.length >= this.capacity) return false;
    held.push(frame);
    if (held.length > 1) return true;
    this.clock.after(1, () => {
      const frames = held.splice(0);
      for (const each of frames) {
        const router = this.router(to);
        if (typeof each === 'string') router.notice(from, decodeRouteNotice((JSON.parse(each) as unknown[]).slice(1))!);
        else router.receive(from, decodeRouteFrame(each.slice().buffer)!);
      }
      if (this.#links.has(`${from} ${to}`)) this.router(from).drained(to);
    });
    return true;
  }
}

let routes = 0;
let ada: Identity;
let bo: Identity;
before(async () => {
  [ada, bo] = await Promise.all([cryptography!.createIdentity(), cryptography!.createIdentity()]);
});

linkCompliance('RoutedLink over routers', () => {
  // The suite sends 13 MB, for which a member in a room would take as many seconds.
  const world = new World([ada.id, 'relay', bo.id], {bytesPerSecond: 64 * RELAY_BYTES_PER_SECOND});
  world.link(ada.id, 'relay');
  world.link('relay', bo.id);
  const route = `route ${++routes}`;
  const createLink: CreateLink = ({initiator}) => {
    const [self, peer] = initiator ? [ada, bo] : [bo, ada];
    return new RoutedLink({
      initiator, self, peerId: peer.id, route, cryptography: cryptography!, carrier: world.router(self.id).carrier(peer.id, route, 'relay'),
    });
  };
  return createLink;
}, 'relayed');

describe('Router', () => {
  let clock: VirtualClock;
  let world: World;
  let heard: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    world = new World(['a', 'r', 'b', 'x'], {clock});
    world.link('a', 'r');
    world.link('r', 'b');
    heard = [];
  });

  const bytes = (size: number): Bytes => new Uint8Array(size);

  /** The way from `a` to `b` through `r`, at both ends. */
  function way(route = 'one'): readonly [Carrier, Carrier] {
    const ends = [world.router('a').carrier('b', route, 'r'), world.router('b').carrier('a', route, 'r')] as const;
    for (const [i, end] of ends.entries()) {
      end.onframe = (n, {length}) => void heard.push(`${'ab'[i]} has ${n} of ${length}`);
      end.ondown = why => void heard.push(`${'ab'[i]}: ${why}`);
    }
    return ends;
  }

  it('brings frames both ways, and counts them at who is in between', async () => {
    const [a, b] = way();
    expect([a.send(0, bytes(3)), b.send(0, bytes(4))]).to.deep.equal([true, true]);
    await clock.run(10);
    expect(heard.sort()).to.deep.equal(['a has 0 of 4', 'b has 0 of 3']);
    const {routes: used, bytes: carried} = world.router('r').relaying;
    expect(used).to.equal(2);
    expect(carried).to.be.within(40, 120);
  });

  it('says so when the way is no more, whichever link of it is gone, and at both ends', async () => {
    const [a, b] = way();
    a.send(0, bytes(1));
    b.send(0, bytes(1));
    await clock.run(10);
    heard = [];
    world.unlink('r', 'b');
    expect(heard).to.deep.equal(['b: the member in between cannot be reached']);
    a.send(1, bytes(1));
    await clock.run(10);
    expect(heard[1]).to.equal('a: the other side cannot be reached from the member in between');
  });

  it('says so when the other side knows of no such way', async () => {
    const [a] = way();
    world.router('b').close();
    a.send(0, bytes(1));
    await clock.run(10);
    expect(heard).to.deep.equal(['a: the other side has closed the connection']);
  });

  it('carries nothing where that was declined', async () => {
    const [a] = way();
    world.decline('r');
    a.send(0, bytes(1));
    await clock.run(10);
    expect(heard).to.deep.equal(['a: the member in between does not relay']);
  });

  it('takes frames and words about a way from nobody but the member in between', async () => {
    way();
    world.link('x', 'b');
    const forged: RouteFrame = {to: 'b', from: 'a', route: 'one', n: 0, ttl: 0, body: bytes(5)};
    world.router('b').receive('x', forged);
    world.router('b').notice('x', {to: 'b', from: 'a', route: 'one', why: 'because I say so'});
    await clock.run(10);
    expect(heard).to.deep.equal([]);
  });

  it('hands nothing on in circles', async () => {
    const [a] = way();
    world.unlink('r', 'b');
    heard = [];
    world.router('r').receive('a', {to: 'a', from: 'b', route: 'one', n: 0, ttl: 5, body: bytes(1)});
    a.send(0, bytes(1));
    await clock.run(10);
    expect(heard).to.deep.equal(['a: the other side cannot be reached from the member in between']);
  });

  it('carries so many bytes a second and no more, in order, and drops none within the window', async () => {
    world.capacity = 64;
    const [a] = way();
    let n = 0;
    const size = 15_000;
    const total = 2 * RELAY_BYTES_PER_SECOND;
    // As a link does: no more on the way than its window.
    const push = () => { while (n * size < total && n - heard.length < 16 && a.send(n, bytes(size))) n++; };
    a.ondrain = push;
    for (let ms = 0; ms < 900; ms += 10) {
      push();
      await clock.run(10);
    }
    expect(heard.length * size).to.be.below(2 * RELAY_BYTES_PER_SECOND);
    for (let ms = 0; ms < 1_500; ms += 10) {
      push();
      await clock.run(10);
    }
    expect(heard).to.deep.equal(Array.from({length: n}, (_, i) => `b has ${i} of ${size}`));
    expect(n * size).to.be.at.least(total);
  });

  it('carries so many routes and no more, and forgets those that nothing passes', async () => {
    world.capacity = 1_000;
    const ways = Array.from({length: 2 * MAX_ROUTES}, (_, i) => way(`route ${i}`)[0]);
    for (const each of ways) each.send(0, bytes(1));
    await clock.run(10);
    expect(heard.every(word => word === 'b has 0 of 1')).to.equal(true);
    const more = way('one more')[0];
    more.send(0, bytes(1));
    await clock.run(10);
    expect(heard.at(-1)).to.equal('a: the member in between carries too much');
    await clock.run(61_000);
    more.send(1, bytes(1));
    await clock.run(10);
    expect(heard.at(-1)).to.equal('b has 1 of 1');
  });

  it('does not count what nothing passes any more', async () => {
    const [a, b] = way();
    a.send(0, bytes(1));
    await clock.run(40_000);
    b.send(0, bytes(1));
    await clock.run(10);
    expect(world.router('r').relaying.routes).to.equal(2);
    await clock.run(40_000);
    const {routes: used, bytes: carried} = world.router('r').relaying;
    expect(used).to.equal(1);
    expect(carried, 'all so far').to.be.above(0);
  });

  it('leaves nothing behind', async () => {
    const [a] = way();
    for (let n = 0; n < 5; n++) a.send(n, bytes(1_000));
    await clock.run(10);
    for (const router of world.routers.values()) router.close();
    expect(clock.pending).to.equal(0);
  });

  it('reads no frame that is none', () => {
    const frame: RouteFrame = {to: 'b', from: 'a', route: 'one', n: 7, ttl: 3, body: Uint8Array.of(1, 2, 3)};
    const encoded = encodeRouteFrame(frame);
    expect(decodeRouteFrame(encoded.slice().buffer)).to.deep.equal(frame);
    for (let length = 0; length < encoded.length - 3; length++) {
      expect(decodeRouteFrame(encoded.slice(0, length).buffer), `${length} bytes`).to.equal(undefined);
    }
    for (const wrong of [{...frame, to: ''}, {...frame, n: -1}, {...frame, ttl: 1_000}, {...frame, route: 'x'.repeat(1_000)}]) {
      expect(decodeRouteFrame(encodeRouteFrame(wrong).slice().buffer)).to.equal(undefined);
    }
  });
});
