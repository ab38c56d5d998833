/** What a mesh loads when the first link is to pass through others. */
export {webCryptography as cryptography} from '../secure/web-crypto.js';
export {Routing} from './routing.js';
