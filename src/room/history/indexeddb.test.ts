import {assert} from 'chai';
import {deleteDB, openDB} from 'idb';
import {FEW_LINES, line, storeCompliance, whole} from './compliance.js';
import {IndexedDbStore} from './indexeddb.js';
import {Owners} from './owners.js';
import {ORPHAN_MS} from './types.js';

let count = 0;
const names: string[] = [];
const stores: IndexedDbStore[] = [];

/** A database of its own. */
function newName(): string {
  const name = `test ${Date.now()} ${count++}`;
  names.push(name);
  return name;
}

function open(name: string, options: ConstructorParameters<typeof IndexedDbStore>[0] = {}): IndexedDbStore {
  const store = new IndexedDbStore({name, ...options});
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) {
    for (const owner of 'abc') store.hold(owner, false);
    store.close();
  }
  for (const name of names.splice(0)) await deleteDB(name);
});

storeCompliance('IndexedDbStore', () => {
  const name = newName();
  return {open: () => open(name, {maxLines: FEW_LINES})};
});

describe('IndexedDbStore', () => {
  it('begins anew when the database cannot be opened', async () => {
    const name = newName();
    (await openDB(name, 99)).close();
    const broken: unknown[] = [];
    const store = open(name, {onBroken: error => broken.push(error)});
    await store.put('lobby', [line('1')]);
    assert.lengthOf(await whole(store.load('lobby', 'a')), 1);
    assert.isEmpty(broken);
  });

  it('gives up, once and in words, when the database is not what it should be', async () => {
    const name = newName();
    (await openDB(name, 2)).close();
    const broken: unknown[] = [];
    const store = open(name, {onBroken: error => broken.push(error)});
    assert.isEmpty(await whole(store.load('lobby', 'a')));
    await store.put('lobby', [line('1')]);
    await store.forget('lobby');
    assert.lengthOf(broken, 1, 'forgetting is tried, and told as broken no second time');
    assert.isFalse(store.works);
  });

  it('gives up waiting for a browser that does not answer, and goes on once it does', async () => {
    const told: string[] = [];
    const unheard = indexedDB.open(newName());
    unheard.onsuccess = () => unheard.result.close();
    unheard.addEventListener = () => undefined;
    const answers = Object.getOwnPropertyDescriptor(IDBFactory.prototype, 'open')!;
    // Time passes when it is told to: on a busy machine a browser that does answer may take longer than any test should wait.
    const {setInterval: every, setTimeout: later} = globalThis;
    const passing: Array<() => void> = [];
    const collect = (run: () => void): number => passing.push(run);
    Object.assign(globalThis, {setInterval: collect, setTimeout: collect});
    IDBFactory.prototype.open = () => unheard;
    let onMended = (): void => undefined;
    const mended = new Promise<void>(resolve => { onMended = resolve; });
    const store = open(newName(), {onMended, onBroken: error => told.push(String(error))});
    try {
      const kept = store.put('lobby', [line('1')]);
      while (store.works) {
        for (const run of passing) run();
        await Promise.resolve();
      }
      await kept;
      await store.put('lobby', [line('2')]);
      assert.isFalse(store.works);
    } finally {
      Object.assign(globalThis, {setInterval: every, setTimeout: later});
      Object.defineProperty(IDBFactory.prototype, 'open', answers);
    }
    // What is left to pass is the pause before it tries again.
    passing.at(-1)?.();
    await mended;
    assert.isTrue(store.works);
    await store.put('lobby', [line('3')]);
    assert.deepEqual((await whole(store.load('lobby', 'a'))).map(({id}) => id), ['3']);
    assert.deepEqual(told, ['Error: storage has not answered for 3000 ms']);
  });

  it('tells the machine\'s other pages, and not its own, what was forgotten', async () => {
    const name = newName();
    const own: string[] = [];
    const store = open(name, {onForgotten: room => own.push(room)});
    await store.put('lobby', [line('1')]);
    const heard = new Promise<string>(resolve => void open(name, {onForgotten: resolve}).load('lobby', 'b'));
    await whole(store.load('lobby', 'a'));
    await store.forget('lobby');
    assert.equal(await heard, 'lobby');
    assert.isEmpty(own);
  });

  it('opens the database again after somebody has removed it', async () => {
    const name = newName();
    const store = open(name);
    await store.put('lobby', [line('1')]);
    await deleteDB(name);
    await store.put('lobby', [line('2')]);
    assert.deepEqual((await whole(store.load('lobby', 'a'))).map(({id}) => id), ['2']);
  });

  it('takes lines of this tab\'s former page, and old ones, where there are no locks', async () => {
    const name = newName();
    const store = open(name, {owners: new Owners(null)});
    const now = Date.now();
    const own = {own: true, status: 'waiting'} as const;
    await store.put('lobby', [
      line('former', {...own, owner: 'tab/1', at: now}), line('other', {...own, owner: 'tab2/1', at: now}),
      line('old', {...own, owner: 'tab3/1', at: now - ORPHAN_MS - 1}), line('future', {...own, owner: 'tab3/1', at: now + 2 * ORPHAN_MS}),
    ]);
    assert.deepEqual((await whole(store.load('lobby', 'tab/2'))).map(({id}) => id), ['former', 'old', 'future']);
  });
});
