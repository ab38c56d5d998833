import {assert} from 'chai';
import {html} from 'lit';
import {FakeHub} from '../../room/fake-room.js';
import {accessible, cleanUp, drawn, frame, once, place, scene, shown, status} from '../testing/fixture.js';
import {MeshRoom} from './mesh-room.js';

const withRoom = (hub: FakeHub, room = 'lobby') => {
  const box = place(html`<mesh-room history="off" room=${room} name="Me" .engine=${hub.engine}></mesh-room>`);
  return {box, room: box.querySelector('mesh-room')!};
};

describe('<mesh-room>', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });
  afterEach(() => cleanUp(hub));

  it('shows status, people and chat when it has no children', async () => {
    const {room} = withRoom(hub);
    await status(room, 'joined');
    await drawn(room);
    const tags = ['mesh-status', 'mesh-roster', 'mesh-chat'] as const;
    const parts = tags.map(tag => room.renderRoot.querySelector(tag)!);
    await drawn(...parts);
    assert.match(shown(parts[0]!), /Connected/);
    assert.match(shown(parts[1]!), /1 person.*Me you/);
    assert.match(shown(parts[2]!), /Nobody else is here yet/);
    await accessible(room);
  });

  it('tells its state, frozen, and every change of it', async () => {
    const {room} = withRoom(hub);
    const seen: string[] = [];
    room.addEventListener('mesh-status-change', ({state}) => seen.push(state.status));
    await status(room, 'joined');
    const ada = hub.join('Ada');
    const change = await once(room, 'mesh-peers-change');
    await ada;
    assert.deepEqual(seen, ['joining', 'joined']);
    assert.deepEqual(change.state.peers.map(({name}) => name), ['Ada']);
    assert.equal(room.selfId, hub.last.selfId);
    assert.isFrozen(room.state);
  });

  it('sends and receives data', async () => {
    const {room} = withRoom(hub);
    await status(room, 'joined');
    const ada = await hub.join('Ada');
    const got = new Promise(resolve => ada.addEventListener('message', ({from, channel, data}) => resolve([from, channel, data])));
    await room.send({x: 1}, {channel: 'cursor'});
    assert.deepEqual(await got, [room.selfId, 'cursor', {x: 1}]);
    const message = once(room, 'mesh-message');
    await ada.send('hello', {channel: 'c'});
    const {from, channel, data} = await message;
    assert.deepEqual([from, channel, data], [ada.selfId, 'c', 'hello']);
  });

  it('rejects what is sent while it is in no room', async () => {
    const {room} = withRoom(hub, '');
    const error = await room.send('x').catch((thrown: unknown) => thrown);
    assert.propertyVal(error, 'code', 'not-joined');
  });

  it('stays in the room when it is moved, and leaves when it is removed', async () => {
    const {box, room} = withRoom(hub);
    await status(room, 'joined');
    const session = hub.last;
    const other = document.createElement('div');
    box.append(other);
    other.append(room);
    await frame();
    assert.equal(session.state.status, 'joined');
    assert.lengthOf(hub.sessions, 1);
    room.remove();
    await frame();
    assert.equal(session.state.status, 'idle');
    assert.equal(room.state.status, 'idle');
    box.append(room);
    await status(room, 'joined');
    assert.lengthOf(hub.sessions, 2);
  });

  it('leaves one room and joins the other when `room` changes', async () => {
    const {room} = withRoom(hub);
    await status(room, 'joined');
    const first = hub.last;
    room.room = 'kitchen';
    await frame();
    assert.equal(first.state.status, 'idle');
    assert.deepInclude(room.state, {room: 'kitchen', status: 'joined'});
    room.removeAttribute('room');
    await frame();
    assert.deepInclude(room.state, {room: '', status: 'idle'});
  });

  it('ends in the last of several rooms that are named in quick succession', async () => {
    let open = () => {};
    hub.gate = new Promise(resolve => {
      open = resolve;
    });
    const {room} = withRoom(hub, 'a');
    await frame();
    room.room = 'b';
    await frame();
    room.room = 'c';
    await frame();
    open();
    await status(room, 'joined');
    assert.equal(room.state.room, 'c');
    assert.deepEqual(hub.sessions.filter(session => session.state.status === 'joined').map(session => session.options.room), ['c']);
  });

  it('leaves and comes back when it is told to', async () => {
    const {room} = withRoom(hub);
    await status(room, 'joined');
    await room.leave();
    assert.equal(room.state.status, 'idle');
    room.name = 'Somebody else';
    await frame();
    assert.equal(room.state.status, 'idle', 'a new name is no wish to be back');
    await room.rejoin();
    assert.equal(room.state.status, 'joined');
    assert.equal(hub.last.options.name, 'Somebody else');
  });

  it('tells others a new name without leaving', async () => {
    const {room} = withRoom(hub);
    await status(room, 'joined');
    const ada = await hub.join('Ada');
    room.name = 'Grace';
    await frame();
    assert.deepEqual(ada.state.peers.map(({name}) => name), ['Grace']);
    assert.lengthOf(hub.sessions, 1);
  });

  it('carries for others unless it is told not to, at any time', async () => {
    const box = place(html`<mesh-room history="off" room="lobby" relay="off" .engine=${hub.engine}></mesh-room>`);
    const room = box.querySelector('mesh-room')!;
    await status(room, 'joined');
    assert.equal(hub.last.options.relay, 'off');
    assert.equal(hub.last.relay, 'off');
    room.removeAttribute('relay');
    await frame();
    assert.equal(hub.last.relay, '');
    room.relay = false;
    await frame();
    assert.equal(hub.last.relay, false);
    assert.lengthOf(hub.sessions, 1, 'it has stayed in the room');
  });

  it('tells how much it carries for others', async () => {
    const {room} = withRoom(hub);
    assert.deepEqual(room.relaying, {routes: 0, bytes: 0});
    await status(room, 'joined');
    hub.last.relaying = {routes: 2, bytes: 1_000};
    assert.deepEqual(room.relaying, {routes: 2, bytes: 1_000});
    await room.leave();
    assert.deepEqual(room.relaying, {routes: 0, bytes: 0});
  });

  it('shows no more than 64 characters of a name, whole ones', async () => {
    const {room} = withRoom(hub);
    room.name = '👩‍🚀'.repeat(300);
    await status(room, 'joined');
    assert.equal(hub.last.name, `${'👩‍🚀'.repeat(63)}…`);
  });

  for (const code of ['bad-url', 'server-unreachable', 'not-deepstream', 'denied', 'no-webrtc', 'insecure-context', 'bad-room'] as const) {
    it(`says what ${code} means, to the visitor and to the developer`, async () => {
      hub.refusal = code;
      const box = place(html`<mesh-room room="lobby"></mesh-room>`);
      const room = box.querySelector('mesh-room')!;
      const failure = once(room, 'mesh-error');
      room.engine = hub.engine;
      assert.equal((await failure).error.code, code);
      assert.equal(room.state.status, 'failed');
      assert.equal(room.state.error?.code, code);
      const chat = room.renderRoot.querySelector('mesh-chat')!;
      await drawn(chat);
      assert.notMatch(shown(chat), /peer|mesh|signal|ICE|undefined/);
      await accessible(room);
    });
  }

  it('tells one error once, and joins when asked again', async () => {
    hub.refusal = 'server-unreachable';
    const {room} = withRoom(hub);
    const errors: string[] = [];
    room.addEventListener('mesh-error', ({error}) => errors.push(error.code));
    await status(room, 'failed');
    await frame();
    assert.deepEqual(errors, ['server-unreachable']);
    hub.refusal = undefined;
    const chat = room.renderRoot.querySelector('mesh-chat')!;
    await drawn(chat);
    [...chat.renderRoot.querySelectorAll('button')].find(button => button.textContent === 'Try again')!.click();
    await status(room, 'joined');
  });

  it('tries again when the machine is back online', async () => {
    hub.refusal = 'server-unreachable';
    const {room} = withRoom(hub);
    await status(room, 'failed');
    hub.refusal = undefined;
    window.dispatchEvent(new Event('online'));
    await status(room, 'joined');
  });

  it('fails with words when the engine cannot be loaded, and loads it again', async () => {
    const box = place(html`<mesh-room history="off" room="lobby" .engine=${async () => Promise.reject(new TypeError('Failed to fetch'))}></mesh-room>`);
    const room = box.querySelector('mesh-room')!;
    await status(room, 'failed');
    assert.equal(room.state.error?.code, 'server-unreachable');
    room.engine = hub.engine;
    await room.rejoin();
    assert.equal(room.state.status, 'joined');
  });

  it('keeps two rooms on one page apart', async () => {
    const first = await scene(hub);
    const box = place(html`<mesh-room history="off" room="kitchen" .engine=${hub.engine}><mesh-chat></mesh-chat></mesh-room>`);
    const [kitchen, chat] = [box.querySelector('mesh-room')!, box.querySelector('mesh-chat')!];
    await status(kitchen, 'joined');
    await first.chat.say('only in the lobby');
    await drawn(first.chat, chat);
    assert.lengthOf(first.chat.messages, 1);
    assert.lengthOf(chat.messages, 0);
  });

  it('takes properties that were set before it was defined', async () => {
    // As a framework does that renders before the script has come.
    const tag = 'late-room';
    const element = document.createElement(tag);
    const iceServers = [{urls: 'stun:stun.example'}];
    Object.assign(element, {room: 'lobby', engine: hub.engine, iceServers});
    place(html`${element}`);
    class LateRoom extends MeshRoom {}
    customElements.define(tag, LateRoom);
    assert.instanceOf(element, LateRoom);
    await status(element, 'joined');
    const {iceServers: given} = hub.last.options;
    assert.deepEqual(typeof given === 'function' ? await given() : given, iceServers);
  });

  it('takes any characters in a room\'s name', async () => {
    const name = '日本 & <b>"x"</b> ../#?%00 👩‍🚀';
    const {room} = withRoom(hub, name);
    await status(room, 'joined');
    assert.equal(hub.last.options.room, name);
  });

  it('fills whatever box a page gives it, and has a height of its own when it gives none', async () => {
    const cases: [string, number][] = [['', 480], ['display: block; height: 300px', 300], ['display: flex; height: 300px', 300],
      ['display: grid; height: 700px', 700], ['max-height: 320px', 320], ['flex: 1; height: auto; min-height: 0', 640]];
    for (const [css, height] of cases) {
      const box = place(html`<div style="display: flex; flex-direction: column; height: 640px; width: 500px"
        ><mesh-room history="off" room="lobby" style=${`${css}; flex-shrink: 0`} .engine=${hub.engine}><mesh-status></mesh-status><mesh-chat></mesh-chat></mesh-room></div>`);
      const [room, chat] = [box.querySelector('mesh-room')!, box.querySelector('mesh-chat')!];
      await status(room, 'joined');
      await drawn(room, chat);
      assert.equal(room.offsetHeight, height, css);
      const composer = chat.renderRoot.querySelector('form')!.getBoundingClientRect();
      assert.closeTo(composer.bottom, room.getBoundingClientRect().bottom, 3, css);
      assert.isAbove(chat.renderRoot.querySelector('.log')!.clientHeight, 100, css);
    }
  });

  it('leaves a page\'s own layout alone', async () => {
    const box = place(html`<mesh-room><article>Mine</article></mesh-room>`);
    const room = box.querySelector('mesh-room')!;
    await drawn(room);
    assert.equal(getComputedStyle(room.renderRoot.querySelector('.frame')!).borderTopWidth, '0px');
    assert.equal(room.offsetHeight, box.querySelector('article')!.offsetHeight);
  });
});
