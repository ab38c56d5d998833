/** For the tests of the elements: puts them into the page on rooms without a network, and takes them away again. */
import {assert} from 'chai';
import axe from 'axe-core';
import {html, render, type LitElement, type TemplateResult} from 'lit';
import {FakeHub, type FakeRoom} from '../../room/fake-room.js';
import '../../define.js';
import type {MeshChat} from '../mesh-chat/mesh-chat.js';
import type {MeshRoom} from '../mesh-room/mesh-room.js';
import type {MeshRoster} from '../mesh-roster/mesh-roster.js';
import type {MeshStatus} from '../mesh-status/mesh-status.js';

const boxes: HTMLElement[] = [];

/** A box in the page with `template` in it, gone after the test. */
export function place(template: TemplateResult): HTMLElement {
  const box = document.createElement('main');
  document.body.append(box);
  boxes.push(box);
  render(template, box);
  return box;
}

/** Takes every box away; every session must have left then. */
export async function cleanUp(...hubs: FakeHub[]): Promise<void> {
  for (const box of boxes.splice(0)) box.remove();
  document.documentElement.removeAttribute('style');
  await frame();
  for (const hub of hubs) {
    for (const session of hub.sessions) assert.notInclude(['joined', 'joining'], session.state.status, 'a removed element has left');
  }
}

/** What a fake room does takes microtasks only, so that after a frame all of it is done and drawn. */
export const frame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

export const once = <K extends keyof HTMLElementEventMap>(target: EventTarget, type: K): Promise<HTMLElementEventMap[K]> =>
  new Promise(resolve => target.addEventListener(type, event => resolve(event as HTMLElementEventMap[K]), {once: true}));

/** Resolves when the room has the status. */
export async function status(room: MeshRoom, wanted: MeshRoom['state']['status']): Promise<void> {
  while (room.state.status !== wanted) await once(room, 'mesh-status-change');
}

export interface Scene {
  readonly hub: FakeHub;
  readonly box: HTMLElement;
  readonly room: MeshRoom;
  readonly session: FakeRoom;
  readonly chat: MeshChat;
  readonly roster: MeshRoster;
  readonly status: MeshStatus;
}

/** A joined room with its three elements, drawn. */
export async function scene(hub = new FakeHub()): Promise<Scene> {
  const box = place(html`<mesh-room history="off" room="lobby" name="Me" .engine=${hub.engine} style="width: 360px; height: 480px"
    ><mesh-status></mesh-status><mesh-roster></mesh-roster><mesh-chat></mesh-chat></mesh-room>`);
  const [room, chat, roster, status_] = (['mesh-room', 'mesh-chat', 'mesh-roster', 'mesh-status'] as const).map(tag => box.querySelector(tag)!) as
    [MeshRoom, MeshChat, MeshRoster, MeshStatus];
  await status(room, 'joined');
  await drawn(room, chat, roster, status_);
  return {hub, box, room, chat, roster, status: status_, session: hub.last};
}

/** Resolves when all that has happened so far is drawn. */
export async function drawn(...elements: LitElement[]): Promise<void> {
  for (const element of elements) await element.updateComplete;
  await frame();
}

/** What a reader sees of an element, on one line. */
export const shown = (element: Element): string => textOf(element).replace(/\s+/g, ' ').trim();

function textOf(node: Node): string {
  if (node instanceof Text) return node.data;
  if (node instanceof HTMLElement && (node.hidden || node.classList.contains('hidden'))) return '';
  const root = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
  return [...root.childNodes].map(textOf).join(' ');
}

function finishAnimations(element: Element): void {
  for (const animation of element.getAnimations()) animation.finish();
  for (const child of [...element.children, ...element.shadowRoot?.children ?? []]) finishAnimations(child);
}

/** No finding of axe, in a light and in a dark page. */
export async function accessible(element: Element): Promise<void> {
  for (const scheme of ['light', 'dark']) {
    document.documentElement.style.cssText = `color-scheme: ${scheme}; background: Canvas; color: CanvasText`;
    await frame();
    // What fades in is judged as it will be.
    finishAnimations(element);
    const {violations} = await axe.run(element, {rules: {region: {enabled: false}}});
    assert.deepEqual(violations.map(({id, nodes}) => `${scheme} ${id}: ${nodes.map(({target, failureSummary}) =>
      `${JSON.stringify(target)} ${failureSummary}`).join('; ')}`), []);
  }
}
