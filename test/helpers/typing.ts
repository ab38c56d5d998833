/** What visitors do with their hands. */
import type {ElementHandle, Page} from 'puppeteer-core';
import {inShadow} from './browser.js';

/** The text field of the page's chat, once it is there. */
export const composer = (page: Page): Promise<ElementHandle<HTMLTextAreaElement>> => inShadow<HTMLTextAreaElement>(page, 'textarea');

/** Types `line` into the chat and presses Enter. */
export async function typeLine(page: Page, line: string): Promise<void> {
  const field = await composer(page);
  await field.type(line);
  await field.press('Enter');
}
