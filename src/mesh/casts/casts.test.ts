/** Messages from neighbour to neighbour: each once, in its sender's order, and nobody's but its sender's. */
import {expect} from 'chai';
import fc from 'fast-check';
import {pretendCryptography, pretendIdentity} from '../secure/pretend.js';
import {VirtualClock} from '../virtual-clock.js';
import {Casts, FRESH_MS, GIVE_UP_MS, MARK_MS} from './casts.js';
import {ASK_MS, QUIET_MS} from './spread.js';
import {decodeCastFrame, encodeCastFrame, type Cast, type CastFrame} from './frames.js';

const CAST_FRAMES = ['cast', 'have', 'base', 'seen', 'push', 'gap', 'mark'];

/** Members and the links between them, which bring everything in order after some time, or lose it with the link. */
class World {
  readonly clock: VirtualClock;
  readonly members = new Map<string, Member>();
  readonly faults: string[] = [];
  readonly since = new Map<string, number>();
  readonly #links = new Map<string, Set<string>>();
  /** Casts that were handed to a link. */
  casts = 0;

  constructor(seed = 1) {
    this.clock = new VirtualClock(seed);
  }

  add(id: string, fresh = false): Member {
    this.since.set(id, this.clock.now());
    const member = new Member(this, id, fresh);
    this.members.set(id, member);
    this.#links.set(id, new Set());
    return member;
  }

  member(id: string): Member {
    return this.members.get(id)!;
  }

