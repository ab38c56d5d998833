import {expect} from 'chai';
import {connect, linkCompliance, once} from './compliance.js';
import {simplePeerLinks} from './simple-peer.js';
import type {Link, LinkCloseEvent} from './types.js';

const createLink = simplePeerLinks();

linkCompliance('simple-peer', () => createLink);
linkCompliance('simple-peer, whose channel both sides make', () => options => createLink({...options, negotiated: true}));

async function closing(...links: readonly Link[]): Promise<void> {
  const closed = links.map(link => once(link, 'close'));
  links[0]?.close();
  await Promise.all(closed);
}

describe('simple-peer as a link, over real WebRTC', () => {
  it('closes with the reason when the other side sends SDP that WebRTC refuses', async () => {
    const link = createLink({initiator: false, iceServers: []});
    const closed = once<LinkCloseEvent>(link, 'close');
    link.accept({type: 'offer', sdp: 'v=0\r\nnonsense'});
    expect((await closed).error?.code).to.equal('link-failed');
  });

  it('closes with the reason when the ICE servers cannot be used', async () => {
    const link = createLink({initiator: true, iceServers: [{urls: 'http://127.0.0.1'}]});
    expect((await once<LinkCloseEvent>(link, 'close')).error?.code).to.equal('link-failed');
  });

  it('opens with an offer that brings candidates, and nothing but an answer without any', async () => {
    const said: Array<{readonly type?: string; readonly sdp?: string}> = [];
    const answered: typeof said = [];
    const {a, b} = connect(createLink, (to, signal) => {
      (to === a ? answered : said).push(signal as typeof said[number]);
      to.accept(signal);
    });
    await Promise.all([once(a, 'open'), once(b, 'open')]);
    // What is found late trickles.
    expect(said[0]?.type).to.equal('offer');
    expect(said[0]?.sdp).to.include('a=candidate:');
    expect(answered.map(({type}) => type)).to.deep.equal(['answer']);
    expect(answered[0]?.sdp).not.to.include('a=candidate:');
    await closing(a, b);
  });

  it('opens where only the one who calls can find the other', async () => {
    const {a, b} = connect(createLink, (to, signal) => {
      const {type, sdp} = signal as {type?: string; sdp?: string};
      if (to === a) return to.accept(signal);
      // What the caller says of its own addresses comes to nothing.
      if (type === 'offer') to.accept({type, sdp: sdp?.replace(/a=candidate:.*\r\n/g, '')});
    });
    await Promise.all([once(a, 'open'), once(b, 'open')]);
    await closing(a, b);
  });

  it('restarts ICE, with what is there at once in the description', async () => {
    const descriptions: string[] = [];
    const {a, b} = connect(createLink, (to, signal) => {
      const {sdp} = signal as {sdp?: string};
      if (sdp !== undefined) descriptions.push(sdp);
      to.accept(signal);
    });
    await Promise.all([once(a, 'open'), once(b, 'open')]);
    a.restart([]);
    while (descriptions.length < 4) await once(b, 'signal');
    const frags = descriptions.map(sdp => /a=ice-ufrag:(\S+)/.exec(sdp)?.[1]);
    expect(new Set(frags).size, 'all of them new').to.equal(4);
    expect(descriptions[2]).to.include('a=candidate:');
    await closing(a, b);
  });

  it('brings large data although the first word on its channel was lost', async () => {
    const {a, b} = connect(createLink);
    await Promise.all([once(a, 'open'), once(b, 'open')]);
    // As Chromium does at times: taken by `send`, and never heard of again.
    const channels = RTCDataChannel.prototype;
    const whole = Object.getOwnPropertyDescriptor(channels, 'send')!;
    let isLost = false;
    Object.defineProperty(channels, 'send', {...whole, value(this: RTCDataChannel, data: string) {
      if (isLost || this.label !== 'bulk') (whole.value as (data: string) => void).call(this, data);
      else isLost = true;
    }});
    const arrived = new Promise(resolve => void (b.onmessage = (lane, data) => resolve([lane, data])));
    try {
      expect(a.send('bulk', 'large'), 'the channel is not there yet').to.equal(false);
      await once(a, 'drain');
    } finally {
      Object.defineProperty(channels, 'send', whole);
    }
    expect(isLost).to.equal(true);
    a.send('bulk', 'large');
    expect(await arrived).to.deep.equal(['bulk', 'large']);
    await closing(a, b);
  });

  it('opens eight at one time', async () => {
    const pairs = Array.from({length: 8}, () => connect(createLink));
    await Promise.all(pairs.flatMap(({a, b}) => [once(a, 'open'), once(b, 'open')]));
    const closed = pairs.flatMap(({a, b}) => [once(a, 'close'), once(b, 'close')]);
    for (const {a} of pairs) a.close();
    await Promise.all(closed);
  });
});
