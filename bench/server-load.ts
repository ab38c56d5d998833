/** `npm run bench:server`: what a thousand users in a hundred rooms cost one server process. See README.md. */
import {parseArgs} from 'node:util';

import {ensureBuilt} from './built.js';
import {numbers} from './numbers.js';
import {program, tell} from './program.js';
import {clients, type Client} from './server-load/clients.js';
import {ServerProcess, type Usage} from './servers/process.js';
import {comparison, sideBySide, type Figures} from './side-by-side.js';

const USAGE = `npm run bench:server -- [options]

  --clients 1000   users, at most 5000
  --rooms 100      rooms that they are in, in turn
  --signals 100    signals that each sends
  --rounds 3
  --markdown <file>
`;

/** A browser of each is one that waits for the others: so many enter at one time, and so many signals are on their way. */
const AT_ONCE = 20;
const ON_THE_WAY = 1_000;
/** About what a description of one data channel is. */
const SIGNAL = 'v=0 '.repeat(200);
const STUCK_MS = 60_000;
const MOST_CLIENTS = 5_000;

interface Load {
  readonly clients: number;
  readonly rooms: number;
  readonly signals: number;
}

const ROWS = {
  joins: 'joins a second',
  joinMs: 'server processor a join, ms',
  signals: 'signals a second, there',
  signalUs: 'server processor a signal, µs',
  memory: 'memory a client, kB',
  base: 'memory without anybody, MB',
} as const;
type Row = keyof typeof ROWS;

async function play(contestant: string, load: Load): Promise<Figures<Row>> {
  const server = new ServerProcess(contestant);
  const {url} = await server.start();
  const everybody: Client[] = [];
  try {
    const empty = await server.usage({collects: true});
    let arrived = 0;
    let onSignal = (): void => undefined;
    const connect = clients[contestant]!;
    const begun = performance.now();
    let next = 0;
    await Promise.all(Array.from({length: AT_ONCE}, async () => {
      while (next < load.clients) {
        const place = next++;
        everybody[place] = await connect(url, `room-${place % load.rooms}`, () => {
          arrived++;
          onSignal();
        });
      }
    }));
    const joinedMs = performance.now() - begun;
    const full = await server.usage({collects: true});

    const all = load.clients * load.signals;
    const start = performance.now();
    let sent = 0;
    await new Promise<void>((resolve, reject) => {
      const stuck = setTimeout(() => reject(new Error(`${arrived} of ${all} signals after ${STUCK_MS} ms`)), STUCK_MS);
      const fill = (): void => {
        while (sent < all && sent - arrived < ON_THE_WAY) {
          const from = sent % load.clients;
          // The next one in the same room.
          const to = (from + load.rooms) % load.clients;
          sent++;
          everybody[from]!.signal(everybody[to]!.id, SIGNAL);
        }
        if (arrived < all) return;
        clearTimeout(stuck);
        resolve();
      };
      onSignal = fill;
      fill();
    });
    const signalledMs = performance.now() - start;
    const after = await server.usage({collects: true});
    return figuresOf(load, [empty, full, after], joinedMs, signalledMs);
  } finally {
    for (const client of everybody) client?.close();
    await server.stop();
  }
}

function figuresOf(load: Load, [empty, full, after]: readonly [Usage, Usage, Usage], joinedMs: number, signalledMs: number): Figures<Row> {
  const all = load.clients * load.signals;
  return {
    joins: load.clients / joinedMs * 1_000,
    joinMs: (full.processorMs - empty.processorMs) / load.clients,
    signals: all / signalledMs * 1_000,
    signalUs: (after.processorMs - full.processorMs) / all * 1_000,
    memory: (full.memoryBytes - empty.memoryBytes) / load.clients / 1_024,
    base: empty.memoryBytes / 1_000_000,
  };
}

/** `tutorial` is deepstream as it comes, with what this project's rooms ask of it and nothing that guards them. */
const NAMES = {'floor': 'floor', 'tutorial': 'deepstream as it comes', 'mesh-room': 'mesh-room'} as const;
type Name = keyof typeof NAMES;

async function main(load: Load, rounds: number, markdown: string | undefined): Promise<void> {
  await ensureBuilt();
  const results = await sideBySide({label: 'server', names: Object.keys(NAMES) as Name[], rounds, play: name => play(name, load)});
  const heading = `${load.clients.toLocaleString('en')} clients in ${load.rooms} rooms, one process`;
  await tell([
    ...comparison({heading, rows: ROWS, results, floor: 'floor', labelOf: name => NAMES[name]}),
    '', `Median of ${rounds} rounds (least–most), times that of the floor.`,
  ], markdown);
}

await program(async () => {
  const {values} = parseArgs({options: {
    clients: {type: 'string', default: '1000'}, rooms: {type: 'string', default: '100'}, signals: {type: 'string', default: '100'},
    rounds: {type: 'string', default: '3'}, markdown: {type: 'string'}, help: {type: 'boolean', short: 'h'},
  }});
  if (values.help) return console.log(USAGE);
  const count = (option: 'clients' | 'rooms' | 'signals' | 'rounds', most?: number): number =>
    numbers(values[option], `--${option}`, 1, most)[0]!;
  await main({clients: count('clients', MOST_CLIENTS), rooms: count('rooms'), signals: count('signals')}, count('rounds'), values.markdown);
});
