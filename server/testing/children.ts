import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

/** A program of this repository, or a built one, as a child process. */
export class Child {
  readonly process: ChildProcess;
  /** Exit code and signal. */
  readonly exited: Promise<{code: number | null; signal: NodeJS.Signals | null}>;
  /** Everything that it printed, complete once it has exited. */
  stdout = '';
  stderr = '';
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const loader = file.endsWith('.ts') ? ['--import', 'tsx'] : [];
    this.process = spawn(process.execPath, [...loader, file, ...args], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)), env: {...process.env, ...env}, stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = once(this.process, 'close').then(([code, signal]) =>
      ({code: code as number | null, signal: signal as NodeJS.Signals | null}));
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text; });
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text; });
    this.#lines = createInterface({input: this.process.stdout!})[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done) throw new Error(`It ended without a word. ${this.stderr}`);
    return next.value;
  }

  /** Hands it a line. */
  say(line: string): void {
    this.process.stdin!.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends it, frozen or not. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}

/** A file beside this one, or relative to it. */
export const besides = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
