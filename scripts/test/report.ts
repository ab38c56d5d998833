/** What a run of tests came to. */
import {relative} from 'node:path';
import {fromRoot} from '../build/paths.js';

export interface Failure {
  /** File, and browser where it ran in one. */
  readonly where: string;
  readonly name: string;
  readonly detail: string;
}

/** A file's path as people write it. */
export const shortPath = (path: string): string => relative(fromRoot(), path) || path;

/** Counts results and prints each when it is there. */
export class Tally {
  passed = 0;
  skipped = 0;
  readonly failures: Failure[] = [];
  #where = '';

  pass(where: string, name: string, ms?: number): void {
    this.passed++;
    this.#line(where, `  ✓ ${name}${ms !== undefined && ms >= 100 ? `  (${Math.round(ms)} ms)` : ''}`);
  }

  skip(where: string, name: string, why = 'skipped'): void {
    this.skipped++;
    this.#line(where, `  - ${name}  (${why})`);
  }

  fail(where: string, name: string, detail: string): void {
    this.failures.push({where, name, detail});
    this.#line(where, `  ✗ ${name}\n${indent(detail, 6)}`);
  }

  /** Prints the failures once more, then `N passed, N failed` as the last line. */
  end(): void {
    if (this.failures.length) console.log('\nFailed:');
    for (const {where, name, detail} of this.failures) console.log(`\n  ${where}\n  ✗ ${name}\n${indent(detail, 6)}`);
    if (this.skipped) console.log(`\n${this.skipped} skipped`);
    console.log(`\n${this.passed} passed, ${this.failures.length} failed`);
  }

  #line(where: string, text: string): void {
    if (where !== this.#where) console.log(`\n${where}`);
    this.#where = where;
    console.log(text);
  }
}

const indent = (text: string, by: number): string => text.trimEnd().replace(/^/gm, ' '.repeat(by));
