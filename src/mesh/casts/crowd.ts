/**
 * What a mesh needs where not all members are linked to each other: messages to everybody, cards, large messages, and what neighbours
 * agree on about the links between them. Part of a chunk that rooms of a few people never load.
 */
import type {Clock} from '../clock.js';
import {MeshError} from '../errors.js';
import type {Cryptography, Identity} from '../secure/types.js';
import type {PeerId} from '../signalling/types.js';
import type {OutgoingMessage} from '../stream/message.js';
import {SEND_TIMEOUT_MS} from '../stream/outbound.js';
import {toBase64} from '../wire/base64.js';
import {Cards} from './cards.js';
import {Casts} from './casts.js';
import {CASTS_CHANNEL, decodeCastFrame, encodeCastFrame, type Card, type CastFrame} from './frames.js';
import {Pulls} from './pulls.js';

export interface CrowdOptions {
  readonly clock: Clock;
  readonly selfId: PeerId;
  readonly boot: string;
  readonly identity?: Identity | undefined;
  readonly cryptography?: Cryptography | undefined;
  /** Whether this member has only just come. */
  readonly fresh: boolean;
  /** Neighbours with an open link. */
  readonly neighbours: () => readonly PeerId[];
  /** Sends data to a neighbour as a message on one of the mesh's own channels. */
  readonly send: (to: PeerId, channel: string, data: unknown) => Promise<void> | undefined;
  readonly isMember: (id: PeerId) => boolean;
  readonly others: () => readonly PeerId[];
  /** Since when somebody has been in the room, in this member's eyes. */
  readonly memberSince: (id: PeerId) => number;
  readonly hasOwnLink: (id: PeerId) => boolean;
  readonly isPartial: () => boolean;
  readonly onMessage: (from: PeerId, channel: string, data: unknown) => void;
  /** A neighbour says whether it needs the link. */
  readonly onKeep: (from: PeerId, keep: boolean) => void;
  /** A neighbour says that in its eyes not everybody is linked. */
  readonly onPartial: () => void;
  /** Somebody's card is another. @param isCapacity - whether who carries for others is. */
  readonly onCards: (isCapacity: boolean) => void;
  readonly onFault: (from: PeerId, why: string) => void;
  readonly onError: (error: MeshError) => void;
}

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #casts: Casts;
  readonly #cards: Cards;
  readonly #pulls: Pulls;
  /** Large messages that are being read, the latest of each channel. */
  /** Messages to everybody while there is no link to anybody. */
  readonly #waiting = new Set<() => void>();
  readonly #announcing = new Map<string, Promise<void>>();

  constructor(options: CrowdOptions) {
    this.#options = options;
    const {clock, cryptography, neighbours, onMessage, onError, onCards} = options;
    const send = (to: PeerId, frame: CastFrame): Promise<void> | undefined => options.send(to, CASTS_CHANNEL, encodeCastFrame(frame));
    this.#pulls = new Pulls({
      clock, neighbours, send, onMessage,
      sendData: async (to, channel, data) => options.send(to, channel, data),
      digest: cryptography && (async data => toBase64(await cryptography.digest(data))),
      onLost: onError,
    });
    this.#casts = new Casts({...options, send, onCast: (cast, from) => this.#pulls.take(cast, from), onLost: onError});
    this.#cards = new Cards({...options, send, onChange: onCards});
  }

  /** Whether this member says everything to everybody in casts. */
  get casting(): boolean {
    return this.#casts.casting;
  }

  set casting(casting: boolean) {
    this.#casts.casting = casting;
  }

  /**
   * Says something to everybody.
   * @param message - `data`, encoded.
   * @returns a promise for the moment at which the neighbours' transports have taken it.
   * @throws {MeshError} `too-large`, `not-joined`, `aborted`; `undelivered` when there is no link to anybody for too long.
   */
  async cast(message: OutgoingMessage, data: unknown, signal?: AbortSignal): Promise<void> {
    const {head: {channel}} = message;
    if (!this.#isHeard) await this.#someLink(signal);
    const before = this.#announcing.get(channel);
    if (!before && message.lane === 'lines') return this.#cast(message, data);
    // What is large is read first, and what is said after it comes after it.
    const sent = (before ?? Promise.resolve()).then(() => this.#cast(message, data));
    const settled = sent.catch(() => undefined).then(() => {
      if (this.#announcing.get(channel) === settled) this.#announcing.delete(channel);
    });
    this.#announcing.set(channel, settled);
    return sent;
  }

  /** Whether there is a link to anybody, or nobody to link to. */
  get #isHeard(): boolean {
    return this.#options.neighbours().length > 0 || this.#options.others().length === 0;
  }

  #someLink(signal: AbortSignal | undefined): Promise<void> {
    const {clock, others} = this.#options;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        stop();
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const look = (): void => {
        if (this.#isHeard) end(resolve);
      };
      const abort = (): void => end(() => reject(new MeshError('aborted', 'Sending was given up', {cause: signal?.reason as unknown})));
      const stop = clock.after(SEND_TIMEOUT_MS, () =>
        end(() => reject(new MeshError('undelivered', 'There is no connection to anybody in the room', {ids: others()}))));
      this.#waiting.add(look);
      signal?.addEventListener('abort', abort, {once: true});
    });
  }

  async #cast(message: OutgoingMessage, data: unknown): Promise<void> {
    const {head: {channel, kind, type}} = message;
    if (message.lane === 'lines') {
      const body = kind === 'json' ? JSON.stringify(data) : toBase64(message.body as Uint8Array<ArrayBuffer>);
      await this.#casts.cast({channel, kind, type, body});
      return;
    }
    const whole = data instanceof Blob ? data : new Blob([kind === 'json' ? JSON.stringify(data) : data as BufferSource]);
    const body = await this.#pulls.announce(whole, kind, type);
    this.#pulls.offer(await this.#casts.cast({channel, kind: 'pulled', type: '', body}), whole);
  }

  /** Takes a message on one of the mesh's own channels. */
  receive(from: PeerId, channel: string, data: unknown): void {
    if (channel !== CASTS_CHANNEL) return void this.#pulls.receive(from, channel, data);
    const frame = decodeCastFrame(data);
    if (!frame) return this.#options.onFault(from, 'A frame of the mesh was malformed');
    switch (frame.kind) {
      case 'keep': return this.#options.onKeep(from, frame.keep);
      case 'pull': return this.#pulls.asked(from, frame);
      case 'card':
      case 'cards': return this.#cards.receive(from, frame);
      case 'have':
        if (frame.partial) this.#options.onPartial();
        return this.#casts.receive(from, frame);
      case 'mark':
        // Whoever begins to cast sees more members than this one does.
        if (frame.upTo === undefined) this.#options.onPartial();
        return this.#casts.receive(from, frame);
      default: return this.#casts.receive(from, frame);
    }
  }

  /** What a neighbour says directly, after its casts that it said before. */
  direct(from: PeerId, deliver: () => void): void {
    this.#casts.direct(from, deliver);
  }

  /** Tells a neighbour whether this side needs the link. */
  keep(id: PeerId, keep: boolean): void {
    void this.#options.send(id, CASTS_CHANNEL, encodeCastFrame({kind: 'keep', keep}))?.catch(() => undefined);
  }

  card(id: PeerId): Pick<Card, 'name' | 'capacity'> | undefined {
    return this.#cards.get(id);
  }

  /** Whether all others carry as much as an ordinary member does, as far as they have told. */
  get isUniform(): boolean {
    return this.#cards.isUniform;
  }

  /** Tells everybody about this member. */
  announce(name: string, capacity: number): void {
    this.#cards.announce(name, capacity).catch((error: unknown) => {
      this.#options.onError(new MeshError('bad-data', 'What this member tells of itself could not be signed', {cause: error}));
    });
  }

  /** There is a link to this neighbour. */
  opened(id: PeerId): void {
    this.#casts.opened(id);
    this.#cards.opened(id);
    for (const look of [...this.#waiting]) look();
  }

  /** There is none any more. */
  closed(id: PeerId): void {
    this.#casts.closed(id);
    this.#cards.closed(id);
    this.#pulls.closed(id);
  }

  /** `id` is not in the room any more. */
  left(id: PeerId): void {
    this.#cards.left(id);
    for (const look of [...this.#waiting]) look();
  }

  close(): void {
    this.#casts.close();
    this.#pulls.close();
  }
}
