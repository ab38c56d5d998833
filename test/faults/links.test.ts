/**
 * Pairs that have no way to each other, or lose it, in real browsers: by which rung of the ladder they talk, how soon, and that nothing is
 * lost. See `docs/design-links.md`. What needs a path to be cut runs on two devices, in network namespaces, that meet on this machine.
 */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it, type TestContext} from 'node:test';
import {turnCredentials} from '../../server/ice.js';
import {startServer} from '../../server/index.js';
import {tree} from '../../src/mesh/topology/tree.js';
import {until, type TabOptions} from '../helpers/browser.js';
import {FaultRoom, Figures, ROUNDS, hasStatus, pause} from '../helpers/fault-room.js';
import {
  USABLE, Talk, enterAll, idOf, makeDevices, meet, networkChanges, openOutside, peerOf, reaches, type Devices,
} from '../helpers/links.js';
import {openRoom, serveEmbed, stateOf, type RoomElement, type RoomTab} from '../helpers/room-tabs.js';
import {startSignalTap, type SignalTap} from '../helpers/signal-tap.js';
import {formsOf, passedThrough, RECORD_CHANNELS} from '../helpers/spy.js';
import {findTurnServer, TurnServer} from '../helpers/turn-server.js';

const SECRET = 'known to coturn and to the server';
const turnProgram = findTurnServer();
const skipTurn = turnProgram === undefined ? 'coturn is not installed (apt-get install coturn)' : false;

/** The other's first packet comes before its relay's address, as it may on a busy machine; links are asked later which way they go. */
const LATE_RELAY = `{
  const add = RTCPeerConnection.prototype.addIceCandidate;
  RTCPeerConnection.prototype.addIceCandidate = async function (candidate) {
    if (candidate.candidate.includes(' typ relay ')) await new Promise(resolve => setTimeout(resolve, 300));
    return add.call(this, candidate);
  };
}`;
/** From entering to a link around: what a path is given, then a search, an agreement and a hello. */
const AROUND_BOUND_MS = 5_000;
/** From a path to a link that takes it, where the browser tells of another network. */
const CLIMB_BOUND_MS = 5_000;
/** Longest that a pair may take to climb by itself in a test. */
const CLIMB_WAIT_MS = 60_000;

const WITHOUT_WEBRTC: TabOptions = {before: 'delete globalThis.RTCPeerConnection; delete globalThis.webkitRTCPeerConnection;'};
/** Whose browser finds no way but through TURN, as behind a firewall. */
const WALLED_IN: TabOptions = {before: `globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super({...configuration, iceTransportPolicy: 'relay'}); }
  setConfiguration(configuration) { super.setConfiguration({...configuration, iceTransportPolicy: 'relay'}); }
};`};

