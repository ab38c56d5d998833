import assert from 'node:assert/strict';
import {afterEach, describe, it} from 'node:test';
import {
  AUTH_ACTION, EVENT_ACTION, PRESENCE_ACTION, RECORD_ACTION, RPC_ACTION, TOPIC,
} from '@deepstream/protobuf/dist/types/all.js';
import type {Message} from '@deepstream/protobuf/dist/types/messages.js';
import {startStockServer, type StockServer, type StockServerOptions} from '../../test/helpers/stock-server.js';
import {besides, Child} from '../testing/children.js';
import {add, PlainPage, RawSocket, sharedServer, untilEntries} from '../testing/clients.js';

/** Rules of a careful site owner on a stock server: read everything, write nothing but one's own note. */
const CAREFUL = {
  presence: {'*': {allow: false}},
  rpc: {'*': {provide: false, request: false}},
  event: {
    '*': {publish: true, subscribe: false, listen: false},
    'public/*': {publish: true, subscribe: true, listen: false},
  },
  record: {
    '*': {create: true, read: true, write: false, delete: false, listen: false},
    'note/*': {create: true, read: true, write: true, delete: false, listen: false},
  },
};

describe('what a client may say', {timeout: 60_000}, () => {
  const shared = sharedServer();
  const login = async (at = shared.url, data: unknown = {}): Promise<RawSocket> => shared.kept(await RawSocket.logIn(at, data));
  const stock = async (options: StockServerOptions): Promise<StockServer> => {
    const started = await startStockServer(options);
    shared.kept({close: () => started.stop()});
    return started;
  };

  describe('hole 1: a login that is not JSON', () => {
    const attack = async (endpoint: string): Promise<RawSocket> => {
      const raw = await RawSocket.open(endpoint);
      raw.greet();
      raw.send({topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data: '{bad'});
      return raw;
    };

    it('ends the process of a stock server', async () => {
      const child = new Child(besides('stock-child.ts'));
      shared.kept({close: () => child.kill()});
      await attack(await child.line());
      const {code} = await child.exited;
      assert.notEqual(code, 0);
      assert.match(child.stderr, /SyntaxError/);
    });

    it('costs its sender the socket on ours', async () => {
      const {code} = await (await attack(shared.url)).closed;
      assert.equal(code, 1002);
      for (const data of ['', 'null', '1', '"x"', '[]']) {
        const raw = await RawSocket.open(shared.url);
        raw.greet();
        raw.send({topic: TOPIC.AUTH, action: AUTH_ACTION.REQUEST, data});
        assert.equal((await raw.closed).code, 1002, data);
      }
      await login();
    });
  });

  describe('hole 2: a bulk subscription with a denied name', () => {
    const NAMES = ['rtc-signal/ada', 'public/one', 'public/two'];

    it('lets an eavesdropper hear the denied name on a stock server', async () => {
      const {url: endpoint} = await stock({permissions: CAREFUL});
      const [eve, bob] = [await login(endpoint), await login(endpoint)];
      eve.subscribe(...NAMES);
      await eve.settled();
      assert.equal(eve.isDenied('rtc-signal/ada'), true);
      bob.emit('rtc-signal/ada', {user: 'bob', signal: 'secret'});
      await bob.settled();
      await eve.settled();
      assert.deepEqual(eve.signals('ada'), [{user: 'bob', signal: 'secret'}]);
    });

    it('subscribes to the allowed names alone on ours', async () => {
      const ada = await login(shared.url, {username: 'ada', token: 'a'});
      ada.subscribe('rtc-signal/ada');
      const [eve, bob] = [await login(), await login()];
      eve.subscribe('rtc-signal/ada', 'rtc-signal/eve', 'rtc-signal/ada', 'public/one');
      await eve.settled();
      assert.equal(eve.isDenied('rtc-signal/ada'), true);
      assert.equal(eve.isDenied('public/one'), true);
      assert.equal(eve.isDenied('rtc-signal/eve'), false);
      bob.emit('rtc-signal/ada', {user: 'bob', signal: 'secret'});
      bob.emit('rtc-signal/eve', {user: 'bob', signal: 'hello'});
      await eve.next(({name}) => name === 'rtc-signal/eve');
      assert.deepEqual(eve.signals('ada'), []);
      await ada.settled();
      assert.deepEqual(ada.signals('ada'), [{user: 'bob', signal: 'secret'}]);
    });
  });

  describe('hole 3: erasing', () => {
    const erase = (raw: RawSocket, name: string): void =>
      raw.send({topic: TOPIC.RECORD, action: RECORD_ACTION.ERASE, name, path: '0', version: -1});

    it('takes an entry out of a List that nobody may write on a stock server', async () => {
      const {url: endpoint} = await stock({permissions: {...CAREFUL, record: {
        ...CAREFUL.record, '*': {...CAREFUL.record['*'], write: 'data !== null && data.length === 1'},
      }}});
      const [ada, eve] = [await login(endpoint), await login(endpoint)];
      await ada.write('room', ['ada'], '1');
      erase(eve, 'room');
      await eve.settled();
      const reader = await login(endpoint);
      assert.notDeepEqual(await reader.read('room'), ['ada']);
    });

    it('is refused on ours, and the eraser sees the truth again', async () => {
      const page = shared.kept(await PlainPage.open(shared.url));
      const ada = await login();
      await ada.write('erase', ['ada'], '1');
      const list = await page.list('erase');
      const denied = new Promise(resolve => list.on('error', resolve));
      (list as unknown as {record: {set(change: object): void}}).record.set({path: '0', data: undefined});
      await denied;
      assert.deepEqual(await untilEntries(list, entries => entries[0] === 'ada'), ['ada']);
      erase(ada, 'erase');
      await ada.settled();
      assert.equal(ada.isDenied('erase'), true);
      assert.deepEqual(await ada.read('erase'), ['ada']);
    });
  });

  describe('hole 4: a path through __proto__', () => {
    const patch = (raw: RawSocket, name: string): void => raw.send(
      {topic: TOPIC.RECORD, action: RECORD_ACTION.PATCH, name, path: '__proto__.polluted', data: '"yes"', version: -1});
    const erase = (raw: RawSocket, name: string): void => raw.send(
      {topic: TOPIC.RECORD, action: RECORD_ACTION.ERASE, name, path: '__proto__.canary', version: -1});
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    afterEach(() => {
      delete prototype.polluted;
      delete prototype.canary;
    });

    it('changes every object of a stock server\'s process', async () => {
      const {url: endpoint} = await stock({permissions: CAREFUL});
      const eve = await login(endpoint);
      await eve.write('note/eve', {}, '1');
      patch(eve, 'note/eve');
      await eve.settled();
      assert.equal(prototype.polluted, 'yes');
      // Configurable, and not enumerable, so that the test's own tools do not stumble over it.
      Object.defineProperty(prototype, 'canary', {value: 1, configurable: true, writable: true});
      erase(eve, 'note/eve');
      await eve.settled();
      assert.equal('canary' in {}, false);
    });

    it('is refused on ours', async () => {
      Object.defineProperty(prototype, 'canary', {value: 1, configurable: true, writable: true});
      const eve = await login();
      await eve.write('proto', ['eve'], '1');
      patch(eve, 'proto');
      erase(eve, 'proto');
      await eve.settled();
      assert.equal(prototype.polluted, undefined);
      assert.equal(prototype.canary, 1);
      assert.equal(eve.received.filter(({isError}) => isError).length, 2);
      assert.deepEqual(await eve.read('proto'), ['eve']);
    });
  });

  describe('signals', () => {
    it('carry the id of the socket that sends them, and no other', async () => {
      const ada = await login(shared.url, {username: 'ada', token: 'a'});
      ada.subscribe('rtc-signal/ada');
      await ada.settled();
      const bob = await login(shared.url, {username: 'bob', token: 'b'});
      for (const data of [{user: 'ada'}, {user: 'carl'}, {}, {user: ['bob']}, null, 'bob', [{user: 'bob'}]]) {
        bob.emit('rtc-signal/ada', data);
      }
      bob.emit('rtc-signal/ada', {user: 'bob', signal: {type: 'offer'}, stamp: 1});
      await ada.next(({name}) => name === 'rtc-signal/ada');
      await bob.settled();
      assert.deepEqual(ada.signals('ada'), [{user: 'bob', signal: {type: 'offer'}, stamp: 1}]);
      assert.equal(bob.received.filter(({isError}) => isError).length, 7);
    });

    it('of a page that is in no List yet pass, unless they bear the name of somebody who is here', async () => {
      const ada = await login(shared.url, {username: 'ada', token: 'a'});
      ada.subscribe('rtc-signal/ada');
      await ada.settled();
      const plain = await login();
      plain.emit('rtc-signal/ada', {user: 'ada', signal: 1});
      plain.emit('rtc-signal/ada', {user: 'plain', signal: 2});
      await ada.next(({name}) => name === 'rtc-signal/ada');
      assert.deepEqual(ada.signals('ada'), [{user: 'plain', signal: 2}]);
    });

    it('are heard by nobody who listened for an id before its owner came', async () => {
      const eve = await login();
      eve.subscribe('rtc-signal/carol', 'rtc-signal/dave');
      await eve.settled();
      const carol = await login(shared.url, {username: 'carol', token: 'a'});
      const dave = await login();
      await dave.write('signals', ['dave'], '1');
      await eve.settled();
      assert.equal(eve.isDenied('rtc-signal/carol') && eve.isDenied('rtc-signal/dave'), true);
      carol.emit('rtc-signal/dave', {user: 'carol', signal: 'secret'});
      dave.emit('rtc-signal/carol', {user: 'dave', signal: 'secret'});
      await Promise.all([carol.settled(), dave.settled()]);
      await eve.settled();
      assert.deepEqual([...eve.signals('carol'), ...eve.signals('dave')], []);
    });

    it('keep their content byte for byte', async () => {
      const ada = await login(shared.url, {username: 'ada', token: 'a'});
      ada.subscribe('rtc-signal/ada');
      await ada.settled();
      const bob = await login();
      const signal = {sdp: 'a=x\r\n'.repeat(2000), deep: {'\u2028é🦊': [null, 1.5, true]}};
      bob.emit('rtc-signal/ada', {user: 'bob', signal});
      await ada.next(({name}) => name === 'rtc-signal/ada');
      assert.deepEqual(ada.signals('ada'), [{user: 'bob', signal}]);
    });
  });

  it('is nothing but Lists and signals', async () => {
    const eve = await login();
    await eve.write('room', ['eve'], '1');
    const refused: Message[] = [
      {topic: TOPIC.RECORD, action: RECORD_ACTION.DELETE, name: 'room'},
      {topic: TOPIC.RECORD, action: RECORD_ACTION.CREATEANDPATCH, name: 'room', path: 'a', data: '1', version: -1},
      {topic: TOPIC.RECORD, action: RECORD_ACTION.NOTIFY, names: ['room'], name: 'room'},
      {topic: TOPIC.RECORD, action: RECORD_ACTION.LISTEN, name: '.*'},
      {topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN, name: '.*'},
      {topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name: 'anything', data: '{"user":"eve"}'},
      {topic: TOPIC.RPC, action: RPC_ACTION.PROVIDE, names: ['rpc'], name: 'rpc', correlationId: 'r'},
      {topic: TOPIC.RPC, action: RPC_ACTION.REQUEST, name: 'rpc', correlationId: 'q', data: '1'},
      {topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.QUERY_ALL, correlationId: 'p'},
      {topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.SUBSCRIBE_ALL},
    ];
    for (const message of refused) eve.send(message);
    await eve.settled();
    assert.equal(eve.received.filter(({isError}) => isError).length, refused.length);
    assert.deepEqual(await eve.read('room'), ['eve']);
  });

  it('leaves pages of the well-known tutorial at work', async () => {
    const pages = await Promise.all(['x', 'y', 'z'].map(async () => {
      const page = shared.kept(await PlainPage.open(shared.url));
      return page;
    }));
    const ids = pages.map(({client}) => client.getUid());
    const heard = pages.map(({client}, i) => new Promise<unknown>(resolve => client.event.subscribe(`rtc-signal/${ids[i]!}`, resolve)));
    const lists = await Promise.all(pages.map(page => page.list('users')));
    await Promise.all(lists.map((list, i) => add(list, ids[i]!)));
    for (const list of lists) await untilEntries(list, entries => ids.every(id => entries.includes(id)));
    pages.forEach(({client}, i) => client.event.emit(`rtc-signal/${ids[(i + 1) % 3]!}`, {user: ids[i]!, signal: {type: 'offer'}}));
    const froms = (await Promise.all(heard)).map(message => (message as {user: string}).user);
    assert.deepEqual(froms, [ids[2], ids[0], ids[1]]);
    assert.deepEqual(pages.flatMap(({errors}) => errors), []);
  });
});
