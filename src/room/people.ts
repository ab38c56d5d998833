/** What stands for a person: a name, initials and a colour, the same in every browser. */
import {characters, cleanName} from './names.js';

/** FNV-1a: the same number for the same id in every browser, so that everybody sees a person in the same colour. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  // A last stir: ids that differ in their last letter only would get neighbouring colours.
  return (value ^ (value >>> 15)) >>> 0;
}

/** The name to show for a person: its own, or for one that has told none `Guest` and a mark that is always the same. */
export function displayName(id: string, name: string): string {
  return cleanName(name) || `Guest ${(hash(id) % 36 ** 3 + 36 ** 3).toString(36).slice(-3).toUpperCase()}`;
}

/** The colour of a person as a hue in degrees, one of twelve that can be told apart. */
export const hue = (id: string): number => hash(id) % 12 * 30 + 15;

/** One or two characters that stand for a name: the first of its first and of its last word. */
export function initials(name: string): string {
  const words = name.split(' ').filter(word => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const first = (word: string | undefined) => {
    for (const character of characters((word ?? '').replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ''))) return character;
    return '';
  };
  const last = words.length > 1 ? first(words.at(-1)) : '';
  return (first(words[0]) + last).toLocaleUpperCase() || '?';
}
