import {assert} from 'chai';
import {html} from 'lit';
import {FakeHub} from '../../room/fake-room.js';
import {accessible, cleanUp, drawn, frame, place, scene, shown, status} from '../testing/fixture.js';

describe('<mesh-status>', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });
  afterEach(() => cleanUp(hub));

  it('is a dot and a word while all is well', async () => {
    const {status: element} = await scene(hub);
    assert.equal(shown(element), 'Connected');
    await accessible(element);
  });

  it('says that messages wait while there is no connection, and that it is back', async () => {
    const {status: element, session} = await scene(hub);
    session.lose('offline');
    await frame();
    assert.equal(shown(element), 'Offline Messages wait until the connection is back.');
    await accessible(element);
    session.lose('resuming');
    await frame();
    assert.match(shown(element), /^Reconnecting…/);
    session.resume();
    await frame();
    assert.equal(shown(element), 'Connected');
  });

  it('offers to try again, and gives the owner the code', async () => {
    hub.refusal = 'server-unreachable';
    const box = place(html`<mesh-room history="off" room="lobby" .engine=${hub.engine}><p></p><mesh-status></mesh-status></mesh-room>`);
    const [room, element] = [box.querySelector('mesh-room')!, box.querySelector('mesh-status')!];
    await status(room, 'failed');
    await drawn(element);
    assert.match(shown(element), /Could not join.*Try again.*server-unreachable: /);
    await accessible(element);
    hub.refusal = undefined;
    element.renderRoot.querySelector('button')!.click();
    await status(room, 'joined');
  });

  it('tells the owner of a page without a room what is missing', async () => {
    const box = place(html`<mesh-status></mesh-status>`);
    const element = box.querySelector('mesh-status')!;
    await drawn(element);
    assert.match(shown(element), /No room.*room="lobby"/);
    await accessible(element);
  });

  it('gives the owner the reason why somebody cannot be reached', async () => {
    const {status: element, session} = await scene(hub);
    const ada = await hub.join('Ada');
    session.see(ada.selfId, {link: 'lost', reason: 'no answer to 5 offers'});
    await frame();
    assert.include(shown(element), `You and Ada (${ada.selfId}): lost. no answer to 5 offers`);
    await accessible(element);
  });

  it('tells the visitor what to do when somebody cannot be reached, also beside a chat', async () => {
    const {status: element, session} = await scene(hub);
    const ada = await hub.join('Ada');
    await hub.join('Bo');
    session.see(ada.selfId, {link: 'lost'});
    await frame();
    assert.match(shown(element), /^Connected 1 person cannot be reached\. Try another network, or ask the site’s owner\. Details/);
    assert.isTrue(element.renderRoot.querySelector('.hint')!.checkVisibility());
    assert.isAbove(element.renderRoot.querySelector<HTMLElement>('.hint')!.offsetHeight, 0);
    await accessible(element);
    session.see(ada.selfId, {link: 'direct'});
    await frame();
    assert.equal(shown(element), 'Connected');
  });

  it('keeps ways around to the owner\'s details', async () => {
    const {status: element, session} = await scene(hub);
    const [ada, bo] = [await hub.join('Ada'), await hub.join('Bo')];
    session.see(ada.selfId, {link: 'relayed', via: bo.selfId});
    await frame();
    const details = element.renderRoot.querySelector('details')!;
    assert.equal(shown(element.renderRoot.querySelector('[role=status]')!), 'Connected');
    assert.isFalse(details.open);
    details.open = true;
    assert.equal(shown(details), 'Details These two need a TURN server: see "TURN" in docs/server.md. '
      + `You and Ada (${ada.selfId}): relayed through Bo (${bo.selfId})`);
    await accessible(element);
  });

  it('says what this device carries for others, as it comes to be, and lets the visitor decline', async () => {
    const {status: element, session, room} = await scene(hub);
    const changed = (): Promise<void> => new Promise(resolve => {
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe(element.renderRoot, {subtree: true, childList: true, characterData: true});
    });
    const appeared = changed();
    session.relaying = {routes: 2, bytes: 1_250_000};
    await appeared;
    const details = element.renderRoot.querySelector('details')!;
    details.open = true;
    assert.match(shown(details), /Carries 2 conversations for others, 1\.2 MB so far\. Stop carrying$/);
    await accessible(element);
    details.querySelector('button')!.click();
    await frame();
    assert.isFalse(room.relay);
    assert.isFalse(session.relay);
    assert.match(shown(details), /Carry again$/);
    details.querySelector('button')!.click();
    await frame();
    assert.isTrue(session.relay);
  });

  it('scrolls long details, by keyboard too, and leaves room for the chat', async () => {
    const {status: element, session, room, chat} = await scene(hub);
    room.style.width = '280px';
    await hub.crowd(Array.from({length: 20}, (_, i) => `Person ${i}`));
    for (const {id} of session.state.peers) session.see(id, {link: 'server'});
    await frame();
    const details = element.renderRoot.querySelector('details')!;
    details.open = true;
    await frame();
    await frame();
    const box = details.querySelector<HTMLElement>('.more')!;
    assert.isAbove(box.scrollHeight, box.clientHeight);
    assert.equal(box.tabIndex, 0);
    assert.isAbove(chat.offsetHeight, 100);
    await accessible(element);
  });

  it('lets the page answer for the room when a visitor declines', async () => {
    const {status: element, session, room, box} = await scene(hub);
    session.relaying = {routes: 1, bytes: 10};
    await hub.join('Ada');
    await frame();
    let asked: boolean | undefined;
    element.addEventListener('mesh-relay-request', event => {
      asked = event.relay;
      event.respondWith(Promise.resolve());
    });
    box.querySelector('mesh-status')!.renderRoot.querySelector<HTMLElement>('details button')!.click();
    await frame();
    assert.isFalse(asked);
    assert.equal(room.relay, '', 'the page has taken it');
  });

  it('finds the room that `for` names, also one that comes later or is replaced', async () => {
    const box = place(html`<mesh-status for="there"></mesh-status>`);
    const element = box.querySelector('mesh-status')!;
    await drawn(element);
    assert.match(shown(element), /No room/);
    const add = async () => {
      const room = Object.assign(document.createElement('mesh-room'), {room: 'lobby', engine: hub.engine});
      box.append(room);
      await status(room, 'joined');
      room.id = 'there';
      await drawn(element);
      return room;
    };
    const room = await add();
    assert.equal(shown(element), 'Connected');
    room.remove();
    await drawn(element);
    assert.match(shown(element), /No room/);
    await add();
    assert.equal(shown(element), 'Connected');
  });
});
