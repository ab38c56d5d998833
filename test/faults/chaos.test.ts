/**
 * Everything that `docs/resume.md` speaks of, at random and at one time, to four tabs in a room that go on talking. `CHAOS_SEED` plays a
 * run's faults again; when exactly they meet what is on its way, nobody can repeat.
 */
import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import type {Page} from 'puppeteer-core';
import {freeze, until} from '../helpers/browser.js';
import {FaultRoom, LONG, makeFaultDevice, pause, type FaultDevice} from '../helpers/fault-room.js';
import {isOfBrowser, lines, stateOf, type ChatElement, type RoomElement, type RoomTab} from '../helpers/room-tabs.js';

const CHAOS_MS = LONG ? 180_000 : 20_000;
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1e6);
/** Everybody says a line this often. */
const TALK_MS = 400;
/** From one fault to the next, at most; several last at one time. */
const FAULT_MS = 1_500;
/** What a tab's heap may have grown by after all that, in bytes: the lines themselves, and what the browser does not give back. */
const HEAP_MARGIN = 6 * 1024 * 1024;
/** Connections that are closed and not collected yet, at most. */
const CONNECTIONS_MARGIN = 4;

/** Keeps count of the page's connections. */
const COUNT_CONNECTIONS = `{
  const made = window.madeConnections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) { super(...args); made.push(new WeakRef(this)); }
  };
}`;

/** Notes, in the page, everybody that it was ever linked to. */
function noteMet(): void {
  const element = document.querySelector<RoomElement>('mesh-room')!;
  const met = new Set<string>();
  (window as unknown as {met: Set<string>}).met = met;
  const note = () => {
    for (const {id, link} of element.state.peers) if (link === 'direct') met.add(id);
  };
  element.addEventListener('mesh-peers-change', note);
  note();
}

/** A page from one load to the next. */
interface Life {
  id: string;
  isOver: boolean;
}

/** Somebody, through all reloads of the tab. */
interface Person {
  readonly name: string;
  readonly isFar: boolean;
  tab: RoomTab;
  life: Life;
  readonly lives: Set<Life>;
  /** Whether something is being done to the page. */
  isBusy: boolean;
  said: number;
}

interface Line {
  readonly by: Person;
  readonly text: string;
  /** Who was there when it was said: their pages ran, and the speaker's had been linked to them. */
  readonly readers: readonly Life[];
}

/** Whole numbers from 0 to below `n`, the same for the same seed (mulberry32). */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** Waits until a page has `others` connections, and no more; the one that is made before it is needed has described nothing yet. */
const hasConnections = (page: Page, others: number): Promise<void> => until(page, (count: number) =>
  (window as unknown as {madeConnections: WeakRef<RTCPeerConnection>[]}).madeConnections.map(ref => ref.deref())
    .filter(each => each?.localDescription && each.connectionState !== 'closed').length === count, others);

async function measure(page: Page): Promise<{heap: number; kept: number}> {
  const session = await page.createCDPSession();
  await session.send('HeapProfiler.collectGarbage');
  const {usedSize} = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const kept = await page.evaluate(() =>
    (window as unknown as {madeConnections: WeakRef<RTCPeerConnection>[]}).madeConnections.filter(ref => ref.deref()).length);
  return {heap: usedSize, kept};
}

/** Waits until all that a page's user has said is in its database: from then on the page may go. */
const isKept = (page: Page): Promise<void> => until(page, async () => {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('mesh-room');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  const rows = await new Promise<{id: string}[]>(resolve => {
    const request = db.transaction('lines').objectStore('lines').getAll();
    request.onsuccess = () => resolve(request.result as {id: string}[]);
  });
  db.close();
  const kept = new Set(rows.map(({id}) => id));
  return document.querySelector<ChatElement>('mesh-chat')!.messages
    .every(({own, id}) => !own || kept.has(id));
});

