import {assert} from 'chai';
import {html} from 'lit';
import {FakeHub} from '../../room/fake-room.js';
import {MAX_TEXT} from '../../room/chat.js';
import {accessible, cleanUp, drawn, frame, once, place, scene, shown, status, type Scene} from '../testing/fixture.js';
import type {MeshChat} from './mesh-chat.js';

const find = <E extends Element = HTMLElement>(chat: MeshChat, selector: string): E => chat.renderRoot.querySelector<E>(selector)!;
const bubbles = (chat: MeshChat) => [...chat.renderRoot.querySelectorAll('.bubble')].map(bubble => bubble.textContent.trim());
const input = (chat: MeshChat) => find<HTMLTextAreaElement>(chat, 'textarea');
const fromEnd = ({scrollHeight, scrollTop, clientHeight}: Element) => Math.round(scrollHeight - scrollTop - clientHeight);

function type(chat: MeshChat, text: string): void {
  input(chat).value = text;
  input(chat).dispatchEvent(new InputEvent('input', {bubbles: true}));
}

function press(target: HTMLElement, key: string, init: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true, composed: true, ...init});
  target.dispatchEvent(event);
  return event;
}

/** Scrolls as a reader does, and waits until the chat knows. */
async function scroll(log: HTMLElement, by: number): Promise<void> {
  const moved = new Promise(resolve => log.addEventListener('scroll', resolve, {once: true}));
  log.scrollBy(0, by);
  await moved;
  await frame();
}

