import {LitElement, html, type TemplateResult} from 'lit';
import {property} from 'lit/decorators.js';
import {RoomController, type RoomObserver} from '../../room/controller.js';
import {loadEngine, type LoadEngine} from '../../room/engine.js';
import type {IceServers, RelayOption, Relaying, RoomData, RoomMessageEvent, RoomState, SendOptions, Topology} from '../../room/types.js';
import {baseStyles} from '../base.styles.js';
import {MeshErrorEvent, MeshMessageEvent, MeshPeersChangeEvent, MeshStatusChangeEvent, type MeshRejoinRequestEvent,
  type MeshRelayRequestEvent, type MeshRetryRequestEvent, type MeshSayRequestEvent} from '../events.js';
import {styles} from './mesh-room.styles.js';

/** An attribute that is taken away, or a framework's `null`, means the same as an empty one. */
const text = {fromAttribute: (value: string | null) => value ?? ''};

/**
 * @summary A room: joins it, shows who is there and lets them talk, and tells its children all about it.
 * @slot - Elements that read the room, and anything else. Without any: status, roster and chat.
 * @fires {MeshStatusChangeEvent} mesh-status-change - `state.status` changed.
 * @fires {MeshPeersChangeEvent} mesh-peers-change - Somebody came, went or changed.
 * @fires {MeshMessageEvent} mesh-message - Data arrived: `from`, `channel`, `data`.
 * @fires {MeshErrorEvent} mesh-error - Something went wrong: `error.code` says what.
 * @csspart frame - The box around the room, there unless the content is the page's own.
 * @csspart status - The `<mesh-status>` of a room without children.
 * @csspart roster - The `<mesh-roster>` of a room without children.
 * @csspart chat - The `<mesh-chat>` of a room without children.
 * @cssproperty --mesh-accent - Own messages, the send button, links and focus rings.
 * @cssproperty --mesh-accent-text - Text on the accent. Default: black or white, whichever can be read.
 * @cssproperty --mesh-text - Text. Default: inherited; everything quiet is a tint of it.
 * @cssproperty --mesh-muted - Times, hints and notices.
 * @cssproperty --mesh-surface - Others' messages and the text field.
 * @cssproperty --mesh-background - Behind everything. Default: transparent.
 * @cssproperty --mesh-line - Hairlines.
 * @cssproperty --mesh-border - The border of frames.
 * @cssproperty --mesh-danger - What failed.
 * @cssproperty --mesh-radius - Corners.
 * @cssproperty --mesh-space - The unit of distance. Default: 8px.
 * @cssproperty --mesh-font-size - Default: inherited.
 */
export class MeshRoom extends LitElement implements RoomObserver {
  static override styles = [baseStyles, styles];

  readonly #room: RoomController;
  readonly #internals = this.attachInternals();
  /** Whether the room draws its own box and layout; a page's own wrapper has a layout of its own. */
  #framed = true;
  /** Whether a chat stands in this box. */
  #chatty = true;

  /** The room to join, 1 to 200 characters of any kind. Changing it leaves one room and joins the other; empty: none. */
  @property({converter: text}) room = '';

  /** Display name; at most 64 characters are shown. May change at any time. */
  @property({converter: text}) name = '';

  /** deepstream endpoint, `ws:` or `wss:`. Default: `/deepstream` on the origin that served the script. */
  @property({converter: text}) url = '';

  /** Name of the deepstream List that holds the room's user ids. Default: `mesh-room/<room>`. */
  @property({converter: text}) list = '';

  /** Who is linked to whom. */
  @property({converter: text}) topology: Topology | '' = 'auto';

  /**
   * `off`: this member does not carry what others say to each other. Otherwise it does, but not on a metered connection, with data saving
   * on, or with a battery that runs out. May change at any time.
   */
  @property({converter: text}) relay: RelayOption = '';

  /** `off`: keeps no messages on this device. Read once, before the first room is joined. */
  @property({converter: text}) history: 'off' | '' = '';

  /** Servers for WebRTC, or a function that returns them, asked again at every attempt. */
  @property({attribute: false}) iceServers: IceServers | undefined;

