/** Pairs that reach each other through TURN only, with a real coturn and the credentials that the server hands out. */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, Page} from 'puppeteer-core';
import {turnCredentials} from '../server/ice.js';
import {startServer, type MeshServer} from '../server/index.js';
import {launchChromium, until} from './helpers/browser.js';
import {enter, lines, openRoom, say, serveEmbed, stateOf, type RoomElement, type RoomTab} from './helpers/room-tabs.js';
import type {Site} from './helpers/serve.js';
import {findTurnServer, TurnServer} from './helpers/turn-server.js';

const SECRET = 'known to coturn and to the server';
/** Rounds of a pair that can meet through TURN only; the time of each is printed. */
const ROUNDS = Number(process.env.TURN_ROUNDS ?? 2);

const program = findTurnServer();
const skip = program === undefined ? 'coturn is not installed (apt-get install coturn)' : false;

describe('rooms with a TURN server', {timeout: 120_000}, () => {
  let turn: TurnServer;
  let browser: Browser;
  const servers: MeshServer[] = [];
  const sites: Site[] = [];
  let tabs: RoomTab[] = [];

  /** A server that hands out credentials for the TURN server, and a page that embeds it. */
  async function serve(secret = SECRET, ttlSeconds = 600): Promise<{server: MeshServer; site: Site}> {
    const server = await startServer({port: 0, turn: {urls: [turn.url], secret, ttlSeconds}});
    const site = await serveEmbed(server);
    servers.push(server);
    sites.push(site);
    return {server, site};
  }

  /** A tab whose browser finds no way but through TURN, as behind a firewall; in no room yet. */
  async function openWalledIn(site: Site, name: string): Promise<RoomTab> {
    const tab = await openRoom(browser, site, name);
    tabs.push(tab);
    await tab.page.evaluate(() => {
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super({...configuration, iceTransportPolicy: 'relay'});
        }

        override setConfiguration(configuration?: RTCConfiguration): void {
          super.setConfiguration({...configuration, iceTransportPolicy: 'relay'});
        }
      };
    });
    return tab;
  }

  /** Waits until everybody of `others` is reached through TURN. */
  const reached = async (page: Page, others: number): Promise<void> => {
    try {
      await until(page, (count: number) => {
        const {peers} = document.querySelector<RoomElement>('mesh-room')!.state;
        return peers.length === count && peers.every(({link}) => link === 'turn');
      }, others);
    } catch (error) {
      throw new Error(`Not linked through TURN: ${JSON.stringify(await stateOf(page))}\n${turn.log.slice(-4_000)}`, {cause: error});
    }
  };

  before(async () => {
    if (program === undefined) return;
    [turn, browser] = await Promise.all([TurnServer.start(program, SECRET), launchChromium()]);
  });
  afterEach(async () => {
    await Promise.all(tabs.map(tab => tab.close()));
    tabs = [];
  });
  after(async () => {
    await browser?.close();
    await Promise.all([...sites, ...servers].map(each => each.stop()));
    await turn?.stop();
  });

  it(`two that can meet nowhere else are linked through it, ${ROUNDS} times out of ${ROUNDS}`, {skip}, async () => {
    const {site} = await serve();
    const [ada, bob] = [await openWalledIn(site, 'Ada'), await openWalledIn(site, 'Bob')];
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      await Promise.all([ada, bob].map(({page}) => enter(page, `walled-${round}`)));
      await Promise.all([ada, bob].map(({page}) => until(page, (room: string) => {
        const {room: name, peers} = document.querySelector<RoomElement>('mesh-room')!.state;
        return name === room && peers.length === 1 && peers.every(({link}) => link === 'direct' || link === 'turn');
      }, `walled-${round}`)));
      took.push(performance.now() - from);
    }
    console.log(`  through TURN, from entering to linked: ${took.map(ms => ms.toFixed(0)).join(', ')} ms`);
    await Promise.all([ada, bob].map(({page}) => reached(page, 1)));
    await say(ada.page, 'past the wall');
    assert.deepEqual(await lines(bob.page, 1), ['past the wall']);
    assert.ok(turn.allocations.length >= 2 * ROUNDS, `${turn.allocations.length} allocations`);
    assert.deepEqual([...ada.errors, ...bob.errors], []);
  });

  it('credentials that have expired are refused, and new ones are asked for before that', {skip}, async () => {
    const before = turn.allocations.length;
    const {site} = await serve(SECRET, 3);
    const ada = await openWalledIn(site, 'Ada');
    const bob = await openWalledIn(site, 'Bob');
    await Promise.all([ada, bob].map(({page}) => enter(page, 'expiry')));
    await Promise.all([ada, bob].map(({page}) => reached(page, 1)));
    const first = new Set(turn.allocations.slice(before));
    assert.ok(first.size >= 2);
    // Past the time of what both were given, as the TURN server reads it.
    const [latest = 0] = [...first].map(user => Number(user.split(':')[0])).sort((a, b) => b - a);
    await until(ada.page, (at: number) => Date.now() > at, (latest + 1) * 1000);
    // The link that stands stays; whoever comes needs credentials of today, and so does everybody for the link to it.
    const eve = await openWalledIn(site, 'Eve');
    await enter(eve.page, 'expiry');
    await Promise.all([ada, bob, eve].map(({page}) => reached(page, 2)));
    await say(eve.page, 'still here?');
    for (const {page} of [ada, bob]) assert.deepEqual(await lines(page, 1), ['still here?']);
    assert.ok(turn.allocations.slice(before).filter(user => !first.has(user)).length >= 4);

    // What a page keeps for too long is worth nothing.
    const old = turnCredentials({urls: [turn.url], secret: SECRET, ttlSeconds: 1}, Date.now() - 60_000);
    const found = await eve.page.evaluate(async ({username, password, uris}) => {
      const connection = new RTCPeerConnection({iceServers: [{urls: [...uris], username, credential: password}]});
      const candidates: string[] = [];
      connection.addEventListener('icecandidate', ({candidate}) => candidate && candidates.push(candidate.candidate));
      connection.createDataChannel('x');
      const gathered = new Promise(resolve => connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve(undefined);
      }));
      await connection.setLocalDescription();
      await gathered;
      connection.close();
      return candidates.filter(candidate => candidate !== '');
    }, old);
    assert.deepEqual(found, []);
  });

  it('a secret that the TURN server does not share puts those who need it on the server, and nobody else', {skip}, async () => {
    const {site} = await serve('another secret than coturn has');
    const walled = await openWalledIn(site, 'Walled');
    const [free, other] = [await openRoom(browser, site, 'Free'), await openRoom(browser, site, 'Other')];
    tabs.push(free, other);
    for (const {page} of [free, other, walled]) await enter(page, 'wrong');
    for (const {page} of [free, other]) {
      await until(page, () => document.querySelector<RoomElement>('mesh-room')!.state.peers.some(({link}) => link === 'direct'));
    }
    await until(walled.page, () => {
      const {peers} = document.querySelector<RoomElement>('mesh-room')!.state;
      return peers.length === 2 && peers.every(({link}) => link === 'server');
    });
    await say(walled.page, 'by the server');
    for (const {page} of [free, other]) assert.deepEqual(await lines(page, 1), ['by the server']);
  });
});
