/** A page that does only what the well-known tutorial does is a member like any other; see the end of the contract's protocol. */
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {after, afterEach, before, describe, it} from 'node:test';
import type {Browser, Page} from 'puppeteer-core';
import {startServer, type MeshServer} from '../server/index.js';
import {launchChromium, newTab, type Tab, until} from './helpers/browser.js';
import {enter, lines, linked, openRoom, say, serveEmbed, stateOf} from './helpers/room-tabs.js';
import {servePages, type Site} from './helpers/serve.js';
import {startStockServer} from './helpers/stock-server.js';

const {resolve} = createRequire(import.meta.url);
const [simplePeer, deepstream] = await Promise.all(['simple-peer/simplepeer.min.js', '@deepstream/client/dist/bundle/ds.min.js']
  .map(name => readFile(resolve(name), 'utf8')));

/**
 * Word for word what people copy: no login name, a bare `addEntry`, one connection per entry, the larger id calls, text as it is. But for
 * the address, which may say its id.
 */
const tutorial = (trickle: boolean): string => `<!doctype html><meta charset="utf-8"><title>Tutorial</title>
<script>${simplePeer}</script><script>${deepstream}</script>
<script>
  const params = new URLSearchParams(location.search);
  const connections = {};
  window.heard = [];
  const client = new (window.DeepstreamClient.DeepstreamClient || window.DeepstreamClient)(params.get('url'));
  const me = window.me = params.get('me') || client.getUid();
  function connect(user) {
    if (user === me || connections[user]) return;
    const peer = new SimplePeer({initiator: me > user, trickle: ${trickle}, config: {iceServers: []}});
    connections[user] = peer;
    peer.on('signal', signal => client.event.emit('rtc-signal/' + user, {user: me, signal}));
    peer.on('data', data => window.heard.push(String(data)));
    peer.on('error', error => console.log(user, error.message));
    peer.on('close', () => { delete connections[user]; users.removeEntry(user); });
  }
  let users;
  client.login({}, async () => {
    client.event.subscribe('rtc-signal/' + me, ({user, signal}) => { if (connections[user]) connections[user].signal(signal); });
    users = client.record.getList(params.get('list'));
    await users.whenReady();
    users.subscribe(entries => entries.forEach(connect), true);
    users.addEntry(me);
    window.ready = true;
  });
  window.sayToAll = text => Object.values(connections).filter(peer => peer.connected).forEach(peer => peer.send(text));
  window.connected = () => Object.values(connections).filter(peer => peer.connected).length;
</script>`;

let server: MeshServer;
let embed: Site;
let pages: Site;
let browser: Browser;
let tabs: Tab[] = [];

interface TutorialOptions {
  readonly trickle?: boolean;
  readonly url?: string;
  /** Its id; by default one that the client makes up. */
  readonly me?: string;
}

async function openTutorial(list: string, {trickle = true, url, me}: TutorialOptions = {}): Promise<Page> {
  const address = new URL(trickle ? 'trickle' : 'whole', pages.url);
  address.searchParams.set('url', url ?? server.url.replace(/^http/, 'ws').replace(/\/$/, '/deepstream'));
  address.searchParams.set('list', list);
  if (me !== undefined) address.searchParams.set('me', me);
  const tab = await newTab(browser, address.href);
  tabs.push(tab);
  await until(tab.page, 'window.ready');
  return tab.page;
}

async function openOurs(name: string, room: string, url?: string): Promise<Page> {
  const tab = await openRoom(browser, embed, name);
  tabs.push(tab);
  if (url !== undefined) await tab.page.evaluate(value => document.querySelector('mesh-room')!.setAttribute('url', value), url);
  await enter(tab.page, room);
  return tab.page;
}

const connected = (page: Page, count: number) => until(page, `window.connected() >= ${count}`);
const heard = (page: Page, count: number) => until(page, `window.heard.length >= ${count}`)
  .then(() => page.evaluate('window.heard') as Promise<string[]>);

