/** What every store must do. Run by `memory.test.ts` and `indexeddb.test.ts`. */
import {assert} from 'chai';
import {MAX_STORED_ROOMS, NO_LINES, PAGE_LINES, type ChatStore, type StoredLine, type StoredPage} from './types.js';

/** A line as a log writes it. */
export const line = (id: string, more: Partial<StoredLine> = {}): StoredLine => ({
  kind: 'text', id, from: 'ada', name: 'Ada', own: false, text: `text of ${id}`, at: 0, status: 'sent', deliveredTo: [], owner: 'a', ...more,
});

/** What one page has of a machine's store. */
export interface PageStore extends ChatStore {
  /** The page goes away. */
  close(): void;
}

export interface Machine {
  /** Another page's view of what this machine keeps: `FEW_LINES` of a room. */
  open(): PageStore;
}

/** Lines that the machines of the suite keep of one room. */
export const FEW_LINES = 2_500;

/** All that a page of lines begins, oldest first. */
export async function whole(loading: Promise<StoredPage>): Promise<readonly StoredLine[]> {
  const {lines, earlier} = await loading;
  return earlier ? [...await whole(earlier().then(page => page ?? NO_LINES)), ...lines] : lines;
}

const ids = (lines: readonly StoredLine[]): string[] => lines.map(({id}) => id);
const waiting = {own: true, status: 'waiting'} as const;

