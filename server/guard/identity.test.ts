import assert from 'node:assert/strict';
import {afterEach, describe, it} from 'node:test';
import {TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {MeshServer, ServerOptions} from '../index.js';
import {besides, Child} from '../testing/children.js';
import {add, endpointOf, PlainPage, RawSocket, remove, startTestServer, untilEntries} from '../testing/clients.js';

/** In which a killed tab must be gone from everybody's List. */
const KILLED_MS = 2000;
/** Three heartbeats until a frozen socket is cut, the grace period, and a second for a busy machine. */
const FROZEN_MS = 5000;

describe('identity', {timeout: 60_000}, () => {
  const cleanups: Array<() => unknown> = [];
  let server: MeshServer;
  let url = '';
  const start = async (options: ServerOptions = {}): Promise<void> => {
    const started = server = await startTestServer(options);
    url = endpointOf(server);
    cleanups.unshift(() => started.stop());
  };
  const page = async (login?: Record<string, string>): Promise<PlainPage> => {
    const made = await PlainPage.open(url, login);
    cleanups.unshift(() => made.close());
    return made;
  };
  const raw = async (login: unknown = {}): Promise<RawSocket> => {
    const made = await RawSocket.logIn(url, login);
    cleanups.unshift(() => made.close());
    return made;
  };
  afterEach(async () => {
    for (const clean of cleanups.splice(0)) await clean();
  });

  it('tells the client at login that Lists are guarded, and which id it has', async () => {
    await start();
    const {version} = server.health();
    assert.deepEqual((await page({username: 'ada', token: 's'})).loginData, {meshRoom: version, guard: true, id: 'ada'});
    assert.deepEqual((await page()).loginData, {meshRoom: version, guard: true});
    assert.deepEqual((await page({username: 'bob'})).loginData, {meshRoom: version, guard: true});
    assert.deepEqual((await page({username: 'ada', token: 'wrong'})).loginData, {meshRoom: version, guard: true});
  });

  it('never tells a token, nor takes one of another kind', async () => {
    await start();
    const ada = await raw({username: 'ada', token: 'my-secret-token'});
    const bob = await raw();
    await ada.write('room', ['ada'], '1');
    await bob.read('room');
    const told = JSON.stringify([...ada.received, ...bob.received, server.health()]);
    assert.equal(told.includes('my-secret-token'), false);
    for (const token of [null, 7, '', ['my-secret-token'], {}]) {
      const thief = await raw({username: 'ada', token});
      await thief.write('room', [], 'x');
      await thief.write('room', ['ada'], 'y');
      assert.equal(thief.isDenied() || (await bob.read('room') as string[]).includes('ada'), true);
    }
    assert.deepEqual(await bob.read('room'), ['ada']);
  });

  it('lets nobody be, add or remove somebody else', async () => {
    await start();
    const ada = await raw({username: 'ada', token: 'a'});
    const eve = await raw({username: 'ada', token: 'guess'});
    await ada.write('room', ['ada'], '1');
    assert.equal((await eve.write('room', [], '1')).isError ?? false, false);
    assert.deepEqual(await eve.read('room'), ['ada']);
    assert.equal((await eve.write('other', ['ada'], '2')).isError, true);
    assert.equal(await eve.read('other'), undefined);
    eve.emit('rtc-signal/bob', {user: 'ada', signal: {}});
    await eve.settled();
    assert.equal(eve.isDenied('rtc-signal/bob'), true);
    assert.equal(server.health().denied.identity >= 2, true);
  });

  it('binds a plain page to the id that it adds first, and to one at a time', async () => {
    await start();
    const eve = await raw();
    await eve.write('room', ['eve'], '1');
    await eve.write('room', ['eve', 'mallory'], '2');
    await eve.write('other', ['mallory'], '3');
    assert.deepEqual(await eve.read('room'), ['eve']);
    assert.equal(await eve.read('other'), undefined);
    // Once it has left, it may enter as somebody new.
    await eve.write('room', [], '4');
    await eve.write('other', ['mallory'], '5');
    assert.deepEqual(await eve.read('other'), ['mallory']);
  });

  it('knows a plain page by the name that it logged in with, wherever in the List it puts it', async () => {
    await start();
    const ada = await page({username: 'ada'});
    const list = await ada.list('room');
    await list.setEntriesWithAck(['ada', 'somebody']);
    assert.deepEqual(await untilEntries(list, entries => entries.length === 1), ['ada']);
  });

  it('knows a plain page by the signals that it listens for', async () => {
    await start();
    const ada = await raw();
    ada.subscribe('rtc-signal/ada');
    await ada.write('room', ['ada', 'somebody'], '1');
    assert.deepEqual(await ada.read('room'), ['ada']);
  });

  it('hands an id to a new socket with its token, without a gap in the List', async () => {
    await start({graceMs: 200});
    const bob = await page();
    const bobsList = await bob.list('room');
    await add(bobsList, 'bob');
    const first = await raw({username: 'ada', token: 'a'});
    await first.write('room', ['ada'], '1');
    await untilEntries(bobsList, entries => entries.length === 2);
    const views: string[][] = [];
    bobsList.subscribe((entries: string[]) => views.push(entries));
    const second = await raw({username: 'ada', token: 'a'});
    // The first socket speaks for nobody any more, dies unnoticed, and its signals go to the second.
    await first.write('room', [], '2');
    await first.close();
    second.subscribe('rtc-signal/ada');
    await second.settled();
    bob.client.event.emit('rtc-signal/ada', {user: 'bob', signal: 1});
    await second.next(({name}) => name === 'rtc-signal/ada');
    await second.write('room', ['ada'], '1');
    const third = await raw();
    assert.deepEqual(await third.read('room'), ['bob', 'ada']);
    assert.equal(views.every(entries => entries.includes('ada')), true);
    await second.write('room', [], '2');
    assert.deepEqual(await third.read('room'), ['bob']);
  });

  it('takes a plain page that connects again as itself: no flap, signals as before', async () => {
    await start();
    const [ada, bob] = [await page(), await page()];
    const [adasList, bobsList] = [await ada.list('room'), await bob.list('room')];
    const heard = new Promise(resolve => ada.client.event.subscribe('rtc-signal/ada', resolve));
    await add(adasList, 'ada');
    await add(bobsList, 'bob');
    await untilEntries(bobsList, entries => entries.length === 2);
    const views: string[][] = [];
    bobsList.subscribe((entries: string[]) => views.push(entries));
    const back = new Promise<void>(resolve => ada.client.on('connectionStateChanged', (state: unknown) => {
      if (state === 'OPEN') resolve();
    }));
    ada.cut();
    await back;
    // It is known again as soon as its subscription is there; what it then writes counts as its own.
    await add(adasList, 'ada');
    bob.client.event.emit('rtc-signal/ada', {user: 'bob', signal: 'hello'});
    assert.deepEqual(await heard, {user: 'bob', signal: 'hello'});
    assert.equal(views.every(entries => entries.includes('ada')), true, JSON.stringify(views));
    await remove(adasList, 'ada');
    assert.deepEqual(await untilEntries(bobsList, entries => entries.length === 1), ['bob']);
  });

  it('takes a plain page as itself although its old socket still looks open', async () => {
    await start({heartbeatMs: 100});
    const bob = await page();
    const bobsList = await bob.list('room');
    await add(bobsList, 'bob');
    const old = await raw();
    old.subscribe('rtc-signal/ada');
    await old.write('room', ['ada'], '1');
    await untilEntries(bobsList, entries => entries.length === 2);
    const views: string[][] = [];
    bobsList.subscribe((entries: string[]) => views.push(entries));
    // From here on nothing comes from the old network, and no end of the connection either.
    old.socket.pong = () => {};
    const ada = await raw();
    ada.subscribe('rtc-signal/ada');
    await ada.next(({topic, isAck}) => topic === TOPIC.EVENT && isAck === true);
    bob.client.event.emit('rtc-signal/ada', {user: 'bob', signal: 'hello'});
    await ada.next(({name}) => name === 'rtc-signal/ada');
    assert.equal(views.every(entries => entries.includes('ada')), true, JSON.stringify(views));
    await ada.write('room', [], '1');
    assert.deepEqual(await untilEntries(bobsList, entries => entries.length === 1), ['bob']);
  });

  it('lets nobody hear a plain page that is there', async () => {
    await start();
    const ada = await raw();
    await ada.write('room', ['ada'], '1');
    const eve = await raw();
    eve.subscribe('rtc-signal/ada', 'rtc-signal/ada');
    await eve.next(({isError, name}) => isError === true && name === 'rtc-signal/ada');
    const bob = await raw();
    bob.emit('rtc-signal/ada', {user: 'bob', signal: 'secret'});
    await bob.settled();
    await eve.settled();
    assert.deepEqual(eve.signals('ada'), []);
  });

  it('keeps the id of a token holder for it during the grace period', async () => {
    await start();
    const ada = await raw({username: 'ada', token: 'a'});
    await ada.write('room', ['ada'], '1');
    await ada.close();
    const eve = await raw();
    eve.subscribe('rtc-signal/ada');
    await eve.write('room', ['ada'], '1');
    await eve.write('room', [], '2');
    assert.deepEqual(await eve.read('room'), ['ada']);
    assert.equal(eve.isDenied('rtc-signal/ada'), true);
  });

  it('takes a page that leaves out at once, and one that only disconnects after the grace period', async () => {
    await start({graceMs: 300});
    const [ada, bob] = [await raw(), await page()];
    const list = await bob.list('room');
    await ada.write('room', ['ada'], '1');
    await untilEntries(list, entries => entries.length === 1);
    const from = performance.now();
    void ada.close();
    await untilEntries(list, entries => entries.length === 0);
    assert.ok(performance.now() - from >= 290, 'left before the grace period was over');
  });

  it('has a killed page gone from everybody\'s List within 2 s', async () => {
    await start();
    const bob = await page();
    const list = await bob.list('room');
    const child = new Child(besides('client-child.ts'), [url, 'room', 'ada']);
    cleanups.unshift(() => child.kill());
    assert.equal(await child.line(), 'in');
    await untilEntries(list, entries => entries.includes('ada'));
    const from = performance.now();
    child.signal('SIGKILL');
    await untilEntries(list, entries => entries.length === 0);
    const took = performance.now() - from;
    assert.ok(took < KILLED_MS, `took ${took.toFixed(0)} ms`);
  });

  it('cuts a frozen page and takes it out of the List', async () => {
    await start();
    const bob = await page();
    const list = await bob.list('room');
    const child = new Child(besides('client-child.ts'), [url, 'room', 'ada']);
    cleanups.unshift(() => child.kill());
    assert.equal(await child.line(), 'in');
    await untilEntries(list, entries => entries.includes('ada'));
    const from = performance.now();
    child.signal('SIGSTOP');
    await untilEntries(list, entries => entries.length === 0);
    const took = performance.now() - from;
    assert.ok(took < FROZEN_MS, `took ${took.toFixed(0)} ms`);
    assert.equal(server.health().cut.silent, 1);
  });
});
