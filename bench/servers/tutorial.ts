import {startStockServer} from '../../test/helpers/stock-server.js';
import type {ContestantServer} from '../contestant.js';

/** deepstream's server as it comes. */
export async function startServer(wanted: number): Promise<ContestantServer> {
  const {url, port} = await startStockServer({port: wanted});
  return {url, port};
}
