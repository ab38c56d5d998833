/** What happens in the rooms that are simulated: from the first member's coming to the last line's arriving. */
import type {Topology} from '../../src/mesh/topology/types.js';
import {PRESENT_MS, type Account} from './ledger.js';
import {World, type Member} from './world.js';

/** What goes wrong while lines are said. */
export const FAULTS = ['calm', 'churn', 'dying', 'broken'] as const;
export type Fault = typeof FAULTS[number];

/** From line to line. */
const PAUSE_MS = 250;
/** Of all members, so many come and so many go in a minute; each second one of those without a goodbye. */
const CHURN_PER_MINUTE = 0.1;
/** So many times the usual lines are said meanwhile. */
const CHURN_LINES = 3;
/** Of all pairs, so many have no path to each other, ever. */
const BROKEN = 0.05;
/** Of all members, so many die at one instant. */
const DYING = 0.2;
/** From the first line to their dying: some lines have arrived, others are on their way. */
const DYING_AFTER_MS = 60;
/** Where pairs are broken, talking begins when links stand and ways around are still being looked for. In milliseconds. */
const BROKEN_JOIN_MS = 1_000;
/** In larger rooms nobody has a name: a thousand who tell it to a thousand are a million messages, and another measurement. */
const NAMED = 64;

/** How much of a room is played. */
export interface Scale {
  /** Everybody joins at one instant; so long until all links stand, a retry included. */
  readonly joinMs: number;
  /** How long nobody says anything, to see what links cost by themselves. */
  readonly idleMs: number;
  /** Lines that are said. */
  readonly lines: number;
  readonly churnMs: number;
  /** In a small room it takes longer until so many have come, and as many have gone. */
  readonly comings: number;
  /** Who come and who go do so this many at one instant. */
  readonly wave: number;
  /** What must not come again is waited for so long. */
  readonly afterMs: number;
}

/** Pings, and what they bring, are waited for. */
export const FULL: Scale = {joinMs: 5_000, idleMs: 10_000, lines: 20, churnMs: 60_000, comings: 6, wave: 1, afterMs: 6_000};
/** For ten thousand, where a second of the room takes five, and each change of the List ten and more. */
export const REDUCED: Scale = {joinMs: 2_000, idleMs: 2_000, lines: 5, churnMs: 6_000, comings: 0, wave: 100, afterMs: 2_500};

export interface RoomOptions {
  readonly topology: Topology;
  readonly members: number;
  readonly seed: number;
  readonly scale?: Scale;
  /** One after another, in the same room. Where pairs are broken they are so from the beginning. */
  readonly faults: readonly Fault[];
}

export interface Played {
  readonly fault: Fault;
  readonly account: Account;
  /** To how many others each had a link, before anything happened. */
  readonly degrees: readonly number[];
  /** What one member hands to its links in a second in which nobody says anything; measured in calm rooms. */
  readonly idleBytesPerSecond: number;
}

export async function play({topology, members, seed, scale = FULL, faults}: RoomOptions): Promise<Played[]> {
  const world = new World({topology, seed, named: members <= NAMED});
  const ids = Array.from({length: members}, () => world.chance.id());
  if (faults.includes('broken')) breakPairs(world, ids);
  world.join(ids);
  await world.clock.run(faults.includes('broken') ? BROKEN_JOIN_MS : scale.joinMs);
  const played: Played[] = [];
  for (const fault of faults) {
    const degrees = world.degrees();
    const idleBytesPerSecond = fault === 'calm' ? await idle(world, scale) : Number.NaN;
    world.ledger.begin();
    await HAPPENINGS[fault](world, scale);
    for (let waited = 0; waited <= PRESENT_MS && !world.ledger.complete; waited += PAUSE_MS) await world.clock.run(PAUSE_MS);
    await world.clock.run(scale.afterMs);
    played.push({fault, account: world.ledger.close(), degrees, idleBytesPerSecond});
  }
  return played;
}

const HAPPENINGS: Readonly<Record<Fault, (world: World, scale: Scale) => Promise<void>>> = {
  calm: (world, {lines}) => talk(world, lines),
  broken: (world, {lines}) => talk(world, lines),
  churn, dying,
};

async function idle({ledger, clock, members}: World, {idleMs}: Scale): Promise<number> {
  const before = ledger.bytes;
  await clock.run(idleMs);
  return (ledger.bytes - before) / members.size / (idleMs / 1_000);
}

/** One of those says something. */
function say(world: World, speakers: readonly Member[] = world.present): void {
  const speaker = world.chance.pick(speakers);
  if (speaker) world.say(speaker);
}

async function talk(world: World, lines: number): Promise<void> {
  for (let i = 0; i < lines; i++) {
    say(world);
    await world.clock.run(PAUSE_MS);
  }
}

/** Members come and go, those who go with a goodbye and without in turns, while others talk. */
async function churn(world: World, {lines, wave, churnMs, comings}: Scale): Promise<void> {
  const {clock, chance} = world;
  const waveMs = wave * 60_000 / (CHURN_PER_MINUTE * world.members.size);
  const end = clock.now() + Math.max(churnMs, comings * waveMs);
  const lineMs = Math.max(PAUSE_MS, (end - clock.now()) / (lines * CHURN_LINES));
  let goings = 0;
  let nextLine = clock.now();
  let nextWave = clock.now() + waveMs / 2;
  while (clock.now() < end) {
    if (clock.now() >= nextWave) {
      nextWave += waveMs;
      world.join(Array.from({length: wave}, () => chance.id()));
      const [dying, leaving]: [Member[], Member[]] = [[], []];
      for (const member of chance.some(world.present, wave)) (goings++ % 2 ? dying : leaving).push(member);
      world.kill(dying);
      for (const member of leaving) world.leave(member);
    }
    if (clock.now() >= nextLine) {
      nextLine += lineMs;
      say(world);
    }
    await clock.run(Math.min(nextWave, nextLine, end) - clock.now());
  }
}

/** Many die while lines are on their way; what is said afterwards has to get around them. */
async function dying(world: World, {lines}: Scale): Promise<void> {
  const {members, chance, clock} = world;
  const all = [...members.values()];
  const victims = new Set(chance.some(all, Math.max(1, Math.round(DYING * all.length))));
  const before = Math.ceil(lines / 4);
  for (let i = 0; i < before; i++) {
    say(world, world.present.filter(member => !victims.has(member)));
    // What those say who die meanwhile may reach some, but nobody twice.
    if (i % 2 === 0) say(world, [...victims].filter(({present}) => present));
    await clock.run(DYING_AFTER_MS / before);
  }
  world.kill([...victims]);
  await talk(world, lines - before);
}

/** Takes the path from some of the pairs. */
function breakPairs({chance, network}: World, ids: readonly string[]): void {
  let most = BROKEN * 2 ** 32;
  if (ids.length <= NAMED) {
    // In a small room chance may break none: exactly as many as that share is, rounded up.
    const all = ids.flatMap((a, i) => ids.slice(i + 1).map(b => chance.ofPair(a, b))).sort((a, b) => a - b);
    most = all[Math.ceil(BROKEN * all.length)] ?? most;
  }
  network.blocks = (a, b) => chance.ofPair(a, b) < most;
}
