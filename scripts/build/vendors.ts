/**
 * How the engine's two vendors get into browsers' bundles: without Node polyfills and without what this project never calls.
 * The script-tag bundle, the npm package and the test runner's dev server all use this, so the tests run what ships.
 * What is replaced, and what that saves, is in `docs/decisions/vendors.md`.
 */
import type {BuildOptions, Plugin} from 'esbuild';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {fromRoot} from './paths.js';

const shim = (name: string): string => fromRoot('scripts/build/shims', `${name}.cjs`);

/** Modules that simple-peer and deepstream's client ask for, and what they get instead. */
const REPLACED: Readonly<Record<string, string>> = {
  // simple-peer is a Duplex stream; this project uses its events, `signal` and `destroy` only.
  'readable-stream': shim('readable-stream'),
  debug: shim('debug'),
  // deepstream's messages as bytes: protobufjs, and what it generated.
  '../generated/protobuf': shim('deepstream-codec'),
  // Asked for by what the plugin makes of deepstream's enums.
  'enum-of': shim('enum-of'),
  // Persistence of records across visits (`offlineEnabled`), which rooms must not have.
  './storage/indexdb-storage-service': shim('deepstream-storage'),
  './storage/localstorage-storage-service': shim('deepstream-storage'),
  // Remote procedures, presence, providers, and kinds of records that no room has.
  './rpc/rpc-handler': shim('deepstream-unused'),
  './presence/presence-handler': shim('deepstream-unused'),
  '../util/listener': shim('deepstream-unused'),
  './record': shim('deepstream-unused'),
  './anonymous-record': shim('deepstream-unused'),
  './dequeue': shim('deepstream-unused'),
  // Timers that are looked at every 50 ms.
  './util/interval-timer-registry': shim('deepstream-timers'),
};

/** Only these ask for the names above in our bundles; anything else that does keeps what it asked for. */
const ASKERS = /[\\/]node_modules[\\/](simple-peer|@deepstream[\\/](client|protobuf))[\\/]/;

/**
 * What simple-peer does between events that nothing here needs: a turn of the timers before each offer, which browsers of ten years ago
 * needed; a description that is made and handed back to be set, which browsers do in one step; a wait until the offer is set before the
 * answer is asked for, which browsers do in this order by themselves (the queue of operations of WebRTC, section 4.4.1.2); and a look at
 * the statistics, repeated every 100 ms until a pair is selected, before it says `connect`, only to fill fields that nobody reads. And what
 * every browser has or nobody asks for: a microtask, prefixed names of WebRTC, codes on errors, servers of its own, the stream, tracks and
 * transceivers, random names, states that nobody listens to, classes around descriptions and candidates. And two timers for each link: one
 * until candidates are complete, for which nothing waits that trickles; and one that looks every 5 s whether a channel is stuck while it
 * closes, of which browsers tell by now (`closing`), and a silence of some seconds too. Each is there once, or the build fails.
 */