  neighbours(id: string): readonly string[] {
    return [...this.#links.get(id) ?? []];
  }

  link(a: string, b: string): void {
    if (a === b || this.#links.get(a)!.has(b)) return;
    this.#links.get(a)!.add(b);
    this.#links.get(b)!.add(a);
    this.member(a).casts.opened(b);
    this.member(b).casts.opened(a);
  }

  /** What is on its way is lost. */
  unlink(a: string, b: string): void {
    this.#links.get(a)!.delete(b);
    this.#links.get(b)!.delete(a);
    for (const [from, to] of [[a, b], [b, a]] as const) {
      this.#lives.set(`${from} ${to}`, this.#life(from, to) + 1);
      this.member(from).casts.closed(to);
    }
  }

  send(from: string, to: string, frame: CastFrame): void {
    if (!this.#links.get(from)?.has(to)) return;
    if (frame.kind === 'cast') this.casts++;
    const life = this.#life(from, to);
    const copy = JSON.parse(JSON.stringify(encodeCastFrame(frame))) as unknown;
    this.clock.after(10, () => {
      if (life === this.#life(from, to)) this.member(to).take(from, copy);
    });
  }

  readonly #lives = new Map<string, number>();
  #life(from: string, to: string): number {
    return this.#lives.get(`${from} ${to}`) ?? 0;
  }
}

class Member {
  readonly casts: Casts;
  readonly heard: string[] = [];
  /** Neighbours whose own words may still come over their own link. */
  readonly ownLinks = new Set<string>();

  constructor(world: World, readonly id: string, fresh: boolean) {
    this.casts = new Casts({
      clock: world.clock, selfId: id, boot: `boot of ${id}`, fresh,
      identity: pretendIdentity(id), cryptography: pretendCryptography,
      neighbours: () => world.neighbours(id),
      send: (to, frame) => {
        world.send(id, to, frame);
        return undefined;
      },
      isMember: () => true,
      memberSince: other => world.since.get(other) ?? 0,
      hasOwnLink: other => this.ownLinks.has(other),
      isPartial: () => true,
      onCast: ({origin, body}) => this.heard.push(`${origin}: ${JSON.parse(body) as string}`),
      onFault: (from, why) => world.faults.push(`${from}: ${why}`),
      onLost: ({message}) => world.faults.push(message),
    });
    this.casts.casting = true;
  }

  said = 0;

  say(text: string): void {
    this.said++;
    void this.casts.cast({channel: '', kind: 'json', type: '', body: JSON.stringify(text)});
  }

  take(from: string, data: unknown): void {
    const frame = decodeCastFrame(data);
    expect(frame, JSON.stringify(data)).to.not.equal(undefined);
    if (CAST_FRAMES.includes(frame!.kind)) this.casts.receive(from, frame as never);
  }
}

describe('Casts', () => {
  let world: World;

  function row(...ids: string[]): void {
    for (const id of ids) world.add(id);
    for (const [i, id] of ids.entries()) if (i) world.link(ids[i - 1]!, id);
  }

  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    for (const {casts} of world.members.values()) casts.close();
    expect(world.clock.pending - 0).to.be.at.most(1_000);
  });

  it('go from neighbour to neighbour, each once and in order', async () => {
    row('a', 'b', 'c', 'd');
    world.link('a', 'd');
    for (const text of ['one', 'two', 'three']) world.member('a').say(text);
    await world.clock.run(1_000);
    for (const id of ['b', 'c', 'd']) expect(world.member(id).heard).to.deep.equal(['a: one', 'a: two', 'a: three']);
    expect(world.member('a').heard).to.deep.equal([]);
  });

  it('come to who was cut off, when there is a link again', async () => {
    row('a', 'b', 'c');
    world.unlink('b', 'c');
    for (const text of ['one', 'two']) world.member('a').say(text);
    await world.clock.run(1_000);
    expect(world.member('c').heard).to.deep.equal([]);
    world.link('c', 'a');
    await world.clock.run(1_000);
    expect(world.member('c').heard).to.deep.equal(['a: one', 'a: two']);
  });

  it('from before do not come to who has only just come', async () => {
    row('a', 'b');
    world.member('a').say('before');
    await world.clock.run(1_000);
    world.add('new', true);
    world.link('new', 'b');
    await world.clock.run(100);
    world.member('a').say('after');
    await world.clock.run(FRESH_MS + GIVE_UP_MS);
    expect(world.member('new').heard).to.deep.equal(['a: after']);
    expect(world.faults).to.deep.equal([]);
  });

  it('come to who has just come from the moment on at which it was there, though its first link is later', async () => {
    row('a', 'b');
    world.member('a').say('before');
    await world.clock.run(1_000);
    world.add('new', true);
    world.member('a').say('meanwhile');
    await world.clock.run(1_000);
    world.link('new', 'b');
    await world.clock.run(1_000);
    expect(world.member('new').heard).to.deep.equal(['a: meanwhile']);
  });

  it('come to all of many who have just come at one time, whichever links are made first', async () => {
    for (const id of ['a', 'b', 'c', 'd']) world.add(id, true);
    world.link('a', 'b');
    world.link('c', 'd');
    await world.clock.run(100);
    world.member('a').say('one');
    await world.clock.run(1_000);
    world.link('b', 'c');
    await world.clock.run(1_000);
    for (const id of ['b', 'c', 'd']) expect(world.member(id).heard, id).to.deep.equal(['a: one']);
  });

  it('come by way of who has just come, who is not told what was said before', async () => {
    row('a', 'b');
    row('c', 'd');
    await world.clock.run(FRESH_MS);
    world.member('a').say('before');
    await world.clock.run(1_000);
    world.add('new', true);
    world.link('new', 'c');
    world.link('new', 'b');
    await world.clock.run(1_000);
    for (const id of ['b', 'c', 'd']) expect(world.member(id).heard, id).to.deep.equal(['a: before']);
    expect(world.member('new').heard).to.deep.equal([]);
    world.member('a').say('after');
    await world.clock.run(1_000);
    for (const id of ['b', 'c', 'd']) expect(world.member(id).heard, id).to.deep.equal(['a: before', 'a: after']);
    expect(world.member('new').heard).to.deep.equal(['a: after']);
  });

  it('are not waited for when nobody has them any more', async () => {
    row('a', 'b');
    await world.clock.run(100);
    const lost: Cast[] = [];
    world.unlink('a', 'b');
    world.member('a').say('lost');
    await world.clock.run(100);
    // A neighbour that keeps the first back and brings the second.
    world.add('eve');
    world.link('eve', 'b');
    const signed = await signedCast('x', 2, 'second');
    world.send('eve', 'b', {kind: 'cast', cast: signed});
    await world.clock.run(GIVE_UP_MS - 1_000);
    expect(world.member('b').heard).to.deep.equal([]);
    await world.clock.run(2_000);
    expect(world.member('b').heard).to.deep.equal(['x: second']);
    expect(world.faults).to.deep.equal(['1 messages of somebody could not be had any more']);
    expect(lost).to.deep.equal([]);
  });

  it('are refused when they are changed, made up, or signed by somebody else', async () => {
    row('eve', 'b');
    const genuine = await signedCast('a', 1, 'genuine');
    const byEve = {...await signedCast('eve', 1, 'made up'), origin: 'a'};
    for (const cast of [{...genuine, body: '"changed"'}, {...genuine, channel: 'other'}, byEve, {...genuine, key: '', signature: ''}]) {
      world.send('eve', 'b', {kind: 'cast', cast});
      await world.clock.run(100);
    }
    expect(world.member('b').heard).to.deep.equal([]);
    expect(world.faults.length).to.equal(4);
    // That does not keep the genuine one from being heard, once.
    for (let i = 0; i < 3; i++) world.send('eve', 'b', {kind: 'cast', cast: genuine});
    await world.clock.run(100);
    expect(world.member('b').heard).to.deep.equal(['a: genuine']);
  });

  it('wait for what their sender has said over its own link, though not for ever', async () => {
    row('a', 'b', 'c');
    world.link('a', 'c');
    world.member('c').ownLinks.add('a');
    await world.clock.run(100);
    // In this world what `a` says of itself has come; from now on it is said anew.
    world.unlink('a', 'c');
    world.member('a').casts.casting = false;
    world.member('a').casts.casting = true;
    world.member('a').say('around');
    await world.clock.run(MARK_MS - 1_000);
    expect(world.member('c').heard).to.deep.equal([]);
    await world.clock.run(2_000);
    expect(world.member('c').heard).to.deep.equal(['a: around']);
    world.member('a').say('next');
    await world.clock.run(100);
    expect(world.member('c').heard).to.deep.equal(['a: around', 'a: next']);
  });

  it('come before what their sender says directly after them', async () => {
    row('a', 'b', 'c');
    world.link('a', 'c');
    await world.clock.run(100);
    world.unlink('a', 'c');
    world.member('a').say('around');
    world.link('a', 'c');
    world.member('a').casts.casting = false;
    await world.clock.run(11);
    const {heard, casts} = world.member('c');
    casts.direct('a', () => heard.push('a: directly'));
    await world.clock.run(1_000);
    expect(heard).to.deep.equal(['a: around', 'a: directly']);
  });

  describe('in a room in which all are linked to all', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    let lines = 0;
    beforeEach(() => {
      for (const id of ids) world.add(id);
      for (const a of ids) for (const b of ids) world.link(a, b);
      lines = 0;
    });

    async function talk(count: number, pauseMs: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        world.member(ids[Math.floor(world.clock.random() * ids.length)]!).say(String(lines++));
        await world.clock.run(pauseMs);
      }
    }

    /** Everybody has what others said, once. */
    function expectAll(): void {
      const heard = ids.reduce((sum, id) => sum + new Set(world.member(id).heard).size, 0);
      expect(heard).to.equal(lines * (ids.length - 1));
      expect(ids.reduce((sum, id) => sum + world.member(id).heard.length, 0)).to.equal(heard);
    }

    it('go to all neighbours while little is said: nobody waits for anything', async () => {
      for (let i = 0; i < 10; i++) {
        await talk(1, 20);
        expectAll();
        await world.clock.run(15_000);
      }
    });

    it('hardly go anywhere twice while much is said, and again to all when it is quiet', async () => {
      await talk(100, 100);
      const before = world.casts;
      await talk(100, 100);
      const each = (world.casts - before) / 100;
      await world.clock.run(2_000);
      expectAll();
      expect(each, 'times that a line was brought, of 7 that it had to be').to.be.below(9);
      await world.clock.run(QUIET_MS);
      const quiet = world.casts;
      await talk(1, 100);
      expect(world.casts - quiet).to.equal(7 * 7);
    });

    it('come a second later where the only link that brought them has gone, in the midst of much', async () => {
      await talk(100, 100);
      // Every third link, which may leave nobody without any.
      for (const [i, a] of ids.entries()) for (const [j, b] of ids.entries()) if (j > i && (i + j) % 3 === 0) world.unlink(a, b);
      await talk(10, 50);
      await world.clock.run(ASK_MS + 400);
      expectAll();
      await talk(100, 100);
      await world.clock.run(1_000);
      expectAll();
    });

    it('come although a neighbour announces what it does not bring', async () => {
      world.send('a', 'b', {kind: 'seen', had: [['c', 'boot of c', 1_000], ['nobody', 'boot', 5], ['b', 'boot of b', 7]]});
      await talk(100, 100);
      for (const id of ids) world.send('a', id, {kind: 'push', whole: false});
      await talk(20, 100);
      await world.clock.run(2_000);
      expectAll();
      expect(world.faults).to.deep.equal([]);
    });
  });

