/** Text, links and files that were shared to the installed app, as what can be said in a room: text. */

/** What `<mesh-chat>` takes as one message. */
const MAX_TEXT = 8000;

/** More would only be read to be refused: UTF-8 takes four bytes for a character at most. */
const MAX_BYTES = 4 * MAX_TEXT;

export interface Shared {
  /** To be sent; empty if nothing can be. */
  readonly text: string;
  /** For each file that cannot be sent, a sentence that says so. */
  readonly refused: readonly string[];
}

/** As `share_target.params` in `public/manifest.webmanifest` names them. */
const TEXTS = ['title', 'text', 'url'] as const;
const FILES = 'files';

/** What a share consists of, its text files as their text. */
export async function readShared(form: FormData): Promise<Shared> {
  const texts = TEXTS.map(name => form.get(name)).map(value => typeof value === 'string' ? value.trim() : '');
  // Android's browsers put the link into the text, and often the title as well.
  const parts = texts.filter((part, i) => part && !texts.some((other, j) =>
    j !== i && other.includes(part) && (other !== part || j < i)));
  const refused: string[] = [];
  for (const file of form.getAll(FILES)) {
    if (typeof file === 'string') continue;
    const text = file.size > MAX_BYTES ? undefined : textOf(new Uint8Array(await file.arrayBuffer()));
    const name = file.name || 'A file';
    if (file.size > MAX_BYTES ? isNamedText(file) : text !== undefined && text.length > MAX_TEXT) {
      refused.push(`${name} is too long for a message, which has at most ${MAX_TEXT.toLocaleString()} characters.`);
    } else if (text === undefined) {
      refused.push(`${name} cannot be sent: rooms take text and text files so far.`);
    } else if (text) {
      parts.push(text);
    }
  }
  return {text: parts.join('\n'), refused};
}

/** Whether a file calls itself text; for the words alone, as what it holds decides. */
const isNamedText = ({name, type}: File): boolean => /^text\/|json|xml/.test(type) || /\.(txt|md|csv|vcf|ics|log)$/i.test(name);

/** What `bytes` say if they are text; undefined if they are not. */
function textOf(bytes: Uint8Array): string | undefined {
  const mark = `${bytes[0] ?? ''} ${bytes[1] ?? ''}`;
  const encoding = {'255 254': 'utf-16le', '254 255': 'utf-16be'}[mark] ?? 'utf-8';
  try {
    const text = new TextDecoder(encoding, {fatal: true}).decode(bytes);
    // Text has no control characters but tabs and the ends of lines.
    // eslint-disable-next-line no-control-regex
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text.replace(/\r\n?/g, '\n').trim();
  } catch {
    return undefined;
  }
}
