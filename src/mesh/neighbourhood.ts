/**
 * Whom of the room's members this one links to, and how it reaches the others: the topology's answer, kept while the List is the same, the
 * links that it does not ask for, and, where not all are linked, the part of the mesh that is loaded for that.
 */
import type {Crowd, CrowdOptions} from './casts/crowd.js';
import type {Cancel, Clock} from './clock.js';
import type {Conversation} from './conversation.js';
import type {MeshError} from './errors.js';
import type {OnMeshMessage} from './events.js';
import type {Handover, HandoverOptions} from './handover.js';
import {compareLists} from './list-change.js';
import type {Pair} from './pair.js';
import type {PeerId} from './signalling/types.js';
import {prepareMessage, type OutgoingMessage} from './stream/message.js';
import {fullMesh} from './topology/full-mesh.js';
import type {Overlay, Topology} from './topology/types.js';
import {RESERVED} from './wire/limits.js';

/** Members tell how much they carry one after another when a room fills; it is planned anew once for all that come in this time. */
const REPLAN_MS = 500;
/** Who has had links for so long has heard everything since; before that it has only just come. */
const SETTLED_MS = 10_000;

/** A topology whose code is not there yet, and up to how many members a full mesh will do. */
export interface LateTopology {
  readonly fullUpTo: number;
  readonly load: () => Promise<Topology>;
}

export interface NeighbourhoodOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  readonly boot: string;
  readonly topology: Topology | LateTopology;
  /** Who links to everybody, whatever the topology. */
  readonly isForeign: (id: PeerId) => boolean;
  readonly isMember: (id: PeerId) => boolean;
  readonly name: () => string;
  /** See `MeshDeps.capacity`. */
  readonly capacity: () => number;
  readonly pairs: ReadonlyMap<PeerId, Pair>;
  /** Loads what a room needs where not all are linked. */
  readonly load: () => Promise<CreateCrowd>;
  /** See `HandoverOptions.take`. */
  readonly take: (id: PeerId) => Pair | undefined;
  readonly onMessage: OnMeshMessage;
  /** The neighbours may be others now. */
  readonly onReplan: () => void;
  /** What is known of somebody has changed. */
  readonly onChange: () => void;
  readonly onError: (error: MeshError) => void;
}

/** Makes the part that is loaded. */
export type CreateCrowd = (crowd: Omit<CrowdOptions, 'identity' | 'cryptography'>, handover: HandoverOptions) =>
{readonly crowd: Crowd; readonly handover: Handover};

export class Neighbourhood {
  readonly #options: NeighbourhoodOptions;
  #handover: Handover | undefined;
  #topology: Topology | undefined;
  #loading = false;
  #members: readonly PeerId[] = [];
  /** When the List was seen first, and when those in it who came later. */
  #plannedAt: number | undefined;
  readonly #since = new Map<PeerId, number>();
  /** Members that the topology is asked about. */
  #planned: readonly PeerId[] = [];
  #overlay: Overlay = fullMesh.overlay([]);
  #wanted: ReadonlySet<PeerId> = new Set();
  /** A neighbour says that not everybody is linked, in a room in which that could be so. */
  #partial = false;
  #crowd: Crowd | undefined;
  #creating: Promise<Crowd> | undefined;
  #firstOpenAt: number | undefined;
  #capacity = 1;
  #replan: Cancel | undefined;
  #announced = '';
  #closed = false;

  constructor(options: NeighbourhoodOptions) {
    this.#options = options;
    this.#topology = 'overlay' in options.topology ? options.topology : undefined;
  }

  /** Whether some members are not linked to each other. */
  get partial(): boolean {
    return this.#overlay.partial;
  }

  /** Whether what this member says to everybody goes from neighbour to neighbour. */
  get casting(): boolean {
    return this.#crowd?.casting === true;
  }

