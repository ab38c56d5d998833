import '../../src/define.js';
import type {MeshChat} from '../../src/components/mesh-chat/mesh-chat.js';
import type {MeshRoom} from '../../src/components/mesh-room/mesh-room.js';
import {CHAT_CHANNEL} from '../../src/room/chat.js';
import {FakeHub, type FakeRoom} from '../../src/room/fake-room.js';
import {drawn, serve, SPEAKERS, type Line, type Log} from './page.js';

/** `<mesh-chat>` in a room without a network: lines come as a session brings them. */
class MeshChatLog implements Log {
  readonly #hub = new FakeHub();
  #room!: MeshRoom;
  #chat!: MeshChat;
  #speakers: readonly FakeRoom[] = [];

  async open(): Promise<void> {
    document.body.innerHTML = '<mesh-room room="lobby" name="Me" style="position: fixed; inset: 0"><mesh-chat></mesh-chat></mesh-room>';
    this.#room = document.querySelector('mesh-room')!;
    this.#chat = document.querySelector('mesh-chat')!;
    this.#room.engine = this.#hub.engine;
    const isEmpty = new URLSearchParams(location.search).has('empty');
    while (this.#room.state.status !== 'joined' || (!isEmpty && this.#chat.messages.length === 0)) await drawn();
    this.#speakers = await Promise.all(SPEAKERS.map(name => this.#hub.join(name)));
    while (!this.#chat.renderRoot.querySelector(isEmpty ? '.log' : '.bubble')) await drawn();
  }

  add(lines: readonly Line[]): void {
    const [session] = this.#hub.sessions;
    for (const {id, by, text} of lines) session!.receive(this.#speakers[by]!.selfId, {id, text, at: Date.now()}, CHAT_CHANNEL);
  }

  async settled(): Promise<void> {
    await this.#chat.updateComplete;
    await drawn();
  }

  get scroller(): HTMLElement {
    return this.#chat.renderRoot.querySelector<HTMLElement>('.log')!;
  }
}

serve(new MeshChatLog());
