/** Whatever happens to pages and links, every message is at every reader once, in its sender's order. */
import {assert} from 'chai';
import fc from 'fast-check';
import {RECEIPT_CHANNEL, type ChatMessage} from './chat.js';
import {ChatLog} from './chat-log.js';
import {FakeHub, type FakeRoom} from './fake-room.js';
import {MemoryDisk, MemoryStore} from './history/memory.js';
import {ORPHAN_MS, PAGE_LINES, isWaiting} from './history/types.js';

/** Everything in a hub and on a disk takes microtasks only. */
const settle = () => new Promise<void>(resolve => {
  // A timer would wait for 4 ms each time.
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(0);
});
const never = () => () => undefined;

/** Somebody with a machine of their own, who reloads and goes away as people do. */
class Person {
  readonly disk = new MemoryDisk();
  readonly #hub: FakeHub;
  readonly name: string;
  #store!: MemoryStore;
  log!: ChatLog;
  room: FakeRoom | undefined;

  constructor(hub: FakeHub, name: string) {
    this.#hub = hub;
    this.name = name;
    this.#open();
  }

  #open(): void {
    this.#store = new MemoryStore(this.disk);
    this.log = new ChatLog({store: this.#store, room: 'lobby', after: never});
  }

  async join(): Promise<void> {
    if (this.room) return;
    this.#hub.create({room: 'lobby', name: this.name});
    this.room = this.#hub.last;
    this.log.attach(this.room);
    await this.room.join();
  }

  async leave(): Promise<void> {
    const {room} = this;
    this.room = undefined;
    this.log.detach();
    await room?.leave();
  }

  /** The page goes away without a word, and another comes. */
  async reload(): Promise<void> {
    const {room, log} = this;
    this.room = undefined;
    this.#store.close();
    // A page that is gone writes and hears nothing any more.
    room?.cut();
    await settle();
    log.detach();
    this.#open();
    if (room) await this.join();
  }

  /** What this machine's storage waits for before it writes. */
  set gate(gate: Promise<void>) {
    this.#store.gate = gate;
  }

  /** Whether this machine's storage answers who reads back. */
  set answers(answers: boolean) {
    this.#store.answers = answers;
  }

  /** Whether this machine's storage works. */
  set works(works: boolean) {
    this.#store.works = works;
    this.log.storageChanged();
  }

  say(text: string): void {
    this.log.say(text).catch(() => undefined);
  }

  get texts(): ChatMessage[] {
    return this.log.state.parts.flat().filter(line => line.kind === 'text');
  }
}

describe('ChatLog with a store', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });

  async function people<const Names extends readonly string[]>(...names: Names): Promise<{[I in keyof Names]: Person}> {
    const made = names.map(name => new Person(hub, name));
    for (const person of made) await person.join();
    await settle();
    return made as {[I in keyof Names]: Person};
  }

  /** Ada, who is back after a reload, and what she said is for Bo too, who left before it reached him. */
  async function owing(): Promise<readonly [ada: Person, bo: Person, cy: Person]> {
    const [ada, bo, cy] = await people('Ada', 'Bo', 'Cy');
    ada.room!.lose();
    ada.say('one');
    await settle();
    await bo.leave();
    await ada.reload();
    await settle();
    return [ada, bo, cy];
  }

  /** So many at a time as may wait. */
  async function sayAll(person: Person, texts: readonly string[]): Promise<void> {
    for (const [i, text] of texts.entries()) {
      person.say(text);
      if (i % 100 === 99) await settle();
    }
    await settle();
  }

  it('shows the newest lines of former visits first, and those before them when it is asked', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    const texts = Array.from({length: 2 * PAGE_LINES + 7}, (_, i) => `${i}`);
    await sayAll(bo, texts);
    await ada.leave();
    await ada.reload();
    await settle();
    assert.deepEqual(ada.texts.map(({text}) => text), texts.slice(-PAGE_LINES));
    ada.say('new');
    await Promise.all([ada.log.state.earlier!(), ada.log.state.earlier!()]);
    assert.deepEqual(ada.texts.map(({text}) => text), [...texts.slice(-2 * PAGE_LINES), 'new']);
    await ada.log.state.earlier!();
    assert.deepEqual(ada.texts.map(({text}) => text), [...texts, 'new']);
    assert.isUndefined(ada.log.state.earlier);
    const seqs = ada.texts.map(({seq}) => seq);
    assert.deepEqual(seqs, seqs.slice().sort((a, b) => a - b));
  });

  it('reads back later where storage did not answer once', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    const texts = Array.from({length: PAGE_LINES + 7}, (_, i) => `${i}`);
    await sayAll(bo, texts);
    await ada.leave();
    await ada.reload();
    await settle();
    ada.answers = false;
    await ada.log.state.earlier!();
    assert.lengthOf(ada.texts, PAGE_LINES);
    ada.answers = true;
    await ada.log.state.earlier!();
    assert.deepEqual(ada.texts.map(({text}) => text), texts);
  });

  it('ends the wait for who has not come back for a day, also on the device', async () => {
    const [ada] = await owing();
    const kept = ada.disk.rooms.get('lobby')!;
    const [waiting] = kept.values();
    assert.isTrue(isWaiting(waiting!));
    kept.set(waiting!.id, {...waiting!, at: waiting!.at - ORPHAN_MS - 1});
    await ada.reload();
    await settle();
    assert.deepEqual([...ada.disk.rooms.get('lobby')!.values()].map(line => [line.text, isWaiting(line)]), [['one', false]]);
  });

  it('does not bring back what is forgotten while it is read', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    await sayAll(bo, Array.from({length: 2 * PAGE_LINES}, (_, i) => `${i}`));
    await ada.reload();
    await settle();
    const reading = ada.log.state.earlier!();
    await Promise.all([ada.log.forget(), reading]);
    assert.isEmpty(ada.texts);
    assert.isUndefined(ada.log.state.earlier);
  });

  it('shows the lines of a former visit, before the room is joined', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    await ada.log.say('one');
    await bo.log.say('two');
    await settle();
    await ada.leave();
    await ada.reload();
    await settle();
    assert.deepEqual(ada.texts.map(({text, own, name}) => [text, own, name]), [['one', true, ''], ['two', false, 'Bo']]);
    assert.isTrue(ada.texts.every(({seq}) => seq < 0));
  });

  it('tells who has a message', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    await ada.log.say('one');
    await settle();
    assert.deepEqual(ada.texts[0]!.deliveredTo, [bo.room!.selfId]);
    assert.isEmpty(ada.texts[0]!.pending);
  });

  it('keeps a message before it is sent, and sends it after a reload to who comes then', async () => {
    const [ada] = await people('Ada');
    ada.room!.lose();
    for (const text of ['one', 'two', 'three']) ada.say(text);
    await settle();
    await ada.reload();
    await settle();
    assert.deepEqual(ada.texts.map(({status}) => status), ['waiting', 'waiting', 'waiting'], 'nobody is there to get them');
    const [bo] = await people('Bo');
    assert.deepEqual(bo.texts.map(({text}) => text), ['one', 'two', 'three']);
    assert.deepEqual(ada.texts.map(({status, deliveredTo}) => [status, deliveredTo.length]), [['sent', 1], ['sent', 1], ['sent', 1]]);
  });

  it('brings a message that waited over a reload also to who was to get it and is not there at first', async () => {
    const [ada, bo, cy] = await owing();
    assert.deepEqual(cy.texts.map(({text}) => text), ['one']);
    await bo.join();
    await settle();
    assert.deepEqual(bo.texts.map(({text}) => text), ['one']);
    assert.lengthOf(cy.texts, 1);
    assert.isEmpty(ada.texts[0]!.pending);
  });

  it('waits for nobody with what is said while it joins a room that is empty', async () => {
    let join = () => {};
    hub.gate = new Promise(resolve => {
      join = resolve;
    });
    const ada = new Person(hub, 'Ada');
    const joined = ada.join();
    const said = ['one', 'two'].map(text => ada.log.say(text));
    join();
    await joined;
    await Promise.all([...said, ada.log.say('three')]);
    assert.deepEqual(ada.texts.map(({status}) => status), ['sent', 'sent', 'sent']);
  });

  it('brings a message to one person when there is a link, and to the others at once', async () => {
    const [ada, bo, cy] = await people('Ada', 'Bo', 'Cy');
    ada.room!.see(bo.room!.selfId, {link: 'lost'});
    await ada.log.say('one');
    await settle();
    assert.deepEqual(ada.texts[0]!.waitingFor, ['Bo']);
    assert.deepEqual([bo.texts.length, cy.texts.length], [0, 1]);
    ada.room!.see(bo.room!.selfId, {link: 'direct'});
    await settle();
    assert.isUndefined(ada.texts[0]!.waitingFor);
    assert.deepEqual(bo.texts.map(({text}) => text), ['one']);
    assert.lengthOf(cy.texts, 1);
  });

  it('brings what one missed to who comes back under the same name', async () => {
    const [ada, bo] = await people('Ada', 'Bo', 'Cy');
    ada.room!.see(bo.room!.selfId, {link: 'lost'});
    await ada.log.say('one');
    await settle();
    await bo.reload();
    await ada.log.say('two');
    await settle();
    assert.deepEqual(bo.texts.map(({text}) => text), ['one', 'two']);
  });

  it('knows who comes back under the same name also where there was no link to tell it when the message went out', async () => {
    const [ada, bo, cy] = await people('Ada', 'Bo', 'Cy');
    ada.room!.lose();
    ada.say('one');
    await settle();
    ada.room!.see(bo.room!.selfId, {link: 'connecting', name: ''});
    ada.room!.resume();
    await settle();
    assert.lengthOf(cy.texts, 1);
    await bo.reload();
    await settle();
    assert.deepEqual(bo.texts.map(({text}) => text), ['one']);
  });

  it('gives nobody, after a reload, what was said before it came and nobody has, behind what it has already', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    bo.gate = new Promise(() => undefined);
    await ada.log.say('one');
    await settle();
    await bo.leave();
    const [cy] = await people('Cy');
    await ada.log.say('two');
    await settle();
    await ada.reload();
    const [dee] = await people('Dee');
    await ada.log.say('three');
    await settle();
    assert.deepEqual([cy, dee].map(({texts}) => texts.map(({text}) => text)), [['two', 'three'], ['three']]);
  });

  it('drops what it has under a former id of the sender, also after a reload of its own', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    const {room} = bo;
    room!.receive('former', {id: 'a', text: 'one'}, 'chat');
    room!.receive('fresh', {id: 'a', text: 'one', was: ['former']}, 'chat');
    await settle();
    await bo.reload();
    await settle();
    bo.room!.receive('later', {id: 'a', text: 'one', was: ['former', 'fresh']}, 'chat');
    assert.deepEqual(bo.texts.map(({text}) => text), ['one']);
    assert.isEmpty(ada.texts);
  });

  it('lets nobody keep another\'s message from being shown', async () => {
    const [, bo] = await people('Ada', 'Bo');
    bo.room!.receive('mallory', {id: 'a', text: 'false', was: ['ada']}, 'chat');
    bo.room!.receive('ada', {id: 'a', text: 'true'}, 'chat');
    bo.room!.receive('mallory', {id: 'b', text: 'odd', was: Array.from({length: 50}, () => 'ada')}, 'chat');
    for (const was of [null, 5, [5, null, {}], ['x'.repeat(65)]]) bo.room!.receive('ada', {id: JSON.stringify(was), text: 'x', was}, 'chat');
    assert.deepEqual(bo.texts.map(({text}) => text), ['false', 'true', 'odd', 'x', 'x', 'x', 'x']);
  });

  it('answers for nothing that is not kept yet, also when something before it is just being written', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    const writes: (() => void)[] = [];
    const hold = () => { bo.gate = new Promise(resolve => writes.push(resolve)); };
    hold();
    ada.say('one');
    await settle();
    ada.say('two');
    await settle();
    assert.deepEqual(ada.texts.map(({deliveredTo}) => deliveredTo.length), [0, 0]);
    hold();
    writes[0]!();
    await settle();
    assert.deepEqual(ada.texts.map(({deliveredTo}) => deliveredTo.length), [1, 0]);
    writes[1]!();
    await settle();
    assert.deepEqual(ada.texts.map(({deliveredTo}) => deliveredTo.length), [1, 1]);
  });

  it('takes a receipt for the sender\'s own word only, and whatever else comes for none', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    ada.room!.see(bo.room!.selfId, {link: 'connecting'});
    ada.say('one');
    await settle();
    const [{id}] = ada.texts as [ChatMessage];
    for (const data of [null, {}, {got: id}, {got: [5, null, {}, id.repeat(100)]}, {got: [id]}]) ada.room!.receive('mallory', data, RECEIPT_CHANNEL);
    assert.isEmpty(ada.texts[0]!.deliveredTo);
    assert.deepEqual(ada.texts[0]!.waitingFor, ['Bo']);
  });

  it('sends what another tab left, and nothing of one that lives', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    ada.room!.lose();
    ada.say('one');
    await settle();
    const second = new ChatLog({store: new MemoryStore(ada.disk), room: 'lobby', after: never});
    second.attach(await hub.join('Ada'));
    await settle();
    assert.isEmpty(bo.texts);
    ada.room!.cut();
    await ada.reload();
    await settle();
    assert.deepEqual(bo.texts.map(({text}) => text), ['one']);
  });

  it('keeps what was said while storage did not work once it does', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    ada.works = false;
    ada.say('one');
    await settle();
    bo.say('two');
    await settle();
    assert.isFalse(ada.log.state.kept);
    assert.deepEqual(bo.texts.map(({text}) => text), ['one', 'two'], 'the room goes on without');
    ada.works = true;
    await settle();
    assert.isTrue(ada.log.state.kept);
    await ada.reload();
    await settle();
    assert.deepEqual(ada.texts.map(({text}) => text), ['one', 'two']);
  });

  it('forgets a room', async () => {
    const [ada, bo] = await people('Ada', 'Bo');
    await bo.log.say('one');
    await settle();
    ada.room!.lose();
    const said = ada.log.say('two').catch((error: unknown) => error);
    await settle();
    await ada.log.state.forget!();
    assert.propertyVal(await said, 'code', 'aborted');
    assert.isEmpty(ada.texts);
    await ada.reload();
    await settle();
    assert.isEmpty(ada.texts);
    assert.lengthOf(bo.texts, 1);
  });

  it('loses nothing, repeats nothing, and keeps the order, whatever happens', () => {
    const names = ['Ada', 'Bo', 'Cy'];
    const who = fc.nat(names.length - 1);
    const step = fc.oneof(
      {weight: 4, arbitrary: fc.record({kind: fc.constant('say' as const), who, count: fc.integer({min: 1, max: 3})})},
      fc.record({kind: fc.constantFrom('reload' as const, 'lose' as const, 'resume' as const), who}),
      fc.record({kind: fc.constantFrom('break' as const, 'mend' as const), who, whom: who}),
      fc.record({kind: fc.constant('replace' as const), who}),
      {weight: 2, arbitrary: fc.record({kind: fc.constant('wait' as const)})},
    );
    return fc.assert(fc.asyncProperty(fc.array(step, {maxLength: 25}), async steps => {
      hub = new FakeHub();
      const all = await people(...names);
      const said = new Map<Person, string[]>(all.map(person => [person, []]));
      const founders = new Set(all);
      const offline = new Set<Person>();
      /** Pairs without a link, as names. */
      const broken = new Set<string>();
      const show = () => {
        for (const a of all) {
          for (const b of all) {
            if (a === b || !a.room || !b.room) continue;
            const gone = offline.has(a) || offline.has(b) || broken.has([a.name, b.name].sort().join());
            a.room.see(b.room.selfId, {link: gone ? 'lost' : 'direct'});
          }
        }
      };
      for (const each of steps) {
        if (each.kind === 'wait') {
          await settle();
          continue;
        }
        const person = all[each.who]!;
        switch (each.kind) {
          case 'say':
            for (let i = 0; i < each.count; i++) {
              const text = `${person.name} ${said.get(person)!.length}`;
              said.get(person)!.push(text);
              person.say(text);
            }
            // It is kept before the page can go away.
            await settle();
            break;
          case 'reload':
            await person.reload();
            if (offline.has(person)) person.room!.lose();
            show();
            break;
          case 'replace': {
            // The page goes for good, without a word and with what it has not answered for, and somebody else comes.
            person.room!.cut();
            offline.delete(person);
            const [other] = await people(`${person.name}'`);
            all[each.who] = other;
            said.set(other, []);
            show();
            break;
          }
          case 'lose':
            offline.add(person);
            show();
            person.room!.lose();
            break;
          case 'resume':
            offline.delete(person);
            person.room!.resume();
            show();
            break;
          default:
            if (each.who === each.whom) break;
            broken[each.kind === 'break' ? 'add' : 'delete']([person.name, all[each.whom]!.name].sort().join());
            show();
        }
      }
      broken.clear();
      offline.clear();
      show();
      for (const person of all) person.room!.resume();
      show();
      for (let i = 0; i < 5; i++) await settle();
      const present = new Set(all.map(({room}) => room!.selfId));
      for (const reader of all) {
        for (const writer of all) {
          const got = reader.texts.filter(({text}) => text.startsWith(`${writer.name} `)).map(({text}) => text);
          const wanted = said.get(writer)!;
          // Who came later has got what was said since, and of that before what it got in its place.
          if (founders.has(reader)) assert.deepEqual(got, wanted, `${reader.name} reads what ${writer.name} said`);
          else assert.deepEqual(got, wanted.filter(text => got.includes(text)), `${reader.name} reads in order what ${writer.name} said`);
        }
        assert.isTrue(reader.texts.every(({status, pending}) => status === 'sent' && !pending?.some(({id}) => present.has(id))));
      }
    }), {numRuns: 100});
  });
});
