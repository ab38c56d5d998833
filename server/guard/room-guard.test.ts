import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {describe, it} from 'node:test';
import {RECORD_ACTION, TOPIC} from '@deepstream/protobuf/dist/types/all.js';
import type {MeshServer, ServerOptions} from '../index.js';
import {add, endpointOf, PlainPage, RawSocket, remove, sharedServer, startTestServer, untilEntries} from '../testing/clients.js';

const ROUNDS = 20;
/** Every client's view must equal the List within this time of the last write. */
const CONVERGENCE_MS = 1000;

describe('List guard', {timeout: 120_000}, () => {
  const shared = sharedServer();
  const {kept} = shared;
  const page = async (login?: Record<string, string>, at = shared.url): Promise<PlainPage> => kept(await PlainPage.open(at, login));
  const raw = async (login: unknown = {}, at = shared.url): Promise<RawSocket> => kept(await RawSocket.logIn(at, login));
  const other = async (options: ServerOptions): Promise<{made: MeshServer; endpoint: string}> => {
    const made = await startTestServer(options);
    kept({close: () => made.stop()});
    return {made, endpoint: endpointOf(made)};
  };

  for (const n of [2, 8, 32]) {
    it(`keeps all of ${n} plain pages that add themselves at one instant, ${ROUNDS} rounds`, async () => {
      const pages = await Promise.all(Array.from({length: n}, () => page()));
      let slowest = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `mesh-room/instant ${n} ${round}`;
        const lists = await Promise.all(pages.map(each => each.list(name)));
        const ids = pages.map((_, i) => `r${round}-${i}`);
        const start = performance.now();
        const views = lists.map(list => untilEntries(list, entries => entries.length === n));
        lists.forEach((list, i) => list.addEntry(ids[i]!));
        for (const entries of await Promise.all(views)) assert.deepEqual([...entries].sort(), [...ids].sort());
        slowest = Math.max(slowest, performance.now() - start);
        // Leaving frees the page for the next round's id.
        await Promise.all(lists.map((list, i) => remove(list, ids[i]!)));
        await Promise.all(lists.map(list => untilEntries(list, entries => entries.length === 0)));
        for (const list of lists) list.discard();
      }
      assert.ok(slowest < CONVERGENCE_MS, `slowest round took ${slowest.toFixed(0)} ms`);
    });
  }

  it(`loses, doubles and resurrects nobody when 16 join while 16 leave, ${ROUNDS} rounds`, async () => {
    const pages = await Promise.all(Array.from({length: 32}, () => page()));
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `mesh-room/mixed ${round}`;
      const lists = await Promise.all(pages.map(each => each.list(name)));
      const ids = pages.map((_, i) => `m${round}-${i}`);
      const [early, late] = [ids.slice(0, 16), ids.slice(16)];
      await Promise.all(early.map((id, i) => add(lists[i]!, id)));
      await Promise.all(lists.map(list => untilEntries(list, entries => entries.length === 16)));
      lists.forEach((list, i) => i < 16 ? list.removeEntry(ids[i]!) : list.addEntry(ids[i]!));
      const views = await Promise.all(lists.map(list =>
        untilEntries(list, entries => entries.length === 16 && entries.every(id => late.includes(id)))));
      for (const entries of views) assert.deepEqual([...entries].sort(), [...late].sort());
      const reader = await raw();
      assert.deepEqual([...await reader.read(name) as string[]].sort(), [...late].sort());
      await Promise.all(late.map((id, i) => remove(lists[i + 16]!, id)));
      await Promise.all(lists.map(list => untilEntries(list, entries => entries.length === 0)));
      for (const list of lists) list.discard();
    }
  });

  it('gives everybody the same order', async () => {
    const pages = await Promise.all(Array.from({length: 8}, () => page()));
    const lists = await Promise.all(pages.map(each => each.list('order')));
    lists.forEach((list, i) => list.addEntry(`o${i}`));
    const views = await Promise.all(lists.map(list => untilEntries(list, entries => entries.length === 8)));
    for (const entries of views) assert.deepEqual(entries, views[0]);
  });

  it('keeps everybody when a page adds itself before its List is ready', async () => {
    const [ada, bob] = [await page(), await page()];
    const adasList = await ada.list('early');
    await add(adasList, 'ada');
    const bobsList = bob.client.record.getList('early');
    bobsList.addEntry('bob');
    assert.deepEqual(await untilEntries(adasList, entries => entries.length === 2), ['ada', 'bob']);
    assert.deepEqual(await untilEntries(bobsList, entries => entries.length === 2), ['ada', 'bob']);
  });

  it('ignores what a page writes about others, and shows it the truth', async () => {
    const [ada, bob] = [await page(), await page()];
    const [adasList, bobsList] = [await ada.list('others'), await bob.list('others')];
    await add(adasList, 'ada');
    await add(bobsList, 'bob');
    await untilEntries(bobsList, entries => entries.length === 2);
    for (const entries of [['bob'], ['bob', 'eve', 'ada'], ['bob', 'bob', 'ada', 'ada']]) {
      await bobsList.setEntriesWithAck(entries);
      assert.deepEqual(await untilEntries(bobsList, now => now.length === 2), ['ada', 'bob']);
      assert.deepEqual(adasList.getEntries(), ['ada', 'bob']);
    }
  });

  it('takes a page that clears the List out of it, and nobody else', async () => {
    const [ada, bob] = [await page(), await page()];
    const [adasList, bobsList] = [await ada.list('clear'), await bob.list('clear')];
    await add(adasList, 'ada');
    await add(bobsList, 'bob');
    await untilEntries(bobsList, entries => entries.length === 2);
    await bobsList.setEntriesWithAck([]);
    assert.deepEqual(await untilEntries(adasList, entries => entries.length === 1), ['ada']);
    assert.deepEqual(await untilEntries(bobsList, entries => entries.length === 1), ['ada']);
  });

  it('does not take a stale view for a wish to leave', async () => {
    const bob = await raw();
    const ada = await raw();
    await ada.write('stale', ['ada'], '1');
    const write = async (entries: string[], version: number, correlationId: string): Promise<void> => {
      bob.send({
        topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name: 'stale', version, data: JSON.stringify(entries),
        isWriteAck: true, correlationId,
      });
      await bob.next(message => message.correlationId === correlationId && message.isWriteAck === true);
    };
    bob.send({topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: ['stale'], correlationId: 's'});
    const {version = 0} = await bob.next(({action}) => action === RECORD_ACTION.READ_RESPONSE);
    await write(['ada', 'bob'], version + 1, '1');
    // Bob's page has not seen itself in the List when it drops its neighbour Ada.
    await write([], version + 1, '2');
    assert.deepEqual(await bob.read('stale'), ['ada', 'bob']);
    // It has by now, so that the same write says that it leaves.
    await write(['ada'], version + 2, '3');
    assert.deepEqual(await bob.read('stale'), ['ada']);
  });

  it('does not take an id that has left for the writer\'s own', async () => {
    const [ada, bob] = [await raw(), await raw()];
    await ada.write('gone', ['ada'], '1');
    bob.send({topic: TOPIC.RECORD, action: RECORD_ACTION.SUBSCRIBECREATEANDREAD, names: ['gone'], correlationId: 's'});
    const {version = 0} = await bob.next(({action}) => action === RECORD_ACTION.READ_RESPONSE);
    await ada.write('gone', [], '2');
    // Ada gave up her id as well, so that it is free; Bob's view still shows her.
    await ada.close();
    bob.send({
      topic: TOPIC.RECORD, action: RECORD_ACTION.UPDATE, name: 'gone', version: version + 1,
      data: JSON.stringify(['bob', 'ada']), isWriteAck: true, correlationId: '1',
    });
    await bob.next(message => message.correlationId === '1' && message.isWriteAck === true);
    assert.deepEqual(await bob.read('gone'), ['bob']);
  });

  it('acknowledges every write, also one that changes nothing', async () => {
    const ada = await page();
    const list = await ada.list('acks');
    assert.equal(await add(list, 'ada'), null);
    assert.equal(await add(list, 'ada'), null);
    assert.deepEqual(await untilEntries(list, entries => entries.length === 1), ['ada']);
    assert.equal(await remove(list, 'ada'), null);
    assert.deepEqual(ada.errors, []);
  });

  it('works for a List of any name, and keeps Lists apart', async () => {
    const names = ['lobby', 'mesh-room/é 🦊 "\'<b>&/..//?#%', '__proto__', 'constructor', 'a'.repeat(1024)];
    const ada = await raw();
    for (const [i, name] of names.entries()) await ada.write(name, ['ada'], String(i));
    for (const name of names) assert.deepEqual(await ada.read(name), ['ada']);
    await ada.write('lobby', [], 'x');
    assert.deepEqual(await ada.read('__proto__'), ['ada']);
    assert.equal(({} as Record<string, unknown>).ada, undefined);
  });

  it('refuses ids and names that are none', async () => {
    const ada = await raw();
    for (const [i, id] of ['', 'a'.repeat(129), 'a\u0000b', 'a\nb', 7, null, {}].entries()) {
      await ada.write('ids', [id], String(i));
      assert.deepEqual(await ada.read('ids') ?? [], []);
    }
    assert.equal((await ada.write('n'.repeat(1025), ['ada'], 'n')).isError, true);
    assert.equal((await ada.write('ids', {ada: true}, 'o')).isError, true);
    assert.equal((await ada.write('ids', 'ada', 's')).isError, true);
  });

  it('forgets a List that nobody is in and nobody looks at', async () => {
    const before = shared.server.health().lists;
    const pages = await Promise.all([page(), page()]);
    const name = randomUUID();
    const lists = await Promise.all(pages.map(each => each.list(name)));
    await add(lists[0]!, 'ada');
    await remove(lists[0]!, 'ada');
    assert.equal(shared.server.health().lists, before + 1);
    const reader = await raw();
    for (const each of pages) each.close();
    while (shared.server.health().sockets > 1) await reader.settled();
    assert.equal(shared.server.health().lists, before);
    assert.equal(await reader.read(name), undefined);
  });

  it('leaves a List usable for those who watched it become empty', async () => {
    const [ada, bob] = [await page(), await page()];
    const [adasList, bobsList] = [await ada.list('phoenix'), await bob.list('phoenix')];
    for (let round = 0; round < 3; round += 1) {
      await add(adasList, 'ada');
      await untilEntries(bobsList, entries => entries.length === 1);
      await remove(adasList, 'ada');
      await untilEntries(bobsList, entries => entries.length === 0);
    }
    await add(bobsList, 'bob');
    assert.deepEqual(await untilEntries(adasList, entries => entries.length === 1), ['bob']);
  });

  it('bounds ids per List, Lists per user and Lists overall, and says so', async () => {
    const {endpoint, made} = await other({limits: {idsPerList: 2, listsPerUser: 2, lists: 4}});
    const [a, b, c] = [await raw({}, endpoint), await raw({}, endpoint), await raw({}, endpoint)];
    assert.equal((await a.write('1', ['a'], '1')).isError ?? false, false);
    assert.equal((await b.write('1', ['b'], '1')).isError ?? false, false);
    assert.equal((await c.write('1', ['c'], '1')).isError, true);
    assert.deepEqual(await c.read('1'), ['a', 'b']);
    assert.equal((await a.write('2', ['a'], '2')).isError ?? false, false);
    assert.equal((await a.write('3', ['a'], '3')).isError, true);
    await b.write('3', ['b'], '3');
    await c.write('4', ['c'], '4');
    assert.equal((await c.write('5', ['c'], '5')).isError, true);
    assert.equal(await c.read('5'), undefined);
    assert.equal(made.health().denied.limit, 3);
  });
});
