/** Asks for the room that something is for which was shared to the app. */
import {dropShared, sharedForm} from '../shell/shared.js';
import {readShared} from './share-target.js';

export interface ShareDialogOptions {
  readonly dialog: HTMLDialogElement;
  /** Names of the rooms to choose from, and for each what the choice says. */
  readonly rooms: readonly (readonly [room: string, words: string])[];
  /** Puts `text` into what is being written in `room`. */
  readonly take: (room: string, text: string) => void;
}

const find = <T extends HTMLElement>(dialog: HTMLDialogElement, part: string): T => dialog.querySelector<T>(`[data-part="${part}"]`)!;

/** Opens the dialog with what was shared. What is chosen, or cancelled, is not asked for again. */
export async function askForRoom({dialog, rooms, take}: ShareDialogOptions): Promise<void> {
  const form = await sharedForm();
  const {text, refused} = form ? await readShared(form) : {text: '', refused: []};
  find(dialog, 'title').textContent = text ? 'Which room is it for?' : 'Nothing to send';
  const problems = form || text ? refused : ['What you shared did not arrive. Please share it again.'];
  find(dialog, 'refused').replaceChildren(...problems.map(words => Object.assign(document.createElement('p'), {textContent: words, dir: 'auto'})));
  find(dialog, 'text').textContent = text;
  for (const part of ['text', 'rooms', 'note']) find(dialog, part).hidden = !text;
  find(dialog, 'close').textContent = text ? 'Cancel' : 'Close';
  find(dialog, 'rooms').replaceChildren(...rooms.map(([room, words]) => {
    const button = Object.assign(document.createElement('button'), {type: 'button', textContent: words, dir: 'auto'});
    button.addEventListener('click', () => {
      dialog.close();
      take(room, text);
    });
    const item = document.createElement('li');
    item.append(button);
    return item;
  }));
  dialog.addEventListener('close', () => void dropShared(), {once: true});
  dialog.showModal();
  dialog.querySelector<HTMLElement>(text ? '[data-part="rooms"] button' : '[data-part="close"]')?.focus();
}
