import {openDB} from 'idb';
import {drawn, serve, SPEAKERS, type Line, type Log} from './page.js';

const database = openDB('plain-list', 1, {upgrade: opened => void opened.createObjectStore('lines', {autoIncrement: true})});

/** A list as anybody would write it: an element a line, kept in the browser's database, all of it drawn. */
class PlainList implements Log {
  readonly #list = document.createElement('ul');
  #kept = Promise.resolve();

  async open(): Promise<void> {
    const style = document.createElement('style');
    style.textContent = 'ul { position: fixed; inset: 0; margin: 0; padding: 12px; overflow-y: auto; list-style: none; font: 15px/1.4 system-ui }';
    document.head.append(style);
    document.body.append(this.#list);
    const kept = await (await database).getAll('lines') as Line[];
    this.#draw(kept);
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  add(lines: readonly Line[]): void {
    this.#draw(lines);
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#kept = this.#kept.then(async () => {
      const transaction = (await database).transaction('lines', 'readwrite');
      for (const line of lines) void transaction.store.put(line);
      await transaction.done;
    });
  }

  async settled(): Promise<void> {
    await this.#kept;
    await drawn();
  }

  get scroller(): HTMLElement {
    return this.#list;
  }

  #draw(lines: readonly Line[]): void {
    this.#list.append(...lines.map(({by, text}) => {
      const item = document.createElement('li');
      const author = document.createElement('b');
      author.textContent = SPEAKERS[by]!;
      const time = document.createElement('time');
      time.textContent = new Date().toLocaleTimeString();
      item.append(author, ` ${text} `, time);
      return item;
    }));
  }

}

serve(new PlainList());
