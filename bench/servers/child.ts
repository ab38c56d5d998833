/** A contestant's server as a process, for `process.ts`: `child.ts <contestant>`; each line of standard input asks for something. */
import {createInterface} from 'node:readline';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

import {entrants} from './index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const tell = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
// Some servers say when they have begun; standard output is for answers.
console.log = console.error;

const {startServer} = await entrants[process.argv[2] ?? '']!.load();
tell({});

function usage(): object {
  const {user, system} = process.cpuUsage();
  return {processorMs: (user + system) / 1_000, memoryBytes: process.memoryUsage().rss};
}

async function answer(question: string): Promise<object> {
  const [what, port] = question.split(' ');
  if (what === 'start') return startServer(Number(port));
  if (what === 'collect') {
    // Twice: what the first one frees may hold on to more.
    collectGarbage();
    collectGarbage();
  }
  return usage();
}

createInterface({input: process.stdin})
  .on('line', line => void answer(line).then(tell))
  // Nobody is there to ask any more.
  .on('close', () => process.exit());