const LEAN: ReadonlyArray<readonly [from: RegExp, to: string]> = [
  [/setTimeout\(\(\) => \{ \/\/ HACK: Chrome crashes[^\n]*\n\s*this\._createOffer\(\)\n\s*\}, 0\)/, 'this._createOffer()'],
  [/this\._pc\.createOffer\(this\.offerOptions\)/, 'Promise.resolve({})'],
  [/this\._pc\.createAnswer\(this\.answerOptions\)/, 'Promise.resolve({})'],
  [/setLocalDescription\(offer\)/, 'setLocalDescription()'],
  [/setLocalDescription\(answer\)/, 'setLocalDescription()'],
  [/ *if \(this\._pc\.remoteDescription\.type === 'offer'\) this\._createAnswer\(\)\n/, ''],
  [/'ERR_SET_REMOTE_DESCRIPTION'\)\)\n\s*\}\)\n/, "$&      if (data.type === 'offer') this._createAnswer()\n"],
  [/this\._connecting = true\n[^]*?findCandidatePair\(\)\n {2}\}\n/, "this._connected = true\n    this.emit('connect')\n  }\n"],
  [/getStats \(cb\) \{\n[^]*?\n {2}\}\n\n/, ''],
  [/const queueMicrotask = require\('queue-microtask'\)[^\n]*\n/, ''],
  [/require\('get-browser-rtc'\)/, '() => null'],
  [/require\('err-code'\)/, 'error => error'],
  [/let isClosing = false\n[^]*?\}, CHANNEL_CLOSING_TIMEOUT\)\n/, 'this._channel.onclosing = () => this._onChannelClose()\n'],
  [/ {6}clearInterval\(this\._closingInterval\)\n {6}this\._closingInterval = null\n/, ''],
  [/if \(this\.trickle \|\| this\._iceComplete\) sendOffer\(\)\n[^\n]*/, 'sendOffer()'],
  [/if \(this\.trickle \|\| this\._iceComplete\) sendAnswer\(\)\n[^\n]*/, 'sendAnswer()'],
  [/ {2}_startIceCompleteTimeout \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {4}\/\/ as soon as we've received one valid candidate start timeout\n {4}if \(event\.candidate\) \{\n[^]*?\n {4}\}\n/, ''],
  [/ else if \(!event\.candidate && !this\._iceComplete\) \{\n[^]*?\n {4}\}\n/, '\n'],
  [/ {8}if \(!this\.trickle && !this\.allowHalfTrickle\) offer[^\n]*\n/, ''],
  [/ {8}if \(!this\.trickle && !this\.allowHalfTrickle\) answer[^\n]*\n/, ''],
  [/Peer\.config = \{\n[^]*?\n\}\n/, 'Peer.config = {}\n'],
  [/ {6}clearInterval\(this\._interval\)\n {6}this\._interval = null\n {6}this\._chunk = null\n {6}this\._cb = null\n/, ''],
  [/ {2}_write \(chunk, encoding, cb\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {2}_onFinish \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/this\._onFinishBound = \(\) => \{\n[^]*?\n {4}\}\n {4}this\.once\('finish', this\._onFinishBound\)\n/, ''],
  [/if \(this\._onFinishBound\)[^\n]*\n {6}this\._onFinishBound = null\n/, ''],
  [/ {4}this\._channel\.onbufferedamountlow = \(\) => \{\n[^]*?\n {4}\}\n/, ''],
  [/ {2}_onChannelBufferedAmountLow \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {4}this\._chunk = null\n {4}this\._cb = null\n {4}this\._interval = null\n/, ''],
  [/ {4}this\._closingInterval = null\n/, ''],
  [/ {4}this\.iceCompleteTimeout = [^\n]*\n/, ''],
  [/ {4}this\._iceComplete = false [^\n]*\n {4}this\._iceCompleteTimer = null [^\n]*\n/, ''],
  [/ {4}this\._isReactNativeWebrtc = [^\n]*\n/, ''],
  [/(?: {4}this\.(?:remote|local)\w+ = undefined\n)+/, ''],
  [/ {2}address \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {2}_onInterval \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {2}_debug \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/new \(this\._wrtc\.RTCSessionDescription\)\(data\)/, 'data'],
  [/const iceCandidateObj = new [^\n]*\n[^]*?\n {6}\}\)\n/, 'this._pc.addIceCandidate(candidate).catch(() => {})\n'],
  [/ {4}this\._id = randombytes[^\n]*\n/, ''],
  [/ \|\| randombytes\(20\)\.toString\('hex'\)/, ''],
  [/const randombytes = [^\n]*\n/, ''],
  [/const \{ Buffer \} = [^\n]*\n/, ''],
  [/ {4}this\._pc\.onicegatheringstatechange = \(\) => \{\n[^]*?\n {4}\}\n/, ''],
  [/ {4}this\._channel\.onmessage = event => \{\n[^]*?\n {4}\}\n/, ''],
  [/ {2}_onChannelMessage \(event\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {4}this\._pc\.ontrack = event => \{\n[^]*?\n {4}\}\n/, ''],
  [/ {2}_onTrack \(event\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {2}addTransceiver \(kind, init\) \{\n[^]*?(?= {2}_needsNegotiation)/, ''],
  [/ {4}if \(data\.transceiverRequest && [^\n]*\n[^]*?\n {4}\}\n/, ''],
  [/ && !data\.transceiverRequest\)/, ')'],
  [/ {2}_requestMissingTransceivers \(\) \{\n[^]*?\n {2}\}\n/, ''],
  [/ {10}if \(!this\.initiator\) this\._requestMissingTransceivers\(\)\n/, ''],
  [/ {4}this\.streams = opts[^\n]*\n/, ''],
  [/ {4}if \(this\.streams\) \{\n[^]*?\n {4}\}\n/, ''],
  [/ {4}this\._sendersAwaitingStable = \[\]\n {4}this\._senderMap = new Map\(\)\n/, ''],
  [/ {4}this\._remoteTracks = \[\]\n {4}this\._remoteStreams = \[\]\n/, ''],
  [/ {6}this\._remoteTracks = null\n {6}this\._remoteStreams = null\n {6}this\._senderMap = null\n/, ''],
  [/ {4}this\.emit\('signalingStateChange'[^\n]*\n/, ''],
  [/ else \{\n[^\n]*\n {8}this\.emit\('negotiated'\)\n {6}\}/, ''],
  [/ {6}this\._sendersAwaitingStable\.forEach\([^]*?\n {6}\}\)\n {6}this\._sendersAwaitingStable = \[\]\n/, ''],
];

function leanPeer(source: string): string {
  const lean = LEAN.reduce((leaner, [from, to]) => {
    if (leaner.split(from).length !== 2) throw new Error(`simple-peer is another than expected: ${from.source} is not in it once`);
    return leaner.replace(from, to);
  }, source);
  // What it tells a console that nobody opens.
  const silent = lean.replace(/^ *this\._debug\((?:[^\n]*|\n[^]*?\n *)\)\n/gm, '');
  if (silent.includes('_debug')) throw new Error('simple-peer is another than expected: its log is still in it');
  return silent;
}

/** As TypeScript makes it: numbers by name and names by number. */
type Enum = Readonly<Record<string, number | string>>;

/** What `enum-of.cjs` makes the enum of. */
function namesOf(values: Enum): string {
  const words: string[] = [];
  let next = 0;
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'number') continue;
    words.push(...value === next ? [] : [String(value)], name);
    next = value + 1;
  }
  return words.join(' ');
}