describe('links over a server that loses signals, or is all there is', () => {
  const room = new FaultRoom();
  let tap: SignalTap;
  before(async () => {
    await room.start();
    tap = await startSignalTap(room.proxy.port);
  });
  afterEach(async () => {
    tap.loses = false;
    await room.close();
  });
  after(async () => {
    await tap?.stop();
    await room.stop();
  });

  it('two between whom the server loses every signal find to each other through a third', async test => {
    const usable = new Figures(room);
    const direct = new Figures(room);
    tap.loses = true;
    while (usable.wantsMore) {
      const {url, lost} = tap;
      const [ada, bob, cem] = await openOutside(room, [
        () => room.openTab('Ada', {url}), () => room.openTab('Bob', {url}), () => room.openTab('Cem'),
      ]) as [RoomTab, RoomTab, RoomTab];
      const since = await enterAll(room, [ada, bob, cem]);
      const talk = new Talk('lost', room.tabs);
      usable.push(await meet([ada, bob], USABLE) - since);
      // What they have to say to each other for a link of their own goes through the third as well.
      direct.push(await meet([ada, bob], ['direct'], {timeout: CLIMB_WAIT_MS}) - since);
      await talk.end();
      assert.ok(tap.lost > lost, 'signals were lost');
      await room.talk('direct:');
      await room.close();
    }
    usable.judge(test, 'signals lost for good, from entering to a link', AROUND_BOUND_MS);
    direct.judge(test, 'signals lost for good, from entering to a direct link', 2 * AROUND_BOUND_MS);
  });

  it('a browser without WebRTC talks through the server', async test => {
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const tabs = await openOutside(room, [
        () => room.openTab('Without', WITHOUT_WEBRTC), () => room.openTab('Ada'), () => room.openTab('Bob'),
      ]) as [RoomTab, RoomTab, RoomTab];
      const [without, ada, bob] = tabs;
      assert.equal(await without.page.evaluate(() => typeof RTCPeerConnection), 'undefined');
      const since = await enterAll(room, tabs);
      const talk = new Talk('without', tabs);
      figures.push(Math.max(...await Promise.all([ada, bob].map(each => meet([without, each], ['server'])))) - since);
      await meet([ada, bob], ['direct']);
      await talk.end();
      await room.talk('there:', 2_000);
      for (const each of [ada, bob]) assert.equal((await peerOf(each, await idOf(without)))?.link, 'server');
      await room.close();
    }
    figures.judge(test, 'without WebRTC, from entering to links to all', 4_000);
  });

  it('what goes through the server is unreadable to it', async () => {
    const secret = `only for Bob ${crypto.randomUUID()}`;
    const {url} = tap;
    const [ada, bob] = await openOutside(room, [
      () => room.openTab('Ada', {...WITHOUT_WEBRTC, url}), () => room.openTab('Bob', {...WITHOUT_WEBRTC, url}),
    ]) as [RoomTab, RoomTab];
    await enterAll(room, [ada, bob]);
    await meet([ada, bob], ['server']);
    const before = tap.passed.length;
    await tell(ada, bob, secret);
    const passed = tap.passed.join('\n');
    assert.ok(tap.passed.slice(before).some(message => message.includes('"route":[')), 'it went through the server');
    assert.ok(passed.includes(await idOf(ada)), 'and everything that did is here');
    for (const form of formsOf(secret)) assert.ok(!passed.includes(form), `the server can read ${JSON.stringify(form)}`);
  });
});

describe('links of a tree', () => {
  const room = new FaultRoom();
  before(() => room.start());
  afterEach(() => room.close());
  after(() => room.stop());

  /** Waits until each of these is linked to those that the tree of all of them says. @returns when the last was, by the machine's clock. */
  async function attached(tabs: readonly RoomTab[]): Promise<number> {
    const ids = await Promise.all(tabs.map(idOf));
    const overlay = tree.overlay(ids);
    return Math.max(...await Promise.all(tabs.map(async (tab, i) =>
      Math.max(...await Promise.all(overlay.neighbours(ids[i]!).map(id => reaches(tab, id, ['direct'], {far: false})))))));
  }

  it('are made anew when the one on top is killed: nobody hangs in the air, and no line is lost', async test => {
    const figures = new Figures(room);
    // Half as often as others: each is seven tabs anew.
    for (let round = 0; round < ROUNDS / 2; round++) {
      const tabs = await openOutside(room, Array.from({length: 7}, (_, i) => () => room.openTab(`Person ${i + 1}`)));
      await Promise.all(tabs.map(({page}) => page.evaluate(() => document.querySelector('mesh-room')!.setAttribute('topology', 'tree'))));
      await enterAll(room, tabs);
      await attached(tabs);
      const ids = await Promise.all(tabs.map(idOf));
      // Links from when fewer were there have been let go of.
      await Promise.all(tabs.map(({page}, i) => until(page, (most: number) => document.querySelector<RoomElement>('mesh-room')!.state.peers
        .filter(({far}) => far !== true).length <= most, tree.overlay(ids).neighbours(ids[i]!).length)));
      const below = ids.map(id => tree.overlay(ids).neighbours(id).length);
      const top = tabs[below.indexOf(Math.max(...below))]!;
      const left = tabs.filter(tab => tab !== top);
      // Seven tabs that show five lines a second of each other are all that two slow cores can do.
      const talk = new Talk('top', left, 1_000);
      await pause(500);
      room.lose(top);
      const since = Date.now();
      void (await top.page.createCDPSession()).send('Page.crash').catch(() => undefined);
      figures.push(await attached(left) - since);
      await talk.end();
      await top.close();
      await room.close();
    }
    figures.judge(test, 'the top of a tree is killed, from that to links of all others', 2_000);
  });
});

