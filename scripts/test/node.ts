/** Runs node:test files, each in a process of its own, one after another, because several measure times. */
import {run} from 'node:test';
import {inspect} from 'node:util';
import {shortPath, type Tally} from './report.js';

/** For one file. The longest, the roster's 20 rounds with 32 clients, takes about two minutes on two slow cores; the long faults 25. */
const FILE_TIMEOUT_MS = (process.env.FAULT_LONG === '1' ? 45 : 10) * 60_000;

/** How much of a broken file's last words is repeated, in characters. */
const STDERR_TAIL = 4_000;

/** The part of node:test's events that is used here, as Node 20 sends them. */
interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: {readonly duration_ms: number; readonly type?: string | undefined};
}

/** node:test wraps what a test threw in an error of its own, whose `cause` is the real one. */
function describe(error: Error & {failureType?: string}): string {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  return cause?.stack ?? (error.cause === undefined ? error.message : inspect(error.cause));
}

/** Runs `files`, absolute paths, into `tally`. Needs the TypeScript loader in this process; the children inherit it. */
export async function runNodeTests(files: readonly string[], tally: Tally): Promise<void> {
  if (!files.length) return;
  const stream = run({files: [...files], concurrency: 1, timeout: FILE_TIMEOUT_MS});
  const titles: string[] = [];
  const stderr = new Map<string, string>();
  const nameOf = ({name, nesting}: TestEvent): string => [...titles.slice(0, nesting), name].join(' › ');
  const reasonOf = ({skip}: TestEvent): string => typeof skip === 'string' ? `skipped: ${skip}` : 'skipped';
  const whereOf = ({file}: TestEvent): string => shortPath(file ?? '');

  stream.on('test:start', ({name, nesting}: {name: string; nesting: number}) => {
    titles.length = nesting;
    titles.push(name);
  });
  stream.on('test:pass', (event: TestEvent) => {
    if (event.details.type === 'suite') return;
    // Node reports a file as a test when there was none in it, or when it ended before its first result.
    if (event.nesting === 0 && event.name === event.file) tally.fail(whereOf(event), 'the file', 'It ended without any test');
    else if (event.skip !== undefined || event.todo !== undefined) tally.skip(whereOf(event), nameOf(event), reasonOf(event));
    else tally.pass(whereOf(event), nameOf(event), event.details.duration_ms);
  });
  stream.on('test:fail', (event: TestEvent & {details: {error: Error & {failureType?: string}}}) => {
    const {error} = event.details;
    if (error.failureType === 'subtestsFailed') return; // reported by those
    const isFile = event.nesting === 0 && event.name === event.file;
    // A file that does not load says why on stderr only.
    const detail = isFile ? stderr.get(event.name) ?? '' : '';
    tally.fail(whereOf(event), isFile ? 'the file' : nameOf(event), detail || describe(error));
  });
  // Figures that a test says; Node's own counts of tests are not within one.
  stream.on('test:diagnostic', ({message, nesting}: {message: string; nesting: number}) => {
    if (nesting > 0) console.log(`    ${message}`);
  });
  stream.on('test:stdout', ({message}) => process.stdout.write(message));
  stream.on('test:stderr', ({file, message}) => {
    stderr.set(file, ((stderr.get(file) ?? '') + message).slice(-STDERR_TAIL));
    process.stderr.write(message);
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject).on('end', resolve).resume();
  });
}
