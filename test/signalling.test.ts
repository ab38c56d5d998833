import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import type {EventData} from '@deepstream/protobuf/dist/types/all.js';
import {endpointOf, startTestServer} from '../server/testing/clients.js';
import {CASE_MS, signallingCompliance, type SignallingHarness} from '../src/mesh/signalling/compliance.js';
import {createMemorySignalling, ListChangeEvent, MemorySignallingServer} from '../src/mesh/signalling/memory.js';
import {startFaultProxy} from './helpers/fault-proxy.js';
import {createNodeSignalling} from './helpers/node-signalling.js';
import {entriesOf, listenAs, plainClient, untilEntries, startOurs, startStock, type StartSignallingServer} from './helpers/signalling-servers.js';

const framework = {
  describe: (name: string, body: () => void) => void describe(name, {timeout: 120_000}, body),
  it: (name: string, body: () => Promise<void>, timeout = CASE_MS) => void it(name, {timeout}, body),
};

const memoryHarness = (guarded: boolean) => async (): Promise<SignallingHarness> => {
  const server = new MemorySignallingServer({guarded, latencyMs: 1});
  const create = createMemorySignalling(server);
  return {
    guarded,
    create: options => create({url: 'ws://memory', ...options}),
    entries: async list => server.entries(list),
    until: (list, holds) => new Promise(resolve => {
      const look = (event: Event): void => {
        if (!(event instanceof ListChangeEvent) || event.list !== list || !holds(event.entries)) return;
        server.removeEventListener('list-change', look);
        resolve();
      };
      if (holds(server.entries(list))) resolve();
      else server.addEventListener('list-change', look);
    }),
    disconnect: () => server.disconnect(),
    restart: async () => server.restart(),
    inject: (to, data) => server.inject(to, data),
    overwrite: (list, entries) => server.overwrite(list, entries),
    stop: async () => {
      if (server.connections !== 0) throw new Error(`${server.connections} connections were left open`);
    },
  };
};

const deepstreamHarness = (start: StartSignallingServer) => async (): Promise<SignallingHarness> => {
  let server = await start();
  const {port, guarded} = server;
  const proxy = await startFaultProxy({targetPort: port});
  let plain = await plainClient(server.url);
  return {
    guarded,
    create: options => createNodeSignalling({url: `ws://127.0.0.1:${proxy.port}/deepstream`, ...options}),
    entries: list => entriesOf(plain, list),
    until: (list, holds) => untilEntries(plain, list, holds),
    disconnect: () => proxy.cut(),
    async restart() {
      plain.close();
      await server.stop();
      server = await start(port);
      plain = await plainClient(server.url);
    },
    // Our server refuses these before anybody hears them.
    ...guarded ? {} : {inject: (to: string, data: unknown) => plain.event.emit(`rtc-signal/${to}`, data as EventData)},
    overwrite: (list, entries) => plain.record.setData(list, [...entries]),
    listen: id => listenAs(plain, id),
    async stop() {
      plain.close();
      await proxy.stop();
      await server.stop();
    },
  };
};

signallingCompliance(framework, 'in memory, guarded', memoryHarness(true));
signallingCompliance(framework, 'in memory, unguarded', memoryHarness(false));
signallingCompliance(framework, 'our server', deepstreamHarness(startOurs));
signallingCompliance(framework, 'a stock deepstream server', deepstreamHarness(startStock));

describe('what our server says at login', {timeout: 15_000}, () => {
  it('is all that it takes to be in the List and to hear', async () => {
    const server = await startTestServer();
    const create = (selfId: string) => createNodeSignalling({url: endpointOf(server), list: 'mesh-room/two', selfId});
    const [ada, bob] = [create('ada'), create('bob')];
    await ada.open();
    await bob.open();
    // A greeting and a login each.
    assert.equal(server.health().messages, 4);
    const heard = new Promise(resolve => ada.addEventListener('signal', ({message}) => resolve(message)));
    assert.deepEqual([...bob.members].sort(), ['ada', 'bob']);
    bob.emit('ada', {user: 'bob', signal: 'hello'});
    assert.deepEqual(await heard, {user: 'bob', signal: 'hello'});
    await Promise.all([ada.close(), bob.close()]);
    assert.deepEqual(server.health().memberships, 0);
    await server.stop();
  });

  for (const relay of [true, false]) {
    it(`is known when it ${relay ? 'carries' : 'does not carry'} frames of routed links`, async () => {
      const server = await startTestServer({relay});
      const signalling = createNodeSignalling({url: endpointOf(server), list: 'mesh-room/relay', selfId: 'ada'});
      assert.equal(signalling.relays, true);
      await signalling.open();
      assert.equal(signalling.relays, relay);
      await signalling.close();
      await server.stop();
    });
  }
});