describe('links without a path', () => {
  const room = new FaultRoom();
  let devices: Devices | string = '';
  let turn: TurnServer | undefined;
  before(async () => {
    await room.start();
    devices = await makeDevices(room);
    if (typeof devices !== 'string' && turnProgram !== undefined) {
      turn = await TurnServer.start(turnProgram, SECRET, devices.one.network.host);
    }
  });
  afterEach(() => room.close());
  after(async () => {
    await turn?.stop();
    if (typeof devices !== 'string') await devices.remove();
    await room.stop();
  });

  /** Ada and Bob on devices of their own, the others on this machine; in no room yet. */
  async function openApart(test: TestContext, others: readonly string[] = [], options: TabOptions = {}): Promise<RoomTab[] | undefined> {
    if (typeof devices === 'string') {
      test.skip(`Nothing to cut off: ${devices}`);
      return undefined;
    }
    const {one, other} = devices;
    await devices.path(false);
    return [...await openOutside(room, [
      () => one.openTab('Ada'), () => other.openTab('Bob'), ...others.map(name => () => room.openTab(name, options)),
    ])];
  }

  const path = async (on: boolean): Promise<void> => {
    if (typeof devices !== 'string') await devices.path(on);
  };

  /** There is a path, and the devices say that the network is another: when both have a direct link. */
  async function climb(ada: RoomTab, bob: RoomTab): Promise<number> {
    await path(true);
    const since = Date.now();
    await networkChanges([ada, bob]);
    return await meet([ada, bob], ['direct'], {timeout: CLIMB_WAIT_MS}) - since;
  }

  /** Two who cannot reach each other enter, talk by some rung, and climb when they can. */
  const around = (what: string, kind: 'relayed' | 'server' | 'turn', others: readonly string[], prepare?: (tab: RoomTab) => Promise<void>) =>
    async (test: TestContext): Promise<void> => {
      const figures = new Figures(room);
      const climbed = new Figures(room);
      while (figures.wantsMore) {
        const tabs = await openApart(test, others);
        if (!tabs) return;
        const [ada, bob, cem] = tabs as [RoomTab, RoomTab, RoomTab?];
        if (prepare) await Promise.all(tabs.map(prepare));
        const since = await enterAll(room, tabs);
        const talk = new Talk(kind, tabs);
        figures.push(await meet([ada, bob], [kind], cem && {via: await idOf(cem)}) - since);
        climbed.push(await climb(ada, bob));
        await talk.end();
        await room.talk('direct:');
        await room.meshed();
        await room.close();
      }
      figures.judge(test, `${what}, from entering to a link (${kind})`, AROUND_BOUND_MS);
      climbed.judge(test, `${what}, from a path to a direct link`, CLIMB_BOUND_MS);
    };

  it('are carried by a third member', around('no path, a third there', 'relayed', ['Cem']));
  it('go through the server where nobody else is there', around('no path, nobody else there', 'server', []));
  it('go through TURN where there is one', {skip: skipTurn}, around('no path, a TURN server', 'turn', [], async ({name, page}) => {
    if (name === 'Bob') await page.evaluate(LATE_RELAY);
    const {username, password, uris} = turnCredentials({urls: [turn!.url], secret: SECRET, ttlSeconds: 600}, Date.now());
    await page.evaluate(servers => {
      document.querySelector('mesh-room')!.iceServers = () => servers;
    }, [{urls: [...uris], username, credential: password}]);
  }));

  it('bring a large message whole when the one who carries it is killed', async test => {
    const healed = new Figures(room);
    const bytes = 5_000_000;
    while (healed.wantsMore) {
      const tabs = await openApart(test, ['Cem', 'Dan'], {before: RECORD_CHANNELS});
      if (!tabs) return;
      const [ada, bob, cem, dan] = tabs as [RoomTab, RoomTab, RoomTab, RoomTab];
      await enterAll(room, tabs);
      await meet([ada, bob], ['relayed']);
      const bobId = await idOf(bob);
      await bob.page.evaluate(() => {
        const got: {size: number; isWhole: boolean}[] = (window as unknown as {got: typeof got}).got = [];
        document.querySelector('mesh-room')!.addEventListener('mesh-message', event => {
          const {channel, data} = event as Event & {channel: string; data: ArrayBuffer};
          if (channel !== 'file') return;
          got.push({size: data.byteLength, isWhole: new Uint8Array(data).every((byte, i) => byte === (i * 31 + (i >> 8) & 255))});
        });
      });
      const sent = ada.page.evaluate(async (to, size) => {
        const data = Uint8Array.from({length: size}, (_, i) => i * 31 + (i >> 8) & 255);
        await document.querySelector<RoomElement>('mesh-room')!.send(data.buffer, {to, channel: 'file'});
      }, bobId, bytes);
      // Who carries it at this moment: on a busy machine it may have been the other before.
      await Promise.any([cem, dan].map(({page}) =>
        until(page, (some: number) => (window as unknown as {passedBytes: number}).passedBytes > some, bytes / 3)));
      const [carrier, next] = (await peerOf(ada, bobId))?.via === await idOf(cem) ? [cem, dan] : [dan, cem];
      const talk = new Talk('killed', tabs.filter(tab => tab !== carrier));
      assert.deepEqual(await bob.page.evaluate(() => (window as unknown as {got: unknown[]}).got), [], 'in the middle of it');
      room.lose(carrier);
      const since = Date.now();
      const session = await carrier.page.createCDPSession();
      void session.send('Page.crash').catch(() => undefined);
      healed.push(await meet([ada, bob], ['relayed'], {via: await idOf(next)}) - since);
      await sent;
      await until(bob.page, () => (window as unknown as {got: unknown[]}).got.length > 0);
      await talk.end();
      assert.deepEqual(await bob.page.evaluate(() => (window as unknown as {got: unknown[]}).got), [{size: bytes, isWhole: true}]);
      await room.talk('after:');
      await carrier.close();
      await room.close();
    }
    healed.judge(test, 'who carried is killed in mid-transfer, from that to another who carries', 3_000);
  });

  it('notice within five seconds that packets vanish, and go on by a member', async test => {
    const noticed = new Figures(room);
    const carried = new Figures(room);
    const direct = new Figures(room);
    while (noticed.wantsMore) {
      const tabs = await openApart(test, ['Cem']);
      if (!tabs) return;
      const [ada, bob, cem] = tabs as [RoomTab, RoomTab, RoomTab];
      await path(true);
      await enterAll(room, tabs);
      await room.meshed();
      await room.talk('before:');
      const [adaId, bobId, cemId] = await Promise.all([idOf(ada), idOf(bob), idOf(cem)]);
      const talk = new Talk('swallowed', tabs);
      await path(false);
      const since = Date.now();
      const other = ['connecting', 'turn', 'relayed', 'server', 'lost'] as const;
      const seen = Promise.all([reaches(ada, bobId, other), reaches(bob, adaId, other)]);
      carried.push(await meet([ada, bob], ['relayed'], {via: cemId}) - since);
      noticed.push(Math.max(...await seen) - since);
      for (const tab of tabs) await hasStatus(tab, 'joined');
      direct.push(await climb(ada, bob));
      await talk.end();
      await room.talk('after:');
      await room.meshed();
      await room.close();
    }
    noticed.judge(test, 'packets vanish, noticed by both', 5_000);
    carried.judge(test, 'packets vanish, carried by a member', 5_500);
    direct.judge(test, 'packets come again, direct', CLIMB_BOUND_MS);
  });

  it('tell the member who carries nothing of what is said', async test => {
    const secret = `only for Bob ${crypto.randomUUID()}`;
    const own = `of the carrier ${crypto.randomUUID()}`;
    const tabs = await openApart(test, ['Cem'], {before: RECORD_CHANNELS});
    if (!tabs) return;
    const [ada, bob, cem] = tabs as [RoomTab, RoomTab, RoomTab];
    await enterAll(room, tabs);
    await meet([ada, bob], ['relayed'], {via: await idOf(cem)});
    await tell(cem, ada, own);
    const before = (await passedThrough(cem)).length;
    await tell(ada, bob, secret);
    const passed = await passedThrough(cem);
    assert.ok(passed.length >= before + 2 * secret.length, 'it came to the carrier and was handed on');
    assert.ok(passed.includes(own), 'and everything that did is here');
    for (const form of formsOf(secret)) assert.ok(!passed.includes(form), `who carries can read ${JSON.stringify(form)}`);
    assert.equal((await peerOf(ada, await idOf(bob)))?.link, 'relayed');
  });
});

