import type {ChatLine, ChatMessage, ChatPart} from './chat.js';
import {isUnsent} from './history/types.js';

/** Lines of one part: few enough to copy one at each change, so many that there are few parts. */
export const PART_LINES = 256;

/**
 * The lines of one chat, in the order of their `seq`, in parts. A change copies the part that it is in, and the list of the parts, if
 * somebody has seen them; everything else stays the same, for whoever compares. So a line costs the same however many there are.
 */
export class ChatLines {
  #parts: ChatLine[][] = [];
  #seen: readonly ChatPart[] | undefined;
  /** Parts that nobody has seen. */
  readonly #unseen = new Set<ChatPart>();
  /** `seq` of each message by its id. */
  readonly #seqs = new Map<string, number>();
  /** `seq` of each message that is still to be sent to somebody. */
  readonly #unsent = new Set<number>();
  #length = 0;
  #units = 0;

  get length(): number {
    return this.#length;
  }

  /** UTF-16 units of all messages. */
  get units(): number {
    return this.#units;
  }

  /** Frozen, none of them empty; what has not changed is the same as before. */
  get parts(): readonly ChatPart[] {
    if (!this.#seen) {
      for (const part of this.#unseen) Object.freeze(part);
      this.#unseen.clear();
      this.#seen = Object.freeze(this.#parts.slice());
    }
    return this.#seen;
  }

  has(id: string): boolean {
    return this.#seqs.has(id);
  }

  find(id: string): ChatMessage | undefined {
    const seq = this.#seqs.get(id);
    return seq === undefined ? undefined : this.#at(seq);
  }

  /** Messages that are still to be sent to somebody, oldest first. */
  unsent(): ChatMessage[] {
    return [...this.#unsent].sort((a, b) => a - b).map(seq => this.#at(seq)!);
  }

  /** Adds a line, whose `seq` is larger than all others'. */
  add(line: ChatLine): void {
    const last = this.#parts.length - 1;
    if ((this.#parts[last]?.length ?? PART_LINES) < PART_LINES) this.#change(last).push(line);
    else this.#insert(last + 1, [line]);
    this.#note(line);
  }

  /** Adds lines, whose `seq`s are smaller than all others'. */
  prepend(lines: readonly ChatLine[]): void {
    for (let end = lines.length; end > 0; end -= PART_LINES) this.#insert(0, lines.slice(Math.max(0, end - PART_LINES), end));
    for (const line of lines) this.#note(line);
  }

  /** Puts a message in the place of that of the same id. @returns whether there is one. */
  replace(line: ChatMessage): boolean {
    const seq = this.#seqs.get(line.id);
    if (seq === undefined) return false;
    const [at, index] = this.#place(seq);
    const part = this.#change(at);
    this.#forget(part[index]!);
    part[index] = line;
    this.#note(line);
    return true;
  }

  /** Removes the oldest line that is not still to be sent. @returns it, if there is one. */
  shift(): ChatLine | undefined {
    for (const [i, part] of this.#parts.entries()) {
      const index = part.findIndex(({seq}) => !this.#unsent.has(seq));
      if (index < 0) continue;
      const changed = this.#change(i);
      const [line] = changed.splice(index, 1);
      if (!changed.length) this.#remove(i);
      this.#forget(line!);
      return line;
    }
    return undefined;
  }

  clear(): void {
    this.#parts = [];
    this.#seen = undefined;
    this.#unseen.clear();
    this.#seqs.clear();
    this.#unsent.clear();
    this.#length = this.#units = 0;
  }

  #note(line: ChatLine): void {
    this.#length++;
    if (line.kind !== 'text') return;
    this.#units += line.text.length;
    this.#seqs.set(line.id, line.seq);
    if (isUnsent(line)) this.#unsent.add(line.seq);
  }

  #forget(line: ChatLine): void {
    this.#length--;
    if (line.kind !== 'text') return;
    this.#units -= line.text.length;
    this.#seqs.delete(line.id);
    this.#unsent.delete(line.seq);
  }

  #insert(index: number, part: ChatLine[]): void {
    this.#seen = undefined;
    this.#unseen.add(part);
    this.#parts.splice(index, 0, part);
  }

  #remove(index: number): void {
    this.#seen = undefined;
    this.#unseen.delete(this.#parts[index]!);
    this.#parts.splice(index, 1);
  }

  /** The part at `index`, to be changed in place. */
  #change(index: number): ChatLine[] {
    this.#seen = undefined;
    const part = this.#parts[index]!;
    if (this.#unseen.has(part)) return part;
    const copy = part.slice();
    this.#unseen.add(copy);
    this.#parts[index] = copy;
    return copy;
  }

  #at(seq: number): ChatMessage | undefined {
    const [part, index] = this.#place(seq);
    return this.#parts[part]![index] as ChatMessage;
  }

  /** Where the line of that `seq` is, which is there. */
  #place(seq: number): readonly [part: number, index: number] {
    const part = firstIndex(this.#parts, each => each[0]!.seq > seq) - 1;
    return [part, firstIndex(this.#parts[part]!, each => each.seq >= seq)];
  }
}

/** Index of the first of `items` for which `test` holds, as it does for all behind that; their number if for none. */
export function firstIndex<Item>(items: readonly Item[], test: (item: Item) => boolean): number {
  let from = 0;
  let to = items.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (test(items[middle]!)) to = middle;
    else from = middle + 1;
  }
  return from;
}
