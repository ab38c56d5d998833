import type {ChatLine, ChatMessage, ChatNotice, ChatPart} from './chat.js';
import {nameList} from './chat-words.js';
import {displayName} from './people.js';

/** Messages of one person that belong together: within one minute of the first. */
export interface MessageBlock {
  readonly kind: 'messages';
  readonly first: ChatMessage;
  readonly messages: readonly ChatMessage[];
}

/** Who came and went in between, as one line. */
export interface NoticeBlock {
  readonly kind: 'notices';
  readonly first: ChatNotice;
  readonly notices: readonly ChatNotice[];
}

/** Time has passed: another day, or an hour of silence. */
export interface TimeBlock {
  readonly kind: 'time';
  readonly first: ChatLine;
  readonly newDay: boolean;
}

/** Everything above is of former visits; `first` is the last line of those. */
export interface EarlierBlock {
  readonly kind: 'earlier';
  readonly first: ChatLine;
}

export type ChatBlock = MessageBlock | NoticeBlock | TimeBlock | EarlierBlock;

/** The lines that a block stands for; that of a time is the line that comes after it. */
export function linesOf(block: ChatBlock): readonly ChatLine[] {
  switch (block.kind) {
    case 'messages': return block.messages;
    case 'notices': return block.notices;
    case 'time':
    case 'earlier':
      return [block.first];
  }
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Lines that one block holds at most, so that a flood does not make one that is too large to draw. */
const MAX_BLOCK = 50;

/** Midnight before and after a time, by this machine's calendar; days are not always 24 hours long. */
function dayOf(at: number): readonly [from: number, to: number] {
  const day = new Date(at);
  return [day.setHours(0, 0, 0, 0), day.setDate(day.getDate() + 1)];
}

/** What was made of a part, and what it depends on besides: the line before it, or where there is none, midnight. */
const made = new WeakMap<ChatPart, {readonly after: ChatLine | number; readonly blocks: readonly ChatBlock[]}>();

/**
 * The lines of a chat, in their order, as blocks, none of which goes beyond its part: only for parts that have changed they are made anew.
 * `now` (milliseconds since 1970) tells whether the first day is today, which needs no saying.
 */
export function toBlocks(parts: readonly ChatPart[], now: number): ChatBlock[] {
  const today = dayOf(now)[0];
  let before: ChatLine | undefined;
  const blocks = parts.map(part => {
    const after = before ?? today;
    before = part.at(-1);
    const known = made.get(part);
    if (known?.after === after) return known.blocks;
    const fresh = blocksOf(part, after);
    made.set(part, {after, blocks: fresh});
    return fresh;
  }).flat();
  if (before && before.seq < 0) blocks.push({kind: 'earlier', first: before});
  return blocks;
}

function blocksOf(part: ChatPart, after: ChatLine | number): ChatBlock[] {
  const blocks: ChatBlock[] = [];
  let before = typeof after === 'number' ? undefined : after;
  let [from, to] = dayOf(typeof after === 'number' ? after : after.at);
  let open: {messages: ChatMessage[]} | {notices: ChatNotice[]} | undefined;
  for (const line of part) {
    if (before && before.seq < 0 && line.seq >= 0) {
      blocks.push({kind: 'earlier', first: before});
      open = undefined;
    }
    const newDay = line.at < from || line.at >= to;
    if (newDay) [from, to] = dayOf(line.at);
    if (newDay || (before && line.at - before.at >= HOUR)) {
      blocks.push({kind: 'time', first: line, newDay});
      open = undefined;
    }
    before = line;
    if (line.kind !== 'text') {
      if (open && 'notices' in open && open.notices.length < MAX_BLOCK) open.notices.push(line);
      else blocks.push({kind: 'notices', first: line, ...open = {notices: [line]}});
    } else if (open && 'messages' in open && open.messages.length < MAX_BLOCK && belongs(open.messages[0]!, line)) {
      open.messages.push(line);
    } else {
      blocks.push({kind: 'messages', first: line, ...open = {messages: [line]}});
    }
  }
  return blocks;
}

/** By own and name as well: an own id is unknown until the room is joined, and changes when it is joined again. */
const belongs = (first: ChatMessage, line: ChatMessage): boolean =>
  first.own === line.own && (first.own || (first.from === line.from && first.name === line.name)) && line.at - first.at < MINUTE;

export function noticeWords({kind, from, name, to}: ChatNotice): string {
  const who = displayName(from, name);
  return kind === 'renamed' ? `${who} is now ${displayName(from, to ?? '')}` : `${who} ${kind}`;
}

/** Several notices in one breath: who is here that was not, and who is not that was. */
export function summary(notices: readonly ChatNotice[]): string {
  if (notices.length === 1) return noticeWords(notices[0]!);
  const came = new Map<string, string>();
  const gone = new Map<string, string>();
  const parts: string[] = [];
  for (const notice of notices) {
    const {kind, from, name} = notice;
    if (kind === 'renamed') {
      parts.push(noticeWords(notice));
    } else if (kind === 'joined') {
      came.set(from, displayName(from, name));
    } else if (!came.delete(from)) {
      gone.set(from, displayName(from, name));
    }
  }
  // A reload makes a new id of the same name: that person is back, and has not gone.
  const back: string[] = [];
  for (const [id, name] of gone) {
    const again = [...came].find(([, each]) => each === name);
    if (!again) continue;
    gone.delete(id);
    came.delete(again[0]);
    back.push(name);
  }
  if (came.size) parts.push(`${nameList([...came.values()])} joined`);
  if (gone.size) parts.push(`${nameList([...gone.values()])} left`);
  if (back.length) parts.push(`${nameList([...new Set(back)])} came back`);
  return parts.length ? parts.join(' · ') : `${nameList([...new Set(notices.map(({from, name}) => displayName(from, name)))])} came and went`;
}
