import {expect} from 'chai';
import fc from 'fast-check';
import {embedSnippet} from './snippet.js';

describe('embed snippet', () => {
  it('is two lines with the script of this origin', () => {
    expect(embedSnippet('https://chat.example', 'lobby')).to.equal(
      '<script type="module" src="https://chat.example/mesh-room.js"></script>\n<mesh-room room="lobby"></mesh-room>');
  });

  it('says the same room when a browser reads it, and nothing else', () => {
    // Carriage returns and zeros are the two that HTML itself changes.
    const text = fc.string({unit: 'binary', maxLength: 60}).map(value => value.replace(/[\0\r]/g, ''));
    fc.assert(fc.property(text, room => {
      const {body, head} = new DOMParser().parseFromString(embedSnippet('https://chat.example', room), 'text/html');
      expect(head.children).to.have.length(1);
      expect(body.children).to.have.length(1);
      expect(body.firstElementChild!.getAttribute('room')).to.equal(room);
      expect(body.firstElementChild!.attributes).to.have.length(1);
    }));
  });
});
