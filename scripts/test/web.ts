/** Runs the tests beside the sources in real browsers. */
import {startTestRunner} from '@web/test-runner';
import type {TestSession, TestSuiteResult} from '@web/test-runner-core';
import {testRunnerConfig} from '../../test/helpers/runner-config.js';
import {shortPath, type Tally} from './report.js';

function report(suite: TestSuiteResult, where: string, titles: readonly string[], tally: Tally): void {
  for (const {name, passed, skipped, duration, error} of suite.tests) {
    const title = [...titles, name].join(' › ');
    if (skipped) tally.skip(where, title);
    else if (passed) tally.pass(where, title, duration);
    else tally.fail(where, title, [error?.message, error?.stack].filter(part => part).join('\n') || 'No reason given');
  }
  for (const child of suite.suites) report(child, where, [...titles, child.name], tally);
}

const count = ({tests, suites}: TestSuiteResult): number =>
  tests.length + suites.reduce((sum, suite) => sum + count(suite), 0);

function reportSession(session: TestSession, tally: Tally): void {
  const where = `${shortPath(session.testFile)} [${session.browser.name}]`;
  const before = tally.failures.length;
  if (session.testResults) report(session.testResults, where, [], tally);
  // Errors outside of tests: a file that does not load, a browser that does not start, a test that leaves the page.
  for (const {message, stack} of session.errors) tally.fail(where, 'the file', [message, stack].filter(part => part).join('\n'));
  if (tally.failures.length > before) {
    for (const log of session.logs as unknown[][]) console.log('    console:', ...log);
    if (session.request404s.length) console.log('    not found:', session.request404s.join(', '));
  } else if (!session.testResults || count(session.testResults) === 0) {
    tally.fail(where, 'the file', 'It ended without any test');
  } else if (session.passed === false) {
    tally.fail(where, 'the file', 'The runner calls it failed and names no test'); // such as a failed hook
  }
}

/** Runs `files`, absolute paths, in every browser that there is, into `tally`. */
export async function runWebTests(files: readonly string[], tally: Tally): Promise<void> {
  if (!files.length) return;
  const runner = await startTestRunner({
    config: {
      ...await testRunnerConfig(),
      files: [...files],
      watch: false,
      staticLogging: true,
      reporters: [{reportTestFileResults: ({sessionsForTestFile}) => {
        for (const session of sessionsForTestFile) reportSession(session, tally);
      }}],
    },
    readCliArgs: false,
    readFileConfig: false,
    autoExitProcess: false,
  });
  if (!runner) throw new Error('The browser tests could not be started');
  await new Promise<void>(resolve => { runner.on('stopped', () => resolve()); });
}
