/** Names, initials and colours of people, made from what a remote told: every function takes any string and never throws. */

/** Characters (as a reader counts them) of a display name that are shown. */
export const MAX_NAME = 64;

/** UTF-16 units that one character may have: an emoji family has 11, a Tibetan stack 20; 200 accents on a letter are a prank. */
const MAX_CHARACTER = 64;

/** UTF-16 units of a display name: as much as 64 emoji of the usual kind have. */
const MAX_NAME_UNITS = 768;

/** Invisible or direction-changing characters; a joiner (U+200D, U+200C) stays, since emoji and Persian need it. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]+/gu;

/** What a reader counts as characters. Where `Intl.Segmenter` is missing: code points, so that no surrogate is cut. */
function* characters(text: string): Generator<string> {
  if (typeof Intl.Segmenter !== 'function') yield* text;
  else for (const {segment} of new Intl.Segmenter(undefined, {granularity: 'grapheme'}).segment(text)) yield segment;
}

/**
 * `text` if it has at most `max` characters and `units` UTF-16 units, otherwise its beginning and an ellipsis. Never cuts through a
 * character; one that is made of absurdly many code points ends the text instead.
 */
export function clip(text: string, max: number, units: number): string {
  // `before` is the end of the last character that leaves room for the ellipsis.
  let [before, end, count] = [0, 0, 0];
  for (const {length} of characters(text)) {
    if (++count > max || end + length > units || length > MAX_CHARACTER) return `${text.slice(0, before)}…`;
    before = count < max ? end + length : before;
    end += length;
  }
  return text;
}

/** `name` on one line, without what cannot be seen, at most `MAX_NAME` characters; empty if nothing is left. */
export function cleanName(name: unknown): string {
  const text = typeof name === 'string' ? name.slice(0, 4 * MAX_NAME_UNITS) : '';
  return clip(text.replace(/\s+/g, ' ').replace(UNSEEN, '').trim(), MAX_NAME, MAX_NAME_UNITS);
}

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
  const words = name.split(' ').filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const first = (word: string | undefined) => {
    for (const character of characters((word ?? '').replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ''))) return character;
    return '';
  };
  const last = words.length > 1 ? first(words.at(-1)) : '';
  return (first(words[0]) + last).toLocaleUpperCase() || '?';
}
