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
    assert.include(shown(element), `${ada.selfId}: no answer to 5 offers`);
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
