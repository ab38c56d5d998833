import {assert} from 'chai';
import {html} from 'lit';
import {FakeHub} from '../../room/fake-room.js';
import {accessible, cleanUp, drawn, frame, place, scene, shown, status} from '../testing/fixture.js';
import type {MeshRoster} from './mesh-roster.js';

const people = (roster: MeshRoster) => [...roster.renderRoot.querySelectorAll('li')].map(shown);

describe('<mesh-roster>', () => {
  let hub: FakeHub;
  beforeEach(() => {
    hub = new FakeHub();
  });
  afterEach(() => cleanUp(hub));

  it('lists everybody, oneself first', async () => {
    await hub.join('Ada Lovelace');
    const {roster} = await scene(hub);
    const grace = await hub.join('Grace');
    await frame();
    assert.deepEqual(people(roster), ['M Me you', 'AL Ada Lovelace', 'G Grace']);
    assert.match(shown(roster), /3 people/);
    await accessible(roster);
    await grace.leave();
    await frame();
    assert.deepEqual(people(roster), ['M Me you', 'AL Ada Lovelace']);
  });

  it('says of whom there is no connection, and nothing of how there is one', async () => {
    const {roster, session} = await scene(hub);
    const ada = await hub.join('Ada');
    for (const [link, words] of [['connecting', /Connecting/], ['lost', /Cannot be reached/], ['turn', /^A Ada$/], ['direct', /^A Ada$/]] as const) {
      session.see(ada.selfId, {link});
      await frame();
      assert.match(people(roster)[1]!, words);
      await accessible(roster);
    }
  });

  it('gives somebody without a name one that is always the same', async () => {
    const {roster} = await scene(hub);
    await hub.join('');
    await frame();
    assert.match(people(roster)[1]!, /^G\w Guest [0-9A-Z]{3}$/);
  });

  it('shows names as text, whatever they contain', async () => {
    const {roster} = await scene(hub);
    await hub.join('<img src=x onerror=alert(1)>');
    await hub.join(`x\u202Egnp.exe${'y'.repeat(300)}`);
    await frame();
    assert.include(people(roster)[1], '<img src=x onerror=alert(1)>');
    assert.isNull(roster.renderRoot.querySelector('img'));
    assert.isBelow(people(roster)[2]!.length, 70);
    assert.notInclude(people(roster)[2], '\u202e');
  });

  it('is a strip in a narrow room, which opens and closes', async () => {
    const {roster} = await scene(hub);
    await hub.join('Ada');
    await frame();
    const closed = roster.offsetHeight;
    const toggle = roster.renderRoot.querySelector('button')!;
    assert.isBelow(closed, 60);
    assert.equal(toggle.getAttribute('aria-expanded'), 'false');
    toggle.click();
    await frame();
    assert.isAbove(roster.offsetHeight, closed);
    assert.equal(toggle.getAttribute('aria-expanded'), 'true');
    await accessible(roster);
    toggle.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
    await frame();
    assert.equal(roster.offsetHeight, closed);
  });

  it('says that there is nobody to see while not in the room', async () => {
    hub.refusal = 'denied';
    const box = place(html`<mesh-room history="off" room="lobby" .engine=${hub.engine}><mesh-roster></mesh-roster></mesh-room>`);
    await status(box.querySelector('mesh-room')!, 'failed');
    const roster = box.querySelector('mesh-roster')!;
    await drawn(roster);
    assert.equal(shown(roster), 'You are not in the room');
    await accessible(roster);
  });
});
