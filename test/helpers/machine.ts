/**
 * How slow this machine is, and what its host takes from it.
 *
 * Bounds in milliseconds are those of one machine. On a slower one the work in them grows by what bare WebRTC takes longer there: a floor,
 * in the same browser, without anything of ours.
 *
 * What the host of a virtual machine takes away from it: its processors, for a second at a time where the host is busy. What was measured
 * then tells of the host. Linux counts it (`steal` in `/proc/stat`, see proc(5)); elsewhere nothing is known of it, and nothing left out.
 */
import {readFileSync} from 'node:fs';
import type {Browser} from 'puppeteer-core';

/** Milliseconds a tick of `/proc/stat`: USER_HZ is 100 wherever Linux runs. */
const TICK_MS = 10;
/** How often the count is looked at. */
const LOOK_MS = 50;
/** How long it is remembered; no figure is larger. */
const KEPT_MS = 120_000;
/** Of all processors together: more than the jitter of a quiet machine, less than what anybody would notice. */
const DISTURBED_MS = 100;

/**
 * What `LINKS` bare links at one time take, in milliseconds, on the machine that the bounds are for: two cores, on which the floor's
 * room of eight starts in a quarter of a second (`docs/performance.md`).
 */
const REFERENCE_MS = 75;
const LINKS = 12;
/** The first batches of a browser take longer. */
const WARM_UP = 3;
const BATCHES = 5;

const BARE_LINKS = `(async () => {
  const link = () => new Promise((resolve, reject) => {
    const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
    a.onicecandidate = ({candidate}) => candidate && b.addIceCandidate(candidate);
    b.onicecandidate = ({candidate}) => candidate && a.addIceCandidate(candidate);
    const channels = [a, b].map(each => each.createDataChannel('x', {negotiated: true, id: 0}));
    let open = 0;
    for (const channel of channels) channel.onopen = () => ++open === 2 && resolve([a, b]);
    (async () => {
      await a.setLocalDescription();
      await b.setRemoteDescription(a.localDescription);
      await b.setLocalDescription();
      await a.setRemoteDescription(b.localDescription);
    })().catch(reject);
  });
  const since = performance.now();
  const made = await Promise.all(Array.from({length: ${LINKS}}, link));
  const ms = performance.now() - since;
  for (const connection of made.flat()) connection.close();
  return ms;
})()`;

/** How many times longer than on the machine that the bounds are for this one takes for bare links; 1 where it is as fast or faster. */
export async function slownessOf(browser: Browser): Promise<number> {
  const page = await browser.newPage();
  const batches: number[] = [];
  for (let batch = 0; batch < WARM_UP + BATCHES; batch++) batches.push(await page.evaluate(BARE_LINKS) as number);
  await page.close();
  const median = batches.slice(WARM_UP).sort((a, b) => a - b)[Math.floor(BATCHES / 2)]!;
  return Math.max(1, median / REFERENCE_MS);
}

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
