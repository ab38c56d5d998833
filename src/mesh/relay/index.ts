/** What a mesh loads when the first link is to pass through others, or when not all members are linked. */
export {Crowd} from '../casts/crowd.js';
export {webCryptography as cryptography} from '../secure/web-crypto.js';
export {Routing} from './routing.js';
export {topologies} from '../topology/topologies.js';
