/** What is being written, kept for this tab until it is sent: an update loads the page anew, and so does a slip of the finger. */
import {addToDraft, draftField} from './room-element.js';

const KEY = 'mesh-room:draft:';

function keep(room: string, text: string): void {
  try {
    if (text.trim()) sessionStorage.setItem(KEY + room, text);
    else sessionStorage.removeItem(KEY + room);
  } catch {
    // Storage is blocked or full: a reload loses it then.
  }
}

function kept(room: string): string {
  try {
    return sessionStorage.getItem(KEY + room) ?? '';
  } catch {
    return '';
  }
}

/** Keeps what is written in `roomElement`, room by room. @returns what is to be called when a room is shown. */
export function keepDrafts(roomElement: HTMLElement, room: () => string): () => void {
  /** Rooms whose draft the element itself remembers: those that it has shown since the page was loaded. */
  const shown = new Set<string>();
  const note = (): void => {
    const field = draftField(roomElement);
    if (field && shown.has(room())) keep(room(), field.value);
  };
  // Typing; and sending, after which the field is empty.
  for (const type of ['input', 'mesh-chat-message']) roomElement.addEventListener(type, note);
  addEventListener('pagehide', note);
  return () => {
    const current = room();
    if (shown.has(current)) return;
    const text = kept(current);
    shown.add(current);
    if (text) addToDraft(roomElement, text).catch(() => keep(current, text)); // no room came; it stays for the next time
  };
}
