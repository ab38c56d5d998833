/** All DOM events of the elements. Facts tell what happened; requests ask the room around an element, or the one it names. */
import type {ChatMessage} from '../room/chat.js';
import type {RoomRequest} from '../room/consumer.js';
import type {RoomData, RoomState} from '../room/types.js';

/** Every event here reaches listeners outside of shadow trees and above. */
const SEEN = {bubbles: true, composed: true} as const;

/** `state.status` changed. */
export class MeshStatusChangeEvent extends Event {
  constructor(readonly state: RoomState) {
    super('mesh-status-change', SEEN);
  }
}

/** Somebody came or went, or something about somebody changed. */
export class MeshPeersChangeEvent extends Event {
  constructor(readonly state: RoomState) {
    super('mesh-peers-change', SEEN);
  }
}

/** Data arrived, on any channel; the chat's own is `chat`. */
export class MeshMessageEvent extends Event {
  constructor(readonly from: string, readonly channel: string, readonly data: RoomData) {
    super('mesh-message', SEEN);
  }
}

/** Something went wrong; `error.code` says what, and `state` whether it still stands. */
export class MeshErrorEvent extends Event {
  constructor(readonly error: NonNullable<RoomState['error']>) {
    super('mesh-error', SEEN);
  }
}

/** A message appeared in a chat, somebody's or one's own. */
export class MeshChatMessageEvent extends Event {
  constructor(readonly message: ChatMessage) {
    super('mesh-chat-message', SEEN);
  }
}

abstract class RequestEvent extends Event implements RoomRequest {
  #answer: Promise<void> | undefined;

  constructor(type: string) {
    super(type, SEEN);
  }

  get answer(): Promise<void> | undefined {
    return this.#answer;
  }

  /** Takes the request: it goes no further, and who asked awaits `answer`. */
  respondWith(answer: Promise<void>): void {
    this.stopPropagation();
    this.#answer = answer;
  }
}

/** Asks to say `text` in the room. Answered once it is sent. */
export class MeshSayRequestEvent extends RequestEvent {
  constructor(readonly text: string) {
    super('mesh-say-request');
  }
}

/** Asks to send the message `id` again. Answered once it is sent. */
export class MeshRetryRequestEvent extends RequestEvent {
  constructor(readonly id: string) {
    super('mesh-retry-request');
  }
}

/** Asks to join the room anew. Answered once joined. */
export class MeshRejoinRequestEvent extends RequestEvent {
  constructor() {
    super('mesh-rejoin-request');
  }
}

/** Asks that this member carries for others from now on, or that it does not. Answered once the room has taken note. */
export class MeshRelayRequestEvent extends RequestEvent {
  constructor(readonly relay: boolean) {
    super('mesh-relay-request');
  }
}

declare global {
  interface HTMLElementEventMap {
    'mesh-status-change': MeshStatusChangeEvent;
    'mesh-peers-change': MeshPeersChangeEvent;
    'mesh-message': MeshMessageEvent;
    'mesh-error': MeshErrorEvent;
    'mesh-chat-message': MeshChatMessageEvent;
    'mesh-say-request': MeshSayRequestEvent;
    'mesh-retry-request': MeshRetryRequestEvent;
    'mesh-rejoin-request': MeshRejoinRequestEvent;
    'mesh-relay-request': MeshRelayRequestEvent;
  }
}
