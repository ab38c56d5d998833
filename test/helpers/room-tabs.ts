/** Tabs on a page that embeds the room with nothing but the script and the tags, as a site of another origin does. */
import type {Browser, Page} from 'puppeteer-core';
import type {MeshServer} from '../../server/index.js';
import type {RoomState} from '../../src/room/types.js';
import {newTab, type Tab, type TabOptions, until} from './browser.js';
import {servePages, type Site} from './serve.js';

export type RoomElement = HTMLElement & {
  room: string;
  readonly state: RoomState;
  readonly selfId: string;
  leave(): Promise<void>;
  rejoin(): Promise<void>;
  send(data: unknown, options?: {to?: string | string[]; channel?: string}): Promise<void>;
};
export type ChatElement = HTMLElement & {
  readonly messages: ReadonlyArray<{readonly text?: string; readonly from?: string; readonly id: string; readonly own: boolean}>;
  say(text: string): Promise<void>;
};

/** The embed, word for word as the README has it; the tab's name comes from the address. */
const embed = (script: string): string => `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Somebody's site</title>
<script type="module" src="${script}"></script>
<mesh-room><mesh-status></mesh-status><mesh-roster></mesh-roster><mesh-chat></mesh-chat></mesh-room>
<script>
  const params = new URLSearchParams(location.search);
  const element = document.querySelector('mesh-room');
  window.heard = [];
  element.addEventListener('mesh-message', ({from, channel, data}) => window.heard.push({from, channel, data}));
  if (params.has('url')) element.setAttribute('url', params.get('url'));
  if (params.has('name')) element.setAttribute('name', params.get('name'));
  if (params.has('room')) element.setAttribute('room', params.get('room'));
</script>`;

/** A site of another origin than the server's, whose page is the embed: `/?room=…&name=…&url=…`. */
export const serveEmbed = (server: Pick<MeshServer, 'url'>, host?: string): Promise<Site> => servePages({
  '/': embed(new URL('mesh-room.js', server.url).href),
  '/elsewhere': '<!doctype html><meta charset="utf-8"><title>Elsewhere</title>',
}, host);

export interface RoomTab extends Tab {
  readonly name: string;
}

/** Opens the embed; without a room it waits for `enter`. */
export async function openRoom(
  browser: Browser, site: Site, name: string, room?: string, options: TabOptions & {readonly url?: string} = {},
): Promise<RoomTab> {
  const url = new URL(site.url);
  if (options.url !== undefined) url.searchParams.set('url', options.url);
  url.searchParams.set('name', name);
  if (room !== undefined) url.searchParams.set('room', room);
  const tab = await newTab(browser, url.href, options);
  await until(tab.page, () => customElements.get('mesh-chat') !== undefined);
  return {...tab, name};
}

/** Names the room of a tab that has none yet, or another one. */
export const enter = (page: Page, room: string): Promise<void> => page.evaluate(name => {
  document.querySelector<RoomElement>('mesh-room')!.room = name;
}, room);

/** Names the room in every tab at one instant of the machine's clock. @returns that instant. */
export async function enterTogether(pages: readonly Page[], room: string): Promise<number> {
  const at = Date.now() + 250;
  await Promise.all(pages.map(page => page.evaluate(async (name, instant) => {
    await new Promise(resolve => setTimeout(resolve, instant - Date.now()));
    document.querySelector<RoomElement>('mesh-room')!.room = name;
  }, room, at)));
  return at;
}

/** Waits until a tab has joined `room` and has an open link to each of `others` other people, and to nobody else. */
export async function linked(page: Page, room: string, others: number): Promise<void> {
  try {
    await until(page, (name: string, count: number) => {
      const state = document.querySelector<RoomElement>('mesh-room')!.state;
      return state.room === name && state.status === 'joined' && state.peers.length === count
        && state.peers.every(({link}) => link === 'direct');
    }, room, others);
  } catch (error) {
    throw new Error(`Not linked to ${others} others: ${JSON.stringify(await stateOf(page))}`, {cause: error});
  }
}

/** Waits until a tab has joined `room` and has an open link to each of `ids`, and to nobody else. */
export async function linkedTo(page: Page, room: string, ids: readonly string[]): Promise<void> {
  try {
    await until(page, (name: string, wanted: readonly string[]) => {
      const {room: of, status, peers} = document.querySelector<RoomElement>('mesh-room')!.state;
      return of === name && status === 'joined' && peers.length === wanted.length
        && peers.every(({id, link}) => link === 'direct' && wanted.includes(id));
    }, room, ids);
  } catch (error) {
    throw new Error(`Not linked to ${ids.join(', ')}: ${JSON.stringify(await stateOf(page))}`, {cause: error});
  }
}

export const stateOf = (page: Page): Promise<RoomState> =>
  page.evaluate(() => document.querySelector<RoomElement>('mesh-room')!.state);

export const say = (page: Page, text: string): Promise<void> =>
  page.evaluate(line => document.querySelector<ChatElement>('mesh-chat')!.say(line), text);

/** Texts of the chat's lines in a tab, in order, once there are `count` of them. */
export async function lines(page: Page, count: number): Promise<readonly string[]> {
  const texts = () => page.evaluate(() => document.querySelector<ChatElement>('mesh-chat')!.messages
    .map(({text}) => text).filter(text => text !== undefined));
  try {
    await until(page, (wanted: number) => document.querySelector<ChatElement>('mesh-chat')!.messages
      .filter(({text}) => text !== undefined).length >= wanted, count);
  } catch (error) {
    throw new Error(`Fewer than ${count} lines: ${JSON.stringify(await texts())}`, {cause: error});
  }
  return texts();
}

/** Whether the browser itself said so on the console when it could not connect; nothing of ours may be there. */
export const isOfBrowser = (error: string): boolean => /WebSocket connection|Failed to load resource/.test(error);