  /** Loads what connects. Give another to run the room on something else than deepstream and WebRTC. */
  @property({attribute: false}) engine: LoadEngine = loadEngine;

  constructor() {
    super();
    this.#room = new RoomController(this, {
      load: () => this.engine,
      loadChats: async () => new (await import('../later.js')).ChatLogs(this.history !== 'off', error => this.onError(error)),
      observer: this,
      options: () => ({
        room: this.room ?? '',
        name: this.name ?? '',
        ...this.url && {url: this.url},
        ...this.list && {list: this.list},
        relay: this.relay ?? '',
        ...this.topology && {topology: this.topology},
        // Asked through a function, so that servers that are changed later count from the next attempt on.
        ...this.iceServers && {iceServers: () => typeof this.iceServers === 'function' ? this.iceServers() : this.iceServers ?? []},
      }),
    });
    this.addEventListener('mesh-say-request', (event: MeshSayRequestEvent) => event.respondWith(this.#room.say(event.text)));
    this.addEventListener('mesh-retry-request', (event: MeshRetryRequestEvent) => event.respondWith(this.#room.retry(event.id)));
    this.addEventListener('mesh-relay-request', (event: MeshRelayRequestEvent) => {
      this.relay = event.relay;
      event.respondWith(Promise.resolve());
    });
    this.addEventListener('mesh-rejoin-request', (event: MeshRejoinRequestEvent) => event.respondWith(this.#room.rejoin()));
  }

  /** This user's id in the room; empty while in none. */
  get selfId(): string {
    return this.state.selfId;
  }

  /** Everything that is known of the room; frozen, a new object after every change. */
  get state(): RoomState {
    return this.#room.state;
  }

  /** How much this member carries for others; nothing tells of its changes. */
  get relaying(): Relaying {
    return this.#room.relaying;
  }

  /** Leaves the room, until `rejoin()` or until `room` names another. Settles once out. */
  leave(): Promise<void> {
    return this.#room.leave();
  }

  /** Joins the room anew, after `leave()` or a failure. @throws {MeshError} what kept it from joining. */
  rejoin(): Promise<void> {
    return this.#room.rejoin();
  }

  /**
   * Sends JSON or binary to everybody, or to the ids in `to`. Awaiting it is backpressure: it settles once every target's transport has
   * taken all of it.
   * @throws {MeshError} `undelivered` with the `ids` that it did not reach; `not-joined`; `bad-data`.
   */
  send(data: RoomData, options?: SendOptions): Promise<void> {
    return this.#room.send(data, options);
  }

  /** @internal */
  onState(state: RoomState, before: RoomState): void {
    if (state.status !== before.status) this.dispatchEvent(new MeshStatusChangeEvent(state));
    if (state.peers !== before.peers) this.dispatchEvent(new MeshPeersChangeEvent(state));
  }

  /** @internal */
  onMessage({from, channel, data}: RoomMessageEvent): void {
    this.dispatchEvent(new MeshMessageEvent(from, channel, data));
  }

  /** @internal */
  onError(error: NonNullable<RoomState['error']>): void {
    this.dispatchEvent(new MeshErrorEvent(error));
  }

  #onSlotChange = (): void => {
    const tags = [...this.children].map(({localName}) => localName);
    this.#framed = !tags.length || tags.some(tag => tag.startsWith('mesh-'));
    this.#chatty = !tags.length || tags.includes('mesh-chat');
    if (this.#framed) this.#internals.states.delete('bare');
    else this.#internals.states.add('bare');
    this.requestUpdate();
  };

  protected override render(): TemplateResult {
    return html`<div part="frame" class="frame ${this.#framed ? 'framed' : ''} ${this.#chatty ? 'chatty' : ''}"><div class="layout"
      ><slot @slotchange=${this.#onSlotChange}
        ><mesh-status part="status"></mesh-status
        ><mesh-roster part="roster"></mesh-roster
        ><mesh-chat part="chat" exportparts="log, composer, input, send, message"></mesh-chat
      ></slot></div></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'mesh-room': MeshRoom;
  }
}
