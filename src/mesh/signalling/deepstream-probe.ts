import type {Cancel} from '../clock.js';
import {ABSENCE_MS} from './bounds.js';
import {C, type Message} from './deepstream-client.js';
import {signalPattern, signalTarget} from './names.js';
import type {ProbeAnswer} from './port.js';
import type {PeerId} from './types.js';

const {EVENT_ACTION, PRESENCE_ACTION, TOPIC} = C;

export interface DeepstreamProbeOptions {
  readonly say: (message: Message) => void;
  readonly selfId: PeerId;
  /** A timer that ends with the connection. */
  readonly after: (ms: number, run: () => void) => Cancel;
}

interface Question {
  readonly present: Set<PeerId>;
  /** Those of them that are logged in under their ids. */
  readonly ours: Set<PeerId>;
  readonly done: ProbeAnswer;
  readonly correlationId: string;
  /** Not known to be present yet. */
  readonly missing: Set<PeerId>;
  /** What we listen for, in the second step. */
  pattern: string | undefined;
  /** Whether the server has reported our own subscription. */
  isHeard: boolean;
  timer: Cancel;
}

/**
 * Asks a deepstream server who is there, in two steps.
 *
 * 1. Presence: who is logged in under the id, as this project's clients are. One question, one answer.
 * 2. For the rest, which may be plain pages: a listener is told of every subscription that its pattern matches. Nobody provides
 *    anything here, so every such report is answered with "not me", that others are told too, and the pattern is taken back. Our
 *    own subscription is part of the pattern; as long as that is not reported, silence about others means nothing.
 *
 * Not the second step alone: when several listen for one subscription at a time, deepstream 7.0.2 forgets some of them (measured:
 * of 31 who asked at one instant, up to 28 got no answer, and up to 7 a wrong one).
 *
 * It says and hears the few messages of that itself: what deepstream's client has for them, presence and providers, is five times as long.
 */
export class DeepstreamProbe {
  readonly #options: DeepstreamProbeOptions;
  #question: Question | undefined;
  #asked = 0;

  constructor(options: DeepstreamProbeOptions) {
    this.#options = options;
  }

  ask(ids: readonly PeerId[], done: ProbeAnswer): void {
    if (this.#question) return done(undefined);
    const {say, after, selfId} = this.#options;
    const correlationId = String(++this.#asked);
    const question: Question = this.#question = {
      present: new Set(), ours: new Set(), missing: new Set(ids), done, correlationId, pattern: undefined, isHeard: false,
      timer: after(2 * ABSENCE_MS, () => this.#listen(question)),
    };
    say({topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.QUERY, correlationId, names: [selfId, ...ids]});
  }

  /** What the server says about presence: the answer, or that it gives none. */
  hearPresence({correlationId, parsedData}: Message): void {
    const question = this.#question;
    if (!question || question.correlationId !== correlationId) return;
    for (const [id, isPresent] of Object.entries(parsedData ?? {})) {
      if (!isPresent || !question.missing.has(id)) continue;
      question.ours.add(id);
      this.#found(question, id);
    }
    this.#listen(question);
  }

  /** A subscription that matches what somebody on this connection listens for. */
  hearSubscription({name, subscription = ''}: Message): void {
    const {say} = this.#options;
    say({topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN_REJECT, subscription, ...(name !== undefined && {name})});
    if (this.#question && this.#question.pattern === name) this.#hear(this.#question, signalTarget(subscription));
  }

  /** The server does not let us listen. */
  refuse(): void {
    if (this.#question) this.#settle(this.#question, undefined);
  }

  #found({present, missing}: Question, id: PeerId): void {
    if (missing.delete(id)) present.add(id);
  }

  #listen(question: Question): void {
    if (question.pattern !== undefined) return; // the answer about presence came late
    question.timer();
    if (question.missing.size === 0) return this.#settle(question, question.present);
    const {after, selfId} = this.#options;
    question.timer = after(2 * ABSENCE_MS, () => this.#settle(question, undefined));
    question.pattern = signalPattern([selfId, ...question.missing]);
    this.#sayOf(question.pattern, EVENT_ACTION.LISTEN);
  }

  #sayOf(name: string, action: typeof EVENT_ACTION.LISTEN | typeof EVENT_ACTION.UNLISTEN): void {
    this.#options.say({topic: TOPIC.EVENT, action, name});
  }

  /** A subscription that matches our pattern. */
  #hear(question: Question, id: PeerId): void {
    const {after, selfId} = this.#options;
    this.#found(question, id);
    if (id === selfId && !question.isHeard) {
      question.isHeard = true;
      question.timer();
      question.timer = after(ABSENCE_MS, () => this.#settle(question, question.present));
    }
    if (question.isHeard && question.missing.size === 0) this.#settle(question, question.present);
  }

  /** Ends the question, and the listening. */
  #settle(question: Question, present: ReadonlySet<PeerId> | undefined): void {
    if (this.#question !== question) return;
    this.#question = undefined;
    question.timer();
    if (question.pattern !== undefined) this.#sayOf(question.pattern, EVENT_ACTION.UNLISTEN);
    question.done(present, question.ours);
  }
}
