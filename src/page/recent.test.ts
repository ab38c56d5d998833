import {assert} from 'chai';
import {forgetRoom, knownRooms, lastSeenWords, notePeople, noteRoom, otherRooms} from './recent.js';

const KEY = 'mesh-room:rooms';

describe('rooms that one was in', () => {
  beforeEach(() => localStorage.removeItem(KEY));
  after(() => localStorage.removeItem(KEY));

  it('come newest first, eight at most, each with who was there last', () => {
    for (let i = 0; i < 10; i++) noteRoom(`room ${i}`);
    notePeople('room 5', ['Ada'], 1000);
    noteRoom('room 5');
    const known = knownRooms();
    assert.lengthOf(known, 8);
    assert.deepEqual(known[0], {room: 'room 5', seenAt: 1000, people: ['Ada']});
    assert.equal(known[1]?.room, 'room 9');
    assert.notInclude(otherRooms(known, 'room 9'), 'room 9');
  });

  it('stay forgotten', () => {
    noteRoom('den');
    forgetRoom('den');
    notePeople('den', ['Ada']);
    assert.deepEqual(knownRooms(), []);
    assert.isNull(localStorage.getItem(KEY));
  });

  it('are none where what was kept is damaged, or in part', () => {
    for (const damaged of ['{', 'null', '7', '{"a":1}', '[null,1,{"room":""},{"room":"x"},{"room":"x","seenAt":"1","people":[]}]']) {
      localStorage.setItem(KEY, damaged);
      assert.deepEqual(knownRooms(), [], damaged);
    }
    noteRoom('den');
    assert.equal(knownRooms()[0]?.room, 'den');
  });

  it('say who was there, and when', () => {
    const now = new Date(2026, 2, 5, 15, 0);
    const seenAt = new Date(2026, 2, 5, 14, 5).getTime();
    assert.match(lastSeenWords({room: 'den', seenAt, people: ['Ada', '', 'Bob', '']}, now), /^As last seen at [^:]*.05[^:]*: Ada, Bob,? and 2 guests$/);
    assert.equal(lastSeenWords({room: 'den', seenAt, people: []}, now), '', 'an empty room is no news');
    assert.include(lastSeenWords({room: 'den', seenAt, people: ['']}, new Date(2026, 2, 7)), '2026');
    assert.equal(lastSeenWords({room: 'den', seenAt: 0, people: []}, now), '');
  });
});
