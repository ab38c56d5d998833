import {now, type RemoteTab} from '../driver/tabs.js';
import {FROZEN_MS, ROOM_N} from '../rows.js';
import {allOf, fill, quiet, REST_MS, type Round, type Scenario} from './scenario.js';

/** A page that nobody believes to be there any more after so long is not worth waiting for. */
const BOUND_MS = 40_000;
const ASK_EVERY_MS = 20;
/** Questions that everybody answers before one freezes. */
const TALK = 20;
const TALK_BYTES = 100;
const SERVER_AWAY_MS = 1_000;
/** Time for the word to reach the tab that comes then. */
const JOINS_AFTER_MS = 50;

/** A room at rest, in which the last tab will be the one that something happens to. */
async function settle(round: Round, members = round.tabs): Promise<void> {
  await fill({...round, tabs: members});
  await quiet(REST_MS);
}

/** @returns milliseconds from `go`, which says when it was, until nobody else has a link to the last tab any more */
async function goneMs({tabs}: Round, go: (tab: RemoteTab) => number | Promise<number>): Promise<number> {
  const since = now();
  const known = allOf(tabs.slice(0, -1).map(tab => tab.call('fell', ROOM_N - 2, since, BOUND_MS)));
  const at = await go(tabs.at(-1)!);
  return Math.max(...await known) - at;
}

/** The last tab comes into the room of the others. @returns milliseconds until it is linked to all of them, and they to it */
async function newcomerMs({tabs, room}: Round): Promise<number> {
  const since = now() + JOINS_AFTER_MS;
  await tabs.at(-1)!.call('join', room, since);
  const linked = await allOf(tabs.map(tab => tab.call('reached', tabs.length - 1, since, BOUND_MS)));
  return Math.max(...linked) - since;
}

/** One leaves as a page does that is told to. */
export const left: Scenario = {
  label: 'one leaves',
  n: ROOM_N,
  rowIds: ['left'],
  async run(round) {
    await settle(round);
    round.record('left', await goneMs(round, tab => tab.call('leaveNow')));
  },
};

/** One's process ends without a word. */
export const killed: Scenario = {
  label: 'one is killed',
  n: ROOM_N,
  rowIds: ['killed'],
  mostRounds: 3,
  spoilsTabs: true,
  async run(round) {
    await settle(round);
    round.record('killed', await goneMs(round, tab => {
      const at = now();
      tab.kill();
      return at;
    }));
  },
};

/** One's page is frozen, as in a phone's pocket, and comes back. */
export const thaw: Scenario = {
  label: 'one freezes and thaws',
  n: ROOM_N + 1,
  rowIds: ['thaw', 'thaw-join'],
  mostRounds: 3,
  spoilsTabs: true,
  async run(round) {
    const members = round.tabs.slice(0, -1);
    await settle(round, members);
    const sleeper = members.at(-1)!;
    await Promise.all(members.slice(0, -1).map(tab => tab.call('answer')));
    // As rooms have. The first line in a tab's life takes its script's being compiled, whether it froze or not.
    await sleeper.call('ask', TALK, TALK_BYTES, BOUND_MS);
    await sleeper.freeze();
    await quiet(FROZEN_MS);
    const since = now();
    await sleeper.thaw();
    round.record('thaw', await sleeper.call('heardByAll', ROOM_N - 1, ASK_EVERY_MS, BOUND_MS) - since);
    // Browsers close the WebSocket of a page that was frozen.
    await quiet(REST_MS);
    round.record('thaw-join', await newcomerMs(round));
  },
};

/** The server goes and comes again under a room; somebody who comes then is to be linked to those who were there. */
export const restart: Scenario = {
  label: 'the server restarts',
  n: ROOM_N,
  rowIds: ['restart'],
  mostRounds: 3,
  spoilsTabs: true,
  async run(round) {
    await settle(round, round.tabs.slice(0, -1));
    await round.restart(SERVER_AWAY_MS);
    round.record('restart', await newcomerMs(round));
  },
};
