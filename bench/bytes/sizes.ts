/** Bytes of script: what a visitor of a page with each of these comes to load. */
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, constants, gzipSync} from 'node:zlib';

import {build} from 'esbuild';

import {measureSizes} from '../../scripts/build/sizes.js';

export interface Size {
  readonly name: string;
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** What a page imports of each, and nothing of the harness. */
const IMPORTS: Readonly<Record<string, string>> = {
  'trystero': `export {createTopicStrategy} from '@trystero-p2p/core'`,
  'peerjs': `export {Peer} from 'peerjs'`,
  'y-webrtc': `export {WebrtcProvider} from 'y-webrtc'; export {Doc} from 'yjs'`,
  'tutorial': `export {default} from 'simple-peer/simplepeer.min.js'; export {DeepstreamClient} from '@deepstream/client/dist/bundle/ds.min.js'`,
};

const gzip = (bytes: Uint8Array): number => gzipSync(bytes, {level: 9}).length;
const brotli = (bytes: Uint8Array): number => brotliCompressSync(bytes, {params: {[constants.BROTLI_PARAM_QUALITY]: 11}}).length;

/** Of these contestants, bundled and minified in one file each. */
export async function sizesOf(contestants: readonly string[]): Promise<Size[]> {
  return Promise.all(contestants.map(async name => {
    const {outputFiles} = await build({
      stdin: {contents: IMPORTS[name]!, resolveDir: fileURLToPath(new URL('..', import.meta.url))},
      bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', legalComments: 'none',
    });
    const {contents} = outputFiles[0]!;
    return {name, raw: contents.length, gzip: gzip(contents), brotli: brotli(contents)};
  }));
}

/** Of this project's script, up to three points. */
export async function ownSizes(): Promise<Size[]> {
  const {outputs, bytes, first, complete, all} = await measureSizes();
  const sum = (name: string, names: ReadonlySet<string>): Size => {
    const of = (measure: (output: string) => number): number => [...names].reduce((total, output) => total + measure(output), 0);
    return {
      name, raw: of(output => bytes.get(output)!.min), gzip: of(output => bytes.get(output)!.gzip),
      brotli: of(output => brotli(outputs.get(output)!)),
    };
  };
  return [
    sum('mesh-room, frame', first), sum('mesh-room, complete with chat', complete), sum('mesh-room, and all that it may load', all),
  ];
}

export const IMPORTED: readonly string[] = Object.keys(IMPORTS);
