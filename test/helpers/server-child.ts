/** The server in a process of its own, to be killed: `node --import tsx server-child.ts <port> <silentMs>`; says its URL. */
import {startServer} from '../../server/index.js';

const [port, silentMs] = process.argv.slice(2).map(Number);
const {url} = await startServer({port: port!, limits: {silentMs: silentMs!}});
process.stdout.write(`${url}\n`);
