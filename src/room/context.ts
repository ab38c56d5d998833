import {createContext} from '@lit/context';
import {EMPTY_CHAT, type ChatState} from './chat.js';
import {IDLE_STATE, type RelayOption, type Relaying, type RoomState} from './types.js';

/** The `<mesh-room>`: where requests go that do not bubble to it by themselves, and what it tells when asked. */
export interface RoomTarget extends EventTarget {
  readonly relay?: RelayOption;
  readonly relaying?: Relaying;
}

/** What elements see of a room; a new frozen object after every change. */
export interface RoomView {
  readonly state: RoomState;
  /** Own display name, cleaned; empty if none is set. */
  readonly name: string;
  readonly chat: ChatState;
  readonly target: RoomTarget;
}

/** A key that two copies of the script share, so that their elements work together. */
export const roomContext = createContext<RoomView>(Symbol.for('mesh-room'));

/** What a room shows before it has joined anything. */
export const idleView = (target: RoomTarget): RoomView =>
  Object.freeze({state: IDLE_STATE, name: '', chat: EMPTY_CHAT, target});
