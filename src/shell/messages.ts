/** What page and service worker say to each other. Each checks what it is told: the other may be of another version. */

/** Worker to page, with a port: which room is open? The page answers with its name. */
export interface RoomQuestion {
  readonly type: 'which-room';
}

/** Worker to page: somebody tapped a notification of this room. */
export interface OpenRoom {
  readonly type: 'open-room';
  readonly room: string;
}

/** What a notification carries. */
export interface NotificationData {
  readonly room: string;
  /** Address of the room, for when no tab has it. */
  readonly url: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export const isRoomQuestion = (value: unknown): value is RoomQuestion => isRecord(value) && value.type === 'which-room';

export const isOpenRoom = (value: unknown): value is OpenRoom =>
  isRecord(value) && value.type === 'open-room' && typeof value.room === 'string';

export const isNotificationData = (value: unknown): value is NotificationData =>
  isRecord(value) && typeof value.room === 'string' && typeof value.url === 'string';
