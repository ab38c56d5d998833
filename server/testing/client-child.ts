/** A plain page in a process of its own, to be killed or frozen: `client-child.ts <endpoint> <list> <id>`. Says `in` once it is in. */
import {add, PlainPage} from './clients.js';

const [endpoint = '', name = '', id = ''] = process.argv.slice(2);
const page = await PlainPage.open(endpoint);
await add(await page.list(name), id);
console.log('in');