describe('chaos', () => {
  const room = new FaultRoom();
  let device: FaultDevice | string = '';
  before(async () => {
    await room.start();
    device = await makeFaultDevice(room);
  });
  after(async () => {
    if (typeof device !== 'string') await device.remove();
    await room.stop();
  });

  it('ends with everybody there once, and every line at everybody once and in order', async test => {
    test.diagnostic(`seed ${SEED} (CHAOS_SEED plays it again)`);
    if (typeof device === 'string') test.diagnostic(`without a device of its own: ${device}`);
    const roll = dice(SEED);
    const people: Person[] = [];
    const said: Line[] = [];
    const counts = new Map<string, number>();
    const course: string[] = [];
    let names = 0;
    const since = Date.now();
    const note = (what: string): void => void course.push(`${((Date.now() - since) / 1_000).toFixed(1)} s: ${what}`);
    /** What there is to know when something is not as it should be. */
    const tell = async (): Promise<void> => {
      for (const line of course) test.diagnostic(line);
      for (const {name, life: {id}, lives, tab} of people) {
        const state = await stateOf(tab.page).catch(String);
        test.diagnostic(`${name}, as ${[...lives].map(each => each.id).join(', ')}, last seen as ${id}: ${JSON.stringify(state)}`);
        for (const error of tab.errors) test.diagnostic(`${name}'s page: ${error}`);
      }
    };

    /** The page runs: from now on its user has a voice. */
    const begin = async (page: Page): Promise<Life> => {
      await until(page, () => !!document.querySelector<RoomElement>('mesh-room')?.selfId);
      await page.evaluate(noteMet);
      return {id: (await stateOf(page)).selfId, isOver: false};
    };
    const join = async (far: FaultDevice | undefined): Promise<void> => {
      const name = `Person ${++names}`;
      const tab = await (far ?? room).openTab(name, {before: COUNT_CONNECTIONS});
      const life = await begin(tab.page);
      people.push({name, isFar: !!far, tab, life, lives: new Set([life]), isBusy: false, said: 0});
    };
    const leave = (person: Person): void => {
      person.life.isOver = true;
      people.splice(people.indexOf(person), 1);
      room.lose(person.tab);
    };
    const speak = async (person: Person): Promise<void> => {
      const text = `${person.name}: ${person.said++}`;
      const {life} = person;
      const met = await person.tab.page.evaluate(line => {
        document.querySelector<ChatElement>('mesh-chat')!.say(line).catch(() => undefined);
        return [...(window as unknown as {met: Set<string>}).met];
      }, text);
      assert.ok(!life.isOver, 'nobody speaks who is busy');
      const readers = people.map(each => each.life).filter(each => !each.isOver && met.includes(each.id));
      said.push({by: person, text, readers});
    };
    let isTalking = true;
    const talk = async (): Promise<void> => {
      while (isTalking) {
        await Promise.all(people.filter(({isBusy}) => !isBusy).map(async person => {
          // Nothing is done to a page while it speaks.
          person.isBusy = true;
          await speak(person);
          person.isBusy = false;
        }));
        await pause(TALK_MS);
      }
    };

    room.next();
    for (let i = 0; i < 3; i++) await join(undefined);
    await join(typeof device === 'string' ? undefined : device);
    await room.meshed();
    const [rock] = people;
    const start = await measure(rock!.tab.page);

    let isServerBusy = false;
    let isNetBusy = false;
    /** Does something to a page that is free for it, and not the first one's unless it stays. */
    const toPage = (stays: boolean, run: (person: Person) => Promise<void>, isNear = false) => async (): Promise<boolean> => {
      const free = people.filter(person => !person.isBusy && (stays || person !== rock) && !(isNear && person.isFar));
      const person = free[roll(Math.max(1, free.length))];
      if (!person) return false;
      person.isBusy = true;
      note(`  to ${person.name}, who has said ${person.said}`);
      await run(person);
      note(`  to ${person.name}: over`);
      person.isBusy = false;
      return true;
    };
    const toServer = (run: () => Promise<void>) => async (): Promise<boolean> => {
      if (isServerBusy) return false;
      isServerBusy = true;
      await run();
      isServerBusy = false;
      return true;
    };
    const faults: Record<string, () => Promise<boolean>> = {
      'server killed': toServer(async () => {
        await room.server.kill();
        await pause(roll(5_000));
        await room.server.start();
      }),
      'server silent': toServer(async () => {
        room.proxy.swallow = (['everything', 'up', 'down'] as const)[roll(3)]!;
        await pause(roll(6_000));
        room.proxy.swallow = 'nothing';
      }),
      'server stalled': toServer(async () => {
        room.proxy.stalled = true;
        await pause(roll(5_000));
        room.proxy.stalled = false;
      }),
      'server cut': toServer(async () => room.proxy.cut()),
      'tab frozen': toPage(true, async ({tab: {page}}) => {
        const session = await page.createCDPSession();
        await freeze(page, session);
        await pause(roll(8_000));
        await session.send('Page.setWebLifecycleState', {state: 'active'});
        await session.detach();
      }, true),
      'tab reloaded': toPage(false, async person => {
        const {page} = person.tab;
        await isKept(page);
        person.life.isOver = true;
        await page.reload();
        person.life = await begin(page);
        person.lives.add(person.life);
      }, true),
      'tab closed': toPage(false, async person => {
        leave(person);
        await person.tab.close();
        await join(undefined);
      }, true),
      'tab killed': toPage(false, async person => {
        leave(person);
        const session = await person.tab.page.createCDPSession();
        void session.send('Page.crash').catch(() => undefined);
        await until(people[0]!.tab.page, () => true);
        await person.tab.close();
        await join(undefined);
      }, true),
    };
    if (typeof device !== 'string') {
      const {network} = device;
      const toNet = (cut: () => Promise<void>, mend: () => Promise<void>) => async (): Promise<boolean> => {
        if (isNetBusy) return false;
        isNetBusy = true;
        await cut();
        await pause(roll(8_000));
        await mend();
        isNetBusy = false;
        return true;
      };
      faults['device offline'] = toNet(() => network.unplug(), () => network.plug());
      faults['device in a dead spot'] = toNet(() => network.swallow(true), () => network.swallow(false));
    }

    const kinds = Object.keys(faults);
    const talking = talk();
    const under: Promise<void>[] = [];
    const end = Date.now() + CHAOS_MS;
    while (Date.now() < end) {
      const kind = kinds[roll(kinds.length)]!;
      note(kind);
      under.push(faults[kind]!().then(done => { if (done) counts.set(kind, (counts.get(kind) ?? 0) + 1); }));
      await pause(roll(FAULT_MS));
    }
    await Promise.all(under);
    isTalking = false;
    await talking;

    const calm = Date.now();
    const wholeMs = await room.healed(calm).catch(async (error: unknown) => {
      await tell();
      throw error;
    });
    let due = 0;
    for (const reader of people) {
      const isReader = ({by, readers}: Line) =>
        by === reader || (people.includes(by) && readers.some(life => reader.lives.has(life)));
      const wanted = said.filter(isReader).map(({text}) => text);
      due += wanted.length;
      await until(reader.tab.page, (texts: readonly string[]) => {
        const there = new Set(document.querySelector<ChatElement>('mesh-chat')!.messages.map(({text}) => text));
        return texts.every(text => there.has(text));
      }, wanted).catch(async () => {
        const there = await lines(reader.tab.page, 0);
        const missing = wanted.filter(text => !there.includes(text));
        await tell();
        for (const {text, by} of said.filter(line => missing.includes(line.text))) {
          const line = await by.tab.page.evaluate(wantedText => document.querySelector<ChatElement>('mesh-chat')!.messages
            .find(message => message.text === wantedText), text);
          test.diagnostic(`${text}, as its speaker has it: ${JSON.stringify(line)}`);
        }
        assert.fail(`${reader.name} has not got ${missing.join(', ')}; it has ${there.join(', ')}`);
      });
      const there = await lines(reader.tab.page, 0);
      assert.deepEqual(there.filter((text, i) => there.indexOf(text) !== i), [], `${reader.name} has nothing twice`);
      const last = new Map<string, number>();
      for (const text of there) {
        const [name = '', n] = text.split(': ');
        if (Number(n) <= (last.get(name) ?? -1)) {
          await tell();
          assert.fail(`${reader.name} has ${text} behind ${name}: ${last.get(name)}; all: ${there.join(', ')}`);
        }
        last.set(name, Number(n));
      }
    }
    const settledMs = Date.now() - calm;
    await Promise.all(people.map(({tab}) => hasConnections(tab.page, people.length - 1)));
    const closedMs = Date.now() - calm;
    const ends = await Promise.all(people.map(({tab}) => measure(tab.page)));
    const faultsSaid = [...counts].map(([kind, count]) => `${kind} ${count}`).sort().join(', ');
    test.diagnostic(`${CHAOS_MS / 1_000} s, faults: ${faultsSaid}`);
    test.diagnostic(`${said.length} lines said, ${due} due at those who stayed, all there once and in order`);
    test.diagnostic(`everybody in the List and linked after ${wholeMs} ms, every line there and checked after ${settledMs} ms,`
      + ` as many connections as others after ${closedMs} ms`);
    test.diagnostic(`heap of the first tab ${mb(start.heap)} before, ${mb(ends[0]!.heap)} after (margin ${mb(HEAP_MARGIN)});`
      + ` connections that are closed and not collected: ${ends.map(({kept}) => kept - people.length + 1).join(', ')}`);
    assert.ok(ends[0]!.heap - start.heap < HEAP_MARGIN, 'the heap is back');
    for (const {kept} of ends) assert.ok(kept < people.length + CONNECTIONS_MARGIN, `${kept} connections are kept`);
    await room.close(error => isOfBrowser(error) || error.startsWith('crashed:'));
  });
});

const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
