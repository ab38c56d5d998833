/** What most rooms never load: ways around broken pairs, and what is needed where not all members are linked. A chunk of its own. */
export {Crowd} from './casts/crowd.js';
export {Handover} from './handover.js';
export {Routing} from './relay/routing.js';
export {webCryptography as cryptography} from './secure/web-crypto.js';
export {topologies} from './topology/topologies.js';
