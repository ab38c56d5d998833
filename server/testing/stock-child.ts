/** A stock deepstream server in a process of its own, because some messages kill it. Prints its endpoint. */
import {startStockServer} from '../../test/helpers/stock-server.js';

const {url} = await startStockServer();
console.log(url);
