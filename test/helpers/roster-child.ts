/** A user in a process of its own, to be killed: `node --import tsx roster-child.ts <url> <list> <id>`; says `in` when it is. */
import {createNodeSignalling} from './node-signalling.js';

const [url = '', list = '', selfId = ''] = process.argv.slice(2);
const signalling = createNodeSignalling({url, list, selfId});
await signalling.open();
process.stdout.write('in\n');
