/**
 * `npm run pictures`: the app's icons from `public/icon.svg`, and the screenshots of its manifest from the real page. They are committed,
 * so that nobody needs a browser to build; to be run when the icon or the page's looks have changed.
 */
import {readFile, writeFile} from 'node:fs/promises';
import type {Browser} from 'puppeteer-core';
import {startServer} from '../server/index.js';
import {launchChromium, newTab, until, type Tab} from '../test/helpers/browser.js';
import {typeLine} from '../test/helpers/typing.js';
import {buildParts} from './build.js';
import {fromRoot} from './build/paths.js';

const save = (name: string, content: Uint8Array): Promise<void> => writeFile(fromRoot('public', name), content);

/** Draws `svg` on a square of `size` pixels; what it leaves out is transparent. */
async function draw(browser: Browser, svg: string, size: number): Promise<Uint8Array> {
  const page = await browser.newPage();
  try {
    await page.setViewport({width: size, height: size});
    await page.setContent(`<style>* {margin: 0} svg {display: block; width: ${size}px; height: ${size}px}</style>${svg}`);
    return await page.screenshot({omitBackground: true});
  } finally {
    await page.close();
  }
}

async function icons(browser: Browser): Promise<void> {
  const icon = await readFile(fromRoot('public/icon.svg'), 'utf8');
  const [ground, sign] = [/<rect[^>]*>/.exec(icon)?.[0], /<g[\s\S]*<\/g>/.exec(icon)?.[0]];
  if (ground === undefined || sign === undefined) throw new Error('public/icon.svg must be a <rect> and a <g>');
  const svg = (content: string): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${content}</svg>`;
  // Systems cut maskable icons into shapes of their own: the ground goes to the edges, and the sign stays within the inner 80 %.
  const full = svg(ground.replace(/ rx="[^"]*"/, '') + sign);
  const alone = svg(`<g transform="translate(-6.4 -6.4) scale(1.4)">${sign}</g>`);
  await save('icon-180.png', await draw(browser, full, 180)); // iOS rounds the corners itself, and shows black where it is transparent
  await save('icon-192.png', await draw(browser, icon, 192));
  await save('icon-512.png', await draw(browser, icon, 512));
  await save('icon-maskable-512.png', await draw(browser, full, 512));
  await save('icon-monochrome-512.png', await draw(browser, alone, 512));
  await save('icon-badge.png', await draw(browser, alone, 96));
}

const LINES: readonly (readonly [who: 'Ada' | 'Grace' | 'Lin', line: string])[] = [
  ['Ada', 'Is anybody already on the platform?'],
  ['Grace', 'Track 4, under the clock'],
  ['Lin', 'Two minutes. I have the tickets'],
  ['Ada', 'Bring an umbrella, it just started'],
  ['Grace', 'I see you both'],
];

async function screenshots(browser: Browser): Promise<void> {
  const server = await startServer({port: 0});
  const tabs: Tab[] = [];
  const enter = async (name: string, width: number, height: number, deviceScaleFactor = 1, colorScheme: 'light' | 'dark' = 'light'): Promise<Tab> => {
    const tab = await newTab(browser, 'about:blank', {width, height, colorScheme});
    tabs.push(tab);
    await tab.page.setViewport({width, height, deviceScaleFactor});
    await tab.page.evaluateOnNewDocument(`try { localStorage.setItem('mesh-room:name', '${name}'); } catch {}`);
    await tab.page.goto(new URL('/r/platform%204', server.url).href);
    return tab;
  };
  try {
    const ada = await enter('Ada', 390, 844, 2);
    const grace = await enter('Grace', 390, 844, 2, 'dark');
    const lin = await enter('Lin', 1280, 800);
    const who = {Ada: ada, Grace: grace, Lin: lin};
    for (const {page} of tabs) {
      await until(page, () => {
        const {peers} = document.querySelector<HTMLElement & {state: {peers: {link: string; name: string}[]}}>('mesh-room')!.state;
        return peers.length === 2 && peers.every(({link, name}) => link === 'direct' && name !== '');
      });
    }
    for (const [name, line] of LINES) {
      await typeLine(who[name].page, line);
      for (const {page} of tabs) {
        await until(page, text => document.querySelector('mesh-room')!.shadowRoot!
          .querySelector<HTMLElement & {messages: {text: string}[]}>('mesh-chat')!.messages.at(-1)?.text === text, line);
      }
    }
    await save('screenshot-narrow.png', await ada.page.screenshot());
    await save('screenshot-narrow-dark.png', await grace.page.screenshot());
    await save('screenshot-wide.png', await lin.page.screenshot());
  } finally {
    await Promise.all(tabs.map(tab => tab.close()));
    await server.stop();
  }
}

const browser = await launchChromium();
try {
  await icons(browser);
  await buildParts(['web']);
  await screenshots(browser);
} finally {
  await browser.close();
}
