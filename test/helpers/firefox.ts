/** Where Firefox is on this machine. It is used where it is installed and never installed by itself. */
import {homedir} from 'node:os';
import {join} from 'node:path';
import {findProgram, isExecutable} from './chrome.js';

const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['/Applications', join(homedir(), 'Applications')].map(folder => join(folder, 'Firefox.app/Contents/MacOS/firefox')),
  win32: [process.env.PROGRAMFILES].filter(folder => folder !== undefined)
    .map(folder => join(folder, 'Mozilla Firefox\\firefox.exe')),
};

/**
 * `FIREFOX_PATH`, or a Firefox in the usual places; `undefined` where there is none or `FIREFOX_PATH` is `none`.
 * @throws if `FIREFOX_PATH` is set and is not a program.
 */
export async function findFirefox(): Promise<string | undefined> {
  const asked = process.env.FIREFOX_PATH;
  if (asked === 'none') return undefined;
  if (asked) {
    if (await isExecutable(asked)) return asked;
    throw new Error(`FIREFOX_PATH is ${asked}, and there is no program`);
  }
  return findProgram(['firefox-esr', 'firefox'], PLACES[process.platform]);
}
