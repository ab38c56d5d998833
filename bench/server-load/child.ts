/** A server in a process of its own, which tells what it used: `child.ts <contestant>`; each line of standard input is a question. */
import {createInterface} from 'node:readline';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

import {entrants} from '../servers/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const server = await entrants[process.argv[2] ?? '']!.start();
console.log(server.url);

createInterface({input: process.stdin})
  .on('line', () => {
    // Twice: what the first one frees may hold on to more.
    collectGarbage();
    collectGarbage();
    const {user, system} = process.cpuUsage();
    console.log(JSON.stringify({processorMs: (user + system) / 1_000, memoryBytes: process.memoryUsage().rss}));
  })
  // Nobody is there to ask any more.
  .on('close', () => process.exit());
