/** Names as they are shown, made from what a remote told: every function takes any string and never throws. */

/** Characters (as a reader counts them) of a display name that are shown. */
export const MAX_NAME = 64;

/** UTF-16 units that one character may have: an emoji family has 11, a Tibetan stack 20; 200 accents on a letter are a prank. */
const MAX_CHARACTER = 64;

/** UTF-16 units of a display name: as much as 64 emoji of the usual kind have. */
const MAX_NAME_UNITS = 768;

/** Invisible or direction-changing characters; a joiner (U+200D, U+200C) stays, since emoji and Persian need it. */
const UNSEEN =
  /[\p{Cc}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]+/gu;

let segmenter: Intl.Segmenter | undefined;

/** What a reader counts as characters. Where `Intl.Segmenter` is missing: code points, so that no surrogate is cut. */
export function* characters(text: string): Generator<string> {
  if (typeof Intl.Segmenter !== 'function') return yield* text;
  // Made once: making one takes longer than what it does.
  segmenter ??= new Intl.Segmenter(undefined, {granularity: 'grapheme'});
  for (const {segment} of segmenter.segment(text)) yield segment;
}

/**
 * `text` if it has at most `max` characters and `units` UTF-16 units, otherwise its beginning and an ellipsis. Never cuts through a
 * character; one that is made of absurdly many code points ends the text instead.
 */
export function clip(text: string, max: number, units: number): string {
  // However it is divided.
  if (text.length <= Math.min(max, units, MAX_CHARACTER)) return text;
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
