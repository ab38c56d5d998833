/**
 * Every state of the elements on one page, on rooms without a network. `?only=<state>` shows one, as large as the window; `&open` opens
 * what can be opened.
 * To see it: `npx esbuild test/gallery/gallery.ts --bundle --format=esm --splitting --outdir=<dir> --servedir=<dir>` beside `index.html`.
 */
import '../../src/define.js';
import {FakeHub, type FakeRoom} from '../../src/room/fake-room.js';
import type {MeshRoom} from '../../src/index.js';

interface Stage {
  readonly hub: FakeHub;
  readonly element: MeshRoom;
  /** Puts the room into the page and waits until it is joined. */
  readonly show: () => Promise<FakeRoom>;
}

const params = new URLSearchParams(location.search);

const never = new Promise<void>(() => undefined);

const next = () => new Promise(resolve => requestAnimationFrame(resolve));

async function talk({hub, show, element}: Stage): Promise<FakeRoom> {
  const own = await show();
  const ada = await hub.join('Ada Lovelace');
  const grace = await hub.join('Grace Hopper');
  await next();
  await ada.say('Hello! Is this the room for Thursday?');
  await ada.say('The agenda is at https://example.org/agenda/2026-11-26?view=full#talks (the second half is still open).');
  await next();
  await element.querySelector('mesh-chat')?.say('It is. Welcome!');
  await (element.renderRoot.querySelector('mesh-chat'))?.say('It is. Welcome! I have put your talk first, since you have to leave early.');
  await (element.renderRoot.querySelector('mesh-chat'))?.say('👍');
  await next();
  await grace.say('Does `npm start` need anything but Node?');
  await grace.say('```\nnpm ci\nnpm start\n```');
  await ada.say('Averyveryverylongwordthatmustbebrokensomewherebecauseitdoesnotfitintoanysidebarthatanybodywouldmake');
  await grace.say('אין בעיה, שלום לכולם!');
  return own;
}

/** Somebody on each rung. */
async function rungs(hub: FakeHub, own: FakeRoom): Promise<void> {
  const [bo, ...others] = [await hub.join('Bo'), await hub.join('Cyd Charisse'), await hub.join('Dov'), await hub.join('Eve'), await hub.join('Fay'),
    await hub.join('Gil')];
  const links = [
    {link: 'turn', rttMs: 48}, {link: 'relayed', via: bo.selfId, rttMs: 92}, {link: 'server', rttMs: 240}, {link: 'connecting'},
    {link: 'lost', reason: 'No link: the other side did not answer'},
  ] as const;
  for (const [i, link] of links.entries()) own.see(others[i]!.selfId, link);
  own.see(bo.selfId, {away: true});
}

/** Opens what a visitor can open. */
async function open(element: MeshRoom): Promise<void> {
  if (!params.has('open')) return;
  const [status, roster] = [element.renderRoot.querySelector('mesh-status')!, element.renderRoot.querySelector('mesh-roster')!];
  await Promise.all([status.updateComplete, roster.updateComplete]);
  status.requestUpdate();
  await status.updateComplete;
  status.renderRoot.querySelector('summary')?.click();
  roster.renderRoot.querySelector<HTMLElement>('.head')?.click();
}