/** Ada says something to Bob alone, and he has it. */
async function tell(from: RoomTab, to: RoomTab, text: string): Promise<void> {
  await from.page.evaluate((id, data) => document.querySelector<RoomElement>('mesh-room')!.send({text: data}, {to: id, channel: 'secret'}),
    await idOf(to), text);
  await until(to.page, (data: string) => (window as unknown as {heard: {channel: string; data: {text?: string}}[]}).heard
    .some(({channel, data: {text: each}}) => channel === 'secret' && each === data), text);
}

describe('links through TURN', {skip: skipTurn}, () => {
  const room = new FaultRoom();
  let turn: TurnServer;
  before(async () => {
    if (turnProgram === undefined) return;
    [turn] = await Promise.all([TurnServer.start(turnProgram, SECRET), room.start()]);
  });
  afterEach(() => room.close());
  after(async () => {
    await turn?.stop();
    await room.stop();
  });

  it('that are lost after their credentials have expired come back with new ones', async test => {
    const figures = new Figures(room);
    const server = await startServer({port: 0, turn: {urls: [turn.url], secret: SECRET, ttlSeconds: 3}});
    const site = await serveEmbed(server);
    try {
      while (figures.wantsMore) {
        room.room = '';
        const tabs = await Promise.all(['Ada', 'Bob'].map(name => openRoom(room.browser, site, name, '', WALLED_IN))) as [RoomTab, RoomTab];
        room.tabs.push(...tabs);
        await enterAll(room, tabs);
        await meet(tabs, ['turn']);
        const expiry = Math.max(...turn.allocations.map(user => Number(user.split(':')[0])));
        await until(tabs[0].page, (at: number) => Date.now() > at, (expiry + 1) * 1_000);
        for (const tab of tabs) assert.deepEqual((await stateOf(tab.page)).peers.map(({link}) => link), ['turn'], 'the link stands');
        // With it goes every relay address that it has given out.
        const {host, port} = turn;
        const talk = new Talk('expired', tabs);
        await turn.stop();
        turn = await TurnServer.start(turnProgram!, SECRET, host, port);
        const since = Date.now();
        await until(tabs[0].page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers.some(({link}) => link !== 'turn'));
        figures.push(await meet(tabs, ['turn'], {timeout: CLIMB_WAIT_MS}) - since);
        await talk.end();
        assert.ok(turn.allocations.length >= 2, `${turn.allocations.length} allocations`);
        for (const user of turn.allocations) assert.ok(Number(user.split(':')[0]) > expiry, 'with credentials of today');
        await room.close();
      }
    } finally {
      await site.stop();
      await server.stop();
    }
    figures.judge(test, 'a link through TURN lost with its credentials expired, back with new ones', 15_000);
  });
});
