import {expect} from 'chai';
import fc from 'fast-check';
import {cleanRoomName, enteredRoom, linkTo, MAX_ROOM_LENGTH, newRoomName, roomOf} from './rooms.js';

const base = new URL('https://chat.example/r/somewhere?x=1#y');
const anyText = fc.string({unit: 'binary', maxLength: 300});

describe('rooms in addresses', () => {
  for (const style of ['path', 'query'] as const) {
    it(`comes back from its ${style} link, whatever its characters`, () => {
      fc.assert(fc.property(anyText, text => {
        const room = cleanRoomName(text);
        fc.pre(room !== '');
        // Through a string, as links travel.
        expect(roomOf(new URL(linkTo(room, base, style).href))).to.equal(room);
      }));
    });
  }

  it('survives names that addresses swallow', () => {
    for (const room of ['.', '..', '/', '//', 'a/../b', '%', '%2F', '?', '#', '+', ' a b '.trim(), '日本', '👩‍👩‍👧', '<b>', '"', '\\']) {
      expect(roomOf(new URL(linkTo(room, base, 'path').href)), room).to.equal(room);
      expect(roomOf(new URL(linkTo(room, base, 'query').href)), room).to.equal(room);
    }
  });

  it('takes an address with a bare percent sign as it stands', () => {
    expect(roomOf(new URL('https://chat.example/r/100%'))).to.equal('100%');
  });

  it('finds no room on the front page', () => {
    for (const path of ['/', '/r/', '/?room=', '/?room=%20', '/rooms/x']) {
      expect(roomOf(new URL(path, base)), path).to.equal('');
    }
  });

  it('keeps the page of a static host in its links', () => {
    expect(linkTo('a b', new URL('https://host.example/demo/index.html'), 'query').href)
      .to.equal('https://host.example/demo/index.html?room=a+b');
  });

  it('cleans names: within the limit, trimmed, well formed', () => {
    fc.assert(fc.property(anyText, text => {
      const room = cleanRoomName(text);
      expect(room.length).to.be.at.most(MAX_ROOM_LENGTH);
      expect(room).to.equal(room.trim());
      expect(() => encodeURIComponent(room)).not.to.throw();
      expect(cleanRoomName(room)).to.equal(room);
    }));
  });

  it('understands a pasted link to this site, and takes anything else for a name', () => {
    expect(enteredRoom(' https://chat.example/r/the%20den ', base)).to.equal('the den');
    expect(enteredRoom('https://chat.example/?room=den', base)).to.equal('den');
    expect(enteredRoom('https://other.example/r/den', base)).to.equal('https://other.example/r/den');
    expect(enteredRoom(' the den ', base)).to.equal('the den');
    expect(enteredRoom('   ', base)).to.equal('');
  });

  it('makes names that read well and do not repeat', () => {
    const names = new Set(Array.from({length: 500}, newRoomName));
    expect(names.size).to.equal(500);
    for (const name of names) expect(name).to.match(/^[a-z]+-[a-z]+-[bcdfghjkmnpqrstvwxz2-9]{8}$/);
  });
});
