import {MeshError, type MeshErrorCode} from '../mesh/errors.js';
import {RECEIPT_CHANNEL} from './chat.js';
import {cleanName} from './names.js';
import {
  RoomErrorEvent, RoomMessageEvent, type CreateRoom, type PeerState, type RelayOption, type Relaying, type Room, type RoomData,
  type RoomOptions, type RoomSession, type RoomState, type SendOptions,
} from './types.js';

/**
 * Rooms without a network, for tests and for looking at the elements: sessions of one hub that name the same room and List meet. Everything
 * that a network does to a room can be done to one by hand. Deliveries take a microtask, never more.
 */
export class FakeHub {
  /** Every session that was ever created, in order. */
  readonly sessions: FakeRoom[] = [];
  readonly #rooms = new Map<string, Set<FakeRoom>>();
  /** What joining waits for. */
  gate: Promise<void> = Promise.resolve();
  /** What the next joins end with. */
  refusal: MeshErrorCode | undefined;

  readonly create: CreateRoom = options => {
    const session = new FakeRoom(options, this);
    this.sessions.push(session);
    return session;
  };

  /** What `<mesh-room>.engine` takes. */
  readonly engine = async (): Promise<CreateRoom> => this.create;

  /** The newest session. */
  get last(): FakeRoom {
    const session = this.sessions.at(-1);
    if (!session) throw new Error('no session was created yet');
    return session;
  }

  /** Who is in the room, oneself included. */
  members({room, list = ''}: RoomOptions): Set<FakeRoom> {
    const key = `${room}\n${list}`;
    const members = this.#rooms.get(key) ?? new Set();
    this.#rooms.set(key, members);
    return members;
  }

  /** Whether nobody is told of who comes for the moment. */
  isGathering = false;

  /** Many others join, and everybody is told once. */
  async crowd(names: readonly string[], room = 'lobby'): Promise<void> {
    this.isGathering = true;
    for (const name of names) await this.join(name, room);
    this.isGathering = false;
    for (const member of this.members({room})) member.refresh();
  }

  /** Somebody else joins. */
  async join(name: string, room = 'lobby'): Promise<FakeRoom> {
    const session = new FakeRoom({room, name}, this);
    await session.join();
    return session;
  }
}

let count = 0;

/** One user's session in a hub's room. */
export class FakeRoom extends EventTarget implements RoomSession {
  declare addEventListener: Room['addEventListener'];
  readonly options: RoomOptions;
  readonly selfId = `user-${++count}`;
  /** Everything that was handed to `send`, delivered or not, but for what chats say to each other. */
  readonly sent: {readonly data: RoomData; readonly options: SendOptions}[] = [];
  /** Ids that nothing reaches. */
  unreachable: readonly string[] = [];
  /** What sending waits for. */
  gate: Promise<void> = Promise.resolve();
  relay: RelayOption;
  /** What this session claims to carry for others. */
  relaying: Relaying = {routes: 0, bytes: 0};
  readonly #hub: FakeHub;
  readonly #changes = new Map<string, Partial<PeerState>>();
  /** What was told of others: the same object as long as nothing about somebody changes. */
  readonly #told = new Map<string, {readonly name: string; readonly change: Partial<PeerState> | undefined; readonly peer: PeerState}>();
  #state: RoomState;
  #name: string;
  #isIn = false;
  #isCut = false;

  constructor(options: RoomOptions, hub: FakeHub) {
    super();
    this.options = options;
    this.#hub = hub;
    this.#name = options.name ?? '';
    this.relay = options.relay ?? true;
    this.#state = Object.freeze({room: options.room, status: 'idle', selfId: this.selfId, peers: Object.freeze([])});
    options.signal?.addEventListener('abort', () => void this.leave(), {once: true});
  }

  get state(): RoomState {
    return this.#state;
  }

  get casting(): boolean {
    return this.#state.peers.some(({far}) => far);
  }

  get name(): string {
    return this.#name;
  }

