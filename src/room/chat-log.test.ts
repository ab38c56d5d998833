import {assert} from 'chai';
import {MeshError} from '../mesh/errors.js';
import {MAX_TEXT, RECEIPT_CHANNEL, type ChatMessage} from './chat.js';
import {ChatLog, MAX_WAITING} from './chat-log.js';
import {FakeHub, type FakeRoom} from './fake-room.js';

const texts = (log: ChatLog) => log.state.parts.flat().map(line => line.kind === 'text' ? `${line.text}: ${line.status}` : `${line.name} ${line.kind}`);
const message = (log: ChatLog, index = -1) => log.state.parts.flat().filter(line => line.kind === 'text').at(index)!;
/** Everything in a hub takes microtasks only. */
const settle = () => new Promise(resolve => setTimeout(resolve));
const thrown = (promise: Promise<unknown>) => promise.then(() => assert.fail('should have been rejected'), (error: unknown) => error instanceof MeshError && error.code);

describe('ChatLog', () => {
  let hub: FakeHub;
  let log: ChatLog;
  let session: FakeRoom;
  let ada: FakeRoom;

  beforeEach(async () => {
    hub = new FakeHub();
    log = new ChatLog();
    ada = await hub.join('Ada');
    session = await hub.join('Me');
    log.attach(session);
  });

  it('sends what is said, and keeps what others say', async () => {
    await log.say('hello');
    await ada.say('hi');
    await settle();
    assert.deepEqual(texts(log), ['hello: sent', 'hi: sent']);
    assert.deepInclude(message(log), {from: ada.selfId, name: 'Ada', own: false});
    const {data, options} = session.sent[0]!;
    assert.deepInclude(data as object, {text: 'hello'});
    assert.equal(options.channel, 'chat');
  });

  it('says a word of change once for many changes', async () => {
    let changes = 0;
    await settle();
    log.addEventListener('change', () => changes++);
    for (let i = 0; i < 100; i++) session.receive(ada.selfId, {text: `${i}`}, 'chat');
    await settle();
    assert.equal(changes, 1);
    assert.lengthOf(log.state.parts.flat(), 100);
    assert.isFrozen(log.state);
    assert.isFrozen(log.state.parts);
    for (const part of log.state.parts) assert.isFrozen(part);
  });

  it('keeps what is said while the room cannot be reached, and sends it in order when it can', async () => {
    session.lose('offline');
    const said = Promise.all(['one', 'two', 'three'].map(text => log.say(text)));
    await settle();
    assert.deepEqual(texts(log), ['one: waiting', 'two: waiting', 'three: waiting']);
    assert.isTrue(log.unsent);
    session.resume();
    await said;
    assert.deepEqual(session.sent.map(({data}) => (data as ChatMessage).text), ['one', 'two', 'three']);
    assert.isFalse(log.unsent);
  });

  it('keeps what is said over leaving and joining again', async () => {
    let letGo = () => {};
    session.gate = new Promise(resolve => {
      letGo = resolve;
    });
    session.send = () => Promise.reject(new MeshError('aborted', 'left'));
    const said = thrown(log.say('soon'));
    log.detach();
    await session.leave();
    letGo();
    assert.equal(await said, 'aborted');
    await settle();
    assert.deepEqual(texts(log), ['soon: waiting']);
    const back = await hub.join('Me');
    log.attach(back);
    await settle();
    assert.deepEqual(texts(log), ['soon: sent']);
    assert.lengthOf(back.sent, 1);
  });

  it('says who did not get a message, and sends it again to those only', async () => {
    const bo = await hub.join('Bo');
    session.unreachable = [bo.selfId];
    await log.say('hello');
    assert.deepInclude(message(log), {status: 'sent'});
    assert.deepEqual(message(log).missed, [bo.selfId]);
    session.unreachable = [];
    await log.retry(message(log).id);
    assert.deepEqual(session.sent.at(-1)!.options.to, [bo.selfId]);
    assert.isUndefined(message(log).missed);
  });

  it('says a message once for all where not all are linked, whatever changes meanwhile', async () => {
    const bo = await hub.join('Bo');
    session.see(bo.selfId, {link: 'relayed', far: true});
    let letGo = () => {};
    session.gate = new Promise(resolve => {
      letGo = resolve;
    });
    const said = log.say('hello');
    session.see(ada.selfId, {rttMs: 50});
    session.lose('resuming');
    session.resume();
    await settle();
    letGo();
    await said;
    session.see(bo.selfId, {link: 'direct', far: false});
    await settle();
    assert.deepEqual(session.sent.map(({options}) => options.to), [undefined]);
    assert.deepInclude(message(log), {text: 'hello', status: 'sent'});
    assert.isUndefined(message(log).pending);
  });

  it('fails a message that nobody got, and sends it when asked again', async () => {
    session.unreachable = [ada.selfId];
    assert.equal(await thrown(log.say('hello')), 'undelivered');
    assert.deepInclude(message(log), {status: 'failed', reason: 'undelivered'});
    session.unreachable = [];
    await log.retry(message(log).id);
    assert.deepEqual(texts(log), ['hello: sent']);
  });

  it('does not mind that somebody who has left got nothing', async () => {
    session.send = () => Promise.reject(new MeshError('undelivered', 'gone', {ids: ['somebody-gone']}));
    await log.say('hello');
    assert.deepEqual(texts(log), ['hello: sent']);
    assert.isUndefined(message(log).missed);
  });

  it('sends to an empty room', async () => {
    await ada.leave();
    await log.say('hello');
    assert.equal(message(log).status, 'sent');
  });

  it('brings those who vanished what was said meanwhile, in order, alone and with others', async () => {
    const heard: unknown[] = [];
    ada.addEventListener('message', ({channel, data}) => { if (channel === 'chat') heard.push((data as {text: string}).text); });
    session.set({peers: [], absent: [{id: ada.selfId, name: 'Ada'}]});
    await log.say('alone');
    assert.deepEqual(texts(log), ['Ada left', 'alone: sent']);
    assert.deepEqual(message(log).pending, [{id: ada.selfId, name: 'Ada'}]);
    session.set({peers: [{id: 'bo', name: 'Bo', link: 'direct'}]});
    await log.say('with Bo');
    await settle();
    assert.deepEqual(heard, []);
    session.set({absent: []});
    session.refresh();
    await settle();
    assert.deepEqual(heard, ['alone', 'with Bo']);
  });

  it('takes for delivered what a page without a chat has taken, and what a chat has answered for, however good the link looks', async () => {
    const late: (() => void)[] = [];
    log.detach();
    log = new ChatLog({after: (_ms, run) => {
      late.push(run);
      return () => undefined;
    }});
    log.attach(session);
    const bo = await hub.join('Bo');
    // Bo's chat answers, and this message never gets there.
    session.receive(bo.selfId, {got: []}, RECEIPT_CHANNEL);
    await log.say('hello');
    for (const run of late) run();
    assert.deepEqual(message(log).deliveredTo, [ada.selfId]);
    assert.deepEqual(message(log).pending?.map(({name}) => name), ['Bo']);
    session.receive(bo.selfId, {got: [message(log).id]}, RECEIPT_CHANNEL);
    assert.deepEqual(message(log).deliveredTo, [ada.selfId, bo.selfId]);
  });

  it('brings who comes under a name what is owed to the one of that name, before anything else', async () => {
    session.receive(ada.selfId, {got: []}, RECEIPT_CHANNEL);
    await log.say('one');
    session.see(ada.selfId, {link: 'lost'});
    const two = log.say('two');
    const again = await hub.join('Ada');
    await Promise.all([two, log.say('three')]);
    const brought = session.sent.filter(({options}) => options.to?.includes(again.selfId)).map(({data}) => (data as ChatMessage).text);
    assert.deepEqual(brought, ['one', 'two', 'three']);
  });

  it('says to others that there is a chat that answers, once for each, as soon as there is a link', async () => {
    const heard: unknown[] = [];
    await settle();
    log.detach();
    session.see(ada.selfId, {link: 'connecting'});
    ada.addEventListener('message', ({channel, data}) => heard.push([channel, data]));
    log.attach(session);
    await settle();
    assert.isEmpty(heard);
    session.see(ada.selfId, {link: 'direct'});
    session.see(ada.selfId, {link: 'direct', rttMs: 5});
    await settle();
    assert.deepEqual(heard, [[RECEIPT_CHANNEL, {got: []}]]);
  });

  it('refuses what is no message, at once', async () => {
    for (const text of ['', ' \n ']) assert.equal(await thrown(log.say(text)), 'bad-data');
    assert.equal(await thrown(log.say('x'.repeat(MAX_TEXT + 1))), 'too-large');
    assert.lengthOf(log.state.parts.flat(), 0);
  });

  it('lets only so many messages wait', async () => {
    session.lose();
    for (let i = 0; i < MAX_WAITING; i++) log.say(`${i}`).catch(() => undefined);
    assert.equal(await thrown(log.say('one more')), 'flood');
  });

  it('drops what is no text, and cuts what is too long', async () => {
    const {proxy} = {proxy: {get text() { return 5; }}};
    for (const data of [null, 5, 'text', [], {}, {text: 5}, {text: ''}, {text: '  '}, {text: {toString: () => 'x'}}, proxy, new ArrayBuffer(4)]) {
      session.receive(ada.selfId, data, 'chat');
    }
    session.receive(ada.selfId, {text: 'other channel'}, 'cursor');
    assert.lengthOf(log.state.parts.flat(), 0);
    session.receive(ada.selfId, {text: 'x'.repeat(1e6)}, 'chat');
    assert.isAtMost(message(log).text.length, MAX_TEXT);
  });

  it('shows a message that comes twice once, but not one of somebody else that claims the same id', async () => {
    session.receive(ada.selfId, {id: 'a', text: 'one'}, 'chat');
    session.receive(ada.selfId, {id: 'a', text: 'one'}, 'chat');
    session.receive('somebody', {id: 'a', text: 'two'}, 'chat');
    assert.deepEqual(texts(log), ['one: sent', 'two: sent']);
  });

  it('keeps the newest lines, and every one that waits', async () => {
    const small = new ChatLog({maxLines: 10});
    small.attach(session);
    session.lose();
    small.say('mine').catch(() => undefined);
    for (let i = 0; i < 100; i++) session.receive(ada.selfId, {text: `${i}`}, 'chat');
    assert.lengthOf(small.state.parts.flat(), 10);
    assert.deepEqual(texts(small).slice(0, 2), ['mine: waiting', '91: sent']);
  });

  it('notes who joins, leaves and changes the name, but not who was there', async () => {
    const bo = await hub.join('Bo');
    bo.name = 'Bob';
    await bo.leave();
    assert.deepEqual(texts(log), ['Bo joined', 'Bo renamed', 'Bob left']);
  });

  it('waits for the name of somebody who joins', async () => {
    const bo = await hub.join('');
    session.see(bo.selfId, {link: 'connecting'});
    const before = texts(log).length;
    session.see(bo.selfId, {link: 'direct', name: 'Bo'});
    assert.isAtMost(before, 1);
    assert.include(texts(log).at(-1), 'joined');
  });

  it('notes nobody as gone while this machine is offline', async () => {
    session.lose();
    session.set({peers: []});
    assert.lengthOf(log.state.parts.flat(), 0);
    session.resume();
    assert.lengthOf(log.state.parts.flat(), 0);
  });
});
