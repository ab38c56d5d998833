/**
 * A Chromium on a device of its own: in a network namespace of Linux, with one cable to this machine. Unplugging it takes server, links and
 * `navigator.onLine` away at once, which nothing inside a browser does: DevTools' offline emulation leaves WebRTC alone.
 */
import {execFile} from 'node:child_process';
import {access, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {networkInterfaces, tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {Browser} from 'puppeteer-core';
import {launchChromium} from './browser.js';
import {ensureChrome, findProgram} from './chrome.js';

const run = promisify(execFile);

/** An address of hardware that is nobody's. */
const NOBODY = '02:00:00:00:00:ff';

/** So that a browser tells its address to others as it is: names that multicast resolves do not pass a cable between namespaces. */
export const WITH_ADDRESSES: readonly string[] = ['--disable-features=WebRtcHideLocalIpsWithMdns'];

export interface Device {
  /** This machine's address as the device reaches it. What the device is to reach listens on it. */
  readonly host: string;
  /** @param trusted origins of plain http that it takes for secure ones, as it would take localhost. */
  launch(trusted: readonly string[]): Promise<Browser>;
  /** Unplugs it: it is offline and knows it. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  /** The network swallows every packet in both directions, and the device does not know; as in a dead spot. */
  swallow(on: boolean): Promise<void>;
  /** Whether this machine passes on what it sends to other devices; otherwise, as at first, it swallows that without a word. */
  passOn(on: boolean): Promise<void>;
  /** Closes its browsers, and removes namespace and cable. */
  remove(): Promise<void>;
}

let made = 0;

/**
 * Makes a device.
 * @returns why there can be none here: a string.
 */
export async function makeDevice(): Promise<Device | string> {
  if (process.platform !== 'linux') return 'network namespaces are Linux\'s';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (await findProgram(['ip'], ['/usr/sbin/ip', '/sbin/ip']) === undefined) return 'there is no `ip`: install iproute2';
  await removeLeftovers();
  const unique = `${process.pid.toString(36)}-${++made}`;
  const name = `mesh-room-${unique}`;
  // Names of interfaces have at most 15 characters.
  const [near, far] = [`mr${unique}h`, `mr${unique}d`];
  const [host, address] = freeAddresses();
  const inside = (...args: string[]) => run('ip', ['-n', name, ...args]);
  const browsers: Browser[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'mesh-room-device-'));
  const plug = async (): Promise<void> => {
    await inside('link', 'set', far, 'up');
    // The route goes with the cable.
    await inside('route', 'replace', 'default', 'via', host);
  };
  const device: Device = {
    host, plug,
    async launch(trusted) {
      const program = join(folder, 'chromium');
      await writeFile(program, `#!/bin/sh\nexec ip netns exec ${name} '${await ensureChrome()}' "$@"\n`, {mode: 0o755});
      const browser = await launchChromium({
        program,
        // Without a debugging port: it would be one of the device's.
        pipe: true,
        args: [...WITH_ADDRESSES, `--unsafely-treat-insecure-origin-as-secure=${trusted.join()}`],
      });
      browsers.push(browser);
      return browser;
    },
    async unplug() {
      await inside('link', 'set', far, 'down');
    },
    async swallow(on) {
      const who = on ? NOBODY : undefined;
      for (const [ip, to, dev] of [[(...args: string[]) => run('ip', args), address, near], [inside, host, far]] as const) {
        if (who) await ip('neigh', 'replace', to, 'lladdr', who, 'dev', dev, 'nud', 'permanent');
        else await ip('neigh', 'del', to, 'dev', dev);
      }
    },
    async passOn(on) {
      await writeFile(`/proc/sys/net/ipv4/conf/${near}/forwarding`, on ? '1' : '0');
    },
    async remove() {
      await Promise.all(browsers.splice(0).map(browser => browser.close()));
      // Its end of the cable goes with it, and a cable goes with either end.
      await run('ip', ['netns', 'del', name]).catch(() => undefined);
      await run('ip', ['link', 'del', near]).catch(() => undefined);
      await rm(folder, {recursive: true, force: true});
    },
  };
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name]);
    await run('ip', ['addr', 'add', `${host}/30`, 'dev', near]);
    await run('ip', ['link', 'set', near, 'up']);
    await inside('link', 'set', 'lo', 'up');
    // No addresses of version 6: they are probed for a second or two first, and Chromium looks for paths when nothing has changed for 2 s.
    await inside('link', 'set', far, 'addrgenmode', 'none');
    await inside('addr', 'add', `${address}/30`, 'dev', far);
    await plug();
  } catch (error) {
    await device.remove();
    return `network namespaces do not work here: ${error instanceof Error ? error.message : String(error)}`;
  }
  return device;
}

/** Removes what a run left behind that was killed. */
async function removeLeftovers(): Promise<void> {
  const {stdout} = await run('ip', ['netns', 'list']);
  for (const [name, pid] of stdout.matchAll(/^mesh-room-(\w+)-\d+/gm)) {
    if (!await isThere(`/proc/${Number.parseInt(pid!, 36)}`)) await run('ip', ['netns', 'del', name]).catch(() => undefined);
  }
}

const isThere = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

/** Two neighbouring addresses of a private network that is not in use here. */
function freeAddresses(): readonly [host: string, device: string] {
  const used = Object.values(networkInterfaces()).flatMap(list => list ?? []).map(({address}) => address);
  for (let i = 0; ; i++) {
    const net = (process.pid * 64 + made + i) % 2 ** 22;
    const prefix = `10.${64 + (net >> 14)}.${(net >> 6) & 255}.`;
    const last = (net & 63) * 4;
    if (!used.some(address => address.startsWith(prefix))) return [`${prefix}${last + 1}`, `${prefix}${last + 2}`];
  }
}
