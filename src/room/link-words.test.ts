import {expect} from 'chai';
import {isNotable, linkWords, ownerWords, peopleHint, relayingWords, roundTripWords, sizeWords} from './link-words.js';
import type {LinkKind, PeerState, RoomState} from './types.js';

const usual = {hasWebRtc: true, hasCryptography: true};
const ada: PeerState = {id: 'a', name: 'Ada', link: 'direct', rttMs: 12};

const joined = (...peers: Partial<PeerState>[]): RoomState =>
  ({room: 'lobby', status: 'joined', selfId: 'me', peers: peers.map((peer, i) => ({...ada, id: `p${i}`, name: `Ada ${i}`, ...peer}))});

describe('words about connections', () => {
  const nameOf = (id: string) => id.toUpperCase();

  it('say how somebody is connected, in a visitor\'s words', () => {
    const said = (link: LinkKind, more: Partial<PeerState> = {}) => linkWords({...ada, link, ...more}, nameOf);
    expect([said('direct'), said('turn'), said('relayed', {via: 'bo'}), said('server'), said('connecting'), said('lost')]).to.deep.equal([
      'Direct', 'Through a relay server', 'Through BO', 'Slow, via the server', 'Connecting…', 'Cannot be reached',
    ]);
    expect([said('direct', {away: true}), said('lost', {away: true})]).to.deep.equal(['Away', 'Cannot be reached']);
  });

  it('tell the round trip of whoever answers', () => {
    expect(roundTripWords(ada)).to.equal('answers in 12 ms');
    expect([roundTripWords({...ada, link: 'lost'}), roundTripWords({...ada, away: true}), roundTripWords({id: 'a', name: '', link: 'direct'})])
      .to.deep.equal(['', '', '']);
  });

  it('are shown unasked where something does not work, or not as fast as usual', () => {
    const shown = (['connecting', 'direct', 'turn', 'relayed', 'server', 'lost'] as const).filter(link => isNotable({...ada, link}));
    expect(shown).to.deep.equal(['connecting', 'relayed', 'server', 'lost']);
    expect(isNotable({...ada, away: true})).to.equal(true);
  });

  it('are no hint while everybody can be talked to, however that works', () => {
    expect(peopleHint(joined({}, {link: 'turn'}, {link: 'relayed'}, {link: 'server'}, {link: 'connecting'}), usual)).to.equal('');
    expect(peopleHint(joined(), {hasWebRtc: false, hasCryptography: true})).to.equal('');
  });

  it('say what to do when somebody cannot be reached', () => {
    expect(peopleHint(joined({link: 'lost'}), usual)).to.equal('1 person cannot be reached. Try another network, or ask the site’s owner.');
    expect(peopleHint(joined({}, {link: 'lost'}, {link: 'lost'}), usual)).to.match(/^2 people cannot be reached\./);
    expect(peopleHint(joined({link: 'lost'}, {link: 'lost'}), usual)).to.match(/^Nobody can be reached\./);
    expect(peopleHint({...joined({link: 'lost'}), status: 'offline'}, usual), 'says the room itself').to.equal('');
  });

  it('say that it is slow where the browser has no WebRTC', () => {
    const old = {hasWebRtc: false, hasCryptography: true};
    expect(peopleHint(joined({link: 'server'}), old)).to.equal('This browser has no WebRTC: messages go through the room’s server, slowly.');
    expect(peopleHint(joined({link: 'server'}, {link: 'lost'}), old)).to.match(/^1 person cannot be reached\. Try another browser/);
    expect(ownerWords(joined({link: 'server'}), old)).to.match(/no-webrtc: /).and.not.match(/TURN/);
  });

  it('tell the owner who needs a TURN server', () => {
    const words = ownerWords(joined({}, {link: 'relayed', via: 'p0'}), usual);
    expect(words).to.equal('These two need a TURN server: see "TURN" in docs/server.md.\nYou and Ada 1 (p1): relayed through Ada 0 (p0)');
    expect(ownerWords(joined({}, {link: 'turn'}), usual)).to.equal('');
    expect(ownerWords(joined({link: 'lost', reason: 'no answer to 5 offers'}), usual)).to.match(/\nYou and Ada 0 \(p0\): lost\. no answer to 5 offers$/);
  });

  it('tell the owner why there is no way around on a page that came over plain http', () => {
    const plain = {hasWebRtc: true, hasCryptography: false};
    expect(ownerWords(joined({link: 'lost'}), plain)).to.match(/TURN.*\ninsecure-context: .*Serve it over https\.\n/);
    expect(ownerWords(joined({link: 'lost'}), usual)).to.not.match(/insecure-context/);
  });

  it('name eight of many to the owner', () => {
    const lines = ownerWords(joined(...Array.from({length: 200}, () => ({link: 'lost' as const}))), usual).split('\n');
    expect(lines).to.have.lengthOf(10);
    expect(lines[0]).to.match(/these pairs need a TURN server/);
    expect(lines[9]).to.equal('… and 192 more');
  });

  it('say what is carried for others, and nothing if that is nothing', () => {
    expect(relayingWords({routes: 0, bytes: 0})).to.equal('');
    expect(relayingWords({routes: 1, bytes: 0})).to.equal('Carries 1 conversation for others, 0 bytes so far.');
    expect(relayingWords({routes: 2, bytes: 1_250_000})).to.equal('Carries 2 conversations for others, 1.2 MB so far.');
    expect(relayingWords({routes: 0, bytes: 1_250_000})).to.equal('Carried 1.2 MB for others.');
  });

  it('say sizes as people do', () => {
    const said = [1, 999, 1_000, 12_345, 999_999, 1_000_000, 2 ** 30, 5e12].map(sizeWords);
    expect(said).to.deep.equal(['1 byte', '999 bytes', '1 kB', '12 kB', '999 kB', '1 MB', '1 GB', '5000 GB']);
  });
});
