/** Where Chrome or Chromium is on this machine; installs one where there is none. */
import {execFile, spawn} from 'node:child_process';
import {access, constants, readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {delimiter, join} from 'node:path';
import {promisify} from 'node:util';

const {env, platform} = process;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** Where installers put it when it is not on the `PATH`. */
const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/usr/bin/chromium', '/usr/bin/google-chrome-stable', '/opt/google/chrome/chrome', '/snap/bin/chromium'],
  darwin: ['/Applications', join(homedir(), 'Applications')].flatMap(folder => [
    join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
    join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
  ]),
  win32: [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(folder => folder !== undefined)
    .map(folder => join(folder, 'Google\\Chrome\\Application\\chrome.exe')),
};

/** Where the vendor's installer puts it: the folder that puppeteer uses, so that one copy serves every project. */
const CACHE = join(homedir(), '.cache', 'puppeteer');

/** Whether a file is there and may be run. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(() => true, () => false);
}

/** The first of `names` on the `PATH`, or of `places`, that can be run. */
export async function findProgram(names: readonly string[], places: readonly string[] = []): Promise<string | undefined> {
  const suffix = platform === 'win32' ? '.exe' : '';
  const folders = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  const candidates = [...names.flatMap(name => folders.map(folder => join(folder, name + suffix))), ...places];
  for (const path of candidates) if (await isExecutable(path)) return path;
  return undefined;
}

/**
 * `CHROME_PATH`, or a Chrome or Chromium in the usual places.
 * @throws if `CHROME_PATH` is set and is not a program.
 */
export async function findChrome(): Promise<string | undefined> {
  const asked = env.CHROME_PATH;
  if (asked) {
    if (await isExecutable(asked)) return asked;
    throw new Error(`CHROME_PATH is ${asked}, and there is no program`);
  }
  return await findProgram(NAMES, PLACES[platform]) ?? await findCached();
}

/** One that `installChrome` had the vendor's installer fetch earlier. */
async function findCached(): Promise<string | undefined> {
  try {
    const {stdout} = await promisify(execFile)('npx', ['--yes', '@puppeteer/browsers', 'list', '--path', CACHE], {shell: platform === 'win32'});
    const path = /^chrome@\S+ \([^)]*\) (.+)$/m.exec(stdout)?.[1];
    return path !== undefined && await isExecutable(path) ? path : undefined;
  } catch {
    return undefined; // no installer at hand: then there is none of its browsers either
  }
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'inherit'], shell: platform === 'win32', env: {...env, DEBIAN_FRONTEND: 'noninteractive'},
    });
    child.on('error', reject);
    child.on('exit', code => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}`));
    });
  });
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** Ubuntu's package of this name is a stub for a snap, which does not run in containers; hence Debian only. */
async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => ''); // not a Linux, or a very old one
  return /^ID="?debian"?$/m.test(release);
}

/** Installs Chromium or Chrome, and says so. */
async function installChrome(): Promise<string | undefined> {
  if (isRoot() && await isDebian()) {
    console.log('No Chrome or Chromium found: installing Debian\'s chromium (apt-get) …');
    await run('apt-get', ['update', '-qq']);
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
    return findProgram(NAMES, PLACES[platform]);
  }
  console.log(`No Chrome or Chromium found: installing Chrome for Testing into ${CACHE} …`);
  const withLibraries = platform === 'linux' && isRoot() ? ['--install-deps'] : [];
  await run('npx', ['--yes', '@puppeteer/browsers', 'install', 'chrome@stable', '--path', CACHE, ...withLibraries]);
  return findCached();
}

/** Path of a Chrome or Chromium, installed first where there is none. */
export async function ensureChrome(): Promise<string> {
  const path = await findChrome() ?? await installChrome();
  if (path === undefined) throw new Error('No Chrome or Chromium could be installed: install one, or set CHROME_PATH');
  return path;
}
