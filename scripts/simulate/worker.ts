/** One job in a process of its own: its memory is given back at the end, and other cores do others. */
import {topologies} from '../../src/mesh/topology/topologies.js';
import {isReduced, scaleOf, type Job} from './plan.js';
import {play, type Played} from './rooms.js';
import {summarize, type Summary} from './summary.js';

export interface JobDone {
  readonly summaries: readonly Summary[];
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

// Errors that nobody reads are made for each link that ends: what they cost is the trace.
Error.stackTraceLimit = 0;

const {topology, members, faults, rooms, seed} = JSON.parse(process.argv[2] ?? '') as Job;
const played: Played[] = [];
for (let room = 0; room < rooms; room++) {
  played.push(...await play({
    topology: topologies[topology], members, faults, scale: scaleOf(members), seed: seed + 1_000 * members + room,
  }));
}
const done: JobDone = {
  summaries: faults.map(fault =>
    summarize({topology, members, fault}, played.filter(each => each.fault === fault), isReduced(members))),
  cpuSeconds: process.cpuUsage().user / 1e6,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.send?.(done);
