/** Rooms in addresses: `/r/<name>`, or `?room=<name>` where nobody serves the page under `/r/`. */

/** The room of the page's front, `/`, so that whoever opens a fresh server in two tabs meets themselves. */
export const LOBBY = 'lobby';

/** Longest room name in UTF-16 code units, the limit of `<mesh-room room>`. */
export const MAX_ROOM_LENGTH = 200;

/** How links to rooms look; `query` is for static hosts, which know no `/r/…`. */
export type LinkStyle = 'path' | 'query';

/** `name` as it is used: no blanks around it, not too long, no halves of surrogate pairs, which no address can hold. */
export function cleanRoomName(name: string): string {
  const chars = Array.from(name.trim()).filter(char => !/^[\ud800-\udfff]$/.test(char));
  let result = '';
  for (const char of chars) {
    if (result.length + char.length > MAX_ROOM_LENGTH) break;
    result += char;
  }
  return result.trim();
}

/** The room that an address names; `''` if none. */
export function roomOf({pathname, searchParams}: URL): string {
  const encoded = /^\/r\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (encoded === undefined) return cleanRoomName(searchParams.get('room') ?? '');
  try {
    return cleanRoomName(decodeURIComponent(encoded));
  } catch {
    return cleanRoomName(encoded); // somebody typed a bare % sign; take it as it stands
  }
}

/** The address of a room on the origin of `base`. */
export function linkTo(room: string, base: URL, style: LinkStyle): URL {
  // "." and ".." vanish from paths, percent-encoded or not.
  if (style === 'path' && !/^\.{1,2}$/.test(room)) return new URL(`/r/${encodeURIComponent(room)}`, base);
  const url = new URL(style === 'path' || base.pathname.startsWith('/r/') ? '/' : base.pathname, base);
  url.searchParams.set('room', room);
  return url;
}

/** The room that somebody means who typed `text`: a name, or a pasted link to a room of this site. */
export function enteredRoom(text: string, base: URL): string {
  const link = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (link?.origin === base.origin) {
    const room = roomOf(link);
    if (room) return room;
  }
  return cleanRoomName(text);
}

const FIRST = ['amber', 'brave', 'calm', 'clear', 'coral', 'early', 'gentle', 'green', 'happy', 'kind', 'lucky', 'misty',
  'quiet', 'silver', 'sunny', 'warm'] as const;
const SECOND = ['badger', 'cedar', 'comet', 'crane', 'finch', 'harbor', 'heron', 'lantern', 'maple', 'meadow', 'otter',
  'pebble', 'raven', 'river', 'sparrow', 'willow'] as const;
/** No vowels, so no words; no characters that look alike. */
const LETTERS = 'bcdfghjkmnpqrstvwxz23456789';
/** About 38 bits beside the words: nobody comes across somebody else's room by trying. */
const TAIL_LENGTH = 8;

/** A name for a new room that can be read aloud and not be guessed. */
export function newRoomName(): string {
  // Rejection keeps every letter equally likely: 256 is no multiple of 27.
  const tail: string[] = [];
  while (tail.length < TAIL_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(TAIL_LENGTH))) {
      const letter = byte < 256 - 256 % LETTERS.length ? LETTERS[byte % LETTERS.length] : undefined;
      if (letter !== undefined && tail.length < TAIL_LENGTH) tail.push(letter);
    }
  }
  const [first, second] = crypto.getRandomValues(new Uint8Array(2)).map(byte => byte % 16);
  return `${FIRST[first ?? 0]}-${SECOND[second ?? 0]}-${tail.join('')}`;
}