  it('come to all of many who have just come, however much is said while links are made and given up', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    await fc.assert(fc.asyncProperty(fc.integer(), fc.array(fc.nat({max: 400}), {minLength: 3, maxLength: 3}), async (seed, pauses) => {
      world = new World(seed);
      const random = (): number => Math.floor(world.clock.random() * ids.length);
      let lines = 0;
      const talk = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          world.member(ids[random()]!).say(String(lines++));
          await world.clock.run(world.clock.random() * 20);
        }
      };
      for (const id of ids) world.add(id, true);
      for (const a of ids) for (const b of ids) if (a < b) world.link(a, b);
      await world.clock.run(pauses[0]!);
      await talk(30);
      // What stays is a tree.
      for (const [i, a] of ids.entries()) for (const [j, b] of ids.entries()) if (j > i && (j - 1) >> 1 !== i) world.unlink(a, b);
      await world.clock.run(pauses[1]!);
      await talk(30);
      world.unlink('a', 'b');
      await world.clock.run(pauses[2]!);
      world.link('b', 'c');
      await talk(10);
      await world.clock.run(4_000);
      for (const id of ids) {
        const wanted = world.member(id).said;
        expect(new Set(world.member(id).heard).size, `${id} has heard all but its own ${wanted}`).to.equal(lines - wanted);
        expect(world.member(id).heard.length).to.equal(lines - wanted);
      }
      expect(world.faults).to.deep.equal([]);
      for (const {casts} of world.members.values()) casts.close();
    }), {numRuns: 100});
  });

  it('come to everybody once and in order, however links come and go, as long as there is always a way in the end', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pair = fc.record({a: fc.constantFrom(...ids), b: fc.constantFrom(...ids)}).filter(({a, b}) => a !== b);
    const step = fc.oneof(
      fc.record({do: fc.constant('link' as const), pair}),
      fc.record({do: fc.constant('unlink' as const), pair}),
      // Of many at once, links are told to bring announcements.
      fc.record({do: fc.constant('say' as const), who: fc.constantFrom(...ids), lines: fc.constantFrom(1, 1, 1, 12)}),
      fc.record({do: fc.constant('pass' as const), ms: fc.nat({max: 60})}),
    );
    await fc.assert(fc.asyncProperty(fc.array(step, {maxLength: 60}), async steps => {
      world = new World();
      row(...ids);
      const said = new Map(ids.map(id => [id, 0]));
      for (const action of steps) {
        if (action.do === 'link') world.link(action.pair.a, action.pair.b);
        else if (action.do === 'unlink') world.unlink(action.pair.a, action.pair.b);
        else if (action.do === 'pass') await world.clock.run(action.ms);
        else for (let i = 0; i < action.lines; i++) {
          said.set(action.who, said.get(action.who)! + 1);
          world.member(action.who).say(String(said.get(action.who)));
        }
      }
      for (const [i, id] of ids.entries()) if (i) world.link(ids[i - 1]!, id);
      await world.clock.run(2 * GIVE_UP_MS);
      expect(world.faults).to.deep.equal([]);
      for (const reader of ids) {
        for (const speaker of ids) {
          const wanted = reader === speaker ? [] : Array.from({length: said.get(speaker)!}, (_, i) => `${speaker}: ${i + 1}`);
          expect(world.member(reader).heard.filter(line => line.startsWith(`${speaker}:`)), `${reader} of ${speaker}`).to.deep.equal(wanted);
        }
      }
    }), {numRuns: 100});
  });

  it('are read from nothing that is no frame', () => {
    fc.assert(fc.property(fc.jsonValue(), value => {
      const frame = decodeCastFrame(value);
      if (frame) expect(decodeCastFrame(JSON.parse(JSON.stringify(encodeCastFrame(frame))))).to.deep.equal(frame);
    }));
    for (const value of [undefined, null, 1, {}, [], ['cast'], ['have', [['a']], true, true, false], ['gap', '', 'b', 1], ['pull', 'a', 'b', 0, 1]]) {
      expect(decodeCastFrame(value)).to.equal(undefined);
    }
  });
});

/** A cast of `origin`'s, as it would make it. */
async function signedCast(origin: string, seq: number, text: string): Promise<Cast> {
  let made: Cast | undefined;
  const clock = new VirtualClock();
  const casts = new Casts({
    clock, selfId: origin, boot: `boot of ${origin}`, fresh: false, identity: pretendIdentity(origin), cryptography: pretendCryptography,
    neighbours: () => ['somebody'], isMember: () => true, memberSince: () => 0, hasOwnLink: () => false, isPartial: () => true,
    send: (_to, frame) => {
      if (frame.kind === 'cast') made = frame.cast;
      return undefined;
    },
    onCast: () => undefined, onFault: () => undefined, onLost: () => undefined,
  });
  for (let i = 1; i < seq; i++) await casts.cast({channel: '', kind: 'json', type: '', body: '""'});
  await casts.cast({channel: '', kind: 'json', type: '', body: JSON.stringify(text)});
  casts.close();
  return made!;
}
