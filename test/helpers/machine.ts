/**
 * What the host of a virtual machine takes away from it: its processors, for a second at a time where the host is busy. What was measured
 * then tells of the host. Linux counts it (`steal` in `/proc/stat`, see proc(5)); elsewhere nothing is known of it, and nothing left out.
 */
import {readFileSync} from 'node:fs';

/** Milliseconds a tick of `/proc/stat`: USER_HZ is 100 wherever Linux runs. */
const TICK_MS = 10;
/** How often the count is looked at. */
const LOOK_MS = 50;
/** How long it is remembered; no figure is larger. */
const KEPT_MS = 120_000;
/** Of all processors together: more than the jitter of a quiet machine, less than what anybody would notice. */
const DISTURBED_MS = 100;

function stolenMs(): number | undefined {
  try {
    const [, steal] = /^cpu(?: +\d+){7} +(\d+)/m.exec(readFileSync('/proc/stat', 'utf8')) ?? [];
    return steal === undefined ? undefined : Number(steal) * TICK_MS;
  } catch {
    return undefined;
  }
}

const seen: {readonly at: number; readonly ms: number}[] = [];

function look(): void {
  const ms = stolenMs();
  if (ms === undefined) return;
  seen.push({at: Date.now(), ms});
  while (seen[0]!.at < Date.now() - KEPT_MS) seen.shift();
}

look();
setInterval(look, LOOK_MS).unref();

/** Processor time that the host took in the last `ms`, in milliseconds; 0 where it took so little that nobody notices. */
export function disturbedMs(ms: number): number {
  look();
  const since = Date.now() - ms;
  const before = seen.findLast(({at}) => at <= since) ?? seen[0];
  const taken = (seen.at(-1)?.ms ?? 0) - (before?.ms ?? 0);
  return taken > DISTURBED_MS ? taken : 0;
}
