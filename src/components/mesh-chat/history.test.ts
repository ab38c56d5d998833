import {assert} from 'chai';
import {html} from 'lit';
import {CHAT_CHANNEL, RECEIPT_CHANNEL} from '../../room/chat.js';
import {FakeHub} from '../../room/fake-room.js';
import {accessible, cleanUp, drawn, frame, place, scene, shown, status} from '../testing/fixture.js';
import type {MeshChat} from './mesh-chat.js';

const find = <E extends Element = HTMLElement>(chat: MeshChat, selector: string): E | null => chat.renderRoot.querySelector<E>(selector);
const mark = (chat: MeshChat) => find(chat, '.mark')?.textContent.trim();

/** Resolves once `check` holds; the browser's database takes its time. */
async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await frame();
}

describe('<mesh-chat>: what becomes of messages', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });
  afterEach(() => cleanUp(hub));

  /** A visit to `room`, on a device that keeps its messages. */
  async function visit(room: string): Promise<MeshChat> {
    const box = place(html`<mesh-room room=${room} name="Me" .engine=${hub.engine} style="width: 360px; height: 480px"><mesh-chat></mesh-chat></mesh-room>`);
    await status(box.querySelector('mesh-room')!, 'joined');
    const chat = box.querySelector('mesh-chat')!;
    await drawn(chat);
    return chat;
  }

  it('tells how many have a message, in a mark and in words', async () => {
    const {chat, session} = await scene(hub);
    await chat.say('to nobody');
    await frame();
    assert.isNull(find(chat, '.mark'));
    const [ada, bo] = [await hub.join('Ada'), await hub.join('Bo')];
    await chat.say('to both');
    await frame();
    assert.equal(mark(chat), 'Sent');
    const {id} = chat.messages.at(-1)!;
    session.receive(ada.selfId, {got: [id]}, RECEIPT_CHANNEL);
    await frame();
    assert.equal(mark(chat), 'Delivered to 1 of 2');
    await accessible(chat);
    session.receive(bo.selfId, {got: [id]}, RECEIPT_CHANNEL);
    await frame();
    assert.equal(mark(chat), 'Delivered to all 2');
    assert.lengthOf(chat.messages.at(-1)!.deliveredTo, 2);
  });

  it('names whom a message waits for', async () => {
    const {chat, session} = await scene(hub);
    const ada = await hub.join('Ada');
    await hub.join('Bo');
    session.see(ada.selfId, {link: 'lost'});
    await chat.say('hello');
    await frame();
    assert.match(shown(chat), /hello.*Waiting for Ada/);
    await accessible(chat);
    session.see(ada.selfId, {link: 'direct'});
    await frame();
    assert.notMatch(shown(chat), /Waiting/);
  });

  it('tells no page of receipts', async () => {
    const {room, session} = await scene(hub);
    const ada = await hub.join('Ada');
    const heard: string[] = [];
    room.addEventListener('mesh-message', ({channel}) => heard.push(channel));
    session.receive(ada.selfId, {got: ['x']}, RECEIPT_CHANNEL);
    session.receive(ada.selfId, {text: 'x'}, 'chat');
    assert.deepEqual(heard, ['chat']);
  });

  it('reads a long history as the reader goes back in it', async () => {
    const room = `long ${Date.now()}`;
    const first = await visit(room);
    const ada = await hub.join('Ada');
    for (let i = 0; i < 2_300; i++) hub.sessions[0]!.receive(ada.selfId, {text: `message ${i}`, id: `${i}`}, CHAT_CHANNEL);
    await drawn(first);
    // Sent once it is kept, as all before it are then.
    await first.say('mine');
    await cleanUp(hub);
    const chat = await visit(room);
    await eventually(() => chat.messages.length > 0);
    assert.isBelow(chat.messages.length, 2_301);
    await drawn(chat);
    const log = find(chat, '.log')!;
    while (!find(chat, '.kept')) {
      log.scrollTop = 0;
      await frame();
    }
    assert.deepEqual(chat.messages.filter(({own}) => !own).map(({text}) => text), Array.from({length: 2_300}, (_, i) => `message ${i}`));
    await chat.forget();
  });

  it('shows a former visit above a line, and forgets it when asked twice', async () => {
    const room = `visited ${Date.now()}`;
    const first = await visit(room);
    await first.say('before');
    await cleanUp(hub);
    const chat = await visit(room);
    await eventually(() => chat.messages.length === 1);
    await chat.say('now');
    await drawn(chat);
    assert.match(shown(chat), /Messages are kept on this device\. Forget this room.*before.*Earlier.*now/);
    await accessible(chat);
    const press = async (answer: string) => {
      find(chat, `[data-forget=${answer}]`)!.click();
      await drawn(chat);
    };
    await press('ask');
    assert.match(shown(chat), /Remove all messages of this room from this device\?/);
    assert.equal((chat.renderRoot as ShadowRoot).activeElement, find(chat, '[data-forget=no]'));
    await accessible(chat);
    await press('no');
    assert.equal((chat.renderRoot as ShadowRoot).activeElement, find(chat, '[data-forget=ask]'));
    assert.lengthOf(chat.messages, 2);
    await press('ask');
    await press('yes');
    assert.lengthOf(chat.messages, 0);
    await chat.forget();
    await cleanUp(hub);
    const again = await visit(room);
    await again.say('anew');
    await drawn(again);
    assert.deepEqual(again.messages.map(({text}) => text), ['anew']);
    await again.forget();
  });
});
