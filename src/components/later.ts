/**
 * What elements need only once their frames are painted: one chunk, since every further one would cut what they share with the frames
 * into more pieces. It is asked for as soon as an element is connected, beside the engine.
 */
import {MeshInstall} from './mesh-install/mesh-install.js';
import {MeshShell} from './mesh-shell/mesh-shell.js';

export {ChatLogs} from '../room/chat-logs.js';
export {Composer} from './mesh-chat/composer.js';
export {LogView} from './mesh-chat/log-view.js';
export {People} from './mesh-roster/people.js';
export {StatusDetails} from './mesh-status/details.js';

/** Elements that show nothing at first, by their tags. */
export const shellTags = {'mesh-install': MeshInstall, 'mesh-shell': MeshShell};
