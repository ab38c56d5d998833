import {mkdir, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';

import type {RemoteTab} from './tabs.js';

/** What threads do, task by task, and what their scripts do. */
const CATEGORIES = ['toplevel', 'devtools.timeline', 'v8', 'disabled-by-default-v8.gc', 'webrtc', 'mojom', 'ipc', '__metadata'];
const LINES = 25;

/** An event of the Trace Event Format; times in microseconds, `tdur` of the thread's processor. */
interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: {readonly name?: string; readonly data?: {readonly type?: string; readonly functionName?: string; readonly url?: string}};
}

/**
 * Runs `play` while the browser traces all of its processes.
 * Writes `<file>.json`, for DevTools and Perfetto, and `<file>.txt`, processor time by thread and by what each did.
 */
export async function traced<T>(tabs: readonly RemoteTab[], file: string, play: () => Promise<T>): Promise<T> {
  const {tracing} = tabs[0]!.page;
  await tracing.start({categories: CATEGORIES});
  try {
    return await play();
  } finally {
    const trace = new TextDecoder().decode(await tracing.stop());
    await mkdir(dirname(file), {recursive: true});
    await writeFile(`${file}.json`, trace);
    await writeFile(`${file}.txt`, summary((JSON.parse(trace) as {traceEvents: readonly TraceEvent[]}).traceEvents));
  }
}

function summary(events: readonly TraceEvent[]): string {
  const names = new Map<string, string>();
  for (const {ph, name, pid, tid, args} of events) {
    if (ph !== 'M') continue;
    if (name === 'process_name') names.set(String(pid), args?.name ?? '');
    if (name === 'thread_name') names.set(`${pid} ${tid}`, args?.name ?? '');
  }
  const threads = new Map<string, number>();
  const tasks = new Map<string, number>();
  const counts = new Map<string, number>();
  const add = (to: Map<string, number>, key: string, value: number): void => void to.set(key, (to.get(key) ?? 0) + value);
  for (const {event, selfUs, isOutermost} of tasksOf(events)) {
    const process = names.get(String(event.pid)) ?? '';
    // Pools have numbered threads.
    const thread = (names.get(`${event.pid} ${event.tid}`) ?? '').replace(/[/ ]?\d+$/, '');
    if (isOutermost) add(threads, `${process}: ${thread}`, event.tdur ?? 0);
    const data = event.args?.data;
    const what = [`${process}: ${thread}: ${event.name}`, data?.type ?? data?.functionName].filter(Boolean).join(' ');
    add(tasks, what, selfUs);
    add(counts, what, 1);
  }
  const list = (times: ReadonlyMap<string, number>): string[] => [...times].sort(([, a], [, b]) => b - a).slice(0, LINES)
    .map(([name, us]) => `${(us / 1_000).toFixed(1).padStart(9)}  ${counts.has(name) ? `${counts.get(name)} × ` : ''}${name}`);
  return ['processor time in ms by thread', ...list(threads), '', 'of that, by what they did, itself', ...list(tasks), ''].join('\n');
}

interface Task {
  readonly event: TraceEvent;
  readonly endsAt: number;
  /** Processor time that none of the tasks inside it took. */
  selfUs: number;
  readonly isOutermost: boolean;
}

function tasksOf(events: readonly TraceEvent[]): readonly Task[] {
  const byThread = new Map<string, TraceEvent[]>();
  for (const event of events) {
    if (event.ph !== 'X') continue;
    const thread = `${event.pid} ${event.tid}`;
    const own = byThread.get(thread) ?? [];
    byThread.set(thread, own);
    own.push(event);
  }
  return [...byThread.values()].flatMap(own => {
    const around: Task[] = [];
    return own.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0)).map(event => {
      while (around.length > 0 && around.at(-1)!.endsAt <= event.ts) around.pop();
      const outer = around.at(-1);
      const task = {event, endsAt: event.ts + (event.dur ?? 0), selfUs: event.tdur ?? 0, isOutermost: !outer};
      if (outer) outer.selfUs -= task.selfUs;
      around.push(task);
      return task;
    });
  });
}
