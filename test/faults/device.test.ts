/** A device loses its network under a tab in a room, knowing it or not. See `docs/resume.md`. */
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, it, type TestContext} from 'node:test';
import {until} from '../helpers/browser.js';
import {FaultRoom, Figures, LONG, hasStatus, makeFaultDevice, pause, type FaultDevice} from '../helpers/fault-room.js';
import {lines, say} from '../helpers/room-tabs.js';

const AWAY_MS = LONG ? 30_000 : 6_000;
/** Lines that each says meanwhile. */
const LINES = 5;

describe('faults of the device', () => {
  const room = new FaultRoom();
  let device: FaultDevice | string = '';
  before(async () => {
    await room.start();
    device = await makeFaultDevice(room);
  });
  afterEach(() => room.close());
  after(async () => {
    if (typeof device !== 'string') await device.remove();
    await room.stop();
  });

  /** A tab's device has no network for a while, in which all go on talking. */
  const away = (what: string, status: string, word: RegExp, cut: (device: FaultDevice) => Promise<void>,
    mend: (device: FaultDevice) => Promise<void>) => async (test: TestContext): Promise<void> => {
    if (typeof device === 'string') return test.skip(`Nothing to cut off: ${device}`);
    room.next();
    const [one, two, far] = await Promise.all([room.openTab('Person 1'), room.openTab('Person 2'), device.openTab('Person 3')]);
    await room.meshed();
    await room.talk('before');
    const figures = new Figures(room);
    while (figures.wantsMore) {
      const round = figures.played;
      const counts = await Promise.all(room.tabs.map(async ({page}) => (await lines(page, 0)).length));
      await cut(device);
      const said: Promise<void>[] = [];
      for (let n = 0; n < LINES; n++) {
        for (const {page, name} of room.tabs) said.push(say(page, `${round}.${n} of ${name}`));
        await pause(AWAY_MS / LINES);
      }
      await hasStatus(far, status);
      assert.match(await far.page.evaluate(() => document.querySelector('mesh-status')!.shadowRoot!.textContent), word);
      for (const tab of [one, two]) await hasStatus(tab, 'joined');
      await mend(device);
      const since = Date.now();
      const texts = await Promise.all(room.tabs.map(({page}, i) => lines(page, counts[i]! + room.tabs.length * LINES)));
      figures.push(Date.now() - since);
      await Promise.all(said);
      await room.healed(since);
      for (const [i, {name: reader}] of room.tabs.entries()) {
        const heard = texts[i]!.slice(counts[i]);
        for (const {name} of room.tabs) {
          const wanted = Array.from({length: LINES}, (_, n) => `${round}.${n} of ${name}`);
          assert.deepEqual(heard.filter(text => text.endsWith(name)), wanted, `${reader} has what ${name} said, in order, once`);
        }
      }
      // And each knows that all have it.
      for (const {page} of room.tabs) {
        await until(page, () => document.querySelector<HTMLElement & {messages: {own: boolean; pending?: unknown[]}[]}>('mesh-chat')!.messages
          .every(({own, pending}) => !own || !pending?.length));
      }
      await room.talk(`after ${round}:`);
    }
    figures.judge(test, `${what} for ${AWAY_MS / 1_000} s, everything delivered after its return`, 3_000);
  };

  it('a reader that is reloaded while the speaker is in a dead spot', {skip: !LONG}, async test => {
    if (typeof device === 'string') return test.skip(`Nothing to cut off: ${device}`);
    const {network} = device;
    room.next();
    const [reader, far] = [await room.openTab('Reader'), await device.openTab('Speaker')];
    await room.meshed();
    await network.swallow(true);
    await say(far.page, 'into the void');
    // For as long as it takes for a message to count as taken, before the link is known to be dead.
    await pause(11_000);
    await reader.page.reload();
    await network.swallow(false);
    await room.meshed();
    assert.deepEqual(await lines(reader.page, 1), ['into the void']);
  });

  it('a device that is offline and knows it', away('device offline', 'offline', /offline/i,
    ({network}) => network.unplug(), ({network}) => network.plug()));
  it('a device in a dead spot', away('device in a dead spot', 'resuming', /reconnecting/i,
    ({network}) => network.swallow(true), ({network}) => network.swallow(false)));
});
