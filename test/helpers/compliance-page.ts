/** The compliance suite inside a page, as `signalling-browser.test.ts` bundles it; the servers are in the test's process. */
import type {EventData} from '@deepstream/protobuf/dist/types/all.js';
import {CASE_MS, signallingCompliance, type SignallingHarness} from '../../src/mesh/signalling/compliance.js';
import {createDeepstreamSignalling} from '../../src/mesh/signalling/deepstream.js';
import {entriesOf, listenAs, plainClient, untilEntries} from './plain-client.js';

export interface RemoteServer {
  readonly guarded: boolean;
  /** The server itself. */
  readonly direct: string;
  /** The way to it that breaks on `disconnect`. */
  readonly url: string;
}

/** What the test's process does for the page. */
interface Remote {
  startServer(name: string): Promise<RemoteServer>;
  disconnect(): Promise<void>;
  stopServer(): Promise<void>;
  startAgain(): Promise<void>;
  cleanUp(): Promise<void>;
}

const remote = globalThis as unknown as Remote;

const harness = (name: string) => async (): Promise<SignallingHarness> => {
  const {guarded, direct, url} = await remote.startServer(name);
  let plain = await plainClient(direct);
  return {
    guarded,
    create: options => createDeepstreamSignalling({url, ...options}),
    entries: list => entriesOf(plain, list),
    until: (list, holds) => untilEntries(plain, list, holds),
    disconnect: () => void remote.disconnect(),
    async restart() {
      plain.close();
      await remote.stopServer();
      await remote.startAgain();
      plain = await plainClient(direct);
    },
    ...guarded ? {} : {inject: (to: string, data: unknown) => plain.event.emit(`rtc-signal/${to}`, data as EventData)},
    overwrite: (list, entries) => plain.record.setData(list, [...entries]),
    listen: id => listenAs(plain, id),
    async stop() {
      plain.close();
      await remote.cleanUp();
    },
  };
};

const bodies = new Map<string, () => Promise<void>>();

export interface ComplianceCase {
  readonly title: string;
  /** What it may take, in milliseconds. */
  readonly boundMs: number;
}

/** The cases for one kind of server. */
function complianceCases(name: string): ComplianceCase[] {
  const cases: ComplianceCase[] = [];
  bodies.clear();
  signallingCompliance({
    describe: (_, body) => body(),
    it: (title, body, boundMs = CASE_MS) => {
      bodies.set(title, body);
      cases.push({title, boundMs});
    },
  }, name, harness(name));
  return cases;
}

/** Runs one of them; rejects with what went wrong. */
const runCase = async (title: string): Promise<void> => bodies.get(title)?.();

Object.assign(globalThis, {complianceCases, runCase});
