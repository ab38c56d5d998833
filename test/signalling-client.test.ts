/** What deepstream's client 7.0.5 does wrong or too loudly, and that none of it reaches the mesh or the host's page. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once, type EventEmitter} from 'node:events';
import {describe, it} from 'node:test';
import {fileURLToPath} from 'node:url';
import {DeepstreamClient} from '@deepstream/client';
import {systemClock, type Clock} from '../src/mesh/clock.js';
import {HEARTBEAT_MS} from '../src/mesh/signalling/bounds.js';
import {ClientSocket, dial} from '../src/mesh/signalling/client-socket.js';
import {connectDeepstream} from '../src/mesh/signalling/deepstream.js';
import {WatchedSocket} from '../src/mesh/signalling/deepstream-socket.js';
import type {Connection, WriteOutcome} from '../src/mesh/signalling/port.js';
import {
  CONNECTION_ACTION, EVENT_ACTION, RECORD_ACTION, startScriptedServer, TOPIC, type Answer, type Message, type ScriptedServer,
} from './helpers/scripted-server.js';
import {writtenDuring} from './helpers/silent-console.js';
import {startOurs, startStock} from './helpers/signalling-servers.js';

const LIST = 'room';

/** One connection, and everything that it reported, in words. */
class Listener {
  readonly connection: Connection;
  readonly log: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(url: string, {clock = systemClock, socket}: {clock?: Clock; socket?: ClientSocket | undefined} = {}) {
    const say = (what: string): void => {
      this.log.push(what);
      for (const look of this.#waiting) look();
    };
    this.connection = connectDeepstream({url, list: LIST, selfId: 'ada', token: 'secret', explain: true, clock}, {
      onOpen: () => say('open'),
      onList: ({entries}) => say(`list ${entries.join()}`),
      onListLost: () => say('list lost'),
      onListDenied: ({code}) => say(`list ${code}`),
      onWish: (id, isIn) => say(`wish ${id} ${isIn}`),
      onSignal: data => say(`signal ${JSON.stringify(data)}`),
      onRefused: ({code}) => say(`refused ${code}`),
      onClose: ({code}) => say(`closed ${code}`),
    }, socket);
  }

  /** Resolves once `what` has been reported `times` times. */
  until(what: string, times = 1): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (this.log.filter(line => line === what).length < times) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async write(...entries: string[]): Promise<WriteOutcome> {
    const outcome = await new Promise<WriteOutcome>(resolve => this.connection.write(entries, resolve));
    this.log.push(outcome);
    return outcome;
  }
}

interface Scene {
  readonly ada: Listener;
  readonly server: ScriptedServer;
}

/** Runs `body` with somebody on the empty List of a server with these manners. The console stays empty. */
async function scene(answer: Answer, body: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await startScriptedServer(answer);
  try {
    const written = await writtenDuring(async () => {
      const ada = new Listener(server.url);
      await ada.until('list ');
      try {
        await body({ada, server});
      } finally {
        ada.connection.close();
      }
    });
    assert.deepEqual(written, []);
  } finally {
    await server.stop();
  }
}

const about = {topic: TOPIC.RECORD, name: LIST} as const;
const isRead = ({topic, action}: Message): boolean => topic === TOPIC.RECORD && action === RECORD_ACTION.READ;
const isWrite = ({topic, action}: Message): boolean => topic === TOPIC.RECORD && action === RECORD_ACTION.UPDATE;
/** The server's word on a write that it does not take. */
const refusal = (action: RECORD_ACTION, {correlationId = ''}: Message): Message =>
  ({...about, action, originalAction: RECORD_ACTION.UPDATE, isWriteAck: true, correlationId});
const update = (version: number, ...entries: string[]): Message =>
  ({...about, action: RECORD_ACTION.UPDATE, version, data: JSON.stringify(entries)});
const versionExists = (write: Message, version: number, ...entries: string[]): Message =>
  ({...refusal(RECORD_ACTION.VERSION_EXISTS, write), version, data: JSON.stringify(entries)});

describe('deepstream\'s client by itself', {timeout: 30_000}, () => {
  for (const [what, refuse, error] of [
    ['never answers a write that was overtaken', (write: Message) => versionExists(write, 1, 'bob'), 'never'],
    ['takes a write of a wrong version for taken', (write: Message) => refusal(RECORD_ACTION.INVALID_VERSION, write), null],
  ] as const) {
    it(`${what}; when this fails, a repair can go`, async () => {
      const server = await startScriptedServer((message, say) => {
        if (!isWrite(message)) return false;
        say(refuse(message));
        say({topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name: 'after', data: '1'});
        return true;
      });
      let answer: string | null = 'never';
      await writtenDuring(async () => {
        const client = new DeepstreamClient(server.url, {subscriptionInterval: 0, nativeTimerRegistry: true});
        await client.login({});
        const list = client.record.getList(LIST);
        await list.whenReady();
        const after = new Promise(resolve => client.event.subscribe('after', resolve));
        list.setEntries(['ada'], given => { answer = given; });
        await after;
        client.close();
      });
      assert.equal(answer, error);
      await server.stop();
    });
  }
});

describe('a List of deepstream\'s client', {timeout: 60_000}, () => {
  it('is reported as the server has it, never as it is being written', () => scene(() => false, async ({ada, server}) => {
    const writing = ada.write('ada');
    assert.deepEqual(ada.log, ['open', 'list ']);
    await writing;
    server.say(update(2, 'ada', 'bob'));
    await ada.until('list ada,bob');
    assert.deepEqual(ada.log, ['open', 'list ', 'list ada', 'written', 'list ada,bob']);
  }));

  const orders = {
    'told of the other write first': (write: Message) => [update(1, 'bob'), versionExists(write, 1, 'bob')],
    'refused first': (write: Message) => [versionExists(write, 1, 'bob'), update(1, 'bob')],
    'refused with a still newer state': (write: Message) => [versionExists(write, 2, 'eve', 'bob'), update(1, 'eve'), update(2, 'eve', 'bob')],
  };
  for (const [what, order] of Object.entries(orders)) {
    it(`takes the other's when a write was overtaken: ${what}`, async () => {
      let writes = 0;
      await scene((message, say) => {
        if (!isWrite(message) || ++writes > 1) return false;
        for (const each of order(message)) say(each);
        return true;
      }, async ({ada, server}) => {
        assert.equal(await ada.write('ada'), 'conflict');
        const last = what.includes('newer') ? 'eve,bob' : 'bob';
        await ada.until(`list ${last}`);
        assert.equal(await ada.write(...last.split(','), 'ada'), 'written');
        assert.equal(ada.log.filter(line => line === 'list ada').length, 0, 'what was not written was not reported');
        assert.equal(server.heard.filter(isWrite).at(-1)?.version, what.includes('newer') ? 3 : 2);
        assert.equal(ada.log.at(-2), `list ${last},ada`);
      });
    });
  }

  it('is read again after a write of a version that the server does not know', () => scene((message, say) => {
    if (isRead(message)) say({...about, action: RECORD_ACTION.READ_RESPONSE, version: 7, data: '["bob"]'});
    else if (isWrite(message) && message.version === 1) say(refusal(RECORD_ACTION.INVALID_VERSION, message));
    else return false;
    return true;
  }, async ({ada, server}) => {
    assert.equal(await ada.write('ada'), 'conflict');
    await ada.until('list bob');
    assert.equal(await ada.write('bob', 'ada'), 'written');
    assert.equal(server.heard.filter(isWrite).at(-1)?.version, 8);
  }));

  it('is read again after a write that the server denied', () => scene((message, say) => {
    if (isRead(message)) say({...about, action: RECORD_ACTION.READ_RESPONSE, version: 0, data: '[]'});
    else if (isWrite(message)) say({...refusal(RECORD_ACTION.MESSAGE_DENIED, message), isError: true});
    else return false;
    return true;
  }, async ({ada}) => {
    assert.equal(await ada.write('ada'), 'denied');
    await ada.until('list ', 2);
    assert.deepEqual(ada.log, ['open', 'list ', 'denied', 'list ']);
  }));

  it('is read again after a write that nobody answered; when that is not answered either, the connection is given up', async () => {
    let isMute = false;
    // No test waits for seconds: the clock of this one is fast.
    const fast: Clock = {...systemClock, after: (ms, run) => systemClock.after(isMute ? ms / 100 : ms, run)};
    const server = await startScriptedServer((message, say) => {
      if (isRead(message) && !isMute) return false;
      if (isRead(message) && server.heard.filter(isRead).length === 1) {
        say({...about, action: RECORD_ACTION.READ_RESPONSE, version: 1, data: '["ada"]'});
        return true;
      }
      return isMute && message.topic === TOPIC.RECORD;
    });
    const written = await writtenDuring(async () => {
      const ada = new Listener(server.url, {clock: fast});
      await ada.until('list ');
      isMute = true;
      assert.equal(await ada.write('ada'), 'lost');
      await ada.until('list ada');
      assert.equal(await ada.write(), 'lost');
      await ada.until('closed server-lost');
    });
    assert.deepEqual(written, []);
    await server.stop();
  });

  it('is made anew when it is deleted, or gone when it is written', async () => {
    let isGone = false;
    await scene((message, say) => {
      if (!isWrite(message) || !isGone) return false;
      isGone = false;
      say({topic: TOPIC.RECORD, action: RECORD_ACTION.RECORD_UPDATE_ERROR, isWriteAck: true, isError: true, correlationId: message.correlationId ?? ''});
      say({...about, action: RECORD_ACTION.RECORD_UPDATE_ERROR, isError: true});
      return true;
    }, async ({ada, server}) => {
      assert.equal(await ada.write('ada'), 'written');
      server.say({...about, action: RECORD_ACTION.DELETED});
      await ada.until('list lost');
      await ada.until('list ', 2);
      isGone = true;
      assert.equal(await ada.write('ada'), 'lost');
      await ada.until('list ', 3);
      assert.equal(await ada.write('ada'), 'written');
      assert.deepEqual(ada.log.filter(line => line === 'list lost').length, 2);
    });
  });

  it('is read again when somebody changes a part of it', async () => {
    const server = await startStock();
    const written = await writtenDuring(async () => {
      const ada = new Listener(server.url);
      await ada.until('list ');
      await ada.write('ada', 'bob');
      const plain = new DeepstreamClient(server.url, {subscriptionInterval: 0, nativeTimerRegistry: true});
      plain.on('error', () => {});
      await plain.login({});
      await new Promise(resolve => plain.record.setData(LIST, '1', 'eve', resolve));
      await ada.until('list ada,eve');
      assert.equal(await ada.write('ada'), 'written');
      plain.close();
      ada.connection.close();
    });
    assert.deepEqual(written, []);
    await server.stop();
  });
});

describe('what a server says to deepstream\'s client', {timeout: 60_000}, () => {
  it('is dropped when it is no JSON, no deepstream, or nothing that was asked for', () => scene(() => false, async ({ada, server}) => {
    const name = 'rtc-signal/ada';
    const signal = {topic: TOPIC.EVENT, action: EVENT_ACTION.EMIT, name} as const;
    for (const data of ['{bad', '', 'undefined', '"']) server.say({...signal, data});
    for (const data of ['{bad', 'null', '7', '{"a":1}']) {
      server.say({...about, action: RECORD_ACTION.UPDATE, version: 1, data});
      server.say({...about, action: RECORD_ACTION.READ_RESPONSE, version: 1, data});
    }
    const all = [[TOPIC.CONNECTION, CONNECTION_ACTION], [TOPIC.EVENT, EVENT_ACTION], [TOPIC.RECORD, RECORD_ACTION]] as const;
    for (const [topic, actions] of all) {
      const closing: readonly number[] = [
        CONNECTION_ACTION.CLOSED, CONNECTION_ACTION.CLOSING, CONNECTION_ACTION.AUTHENTICATION_TIMEOUT];
      for (const action of Object.values(actions).filter(each => typeof each === 'number')) {
        if (topic === TOPIC.CONNECTION && closing.includes(action)) continue;
        server.say({topic, action, name: 'other'});
        server.say({topic, action});
      }
    }
    server.say({...signal, data: '{"user":"bob"}'});
    await ada.until('signal {"user":"bob"}');
    assert.equal(ada.log.filter(line => line.startsWith('closed') || line.includes('bad-frame')).length, 0);
    assert.equal(await ada.write('ada'), 'written');
  }));

  it('ends the connection when it is text, which the client would take for the size of a buffer', () => scene(() => false, async ({ada, server}) => {
    server.say('9007199254740991');
    await ada.until('closed not-deepstream');
  }));

  it('may send it elsewhere', async () => {
    const stock = await startStock();
    const written = await writtenDuring(async () => {
      const first = await startScriptedServer((message, say) => {
        if (message.topic === TOPIC.CONNECTION) say({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.REDIRECT, url: stock.url});
        return true;
      });
      const ada = new Listener(first.url);
      await ada.until('list ');
      assert.equal(await ada.write('ada'), 'written');
      ada.connection.close();
      await first.stop();
    });
    assert.deepEqual(written, []);
    await stock.stop();
  });

  for (const [what, url] of [['in circles', undefined], ['to what is no endpoint', 'http://nowhere']] as const) {
    it(`may not send it ${what}`, async () => {
      const server: ScriptedServer = await startScriptedServer((message, say) => {
        if (message.topic === TOPIC.CONNECTION) say({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.REDIRECT, url: url ?? server.url});
        return true;
      });
      const written = await writtenDuring(() => new Listener(server.url).until('closed not-deepstream'));
      assert.deepEqual(written, []);
      await server.stop();
    });
  }

  it('comes from the path that was named, all of it', async () => {
    const server = await startScriptedServer();
    const ada = new Listener(`${new URL(server.url).origin}/a/b/c?d=e`);
    await ada.until('open');
    ada.connection.close();
    assert.deepEqual(server.paths, ['/a/b/c?d=e']);
    await server.stop();
  });

  it('gets the login together with the greeting, once', () => scene(() => false, async ({server}) => {
    const logins = server.heard.filter(({topic}) => topic === TOPIC.AUTH);
    assert.deepEqual(logins.map(({data}) => JSON.parse(String(data)) as unknown), [
      {username: 'ada', token: 'secret', client: 'mesh-room', enter: 'room'},
    ]);
  }));
});

/** Resolves when the platform's own socket, in Node that of `ws`, says so. */
const platform = (socket: ClientSocket | undefined, type: 'open' | 'close'): Promise<unknown> =>
  once(socket?.inner as unknown as EventEmitter, type);

describe('a socket that is opened before anybody needs it', {timeout: 30_000}, () => {
  for (const when of ['while it opens', 'when it has opened']) {
    it(`is the one that is used, taken ${when}`, async () => {
      const server = await startScriptedServer();
      const socket = dial(server.url);
      if (when === 'when it has opened') await platform(socket, 'open');
      const ada = new Listener(server.url, {socket});
      await ada.until('list ');
      assert.equal(server.paths.length, 1);
      socket?.giveBack();
      assert.equal(await ada.write('ada'), 'written');
      ada.connection.close();
      await server.stop();
    });
  }

  it('says to whoever takes it that it was closed', async () => {
    const server = await startScriptedServer();
    const socket = dial(server.url);
    await platform(socket, 'open');
    const closed = platform(socket, 'close');
    await server.stop();
    await closed;
    await new Listener(server.url, {socket}).until('closed server-unreachable');
  });

  it('is closed when nobody takes it, and says nothing on the console', async () => {
    const server = await startScriptedServer();
    const written = await writtenDuring(async () => {
      const socket = dial(server.url);
      socket?.giveBack();
      await platform(socket, 'close');
    });
    assert.deepEqual([server.paths.length, server.heard, written], [1, [], []]);
    await server.stop();
  });

  it('is none where there can be none, which whoever joins is told', () => {
    assert.equal(dial('http://example.test'), undefined);
    assert.throws(() => new Listener('http://example.test'), {code: 'bad-url'});
  });
});

describe('the heartbeat of deepstream\'s client', {timeout: 30_000}, () => {
  it('counts only beats that this side was awake for', async () => {
    const server = await startScriptedServer();
    let now = 0;
    let heard = (): void => {};
    const socket = new WatchedSocket(new ClientSocket(server.url), {
      login: {}, clock: {...systemClock, now: () => now},
      watch: {
        onOpened: () => {}, onClosed: () => {}, onText: () => {}, onFault: error => { throw error; }, withhold: () => false,
        admit: () => {
          heard();
          return [];
        },
      },
    });
    /** What the client learns at its next beat. */
    const beat = (afterMs: number): number => {
      now += afterMs;
      return socket.getTimeSinceLastMessage();
    };
    const pong = async (): Promise<void> => {
      const arrived = new Promise<void>(resolve => { heard = resolve; });
      server.say({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.PONG});
      await arrived;
    };
    await new Promise<void>(resolve => { socket.onopened = resolve; });
    assert.equal(beat(HEARTBEAT_MS), 0);
    assert.equal(beat(HEARTBEAT_MS), Infinity, 'two silent beats');
    await pong();
    assert.equal(beat(HEARTBEAT_MS), 0);
    for (let i = 0; i < 5; i++) assert.equal(beat(3 * HEARTBEAT_MS), 0, 'a page that stood still has heard nobody');
    assert.equal(beat(HEARTBEAT_MS), 0);
    await pong();
    assert.equal(beat(HEARTBEAT_MS), 0);
    assert.equal(beat(HEARTBEAT_MS), 0);
    assert.equal(beat(HEARTBEAT_MS), Infinity);
    socket.sendParsedMessage({topic: TOPIC.CONNECTION, action: CONNECTION_ACTION.CLOSING});
    await server.stop();
  });
});

describe('a connection that was closed', {timeout: 60_000}, () => {
  /** Runs the child, which must come to an end by itself: it has nothing left to wait for. */
  async function endsByItself(...args: string[]): Promise<void> {
    const file = fileURLToPath(new URL('helpers/closing-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {stdio: ['ignore', 'inherit', 'inherit']});
    const [code] = await once(child, 'exit') as [number | null];
    assert.equal(code, 0);
  }

  for (const start of [startOurs, startStock]) {
    it(`leaves no timer and no socket: ${start === startOurs ? 'our server' : 'a stock server'}`, async () => {
      const server = await start();
      await endsByItself(server.url, 'open');
      await endsByItself(server.url, 'at-once');
      await endsByItself(server.url, 'handshake');
      await server.stop();
      await endsByItself(server.url, 'fail');
    });
  }

  it('says nothing more', async () => {
    const server = await startStock();
    const ada = new Listener(server.url);
    await ada.until('list ');
    void ada.write('ada');
    ada.connection.close();
    const {log} = ada;
    const length = log.length;
    const bob = new Listener(server.url);
    await bob.until('open');
    bob.connection.signal('ada', {user: 'bob'});
    bob.connection.close();
    await server.stop();
    assert.equal(log.length, length);
  });
});
