import {assert} from 'chai';
import {html} from 'lit';
import {FakeHub} from '../../room/fake-room.js';
import {accessible, cleanUp, drawn, frame, place, scene, shown, status, type Scene} from '../testing/fixture.js';
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

  it('says how somebody is connected, unless that is as it should be', async () => {
    const {roster, session} = await scene(hub);
    const ada = await hub.join('Ada');
    const bo = await hub.join('Bo');
    for (const [link, words] of [['connecting', /Connecting/], ['lost', /Cannot be reached/], ['relayed', /^A Ada Through Bo$/],
      ['server', /^A Ada Slow, via the server$/], ['turn', /^A Ada$/], ['direct', /^A Ada$/]] as const) {
      session.see(ada.selfId, {link, via: bo.selfId});
      await frame();
      assert.match(people(roster)[1]!, words);
      await accessible(roster);
    }
  });

  it('has the round trip, and how there is one, for who asks', async () => {
    const {roster, session} = await scene(hub);
    const ada = await hub.join('Ada');
    const title = () => roster.renderRoot.querySelectorAll('li')[1]!.title;
    session.see(ada.selfId, {link: 'turn', rttMs: 80});
    await frame();
    assert.equal(title(), 'Ada: Through a relay server, answers in 80 ms');
    session.see(ada.selfId, {link: 'lost'});
    await frame();
    assert.equal(title(), 'Ada: Cannot be reached');
  });

  it('names who carries by the name that this one has now', async () => {
    const {roster, session} = await scene(hub);
    const [ada, bo] = [await hub.join('Ada'), await hub.join('Bo')];
    session.see(ada.selfId, {link: 'relayed', via: bo.selfId});
    await frame();
    assert.equal(people(roster)[1], 'A Ada Through Bo');
    bo.name = 'Robert';
    await frame();
    assert.equal(people(roster)[1], 'A Ada Through Robert');
  });

  it('moves nobody when there is something to say of somebody', async () => {
    const {room, roster, session} = await scene(hub);
    room.style.width = '800px';
    const ada = await hub.join('Ada');
    await hub.join('Bo');
    await frame();
    const top = () => roster.renderRoot.querySelectorAll('li')[2]!.getBoundingClientRect().top;
    const before = top();
    session.see(ada.selfId, {link: 'connecting'});
    await frame();
    assert.equal(top(), before);
  });

  describe('with 200 people', () => {
    let crowd: Scene;
    const list = () => crowd.roster.renderRoot.querySelector<HTMLElement>('.list')!;
    beforeEach(async () => {
      crowd = await scene(hub);
      await hub.crowd(Array.from({length: 200}, (_, i) => `Person ${i}`));
      await frame();
      await frame();
    });

    it('changes one row when one round trip changes', async () => {
      const changes: MutationRecord[] = [];
      const observer = new MutationObserver(records => changes.push(...records));
      observer.observe(crowd.roster.renderRoot, {subtree: true, childList: true, attributes: true, characterData: true});
      crowd.session.see(crowd.session.state.peers[100]!.id, {rttMs: 77});
      await frame();
      assert.lengthOf(changes, 1);
      assert.match((changes[0]!.target as HTMLElement).title, /^Person 100: Direct, answers in 77 ms$/);
      observer.disconnect();
    });

    it('keeps a row whoever comes and goes before it', async () => {
      const row = crowd.roster.renderRoot.querySelectorAll('li')[150]!;
      await [...hub.members({room: 'lobby'})].find(({name}) => name === 'Person 3')!.leave();
      await frame();
      assert.equal(crowd.roster.renderRoot.querySelectorAll('li')[149], row);
    });

    for (const width of [280, 800]) {
      it(`scrolls within its box, by keyboard too, under a count that stays, at ${width} px`, async () => {
        crowd.room.style.width = `${width}px`;
        if (width < 640) crowd.roster.renderRoot.querySelector('button')!.click();
        await frame();
        await frame();
        const box = list();
        assert.isAbove(box.scrollHeight, 4_000);
        assert.isAtMost(crowd.roster.getBoundingClientRect().bottom, crowd.room.getBoundingClientRect().bottom);
        assert.equal(crowd.roster.scrollHeight, crowd.roster.clientHeight, 'only the list scrolls');
        assert.equal(box.scrollWidth, box.clientWidth, 'nothing sticks out');
        assert.equal(box.tabIndex, 0);
        await accessible(crowd.roster);
        box.scrollTop = box.scrollHeight;
        await frame();
        const count = [...crowd.roster.renderRoot.querySelectorAll<HTMLElement>('.count, .head')].find(each => each.checkVisibility())!;
        assert.equal(shown(count), '201 people');
        assert.isAtLeast(count.getBoundingClientRect().top, crowd.roster.getBoundingClientRect().top);
        const last = crowd.roster.renderRoot.querySelector('li:last-child')!.getBoundingClientRect();
        assert.isAtMost(last.bottom, box.getBoundingClientRect().bottom);
      });
    }

    it('is a strip of whole circles where there is no room for more, and no stop for the keyboard', async () => {
      const box = list();
      assert.equal(box.tabIndex, -1);
      const {bottom, right} = box.getBoundingClientRect();
      const circles = [...crowd.roster.renderRoot.querySelectorAll('.avatar')].map(each => each.getBoundingClientRect());
      const seen = circles.filter(({top}) => top < bottom - 1);
      assert.isAbove(seen.length, 3);
      assert.isTrue(seen.every(each => each.right <= right + 0.5 && each.bottom <= bottom + 0.5));
      await accessible(crowd.roster);
    });
  });

  it('is no stop for the keyboard while everybody can be seen', async () => {
    const {room, roster} = await scene(hub);
    room.style.width = '800px';
    await hub.join('Ada');
    await frame();
    assert.equal(roster.renderRoot.querySelector<HTMLElement>('.list')!.tabIndex, -1);
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
