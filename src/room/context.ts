import {createContext} from '@lit/context';
import {EMPTY_CHAT, type ChatState} from './chat.js';
import {IDLE_STATE, type RoomState} from './types.js';

/** What elements see of a room; a new frozen object after every change. */
export interface RoomView {
  readonly state: RoomState;
  /** Own display name, cleaned; empty if none is set. */
  readonly name: string;
  readonly chat: ChatState;
  /** Where requests go that do not bubble to the room by themselves: the `<mesh-room>`. */
  readonly target: EventTarget;
}

/** A key that two copies of the script share, so that their elements work together. */
export const roomContext = createContext<RoomView>(Symbol.for('mesh-room'));

/** What a room shows before it has joined anything. */
export const idleView = (target: EventTarget): RoomView =>
  Object.freeze({state: IDLE_STATE, name: '', chat: EMPTY_CHAT, target});