const STATES: Record<string, (stage: Stage) => Promise<unknown>> = {
  chat: talk,
  alone: ({show}) => show(),
  empty: async ({hub, show}) => {
    await hub.join('Ada');
    await show();
  },
  joining: async ({hub, show}) => {
    hub.gate = never;
    void show();
  },
  offline: async stage => {
    const own = await talk(stage);
    own.lose();
    stage.element.renderRoot.querySelector('mesh-chat')?.say('This one waits.').catch(() => undefined);
  },
  reconnecting: async stage => (await talk(stage)).lose('resuming'),
  failed: async ({hub, show}) => {
    hub.refusal = 'server-unreachable';
    await show();
  },
  'failed-later': async stage => {
    await talk(stage);
    stage.hub.refusal = 'denied';
    await stage.element.rejoin().catch(() => undefined);
  },
  'bad-url': async ({hub, show}) => {
    hub.refusal = 'bad-url';
    await show();
  },
  'no-webrtc': async ({hub, show}) => {
    hub.refusal = 'no-webrtc';
    await show();
  },
  'no-room': async ({element}) => {
    element.room = '';
    document.querySelector('main, body')?.append(element);
  },
  left: async stage => {
    await talk(stage);
    await stage.element.leave();
  },
  undelivered: async stage => {
    const own = await talk(stage);
    const chat = stage.element.renderRoot.querySelector('mesh-chat');
    const [ada, grace] = own.state.peers;
    own.see(grace!.id, {link: 'lost', reason: 'no answer to 5 offers'});
    own.unreachable = [grace!.id];
    await chat?.say('Not everybody gets this.');
    own.unreachable = [ada!.id, grace!.id];
    await chat?.say('And nobody gets this one.').catch(() => undefined);
  },
  'many-people': async ({hub, show}) => {
    const own = await show();
    const names = ['Ada Lovelace', 'Grace Hopper', '', '山田 太郎', 'محمد علي', 'José Ñandú', 'x'.repeat(300), '👩‍🚀 Sally', 'Linus', 'Margaret Hamilton'];
    for (const name of [...names, ...names]) {
      const peer = await hub.join(name);
      if (!name) own.see(peer.selfId, {link: 'connecting'});
      if (name === 'Linus') own.see(peer.selfId, {link: 'lost'});
    }
    await (await hub.join('Tim')).leave();
    await (await hub.join('Vint')).say('So many people here.');
  },
  rungs: async stage => {
    const own = await talk(stage);
    await rungs(stage.hub, own);
    await open(stage.element);
  },
  relayed: async stage => {
    const own = await talk(stage);
    const [ada, grace] = own.state.peers;
    own.see(ada!.id, {link: 'relayed', via: grace!.id, rttMs: 92});
    own.relaying = {routes: 2, bytes: 1_250_000};
    await open(stage.element);
  },
  lost: async stage => {
    const own = await talk(stage);
    own.see(own.state.peers[0]!.id, {link: 'lost', reason: 'No link: the other side did not answer'});
  },
  'nobody-reached': async stage => {
    const own = await talk(stage);
    for (const {id} of own.state.peers) own.see(id, {link: 'lost', reason: 'No link: the other side did not answer'});
  },
  'through-server': async stage => {
    const own = await talk(stage);
    for (const {id} of own.state.peers) own.see(id, {link: 'server', rttMs: 240});
  },
  crowd: async ({hub, show, element}) => {
    const own = await show();
    const given = ['Ada', 'Bo', 'Cem', 'Dagny', 'Emeka', 'Fatima', 'Grace', 'Hiro', 'Inés', 'Jun'];
    const family = ['Lovelace', 'Nguyễn', 'Okafor', 'Sørensen', 'Álvarez', 'van der Berg', 'Yamada', 'Zhou', 'Haddad', 'Kowalska', ''];
    await hub.crowd(Array.from({length: 200}, (_, i) => `${given[i % 10]} ${family[i % 11]}`.trim()));
    await rungs(hub, own);
    await open(element);
  },
  long: async ({hub, show, element}) => {
    await show();
    const ada = await hub.join('Ada');
    const bo = await hub.join('Bo');
    for (let i = 0; i < 200; i++) await (i % 3 ? ada : bo).say(`Message ${i}: the quick brown fox jumps over the lazy dog.`);
    await next();
    await element.renderRoot.querySelector('mesh-chat')?.updateComplete;
    element.renderRoot.querySelector('mesh-chat')?.renderRoot.querySelector('.log')?.scrollBy(0, -400);
    await next();
    await next();
    for (let i = 0; i < 3; i++) await bo.say('Are you still there?');
  },
  dim: talk,
};

async function stage(name: string, play: (stage: Stage) => Promise<unknown>): Promise<void> {
  const section = document.createElement('section');
  const title = document.createElement('h2');
  title.textContent = name;
  section.append(title);
  if (name === 'dim') section.className = 'dim';
  const hub = new FakeHub();
  const element = Object.assign(document.createElement('mesh-room'), {room: 'lobby', name: 'Me', engine: hub.engine});
  document.body.append(section);
  await play({
    hub, element,
    async show() {
      const settled = new Promise(resolve => element.addEventListener('mesh-status-change', ({state}) => state.status !== 'joining' && resolve(0)));
      section.append(element);
      await settled;
      return hub.last;
    },
  });
  if (!element.isConnected || element.parentElement === document.body) section.append(element);
}

const only = params.get('only');
if (only) document.body.className = 'only';
if (params.has('rtl')) document.documentElement.dir = 'rtl';
await Promise.all(Object.entries(STATES).filter(([name]) => !only || name === only).map(([name, play]) => stage(name, play)));
document.documentElement.dataset.ready = '';
