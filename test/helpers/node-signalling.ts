/** The deepstream adapter as Node runs it: deepstream's client brings a WebSocket of its own where the platform has none. */
export {createDeepstreamSignalling as createNodeSignalling} from '../../src/mesh/signalling/deepstream.js';