describe('<mesh-chat>', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });
  afterEach(() => cleanUp(hub));

  /** A chat with so many messages that it scrolls. */
  async function lively(): Promise<Scene & {log: HTMLElement; ada: Awaited<ReturnType<FakeHub['join']>>}> {
    const made = await scene(hub);
    const ada = await hub.join('Ada');
    for (let i = 0; i < 40; i++) await ada.say(`message ${i}`);
    await drawn(made.chat);
    return {...made, ada, log: find(made.chat, '.log')};
  }

  it('shows what is said, by whom, and tells of it', async () => {
    const {chat, session} = await scene(hub);
    const ada = await hub.join('Ada');
    const event = once(chat, 'mesh-chat-message');
    await ada.say('Hello\nthere');
    const {message} = await event;
    assert.deepInclude(message, {from: ada.selfId, name: 'Ada', text: 'Hello\nthere', own: false, status: 'sent'});
    assert.deepEqual(bubbles(chat), ['Hello\nthere']);
    assert.equal(find(chat, '.author').textContent, 'Ada');
    await chat.say('Hi!');
    await frame();
    assert.deepEqual(bubbles(chat), ['Hello\nthere', 'Hi!']);
    assert.deepEqual(chat.messages.map(({own, text, from}) => [own, text, from]), [[false, 'Hello\nthere', ada.selfId], [true, 'Hi!', session.selfId]]);
    assert.isFrozen(chat.messages);
    await accessible(chat);
  });

  it('shows markup as text', async () => {
    const {chat} = await scene(hub);
    const ada = await hub.join('<b>Ada</b>');
    const text = '<img src=x onerror=alert(1)><script>alert(1)</script>&lt;';
    await ada.say(text);
    await ada.say('javascript:alert(1) https://a.example/"onmouseover="alert(1)');
    await frame();
    assert.equal(bubbles(chat)[0], text);
    assert.isNull(chat.renderRoot.querySelector('img, script, b, [onmouseover]'));
    assert.equal(find(chat, '.author').textContent, '<b>Ada</b>');
    assert.deepEqual([...chat.renderRoot.querySelectorAll('a')].map(({href, rel, target}) => [href, rel, target]),
      [['https://a.example/', 'noopener noreferrer nofollow', '_blank']]);
  });

  it('puts one person\'s messages together, and shows code, emoji and other scripts', async () => {
    const {chat} = await scene(hub);
    const ada = await hub.join('Ada');
    for (const text of ['one', '`two`', '```\nthree\n```', '👍', 'שלום']) await ada.say(text);
    await frame();
    assert.lengthOf([...chat.renderRoot.querySelectorAll('.author')], 1);
    assert.equal(find(chat, 'pre').textContent, 'three');
    assert.equal(find(chat, '.emoji').textContent.trim(), '👍');
    assert.equal(getComputedStyle([...chat.renderRoot.querySelectorAll('.bubble')].at(-1)!).direction, 'rtl');
    await accessible(chat);
  });

  it('sends with Enter, breaks the line with Shift+Enter, and leaves Enter to an input method', async () => {
    const {chat} = await scene(hub);
    type(chat, 'one');
    assert.isFalse(press(input(chat), 'Enter', {shiftKey: true}).defaultPrevented);
    assert.isFalse(press(input(chat), 'Enter', {isComposing: true}).defaultPrevented);
    assert.equal(input(chat).value, 'one');
    assert.isTrue(press(input(chat), 'Enter').defaultPrevented);
    await frame();
    assert.equal(input(chat).value, '');
    type(chat, 'two\nlines');
    find(chat, '.send').click();
    await frame();
    type(chat, '  \n ');
    press(input(chat), 'Enter');
    await frame();
    assert.deepEqual(chat.messages.map(({text}) => text), ['one', 'two\nlines']);
  });

  it('grows with what is written, up to a limit', async () => {
    const {chat} = await scene(hub);
    const one = input(chat).offsetHeight;
    type(chat, 'a\nb\nc');
    await frame();
    const three = input(chat).offsetHeight;
    assert.isAbove(three, one);
    type(chat, 'x\n'.repeat(200));
    await frame();
    assert.isBelow(input(chat).offsetHeight, 240);
    type(chat, '');
    await frame();
    assert.equal(input(chat).offsetHeight, one);
  });

  it('keeps a text that is too long, and says so', async () => {
    const {chat} = await scene(hub);
    const text = 'x'.repeat(MAX_TEXT + 1);
    type(chat, text);
    press(input(chat), 'Enter');
    await frame();
    assert.equal(input(chat).value, text);
    assert.match(find(chat, '.problem').textContent, /8.001 characters: a message has at most 8.000/);
    assert.lengthOf(chat.messages, 0);
    await accessible(chat);
    type(chat, 'short');
    await frame();
    assert.isTrue(find(chat, '.problem').hidden);
  });

  it('lets messages wait while there is no connection, and sends them after', async () => {
    const {chat, session} = await scene(hub);
    const ada = await hub.join('Ada');
    await ada.say('hello');
    session.lose();
    type(chat, 'first');
    press(input(chat), 'Enter');
    type(chat, 'second');
    press(input(chat), 'Enter');
    await frame();
    assert.match(shown(chat), /first.*Waiting to be sent.*second.*Waiting to be sent.*Offline · Messages wait/);
    await accessible(chat);
    session.resume();
    await frame();
    assert.notMatch(shown(chat), /Waiting|Offline/);
    assert.deepEqual(session.sent.map(({data}) => (data as {text: string}).text), ['first', 'second']);
  });

  it('lets what is written before the room is joined wait for it', async () => {
    let open = () => {};
    hub.gate = new Promise(resolve => {
      open = resolve;
    });
    const box = place(html`<mesh-room history="off" room="lobby" .engine=${hub.engine}><mesh-chat></mesh-chat></mesh-room>`);
    const chat = box.querySelector('mesh-chat')!;
    await drawn(chat);
    assert.match(shown(chat), /Joining…/);
    await accessible(chat);
    type(chat, 'early');
    press(input(chat), 'Enter');
    await frame();
    assert.match(shown(chat), /early.*Waiting to be sent/);
    open();
    await status(box.querySelector('mesh-room')!, 'joined');
    await frame();
    assert.equal(chat.messages[0]!.status, 'sent');
  });

  it('says what was not delivered, why, and tries again', async () => {
    const {chat, session} = await scene(hub);
    const ada = await hub.join('Ada');
    session.unreachable = [ada.selfId];
    type(chat, 'hello');
    press(input(chat), 'Enter');
    await frame();
    assert.match(shown(chat), /hello.*Nobody got this\. Try again/);
    await accessible(chat);
    await hub.join('Bo');
    find(chat, '[data-retry]').click();
    await frame();
    assert.match(shown(chat), /hello.*1 person did not get this\. Try again/);
    session.unreachable = [];
    find(chat, '[data-retry]').click();
    await frame();
    assert.notMatch(shown(chat), /Try again/);
    const got: string[] = [];
    ada.addEventListener('message', ({data}) => got.push((data as {text: string}).text));
    await frame();
    assert.equal(chat.messages.at(-1)!.status, 'sent');
  });

  it('says who came and went, in one line however many', async () => {
    const {chat} = await scene(hub);
    for (const name of ['Ada', 'Bo', 'Cy', 'Di', 'Ed']) await hub.join(name);
    await frame();
    assert.equal(find(chat, 'summary').textContent, 'Ada, Bo and 3 others joined');
    find(chat, 'summary').click();
    await frame();
    assert.match(shown(chat), /Ada joined \d.*Ed joined/);
    await accessible(chat);
  });

  it('stays at the newest message, also when its size changes', async () => {
    const {chat, room, log} = await lively();
    assert.equal(fromEnd(log), 0);
    const resized = new Promise(resolve => new ResizeObserver((_, observer) => {
      if (log.clientHeight > 300) return;
      observer.disconnect();
      resolve(0);
    }).observe(log));
    room.style.height = '300px';
    await resized;
    await frame();
    assert.equal(fromEnd(log), 0);
    await chat.say('mine');
    await frame();
    assert.equal(fromEnd(log), 0);
  });

  it('keeps the reader\'s place, counts what is new, and goes there when asked', async () => {
    const {chat, log, ada} = await lively();
    await scroll(log, -300);
    const line = [...chat.renderRoot.querySelectorAll('.bubble')].find(bubble => bubble.getBoundingClientRect().top > log.getBoundingClientRect().top)!;
    const {top} = line.getBoundingClientRect();
    for (let i = 0; i < 3; i++) await ada.say(`new ${i}`);
    await frame();
    assert.equal(line.getBoundingClientRect().top, top);
    assert.equal(find(chat, '.jump').textContent.trim(), '3 new messages');
    await accessible(chat);
    find(chat, '.jump').click();
    await frame();
    assert.equal(fromEnd(log), 0);
    assert.isNull(find(chat, '.jump'));
  });

  it('lets the reader go up while messages keep coming', async () => {
    const {log, ada} = await lively();
    // A small step, and a message before the browser has told of it.
    log.scrollTop -= 12;
    await ada.say('meanwhile');
    await frame();
    assert.isAbove(fromEnd(log), 2);
  });

  it('goes to the newest message when one says something oneself', async () => {
    const {chat, log} = await lively();
    await scroll(log, -300);
    await chat.say('mine');
    await frame();
    assert.equal(fromEnd(log), 0);
  });

  it('pages through the log from the text field, and comes back with Escape', async () => {
    const {chat, log} = await lively();
    const moved = new Promise(resolve => log.addEventListener('scroll', resolve, {once: true}));
    assert.isTrue(press(input(chat), 'PageUp').defaultPrevented);
    await moved;
    await frame();
    assert.isAbove(fromEnd(log), 100);
    press(input(chat), 'Escape');
    await frame();
    assert.equal(fromEnd(log), 0);
    log.focus();
    press(log, 'Escape');
    assert.equal(chat.shadowRoot!.activeElement, input(chat));
  });

  it('reads new messages out, a few at a time, and none of one\'s own', async () => {
    const {chat} = await scene(hub);
    const ada = await hub.join('Ada');
    const region = find(chat, '.hidden[role=status]');
    await chat.say('mine');
    await ada.say('hello');
    await frame();
    assert.equal(region.textContent, 'Ada: hello');
    const changed = new Promise(resolve => new MutationObserver((_, observer) => {
      observer.disconnect();
      resolve(0);
    }).observe(region, {childList: true, characterData: true, subtree: true}));
    for (let i = 0; i < 10; i++) await ada.say(`more ${i}`);
    await changed;
    assert.equal(region.textContent, '10 new messages. Ada: more 9');
    assert.equal(find(chat, '.log').getAttribute('aria-live'), 'off');
  });

  it('draws the end of 20,000 messages at once, and the rest as the reader goes back', async () => {
    const {chat, session} = await scene(hub);
    for (let i = 0; i < 20_000; i++) session.receive(`user-${i % 7}`, {text: `message ${i} https://a.example/${i}`}, 'chat');
    const start = performance.now();
    await drawn(chat);
    const first = performance.now() - start;
    assert.lengthOf(chat.messages, 20_000);
    const log = find(chat, '.log');
    assert.isBelow(chat.renderRoot.querySelectorAll('.bubble').length, 200);
    assert.equal(fromEnd(log), 0);
    assert.isBelow(first, 1000);
    for (let shownBefore = 0, now = 1; now > shownBefore && now < 400;) {
      shownBefore = chat.renderRoot.querySelectorAll('.bubble').length;
      const line = chat.renderRoot.querySelector('.bubble')!;
      await scroll(log, -log.scrollTop + 1);
      await drawn(chat);
      now = chat.renderRoot.querySelectorAll('.bubble').length;
      assert.isTrue(line.isConnected);
      assert.isAbove(line.getBoundingClientRect().bottom, log.getBoundingClientRect().top - 40, 'what was at the top is still in sight');
    }
    assert.isAbove(chat.renderRoot.querySelectorAll('.bubble').length, 150);
  });

  it('draws no more than can be read while a flood comes, and all of it as the reader goes on', async () => {
    const {chat, session, log} = await lively();
    await scroll(log, -300);
    for (let i = 0; i < 600; i++) session.receive(`user-${i % 3}`, {text: `flood ${i}`}, 'chat');
    await drawn(chat);
    assert.isBelow(bubbles(chat).length, 300);
    assert.equal(find(chat, '.jump').textContent.trim(), '600 new messages');
    const seen = new Set<string>();
    while (chat.renderRoot.querySelector('.jump')) {
      await scroll(log, 600);
      await drawn(chat);
      for (const text of bubbles(chat)) seen.add(text);
    }
    assert.equal(bubbles(chat).at(-1), 'flood 599');
    assert.equal([...seen].filter(text => text.startsWith('flood')).length, 600);
  });

  it('keeps what is being written with the room that it is meant for', async () => {
    const {chat, room} = await scene(hub);
    type(chat, 'for the lobby');
    room.room = 'kitchen';
    await status(room, 'joining');
    await status(room, 'joined');
    await drawn(chat);
    assert.equal(input(chat).value, '');
    room.room = 'lobby';
    await status(room, 'joining');
    await drawn(chat);
    assert.equal(input(chat).value, 'for the lobby');
  });

  it('shows the chat again when one comes back to a room', async () => {
    const {chat, room} = await scene(hub);
    await chat.say('here');
    room.room = 'kitchen';
    await status(room, 'joining');
    await status(room, 'joined');
    await drawn(chat);
    assert.lengthOf(bubbles(chat), 0);
    room.room = 'lobby';
    await status(room, 'joining');
    await drawn(chat);
    assert.deepEqual(bubbles(chat), ['here']);
  });

  it('works outside of the room that it names', async () => {
    const box = place(html`<mesh-chat for="elsewhere"></mesh-chat><mesh-room history="off" id="elsewhere" room="lobby" .engine=${hub.engine}><p>Mine</p></mesh-room>`);
    const chat = box.querySelector('mesh-chat')!;
    await status(box.querySelector('mesh-room')!, 'joined');
    await chat.say('from afar');
    await drawn(chat);
    assert.deepEqual(bubbles(chat), ['from afar']);
  });

  it('says what is missing when there is no room, and rejects what is said', async () => {
    const box = place(html`<mesh-chat></mesh-chat>`);
    const chat = box.querySelector('mesh-chat')!;
    await drawn(chat);
    assert.match(shown(chat), /No room/);
    assert.isTrue(input(chat).disabled);
    const error = await chat.say('x').catch((thrown: unknown) => thrown);
    assert.propertyVal(error, 'code', 'not-joined');
    await accessible(chat);
  });

  it('lets a page stop a message, and keeps its text', async () => {
    const {chat, box} = await scene(hub);
    box.querySelector('mesh-room')!.addEventListener('mesh-say-request', event => {
      event.stopImmediatePropagation();
      event.respondWith(Promise.reject(new Error('not here')));
    }, {capture: true});
    type(chat, 'rude');
    press(input(chat), 'Enter');
    await frame();
    assert.equal(input(chat).value, 'rude');
    assert.match(find(chat, '.problem').textContent, /could not be sent/);
  });

  it('fits into 280 pixels', async () => {
    const {chat, room} = await scene(hub);
    room.style.width = '280px';
    const ada = await hub.join('Averyveryverylongnamethatdoesnotfit');
    await ada.say('x'.repeat(500));
    await ada.say(`https://a.example/${'path/'.repeat(60)}`);
    await frame();
    for (const element of [room, chat, find(chat, '.log'), find(chat, 'form')]) assert.isAtMost(element.scrollWidth, element.clientWidth + 2);
  });
});
