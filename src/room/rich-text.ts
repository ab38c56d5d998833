/** A piece of a message. `text` is what was typed, never markup; only `href`s that begin with `http:`, `https:` or `mailto:` occur. */
export type TextPart =
  | {readonly kind: 'text' | 'code' | 'block'; readonly text: string}
  | {readonly kind: 'link'; readonly text: string; readonly href: string};

/** Not in an address: space, quotes, brackets of markup, and what turns the direction of reading around to disguise one. */
const STOP = '\\s<>"`\\u0000-\\u001f\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069';

/**
 * Code first, since nothing in it is an address. Every repetition is bounded or stops at a fixed character, and the look-behinds keep
 * a match from being tried at every letter of a long word: the time is linear in the length of the text.
 */
const PARTS = new RegExp([
  '```[^\\S\\n]*(?:[\\w+#.-]{0,20}\\n)?(?<block>[^]+?)\\n?```',
  '`(?<code>[^`\\n]+)`',
  `(?<![\\p{L}\\p{N}_])(?<url>(?:https?://|www\\.)[^${STOP}]+)`,
  '(?<![\\w.+-])(?<mail>(?:mailto:)?[\\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\\.[a-z0-9-]{1,63}){1,8})',
].join('|'), 'giu');

const PAIRS: Readonly<Record<string, string>> = {')': '(', ']': '[', '}': '{'};

/** The address without what follows it in a sentence: points, quotes, and brackets that were opened before it. */
function trimEnd(address: string): string {
  // How many more of each bracket were closed than opened; counted once, since an address may be all brackets.
  const surplus = (close: string) => address.split(close).length - address.split(PAIRS[close]!).length;
  const unopened: Record<string, number> = {')': surplus(')'), ']': surplus(']'), '}': surplus('}')};
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1]!;
    if (last in PAIRS ? unopened[last]!-- <= 0 : !/[.,;:!?'"*_~]/.test(last)) break;
  }
  return address.slice(0, end);
}

/** The address to open, or undefined for one that cannot be opened or that hides where it leads. */
function toHref(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const {protocol, username, hostname, href} = new URL(address);
  if (protocol === 'mailto:') return href;
  return /^https?:$/.test(protocol) && !username && hostname ? href : undefined;
}

/** Splits a message into what it consists of. The parts' source, joined, is the message again but for the backticks of code. */
export function toParts(message: string): TextPart[] {
  const parts: TextPart[] = [];
  let done = 0;
  const add = (part: TextPart, from: number, to: number) => {
    if (from > done) parts.push({kind: 'text', text: message.slice(done, from)});
    parts.push(part);
    done = to;
  };
  for (const {0: {length}, index, groups: {block, code, url, mail} = {}} of message.matchAll(PARTS)) {
    if (block ?? code) {
      add({kind: block ? 'block' : 'code', text: block ?? code!}, index, index + length);
      continue;
    }
    const text = trimEnd(url ?? mail ?? '');
    const href = toHref(url ? text.replace(/^www\./i, 'https://$&') : text.replace(/^(?!mailto:)/i, 'mailto:'));
    if (href) add({kind: 'link', text, href}, index, index + text.length);
  }
  if (done < message.length) parts.push({kind: 'text', text: message.slice(done)});
  return parts;
}

const EMOJI = '(?:\\p{Regional_Indicator}{2}|[0-9#*]\\ufe0f?\\u20e3|(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}\\ufe0f)[\\ufe0f\\p{Emoji_Modifier}\\u{e0020}-\\u{e007f}]*' +
  '(?:\\u200d\\p{Extended_Pictographic}[\\ufe0f\\p{Emoji_Modifier}]*)*)';
const FEW_EMOJI = new RegExp(`^(?:\\s*${EMOJI}){1,3}\\s*$`, 'u');

/** Whether a message is nothing but one to three emoji, which are shown large. */
export const isEmoji = (message: string): boolean => message.length <= 64 && FEW_EMOJI.test(message);
