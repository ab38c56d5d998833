/** What this folder takes from deepstream's own client; the only file that names the vendor. Checked against 7.0.5. */
import type {List} from '@deepstream/client/dist/src/record/list.js';

export {C, DeepstreamClient} from '@deepstream/client';
/** The socket that the client makes for itself when its option `socketFactory` names no other. */
export {socketFactory} from '@deepstream/client/dist/src/connection/socket-factory.js';
export type {RecordOfflineStore, Socket} from '@deepstream/client';
export type {List};
export type {MergeStrategy} from '@deepstream/client/dist/src/record/merge-strategy.js';
export type {EventData} from '@deepstream/protobuf/dist/types/all.js';
export type {Message} from '@deepstream/protobuf/dist/types/messages.js';
