import type {RemoteTab} from '../driver/tabs.js';
import {BULK_MB, CHAT_BULK_MB, ROOM_N} from '../rows.js';
import {quantile} from '../stats.js';
import {allOf, fill, quiet, type Round, type Scenario} from './scenario.js';

const MB = 1_000_000;
const BOUND_MS = 60_000;
/** A line every 20 ms is more than a room of eight types, and some hundred samples within a transfer. */
const CHAT_EVERY_MS = 20;
const CHAT_BYTES = 100;

/** One tab sends many bytes to another. */
export const bulk: Scenario = {
  label: `${BULK_MB} MB`,
  n: 2,
  rowIds: ['bulk'],
  async run(round) {
    const {sender, receiver, hash} = await prepare(round, BULK_MB * MB);
    const {startedAt, arrivedAt} = await transfer(sender, receiver);
    await check(receiver, hash);
    round.record('bulk', BULK_MB / (arrivedAt - startedAt) * 1_000);
  },
};

/** One tab sends the same bytes to all others. */
export const bulkAll: Scenario = {
  label: `${BULK_MB} MB to all`,
  n: ROOM_N,
  rowIds: ['bulk-all'],
  mostRounds: 5,
  async run(round) {
    const {sender, receivers, hash} = await prepare(round, BULK_MB * MB);
    const [{startedAt}, arrivedAt] = await Promise.all([
      sender.call('sendBulk', true), allOf(receivers.map(tab => tab.call('receiveBulk', BOUND_MS))),
    ]);
    await Promise.all(receivers.map(tab => check(tab, hash)));
    round.record('bulk-all', BULK_MB / (Math.max(...arrivedAt) - startedAt) * 1_000);
  },
};

/** The same to one, and a line of chat every few milliseconds in the midst of it. */
export const chat: Scenario = {
  label: `chat beside ${CHAT_BULK_MB} MB`,
  n: 2,
  rowIds: ['chat', 'chat-p99'],
  mostRounds: 5,
  async run(round) {
    const {sender, receiver, hash} = await prepare(round, CHAT_BULK_MB * MB);
    await sender.call('startChat', CHAT_EVERY_MS, CHAT_BYTES);
    const {startedAt, arrivedAt} = await transfer(sender, receiver);
    const sentAt = await sender.call('stopChat');
    const lines = await receiver.call('receiveChat', sentAt.length, BOUND_MS);
    await check(receiver, hash);
    const latencies = lines.flatMap((at, index) => {
      const sent = sentAt[index]!;
      return sent >= startedAt && sent <= arrivedAt ? [at - sent] : [];
    });
    if (latencies.length === 0) throw new Error('no line was sent during the transfer');
    round.record('chat', Math.max(...latencies));
    round.record('chat-p99', quantile(latencies, 0.99));
  },
};

interface Prepared {
  readonly sender: RemoteTab;
  /** The first of the others. */
  readonly receiver: RemoteTab;
  readonly receivers: readonly RemoteTab[];
  /** Of the bytes that the sender has ready. */
  readonly hash: string;
}

async function prepare(round: Round, bytes: number): Promise<Prepared> {
  await fill(round);
  const [sender, ...receivers] = round.tabs as [RemoteTab, RemoteTab];
  const hash = await sender.call('makeBulk', bytes);
  await quiet();
  return {sender, receiver: receivers[0], receivers, hash};
}

/** @returns when the sender began, and when the receiver had it all in one buffer */
async function transfer(sender: RemoteTab, receiver: RemoteTab): Promise<{startedAt: number; arrivedAt: number}> {
  const [{startedAt}, arrivedAt] = await Promise.all([sender.call('sendBulk'), receiver.call('receiveBulk', BOUND_MS)]);
  return {startedAt, arrivedAt};
}

async function check(receiver: RemoteTab, hash: string): Promise<void> {
  if (await receiver.call('hashBulk') !== hash) throw new Error('the bytes that arrived are not those that were sent');
}