  set name(value: string) {
    this.#name = cleanName(value);
    for (const other of this.#others()) other.refresh();
  }

  async join(): Promise<void> {
    this.set({status: 'joining'});
    await this.#hub.gate;
    if (this.options.signal?.aborted) throw new MeshError('aborted', 'left before it was joined');
    const {refusal} = this.#hub;
    if (refusal) {
      const error = new MeshError(refusal, `${refusal}, as the test asked for`);
      this.set({status: 'failed', error});
      throw error;
    }
    this.#isIn = true;
    this.#hub.members(this.options).add(this);
    this.refresh();
    this.set({status: 'joined'});
    for (const other of this.#others()) other.refresh();
  }

  async leave(): Promise<void> {
    if (this.#state.status === 'idle') return;
    this.#isIn = false;
    this.#hub.members(this.options).delete(this);
    for (const other of this.#hub.members(this.options)) other.refresh();
    this.set({status: 'idle', peers: Object.freeze([])});
  }

  async send(data: RoomData, options: SendOptions = {}): Promise<void> {
    if (this.#state.status !== 'joined') throw new MeshError('not-joined', 'the room is not joined');
    if (options.channel !== RECEIPT_CHANNEL) this.sent.push({data, options});
    await this.gate;
    const to = options.to === undefined ? undefined : [options.to].flat();
    const missed: string[] = [];
    for (const other of this.#others()) {
      if (to && !to.includes(other.selfId)) continue;
      if (this.#isCut) continue;
      if (this.unreachable.includes(other.selfId)) missed.push(other.selfId);
      else queueMicrotask(() => other.receive(this.selfId, data, options.channel));
    }
    if (missed.length) throw new MeshError('undelivered', `${missed.length} were not reached`, {ids: missed});
  }

  /** The page goes away without a word: nothing comes in or goes out any more, and others see it leave. */
  cut(): void {
    this.#isCut = true;
    void this.leave();
  }

  /** What a peer sent arrives here; `from` need not be anybody's id. */
  receive(from: string, data: RoomData, channel = ''): void {
    if (!this.#isCut) this.dispatchEvent(new RoomMessageEvent(from, channel, data));
  }

  /** Says a chat message, as a page without any of our elements would. */
  say(text: string): Promise<void> {
    return this.send({text}, {channel: 'chat'});
  }

  /** The connection to the server goes away, with or without the network. */
  lose(status: 'offline' | 'resuming' = 'offline'): void {
    this.set({status, error: new MeshError('server-lost', 'the connection to the server was lost')});
  }

  resume(): void {
    const {error: _mended, ...state} = this.#state;
    this.#state = Object.freeze(state);
    this.set({status: 'joined', peers: this.#peers()});
  }

  /** A background failure. */
  fail(code: MeshErrorCode): void {
    this.dispatchEvent(new RoomErrorEvent(new MeshError(code, `${code}, as the test asked for`)));
  }

  /** Changes how this session sees another. */
  see(id: string, change: Partial<PeerState>): void {
    this.#changes.set(id, {...this.#changes.get(id), ...change});
    this.refresh();
  }

  /** Recomputes `peers` from who is in the room. */
  refresh(): void {
    if (!this.#isIn || this.#hub.isGathering || this.#state.status === 'offline' || this.#state.status === 'resuming') return;
    this.set({peers: this.#peers()});
  }

  #peers(): readonly PeerState[] {
    return Object.freeze([...this.#others()].map(({selfId, name}): PeerState => {
      const change = this.#changes.get(selfId);
      const known = this.#told.get(selfId);
      if (known?.name === name && known.change === change) return known.peer;
      const peer = Object.freeze({id: selfId, name, link: 'direct', rttMs: 2, ...change} as const);
      this.#told.set(selfId, {name, change, peer});
      return peer;
    }));
  }

  set(change: Partial<RoomState>): void {
    const before = this.#state;
    this.#state = Object.freeze({...before, ...change});
    if (change.status && change.status !== before.status) this.dispatchEvent(new Event('status-change'));
    if (change.peers) this.dispatchEvent(new Event('peers-change'));
  }

  *#others(): Generator<FakeRoom> {
    for (const other of this.#hub.members(this.options)) if (other !== this) yield other;
  }
}
