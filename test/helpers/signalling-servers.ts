/** The servers that signalling is proved against, behind one shape. */
import {startServer} from '../../server/index.js';
import {startStockServer} from './stock-server.js';

export interface SignallingServer {
  readonly name: 'ours' | 'stock';
  readonly guarded: boolean;
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export type StartSignallingServer = (port?: number) => Promise<SignallingServer>;

export const startOurs: StartSignallingServer = async (port = 0) => {
  const server = await startServer({port, static: false});
  return {
    name: 'ours', guarded: true, port: server.port, url: `ws://127.0.0.1:${server.port}/deepstream`, stop: () => server.stop(),
  };
};

export const startStock: StartSignallingServer = async (port = 0) => {
  const server = await startStockServer({port});
  return {name: 'stock', guarded: false, port: server.port, url: server.url, stop: () => server.stop()};
};

export {entriesOf, listenAs, plainClient, untilEntries} from './plain-client.js';