export function storeCompliance(name: string, createMachine: () => Machine): void {
  describe(`${name} as a store of lines`, () => {
    let machine: Machine;
    let store: PageStore;
    beforeEach(() => {
      machine = createMachine();
      store = machine.open();
    });

    it('gives back what was put in, in that order, to another page', async () => {
      await whole(store.load('lobby', 'a'));
      await store.put('lobby', [line('2', {at: 5}), line('1', {deliveredTo: ['bo'], pending: [{id: 'cy', name: 'Cy'}], was: ['x']})]);
      await store.put('lobby', [line('3', {at: 1})]);
      store.close();
      const lines = await whole(machine.open().load('lobby', 'b'));
      assert.deepEqual(ids(lines), ['2', '1', '3']);
      assert.deepEqual(lines[1], line('1', {deliveredTo: ['bo'], pending: [{id: 'cy', name: 'Cy'}], was: ['x']}));
    });

    it('replaces a line of the same id where it is', async () => {
      await store.put('lobby', [line('1', {text: 'before'}), line('2')]);
      await store.put('lobby', [line('1', {text: 'after'})]);
      assert.deepEqual((await whole(store.load('lobby', 'b'))).map(({text}) => text), ['after', 'text of 2']);
    });

    it('keeps rooms apart, also where one name begins as another does', async () => {
      for (const room of ['a', 'a\u0000', 'ab', '', '["a"]']) await store.put(room, [line(room)]);
      for (const room of ['a', 'a\u0000', 'ab', '', '["a"]']) assert.deepEqual(ids(await whole(store.load(room, 'b'))), [room]);
    });

    it('forgets one room', async () => {
      await store.put('lobby', [line('1', waiting)]);
      await store.put('kitchen', [line('2')]);
      await store.forget('lobby');
      assert.isEmpty(await whole(store.load('lobby', 'a')));
      assert.lengthOf(await whole(store.load('kitchen', 'a')), 1);
    });

    it('keeps the newest lines of a room, and every own one that waits', async () => {
      await store.put('lobby', [line('mine', waiting)]);
      for (let i = 0; i < FEW_LINES + 50; i += 50) await store.put('lobby', Array.from({length: 50}, (_, k) => line(`${i + k}`)));
      const lines = await whole(store.load('lobby', 'a'));
      assert.isAtMost(lines.length, FEW_LINES);
      assert.isAbove(lines.length, FEW_LINES * 0.8);
      assert.equal(lines[0]!.id, 'mine');
      assert.equal(lines.at(-1)!.id, `${FEW_LINES + 49}`);
    });

    it('gives the newest lines first, and those before them as they are asked for', async () => {
      const all = Array.from({length: FEW_LINES}, (_, i) => line(`${i}`));
      await store.put('lobby', all);
      const page = await store.load('lobby', 'a');
      assert.deepEqual(ids(page.lines), ids(all.slice(-PAGE_LINES)));
      assert.deepEqual(ids(await whole(Promise.resolve(page))), ids(all));
    });

    it('gives own lines that wait at once, and where they were said', async () => {
      await store.put('lobby', [line('old'), line('mine', waiting), ...Array.from({length: 2 * PAGE_LINES}, (_, i) => line(`${i}`))]);
      const page = await store.load('lobby', 'a');
      assert.deepEqual(ids(page.lines).slice(0, 2), ['mine', '0']);
      assert.deepEqual(ids((await page.earlier!())!.lines), ['old']);
    });

    it('gives those that have failed with the lines around them', async () => {
      await store.put('lobby', [line('failed', {own: true, status: 'failed'}), ...Array.from({length: PAGE_LINES}, (_, i) => line(`${i}`))]);
      const page = await store.load('lobby', 'a');
      assert.equal(page.lines[0]!.id, '0');
      assert.deepEqual(ids((await page.earlier!())!.lines), ['failed']);
    });

    it('keeps fewer of long lines', async () => {
      const text = 'x'.repeat(8_000);
      for (let i = 0; i < FEW_LINES; i += 50) await store.put('lobby', Array.from({length: 50}, (_, k) => line(`${i + k}`, {text})));
      const lines = await whole(store.load('lobby', 'a'));
      assert.isAtMost(lines.length, FEW_LINES / 31);
      assert.isAbove(lines.length, FEW_LINES / 50);
      assert.equal(lines.at(-1)!.id, `${FEW_LINES - 1}`);
    });

    it('leaves no empty page between own lines that wait and the others', async () => {
      await store.put('lobby', [line('mine', {own: true, status: 'failed'})]);
      for (let i = 0; i < 3 * FEW_LINES; i += 50) await store.put('lobby', Array.from({length: 50}, (_, k) => line(`${i + k}`)));
      let page: StoredPage | undefined = await store.load('lobby', 'a');
      while (page?.earlier) {
        page = await page.earlier();
        assert.isNotEmpty(page?.lines);
      }
      assert.equal(page?.lines[0]?.id, 'mine');
    });

    it('keeps the rooms that were opened last, and every own line that waits', async () => {
      await store.put('mine', [line('1'), line('2', waiting)]);
      await store.put('oldest', [line('1')]);
      await store.put('older', [line('1')]);
      for (let i = 0; i < MAX_STORED_ROOMS - 1; i++) {
        await store.put(`${i}`, [line('1')]);
        if (i === 10) await whole(store.load('oldest', 'a'));
      }
      await whole(store.load(`${MAX_STORED_ROOMS - 2}`, 'a'));
      assert.deepEqual(ids(await whole(store.load('mine', 'a'))), ['2']);
      assert.isEmpty(await whole(store.load('older', 'a')));
      assert.lengthOf(await whole(store.load('oldest', 'a')), 1);
    });

    it('leaves the waiting lines of a log that lives, and gives those of one that is gone to one other', async () => {
      store.hold('a', true);
      await store.put('lobby', [line('1', waiting), line('2', {own: true, deliveredTo: ['bo']})]);
      const second = machine.open();
      assert.deepEqual(ids(await whole(second.load('lobby', 'b'))), ['2']);
      store.hold('a', false);
      store.close();
      const third = machine.open();
      const [b, c] = await Promise.all([whole(second.load('lobby', 'b')), whole(third.load('lobby', 'c'))]);
      assert.deepEqual([...ids(b), ...ids(c)].sort(), ['1', '2', '2']);
    });
  });
}
