/** A program that embeds the server, uses it and stops it; prints what that changed in its process. */
import {RawSocket, endpointOf, startTestServer} from './clients.js';

process.title = 'my program';
const emit = Object.getOwnPropertyDescriptor(process, 'emit');
const prepareStackTrace = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
const before = new Set(process.getActiveResourcesInfo());

const server = await startTestServer();
const raw = await RawSocket.logIn(endpointOf(server), {username: 'ada', token: 'a'});
await raw.write('room', ['ada'], '1');
const gone = await RawSocket.logIn(endpointOf(server), {username: 'bob', token: 'b'});
await gone.write('room', ['bob'], '1');
gone.socket.terminate(); // its grace period runs when the server stops
await gone.closed;
await server.stop();
await raw.closed;

const same = (now: PropertyDescriptor | undefined, then: PropertyDescriptor | undefined): boolean => now?.value === then?.value;
process.on('exit', () => process.stdout.write(JSON.stringify({
  title: process.title === 'my program',
  emit: same(Object.getOwnPropertyDescriptor(process, 'emit'), emit),
  prepareStackTrace: same(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace'), prepareStackTrace),
  leftovers: process.getActiveResourcesInfo().filter(name => !before.has(name) && name !== 'CloseReq'),
})));
