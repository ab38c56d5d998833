import assert from 'node:assert/strict';
import {afterEach, describe, it} from 'node:test';
import {EVENT_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import fc from 'fast-check';
import {systemClock} from '../../src/mesh/clock.js';
import {SERVER_BURST, SERVER_FRAME_BYTES, SERVER_FRAMES_PER_SECOND, ServerWays} from '../../src/mesh/relay/server-ways.js';
import {Bucket} from '../bucket.js';
import {DEFAULT_LIMITS, type MeshServer, type ServerLimits, type ServerOptions} from '../index.js';
import {endpointOf, PlainPage, RawSocket, startTestServer} from '../testing/clients.js';
import {Allowance, Allowances, type Spender} from './allowance.js';

/** The largest frame of a routed link, as base64; its name and number come to less than 100 bytes. */
const FRAME = 'A'.repeat(Math.ceil(SERVER_FRAME_BYTES / 3) * 4);
/** For a round trip of two others during a flood, on a machine that is busy. An undisturbed one takes less than a millisecond. */
const ROUND_TRIP_MS = 250;

describe('Bucket', () => {
  it('never lets more pass than its burst and what time gives, and nearly all of that to who takes what there is', () => {
    const steps = fc.array(fc.record({after: fc.nat(3_000), count: fc.integer({min: 1, max: 30})}), {maxLength: 60});
    fc.assert(fc.property(fc.integer({min: 30, max: 100}), fc.integer({min: 1, max: 50}), steps, (burst, perSecond, taken) => {
      const bucket = new Bucket(burst, perSecond, 0);
      const passed: {at: number; count: number}[] = [];
      let now = 0;
      for (const {after, count} of taken) {
        now += after;
        const had = bucket.has(count, now);
        assert.equal(bucket.take(count, now), had);
        if (had) passed.push({at: now, count});
      }
      for (const [i, first] of passed.entries()) {
        let sum = 0;
        for (const each of passed.slice(i)) {
          sum += each.count;
          assert.ok(sum <= burst + (each.at - first.at) / 1000 * perSecond + 1e-6);
        }
      }
      assert.equal(bucket.isFull(now + burst / perSecond * 1000), true);
    }), {seed: 20_261});
  });
});

describe('Allowance', () => {
  const LIMITS: ServerLimits = {...DEFAULT_LIMITS, frameBurst: 10, framesPerSecond: 5, frameBytes: 1000, frameBytesPerSecond: 2000};

  it('bounds bytes where there are few events, and events where they are small', () => {
    const small = new Allowance(LIMITS, 0);
    assert.deepEqual(Array.from({length: 12}, () => small.takeFrame(10, 0)), [...Array<boolean>(10).fill(true), false, false]);
    const large = new Allowance({...LIMITS, frameBurst: 100, frameBytes: 100}, 0);
    assert.equal(large.takeFrame(9_000, 0), true);
    assert.equal(large.takeFrame(2_000, 0), false);
    assert.equal(large.takeFrame(2_000, 500), true);
  });

  it('takes nothing for what does not pass', () => {
    const allowance = new Allowance({...LIMITS, frameBurst: 2}, 0);
    for (let i = 0; i < 5; i += 1) assert.equal(allowance.takeFrame(2_001, 0), false);
    assert.deepEqual([allowance.takeFrame(1_000, 0), allowance.takeFrame(1_000, 0)], [true, true]);
  });

  it('is whole again after a while', () => {
    const allowance = new Allowance(LIMITS, 0);
    assert.equal(allowance.isWhole(0), true);
    allowance.takeEvent(1_000, 0);
    allowance.takeFrame(1_000, 0);
    allowance.exceed(0);
    assert.equal(allowance.isWhole(0), false);
    assert.equal(allowance.isWhole(1_000), true);
  });
});

describe('Allowances', () => {
  const socket = (userId?: string): Spender =>
    ({userId, allowance: new Allowance({...DEFAULT_LIMITS, frameBurst: 1, framesPerSecond: 1}, 0)});

  it('give who comes back what was left, and forget who has used up nothing', () => {
    const allowances = new Allowances();
    const first = socket('ada');
    allowances.bound('ada', first, 0);
    first.allowance.takeFrame(1, 0);
    allowances.closed(first, 0);
    const second = socket('ada');
    allowances.bound('ada', second, 10);
    assert.equal(second.allowance.takeFrame(1, 10), false);
    for (let i = 0; i < 5_000; i += 1) allowances.bound(`user ${i}`, socket(), 20);
    assert.ok(allowances.size < 2_000, `${allowances.size} remembered`);
    const third = socket('ada');
    allowances.bound('ada', third, 30);
    assert.equal(third.allowance.takeFrame(1, 30), false);
  });
});

describe('what one user may emit', {timeout: 60_000}, () => {
  const cleanups: Array<() => unknown> = [];
  let server: MeshServer;
  let url = '';
  const start = async (options: ServerOptions = {}): Promise<void> => {
    // Here one thread is the server and everybody: whoever has much to take in may answer pings late.
    const started = server = await startTestServer({heartbeatMs: 10_000, ...options});
    url = endpointOf(server);
    cleanups.push(() => started.stop());
  };
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });
  const login = async (id: string, token = id): Promise<RawSocket> => {
    const raw = await RawSocket.logIn(url, {username: id, token});
    cleanups.push(() => raw.close());
    raw.subscribe(`rtc-signal/${id}`);
    await raw.settled();
    return raw;
  };
  const route = (raw: RawSocket, from: string, to: string, n: number, frame = FRAME): void =>
    raw.emit(`rtc-signal/${to}`, {user: from, route: ['k3v9.1~', n, frame]});
  /** The signals that came in, and the numbers of the frames among them; each is read once, since a test looks often. */
  const read = new WeakMap<RawSocket, {seen: number; signals: unknown[]; frames: unknown[]}>();
  const heard = (raw: RawSocket): {readonly signals: readonly unknown[]; readonly frames: readonly unknown[]} => {
    const ear = read.get(raw) ?? {seen: 0, signals: [], frames: []};
    read.set(raw, ear);
    for (const {topic, action, name, data, isError} of raw.received.slice(ear.seen)) {
      ear.seen += 1;
      if (topic !== TOPIC.EVENT || action !== EVENT_ACTION.EMIT || isError || !name) continue;
      const message = JSON.parse(String(data)) as {readonly route?: readonly unknown[]};
      if (message.route) ear.frames.push(message.route[1]);
      else ear.signals.push(message);
    }
    return ear;
  };
  const frames = (raw: RawSocket): readonly unknown[] => [...heard(raw).frames];
  const NOTHING = {slow: 0, events: 0, frames: 0};
  const range = (count: number): number[] => Array.from({length: count}, (_, n) => n);

  it('holds what 32 members say who start at once with media, and say again because nobody answers', async () => {
    await start();
    const [ada, bob] = [await login('ada'), await login('bob')];
    const sdp = 'a=x\r\n'.repeat(2_000);
    let sent = 0;
    for (let round = 0; round < 3; round += 1) {
      for (let peer = 0; peer < 31; peer += 1) {
        ada.emit('rtc-signal/bob', {user: 'ada', signal: {type: 'offer', sdp}, n: sent++});
        for (let i = 0; i < 19; i += 1) ada.emit('rtc-signal/bob', {user: 'ada', signal: {candidate: 'x'.repeat(200)}, n: sent++});
      }
    }
    await ada.settled();
    await bob.settled();
    assert.deepEqual(heard(bob).signals.map(message => (message as {n: number}).n), range(sent));
    assert.deepEqual(server.health().dropped, NOTHING);
    assert.equal(ada.isDenied(), false);
  });

  it('holds what a member sends through the server at most', async () => {
    await start();
    const [ada, bob] = [await login('ada'), await login('bob')];
    const ways = new ServerWays({
      clock: systemClock, selfId: 'ada', isUp: () => true, emit: (to, message) => ada.emit(`rtc-signal/${to}`, message),
    });
    cleanups.push(() => ways.close());
    const frame = new Uint8Array(SERVER_FRAME_BYTES).fill(255);
    const seconds = 2;
    const total = SERVER_BURST + seconds * SERVER_FRAMES_PER_SECOND;
    const way = ways.carrier('bob', 'k3v9abcd.12345~');
    let n = 0;
    const push = (): void => {
      while (n < total && way.send(n, frame)) n += 1;
    };
    way.ondrain = push;
    push();
    await bob.next(() => frames(bob).length === total);
    assert.deepEqual(frames(bob), range(total));
    const {dropped, relayed} = server.health();
    assert.deepEqual(dropped, NOTHING);
    assert.equal(relayed.frames, total);
    assert.ok(relayed.bytes > total * FRAME.length && relayed.bytes < total * (FRAME.length + 100));
    // What the long run takes off a second of the allowance.
    const perSecond = SERVER_FRAMES_PER_SECOND * relayed.bytes / total;
    assert.ok(perSecond < DEFAULT_LIMITS.frameBytesPerSecond && SERVER_FRAMES_PER_SECOND < DEFAULT_LIMITS.framesPerSecond);
  });

  it('holds what comes late and all at once, after a network stood still for as long as sockets last', async () => {
    await start();
    const [ada, bob] = [await login('ada'), await login('bob')];
    const total = SERVER_BURST + 5 * SERVER_FRAMES_PER_SECOND;
    for (const n of range(total)) route(ada, 'ada', 'bob', n);
    await bob.next(() => frames(bob).length === total);
    assert.deepEqual(server.health().dropped, NOTHING);
  });

  it('drops and counts frames above it, and goes on with those that come when there is room', async () => {
    await start({limits: {frameBurst: 10, framesPerSecond: 10}});
    const [ada, bob] = [await login('ada'), await login('bob')];
    for (const n of range(50)) route(ada, 'ada', 'bob', n);
    await ada.settled();
    await bob.settled();
    const passed = frames(bob);
    assert.deepEqual(passed.slice(0, 10), range(10));
    assert.ok(passed.length < 20, `${passed.length} passed`);
    assert.deepEqual(server.health().dropped, {...NOTHING, frames: 50 - passed.length});
    assert.equal(ada.isDenied(), false);
    ada.emit('rtc-signal/bob', {user: 'ada', signal: 'not a frame'});
    await bob.next(() => heard(bob).signals.length === 1);
    for (let n = 50; frames(bob).length === passed.length; n += 1) {
      route(ada, 'ada', 'bob', n);
      await ada.settled();
      await bob.settled();
    }
  });

  it('drops and counts signals above it, by number and by bytes', async () => {
    await start({limits: {eventBurst: 100, eventsPerSecond: 1}});
    const [ada, bob] = [await login('ada'), await login('bob')];
    for (const n of range(150)) ada.emit('rtc-signal/bob', {user: 'ada', signal: n});
    await ada.settled();
    await bob.settled();
    assert.ok(server.health().dropped.events >= 45);
    assert.equal(heard(bob).signals.length, 150 - server.health().dropped.events);
    await start({limits: {eventBytesPerSecond: 10_000}});
    const [eve, dan] = [await login('eve'), await login('dan')];
    for (const n of range(20)) eve.emit('rtc-signal/dan', {user: 'eve', signal: n, sdp: 'x'.repeat(20_000)});
    await eve.settled();
    await dan.settled();
    const {length} = heard(dan).signals;
    assert.ok(length >= 3 && length <= 8, `${length} of 20 kB with 80 kB at once`);
  });

  it('refuses an event that is too large, and keeps its socket', async () => {
    await start();
    const [ada, bob] = [await login('ada'), await login('bob')];
    ada.emit('rtc-signal/bob', {user: 'ada', signal: 'x'.repeat(DEFAULT_LIMITS.eventBytes)});
    route(ada, 'ada', 'bob', 0, 'A'.repeat(DEFAULT_LIMITS.frameBytes));
    await ada.settled();
    assert.equal(ada.received.filter(({isError, name}) => isError && name === 'rtc-signal/bob').length, 2);
    assert.equal(server.health().denied.limit, 2);
    ada.emit('rtc-signal/bob', {user: 'ada', signal: 'x'.repeat(DEFAULT_LIMITS.eventBytes - 100)});
    route(ada, 'ada', 'bob', 1, 'A'.repeat(DEFAULT_LIMITS.frameBytes - 100));
    await bob.next(() => heard(bob).signals.length === 1 && frames(bob).length === 1);
    assert.deepEqual(frames(bob), [1]);
  });

  it('costs who floods its socket, and others nothing', async () => {
    await start();
    const [ada, bob] = [await login('ada'), await login('bob')];
    /** Round trips between the two, in milliseconds. */
    const times: number[] = [];
    const ping = async (): Promise<void> => {
      const from = performance.now();
      const n = times.length;
      ada.emit('rtc-signal/bob', {user: 'ada', signal: n});
      await bob.next(() => heard(bob).signals.length > n);
      bob.emit('rtc-signal/ada', {user: 'bob', signal: n});
      await ada.next(() => heard(ada).signals.length > n);
      times.push(performance.now() - from);
    };
    const eve = await login('eve');
    let isOver = false;
    const closed = eve.closed.then(closing => {
      isOver = true;
      return closing;
    });
    let sent = 0;
    while (!isOver) {
      for (let i = 0; i < 20; i += 1) route(eve, 'eve', 'bob', sent++, 'AAAA');
      await ping();
    }
    assert.deepEqual(await closed, {code: 1008, reason: 'Too many events.'});
    const {cut, dropped} = server.health();
    assert.equal(cut.flood, 1);
    // As many again as may come at once, and it is over; what came too fast even to be looked at is not counted as frames.
    const all = dropped.frames + dropped.events;
    assert.ok(all >= DEFAULT_LIMITS.excessEvents && all < 1.2 * DEFAULT_LIMITS.excessEvents, `${all} dropped`);
    assert.ok(sent >= DEFAULT_LIMITS.frameBurst + DEFAULT_LIMITS.excessEvents);
    const slowest = Math.max(...times);
    assert.ok(slowest < ROUND_TRIP_MS, `slowest of ${times.length} round trips: ${slowest.toFixed(1)} ms`);
    const passed = frames(bob);
    assert.deepEqual(passed.slice(0, DEFAULT_LIMITS.frameBurst), range(DEFAULT_LIMITS.frameBurst));
    await ping();
  });

  it('is not new for who connects again, and is its own for everybody', async () => {
    await start({limits: {frameBurst: 10, framesPerSecond: 1, excessEvents: 30}});
    const bob = await login('bob');
    const first = await login('ada');
    for (const n of range(20)) route(first, 'ada', 'bob', n);
    await first.settled();
    await first.close();
    const {frames: before} = server.health().dropped;
    const second = await login('ada');
    for (const n of range(5)) route(second, 'ada', 'bob', n);
    await second.settled();
    assert.ok(server.health().dropped.frames >= before + 4);
    for (const n of range(60)) route(second, 'ada', 'bob', n);
    assert.equal((await second.closed).reason, 'Too many events.');
    const passed = frames(bob).length;
    const cy = await login('cy');
    for (const n of range(10)) route(cy, 'cy', 'bob', n);
    await bob.next(() => frames(bob).length === passed + 10);
  });

  it('holds no frame at all where the owner of the site says so', async () => {
    await start({relay: false});
    const [ada, bob] = [await login('ada'), await login('bob')];
    route(ada, 'ada', 'bob', 0);
    ada.emit('rtc-signal/bob', {user: 'ada', route: null});
    ada.emit('rtc-signal/bob', {user: 'ada', signal: 'hello'});
    await bob.next(() => heard(bob).signals.length === 1);
    await ada.settled();
    assert.deepEqual([heard(bob).signals, frames(bob)], [[{user: 'ada', signal: 'hello'}], []]);
    const {denied, relayed} = server.health();
    assert.equal(denied.action, 2);
    assert.deepEqual(relayed, {frames: 0, bytes: 0});
  });

  it('says at login that it carries no frames, and says nothing where it does', async () => {
    const told = async (options: ServerOptions): Promise<unknown> => {
      await start(options);
      const page = await PlainPage.open(url);
      page.close();
      return page.loginData;
    };
    assert.equal((await told({relay: false}) as {relay?: boolean}).relay, false);
    assert.equal('relay' in (await told({}) as object), false);
  });
});
