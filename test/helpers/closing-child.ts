/** Opens and closes a connection, then has nothing more to do: the process ends unless something was left behind. */
import {MeshError} from '../../src/mesh/errors.js';
import {createNodeSignalling} from './node-signalling.js';

const [url = '', when] = process.argv.slice(2);
const signalling = createNodeSignalling({url, list: 'closing', selfId: 'ada'});
const opened = signalling.open().then(() => 'open', (error: unknown) => error instanceof MeshError ? error.code : String(error));
if (when === 'handshake') await new Promise<void>(resolve => { setImmediate(resolve); });
if (when === 'open' || when === 'fail') await opened;
await signalling.close();
const outcome = await opened;
const expected = {open: 'open', fail: 'server-unreachable'}[when ?? ''] ?? 'aborted';
if (outcome !== expected) throw new Error(`${outcome} instead of ${expected}`);
