import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {AUTH_ACTION, RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import {add, endpointOf, PlainPage, RawSocket, sharedServer, startTestServer, untilEntries} from '../testing/clients.js';

interface Entered {
  readonly version: number;
  readonly entries: readonly string[];
}

/** What the login's answer says of the List. */
const enteredOf = ({received}: RawSocket): Entered | undefined => {
  const answer = received.find(({topic, action}) => topic === TOPIC.AUTH && action === AUTH_ACTION.AUTH_SUCCESSFUL);
  return (JSON.parse(String(answer?.data)) as {entered?: Entered}).entered;
};

const updatesOf = ({received}: RawSocket, list: string): Array<{version: number | undefined; entries: unknown}> =>
  received.filter(({topic, action, name}) => topic === TOPIC.RECORD && action === RECORD_ACTION.UPDATE && name === list)
    .map(({version, data}) => ({version, entries: JSON.parse(String(data)) as unknown}));

describe('Entering a List with the login', {timeout: 30_000}, () => {
  const shared = sharedServer();
  const {kept} = shared;
  const enter = async (username: string, list: unknown, at = shared.url, token: unknown = `token of ${username}`): Promise<RawSocket> =>
    kept(await RawSocket.logIn(at, {username, token, enter: list}));

  it('puts the user in, tells it who is there, and everybody of it', async () => {
    const page = kept(await PlainPage.open(shared.url));
    const list = await page.list('enter');
    await add(list, 'page');
    const bob = await enter('bob', 'enter');
    const told = enteredOf(bob);
    assert.deepEqual(told?.entries, ['page']);
    assert.deepEqual(await untilEntries(list, entries => entries.length === 2), ['page', 'bob']);
    await bob.settled();
    assert.deepEqual(updatesOf(bob, 'enter'), [{version: told.version + 1, entries: ['page', 'bob']}]);
  });

  it('lets it hear its signals, and who comes and goes later', async () => {
    const [ada, bob] = [await enter('ada', 'hear'), await enter('bob', 'hear')];
    bob.emit('rtc-signal/ada', {user: 'bob', signal: 'hello'});
    await bob.settled();
    await ada.settled();
    assert.deepEqual(ada.signals('ada'), [{user: 'bob', signal: 'hello'}]);
    await ada.next(({name, data}) => name === 'hear' && data === '["ada","bob"]');
    await bob.close();
    await ada.next(({name, version, data}) => name === 'hear' && data === '["ada"]' && version! > enteredOf(bob)!.version);
  });

  it('is taken back by the next thing that the user says', async () => {
    await enter('ada', 'back');
    const bob = await enter('bob', 'back');
    await bob.write('back', [], '1');
    assert.deepEqual(await bob.read('back'), ['ada']);
    assert.equal(bob.isDenied(), false);
  });

  it('loses nobody of 32 who come at one instant, and tells each what the next update builds on', async () => {
    const sockets = await Promise.all(Array.from({length: 32}, (_, i) => enter(`user-${i}`, 'many')));
    await Promise.all(sockets.map(socket => socket.settled()));
    await Promise.all(sockets.map(socket =>
      socket.next(({name, data}) => name === 'many' && (JSON.parse(String(data)) as unknown[]).length === 32)));
    for (const socket of sockets) {
      const {version, entries} = enteredOf(socket)!;
      const updates = updatesOf(socket, 'many');
      assert.ok(updates.length > 0);
      updates.forEach((update, i) => assert.equal(update.version, version + 1 + i));
      assert.ok(entries.every(id => id.startsWith('user-')));
    }
  });

  it('takes nobody out who comes back with its token, and says that it is in', async () => {
    const first = await enter('ada', 'again');
    await first.settled();
    first.socket.terminate();
    await first.closed;
    const again = await enter('ada', 'again');
    assert.deepEqual(enteredOf(again)?.entries, ['ada']);
    await again.settled();
    assert.deepEqual(updatesOf(again, 'again'), []);
  });

  it('is left out where there is no id that is proved, no such List, or no room', async () => {
    await enter('ada', 'refused');
    for (const socket of [
      await enter('ada', 'refused', shared.url, 'another token'), await enter('bob', 'refused', shared.url, ''), await enter('eve', ''),
      await enter('eve', 'x'.repeat(2_000)), await enter('eve', {length: 3}),
    ]) {
      assert.equal(enteredOf(socket), undefined);
      await socket.close();
    }
    const reader = kept(await RawSocket.logIn(shared.url));
    assert.deepEqual(await reader.read('refused'), ['ada']);

    const small = kept({made: await startTestServer({limits: {idsPerList: 1}}), close(): Promise<void> { return this.made.stop(); }});
    const at = endpointOf(small.made);
    await enter('ada', 'full', at);
    const late = await enter('bob', 'full', at);
    assert.equal(enteredOf(late), undefined);
    assert.deepEqual(await late.read('full'), ['ada']);
    // It is told nothing that it has not asked for.
    assert.deepEqual(updatesOf(late, 'full'), []);
  });
});