export const vendorPlugin: Plugin = {
  name: 'vendors',
  setup(build) {
    const names = Object.keys(REPLACED).map(name => name.replace(/[.]/g, '\\.')).join('|');
    build.onResolve({filter: new RegExp(`^(${names})$`)}, ({path, importer}) => {
      const replacement = REPLACED[path];
      return replacement !== undefined && ASKERS.test(importer) ? {path: replacement} : null;
    });
    // deepstream's client wants its version and pulls in its whole package.json for it.
    build.onLoad({filter: /@deepstream[\\/]client[\\/](dist[\\/])?package\.json$/}, async ({path}) => {
      const {name, version} = JSON.parse(await readFile(path, 'utf8')) as {name: string; version: string};
      return {contents: JSON.stringify({name, version}), loader: 'json'};
    });
    build.onLoad({filter: /[\\/]simple-peer[\\/]index\.js$/}, async ({path}) => ({contents: leanPeer(await readFile(path, 'utf8')), loader: 'js'}));
    // Two assignments for each name of an enum, and the same once more in the module that gathers the enums.
    build.onLoad({filter: /@deepstream[\\/]protobuf[\\/]dist[\\/]types[\\/]all\.js$/}, ({path}) => {
      const enums = createRequire(path)(path) as Readonly<Record<string, Enum>>;
      const lines = Object.entries(enums).map(([name, values]) => `exports.${name} = require('enum-of')('${namesOf(values)}');`);
      return {contents: lines.join('\n'), loader: 'js'};
    });
  },
};

/** What every bundle for browsers shares. */
export const browserOptions = {
  absWorkingDir: fromRoot(),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  // One character outside Latin-1, and browsers keep the whole script in two bytes a character.
  charset: 'ascii',
  legalComments: 'none', // licences are gathered into one file, see licenses.ts
  // deepstream's client reads `global.setTimeout` and checks for `Buffer` before it falls back to typed arrays.
  define: {global: 'globalThis', Buffer: 'Uint8Array'},
  plugins: [vendorPlugin],
  logLevel: 'silent', // problems are printed once, by the caller
} as const satisfies BuildOptions;