describe('the tutorial\'s page', () => {
  before(async () => {
    server = await startServer({port: 0});
    [embed, pages, browser] = await Promise.all([
      serveEmbed(server), servePages({'/trickle': tutorial(true), '/whole': tutorial(false)}), launchChromium(),
    ]);
  });
  afterEach(async () => {
    const errors = tabs.flatMap(tab => tab.errors);
    await Promise.all(tabs.map(tab => tab.close()));
    tabs = [];
    assert.deepEqual(errors, [], 'nothing went wrong in the console');
  });
  after(async () => {
    await browser?.close();
    await Promise.all([embed?.stop(), pages?.stop()]);
    await server?.stop();
  });

  for (const trickle of [true, false]) {
    it(`joins, ${trickle ? 'trickling' : 'without trickling'}, and both sides read each other, whoever came first, whoever calls`, async () => {
      // Ids of this project have digits and letters up to v, and no hyphen.
      const pairs = [{calls: true, isFirst: false}, {calls: false, isFirst: true}];
      if (trickle) pairs.push({calls: true, isFirst: true}, {calls: false, isFirst: false});
      for (const {calls, isFirst} of pairs) {
        const room = `plain-${trickle}-${calls}-${isFirst}`;
        const me = `${calls ? 'z' : '0'}-${room}`;
        const list = `mesh-room/${room}`;
        let ours: Page;
        let plain: Page;
        if (isFirst) {
          plain = await openTutorial(list, {trickle, me});
          ours = await openOurs('Ada', room);
        } else {
          ours = await openOurs('Ada', room);
          plain = await openTutorial(list, {trickle, me});
        }
        await Promise.all([linked(ours, room, 1), connected(plain, 1)]);
        await plain.evaluate('window.sayToAll("héllo from the tutorial")');
        assert.deepEqual(await lines(ours, 1), ['héllo from the tutorial']);
        await say(ours, 'hello back');
        await say(ours, 'two\nlines');
        // Chat lines as they are, and not a byte of this project's own frames.
        assert.deepEqual(await heard(plain, 2), ['hello back', 'two\nlines']);
        assert.equal((await stateOf(ours)).peers[0]?.plain, true);
      }
    });
  }

  it('is in a room with two of ours and another of its kind', async () => {
    const room = 'mixed';
    const ours = await Promise.all(['Ada', 'Grace'].map(name => openOurs(name, room)));
    const plain = [await openTutorial(`mesh-room/${room}`), await openTutorial(`mesh-room/${room}`)];
    // Whether two such pages find each other is their own luck: one drops the offer of an id that it has not read yet.
    await Promise.all([...ours.map(page => linked(page, room, 3)), ...plain.map(page => connected(page, 2))]);
    await say(ours[0]!, 'to everybody');
    for (const page of plain) assert.deepEqual(await heard(page, 1), ['to everybody']);
    assert.deepEqual(await lines(ours[1]!, 1), ['to everybody']);
    await plain[0]!.evaluate('window.sayToAll("from a plain page")');
    for (const page of ours) assert.ok((await lines(page, 2 - Number(page !== ours[1]))).includes('from a plain page'));
  });

  it('that removes a neighbour "on close" removes nobody who is alive', async () => {
    const room = 'remover';
    const ours = await Promise.all(['Ada', 'Grace'].map(name => openOurs(name, room)));
    const plain = await openTutorial(`mesh-room/${room}`);
    await Promise.all(ours.map(page => linked(page, room, 2)));
    const {selfId} = await stateOf(ours[0]!);
    // What its `close` handler does when one pair's connection breaks.
    await plain.evaluate(`connections['${selfId}'].destroy()`);
    await linked(ours[1]!, room, 2);
    const members = (await stateOf(ours[1]!)).peers.map(({id}) => id);
    assert.ok(members.includes(selfId), 'the neighbour is still in the room');
  });

  it('joins through a server that is not ours', async () => {
    const stock = await startStockServer();
    try {
      const room = 'stock';
      const ours = await openOurs('Ada', room, stock.url);
      const plain = await openTutorial(`mesh-room/${room}`, {url: stock.url});
      await Promise.all([linked(ours, room, 1), connected(plain, 1)]);
      await say(ours, 'hello');
      assert.deepEqual(await heard(plain, 1), ['hello']);
      await plain.evaluate('window.sayToAll("hi")');
      assert.deepEqual((await lines(ours, 2)).at(-1), 'hi');
      await Promise.all(tabs.map(tab => tab.close()));
      tabs = [];
    } finally {
      await stock.stop();
    }
  });
});
