import {startStockServer} from '../../test/helpers/stock-server.js';
import type {ContestantServer} from '../contestant.js';

/** deepstream's server as it comes. */
export async function startServer(port = 0): Promise<ContestantServer> {
  const server = await startStockServer({port});
  return {url: server.url, port: server.port, stop: () => server.stop()};
}
