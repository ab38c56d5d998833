/** The deepstream adapter as Node runs it: 20 has no WebSocket of its own. */
import {WebSocket as NodeWebSocket} from 'ws';
import {deepstreamSignalling} from '../../src/mesh/signalling/deepstream.js';

export const createNodeSignalling = deepstreamSignalling({WebSocket: NodeWebSocket as unknown as typeof WebSocket});
