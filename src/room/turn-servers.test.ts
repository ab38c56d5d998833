import {expect} from 'chai';
import {TurnServers} from './turn-servers.js';

const ANSWER = {username: '100:ada', password: 'pass', ttl: 600, uris: ['turn:turn.example:3478']};
const SERVER = {urls: ANSWER.uris, username: '100:ada', credential: 'pass'};

describe('TurnServers', () => {
  let asked: string[];
  let now: number;
  const turn = (answer: () => unknown, endpoint = 'wss://chat.example/sub/deepstream?x=1') => new TurnServers(endpoint, url => {
    asked.push(url);
    const body = answer();
    return Promise.resolve(body instanceof Response ? body : Response.json(body));
  }, () => now);
  beforeEach(() => {
    asked = [];
    now = 0;
  });

  it('asks beside the endpoint, once for all who ask at one time', async () => {
    const servers = turn(() => ANSWER);
    const [first, second] = await Promise.all([servers.get(), servers.get()]);
    expect(first).to.deep.equal([SERVER]);
    expect(second).to.deep.equal([SERVER]);
    expect(asked).to.deep.equal(['https://chat.example/sub/ice']);
    await turn(() => ANSWER, 'ws://127.0.0.1:8080/deepstream').get();
    expect(asked[1]).to.equal('http://127.0.0.1:8080/ice');
  });

  it('has them at once until shortly before they expire, then asks again', async () => {
    const servers = turn(() => ANSWER);
    await servers.get();
    now = 539_999;
    expect(servers.get()).to.deep.equal([SERVER]);
    expect(asked.length).to.equal(1);
    now = 540_000;
    expect(await servers.get()).to.deep.equal([SERVER]);
    expect(asked.length).to.equal(2);
  });

  it('keeps those that are good for a few seconds only for half of them', async () => {
    const servers = turn(() => ({...ANSWER, ttl: 4}));
    await servers.get();
    now = 1_999;
    expect(servers.get()).to.deep.equal([SERVER]);
    now = 2_000;
    await servers.get();
    expect(asked.length).to.equal(2);
  });

  it('goes on without where the server has none, and asks again the next time', async () => {
    let answer: unknown = new Response('', {status: 404});
    const servers = turn(() => answer);
    expect(await servers.get()).to.deep.equal([]);
    answer = ANSWER;
    expect(await servers.get()).to.deep.equal([SERVER]);
  });

  it('takes nothing that a browser could not use', async () => {
    for (const bad of [
      null, 'x', [], {}, {...ANSWER, uris: []}, {...ANSWER, uris: 'turn:x'}, {...ANSWER, uris: ['https://x']}, {...ANSWER, uris: [7]},
      {...ANSWER, uris: Array(17).fill('turn:x')}, {...ANSWER, username: 1}, {...ANSWER, password: undefined}, {...ANSWER, ttl: '600'},
      {...ANSWER, ttl: 0}, {...ANSWER, ttl: -1}, new Response('{bad'), new Response('x', {status: 500}),
    ]) expect(await turn(() => bad).get(), JSON.stringify(bad)).to.deep.equal([]);
  });

  it('does not wait for a server that does not answer', async () => {
    const servers = new TurnServers('ws://127.0.0.1/deepstream', (_url, {signal}) => new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('Given up', 'AbortError')));
    }));
    const from = performance.now();
    expect(await servers.get()).to.deep.equal([]);
    expect(performance.now() - from).to.be.within(1_900, 4_000);
  });
});