  /** Whom to link to, of these members; the array is kept, and others may have it too. */
  plan(members: readonly PeerId[]): ReadonlySet<PeerId> {
    const {selfId, isForeign, isMember, clock} = this.#options;
    const {came, left} = compareLists(this.#members, members, isMember);
    for (const id of left) {
      this.#crowd?.left(id);
      this.#since.delete(id);
    }
    const now = clock.now();
    if (this.#plannedAt !== undefined) for (const id of came) this.#since.set(id, now);
    this.#plannedAt ??= now;
    this.#members = members;
    const toAll = members.filter(isForeign);
    this.#planned = toAll.length ? members.filter(id => !toAll.includes(id)) : members;
    if (!isMember(selfId)) this.#planned = [...this.#planned, selfId];
    this.#compute();
    this.#wanted = new Set([...this.#overlay.neighbours(selfId), ...toAll]);
    if (this.#overlay.partial || this.#crowd) this.#withCrowd(crowd => { crowd.casting = this.#overlay.partial; });
    return this.#wanted;
  }

  /** The topology asks for the link to `id`. */
  want(id: PeerId): void {
    this.#handover?.want(id);
    this.#options.pairs.get(id)?.climb();
  }

  /** It does not. @param forOne - whether the link is made for messages to that one alone. */
  unwant(id: PeerId, forOne = false): void {
    this.#withCrowd(() => this.#handover?.unwant(id, forOne));
  }

  /** A message to `id` alone is sent or has come. */
  use(id: PeerId): void {
    this.#handover?.use(id);
  }

  /** Whether the link to `id` was made for messages to that one alone. */
  isForOne(id: PeerId): boolean {
    return this.#handover?.isForOne(id) === true;
  }

  /** See `Handover.rested`. */
  rested(id: PeerId): Pair | undefined {
    return this.#handover?.rested(id);
  }

  gone(id: PeerId): void {
    this.#crowd?.closed(id);
    this.#handover?.gone(id);
  }

  /** There is a link to `id`, or none any more. */
  opened(id: PeerId, open: boolean): void {
    this.#firstOpenAt ??= this.#options.clock.now();
    if (open && this.#isSpoken(id)) this.#crowd?.opened(id);
    if (open) return;
    this.#crowd?.closed(id);
    this.#handover?.closed(id);
  }

  /** By which neighbour `id` is reached, who is none. */
  nextHop(id: PeerId): PeerId | undefined {
    const {selfId, pairs} = this.#options;
    return this.#overlay.partial ? this.#overlay.nextHop(selfId, id, each => pairs.get(each)?.isHop === true) : undefined;
  }

  /** What somebody who is no neighbour is called. */
  nameOf(id: PeerId): string {
    return this.#crowd?.card(id)?.name ?? '';
  }

  cast(message: OutgoingMessage, data: unknown, signal: AbortSignal | undefined): Promise<void> {
    return this.#crowd!.cast(message, data, signal);
  }

  /** Takes what a neighbour says, on one of the mesh's own channels or to this member directly. */
  readonly receive: OnMeshMessage = (from, channel, data) => {
    const {onMessage} = this.#options;
    if (channel.startsWith(RESERVED)) this.#withCrowd(crowd => crowd.receive(from, channel, data));
    else if (this.#crowd) this.#crowd.direct(from, () => onMessage(from, channel, data));
    else onMessage(from, channel, data);
  };

  /** This member's name, or how much it carries for others, may be another. */
  announce(): void {
    const {name, capacity: own} = this.#options;
    const capacity = this.#topology?.ranks === true ? own() : Math.min(1, own());
    if (capacity !== this.#capacity) {
      this.#capacity = capacity;
      this.#options.onReplan();
    }
    const said = `${capacity} ${name()}`;
    if (!this.#crowd || said === this.#announced || (this.#announced === '' && said === '1 ')) return;
    this.#announced = said;
    this.#crowd.announce(name(), capacity);
  }

  close(): void {
    this.#closed = true;
    this.#replan?.();
    this.#handover?.close();
    this.#crowd?.close();
  }

  #compute(): void {
    const {topology} = this.#options;
    if (!this.#topology && 'load' in topology) {
      if (this.#planned.length > topology.fullUpTo || this.#partial) this.#loadTopology(topology);
      this.#overlay = fullMesh.overlay(this.#planned);
      return;
    }
    const {selfId} = this.#options;
    const capacityOf = (id: PeerId): number => id === selfId ? this.#capacity : this.#crowd?.card(id)?.capacity ?? 1;
    const isUniform = this.#capacity === 1 && this.#crowd?.isUniform !== false;
    this.#overlay = (this.#topology ?? fullMesh).overlay(this.#planned, {
      partial: this.#partial || this.#overlay.partial, ...!isUniform && {capacityOf},
    });
    if (!this.#overlay.partial) this.#partial = false;
  }

  #loadTopology({load}: LateTopology): void {
    if (this.#loading) return;
    this.#loading = true;
    load().then(topology => {
      this.#topology = topology;
      if (this.#closed) return;
      this.#options.onReplan();
      this.announce();
    }, () => {
      // The network may be back at the next change of the List; until then it is a full mesh.
      this.#loading = false;
    });
  }

  /** Whether there is a link to a neighbour that speaks this protocol, for what is said to everybody. */
  #isSpoken(id: PeerId): boolean {
    return this.#conversation(id) !== undefined && !this.isForOne(id) && this.#handover?.isRetired(id) !== true;
  }

  #conversation(id: PeerId): Conversation | undefined {
    const pair = this.#options.pairs.get(id);
    return pair?.open === true && !pair.conversation.plain ? pair.conversation : undefined;
  }

  /** Does something with the part that is loaded, now or when it is there; in order. */
  #withCrowd(run: (crowd: Crowd) => void): void {
    if (this.#crowd) return run(this.#crowd);
    this.#creating ??= this.#options.load().then(create => this.#create(create), (error: unknown) => {
      this.#creating = undefined;
      throw error;
    });
    this.#creating.then(crowd => {
      if (!this.#closed) run(crowd);
    }, () => undefined);
  }

  #create(create: CreateCrowd): Crowd {
    const {clock, selfId, boot, pairs, isMember, take, onMessage, onError} = this.#options;
    const {crowd, handover} = create({
      clock, selfId, boot, onMessage, onError,
      fresh: this.#firstOpenAt === undefined || clock.now() - this.#firstOpenAt < SETTLED_MS,
      neighbours: () => [...pairs.keys()].filter(id => this.#isSpoken(id)),
      send: (to, channel, data) => this.#conversation(to)?.outbound.send(prepareMessage(channel, data)),
      isMember,
      others: () => this.#members.filter(id => id !== selfId),
      memberSince: id => this.#since.get(id) ?? this.#plannedAt ?? clock.now(),
      hasOwnLink: id => pairs.get(id)?.conversation.met === true,
      isPartial: () => this.#overlay.partial,
      onKeep: (from, keep) => this.#handover?.told(from, keep),
      onPartial: () => {
        if (this.#partial || this.#overlay.partial) return;
        this.#partial = true;
        this.#options.onReplan();
      },
      onCards: isCapacity => {
        if (isCapacity) this.#replan ??= clock.after(REPLAN_MS, () => {
          this.#replan = undefined;
          this.#options.onReplan();
        });
        this.#options.onChange();
      },
      onFault: (from, why) => pairs.get(from)?.conversation.fault('bad-frame', why),
    }, {
      clock, take,
      isOpen: id => pairs.get(id)?.open === true,
      isIdle: id => pairs.get(id)?.conversation.outbound.idle !== false,
      isAwaited: id => pairs.get(id)?.isAwaited === true,
      isOwed: id => pairs.get(id)?.conversation.outbound.owes === true,
      isSettled: () => [...this.#wanted].every(id => pairs.get(id)?.open === true),
      say: (id, keep) => crowd.keep(id, keep),
      onBack: id => {
        if (this.#isSpoken(id)) crowd.opened(id);
      },
    });
    this.#crowd = crowd;
    this.#handover = handover;
    if (this.#closed) crowd.close();
    else queueMicrotask(() => {
      for (const id of pairs.keys()) if (this.#isSpoken(id)) crowd.opened(id);
      this.announce();
    });
    return crowd;
  }
}
