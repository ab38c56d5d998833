/** `mesh-room`: classes, `joinRoom` and types. Importing it registers nothing and needs no DOM; `mesh-room/define` registers the tags. */
export {MeshChat} from './components/mesh-chat/mesh-chat.js';
export type {MeshInstall} from './components/mesh-install/mesh-install.js';
export {MeshRoom} from './components/mesh-room/mesh-room.js';
export {MeshRoster} from './components/mesh-roster/mesh-roster.js';
export type {MeshShell} from './components/mesh-shell/mesh-shell.js';
export type {MeshUpdateRequestEvent} from './components/mesh-shell/update-request.js';
export {MeshStatus} from './components/mesh-status/mesh-status.js';
export * from './components/events.js';
export {MeshError, type MeshErrorCode} from './mesh/errors.js';
export type {ChatMessage, TextStatus} from './room/chat.js';
export {joinRoom, type LoadEngine} from './room/engine.js';
export {
  RoomErrorEvent, RoomMessageEvent, type CreateRoom, type IceServers, type LinkKind, type PeerState, type RelayOption, type Relaying,
  type Room, type RoomData, type RoomEventMap, type RoomOptions, type RoomSession, type RoomState, type RoomStatus, type SendOptions,
  type Topology,
} from './room/types.js';
