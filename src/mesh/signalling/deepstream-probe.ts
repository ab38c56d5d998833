import type {Cancel} from '../clock.js';
import {ABSENCE_MS} from './bounds.js';
import {dataOf, EVENT_ACTION, PRESENCE_ACTION, signalPattern, signalTarget, TOPIC, type Message} from './deepstream-protocol.js';
import type {ProbeAnswer} from './port.js';
import type {PeerId} from './types.js';

export interface DeepstreamProbeOptions {
  readonly selfId: PeerId;
  readonly send: (message: Message) => void;
  readonly nextId: () => string;
  /** A timer that ends with the connection. */
  readonly after: (ms: number, run: () => void) => Cancel;
}

interface Question {
  readonly present: Set<PeerId>;
  /** Those of them that are logged in under their ids. */
  readonly ours: Set<PeerId>;
  readonly done: ProbeAnswer;
  /** Not known to be present yet. */
  missing: Set<PeerId>;
  /** Of the presence query, then of the listening. */
  reference: string;
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
 */
export class DeepstreamProbe {
  readonly #options: DeepstreamProbeOptions;
  #question: Question | undefined;

  constructor(options: DeepstreamProbeOptions) {
    this.#options = options;
  }

  ask(ids: readonly PeerId[], done: ProbeAnswer): void {
    if (this.#question) {
      done(undefined);
      return;
    }
    const {send, nextId, after, selfId} = this.#options;
    const reference = nextId();
    this.#question = {
      present: new Set(), ours: new Set(), missing: new Set(ids), done, reference, isHeard: false,
      timer: after(2 * ABSENCE_MS, () => this.#listen()),
    };
    send({topic: TOPIC.PRESENCE, action: PRESENCE_ACTION.QUERY, names: [selfId, ...ids], correlationId: reference});
  }

  /** Takes a message of topic `PRESENCE`. */
  receivePresence(message: Message): void {
    const question = this.#question;
    if (!question || (message.correlationId !== undefined && message.correlationId !== question.reference)) return;
    if (message.action === PRESENCE_ACTION.QUERY_RESPONSE) {
      const answer = dataOf(message);
      if (typeof answer === 'object' && answer !== null) {
        for (const [id, isPresent] of Object.entries(answer)) {
          if (isPresent !== true || !question.missing.has(id)) continue;
          question.ours.add(id);
          this.#found(question, id);
        }
      }
      this.#listen();
    } else if (message.originalAction === PRESENCE_ACTION.QUERY) {
      this.#listen();
    }
  }

  /** A subscription that matches our pattern. */
  receiveFound({name, subscription}: Message): void {
    const {send, after, selfId} = this.#options;
    if (name === undefined || subscription === undefined) return;
    send({topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN_REJECT, name, subscription});
    const question = this.#question;
    if (question?.reference !== name) return;
    const id = signalTarget(subscription);
    this.#found(question, id);
    if (id === selfId && !question.isHeard) {
      question.isHeard = true;
      question.timer();
      question.timer = after(ABSENCE_MS, () => this.#settle(question.present));
    }
    if (question.isHeard && question.missing.size === 0) this.#settle(question.present);
  }

  /** The server does not let us listen. */
  refuse(): void {
    this.#settle(undefined);
  }

  #found({present, missing}: Question, id: PeerId): void {
    if (missing.delete(id)) present.add(id);
  }

  #listen(): void {
    const question = this.#question;
    if (!question) return;
    question.timer();
    if (question.missing.size === 0) {
      this.#question = undefined;
      question.done(question.present, question.ours);
      return;
    }
    const {send, after, selfId} = this.#options;
    question.reference = signalPattern([selfId, ...question.missing]);
    question.timer = after(2 * ABSENCE_MS, () => this.#settle(undefined));
    send({topic: TOPIC.EVENT, action: EVENT_ACTION.LISTEN, name: question.reference});
  }

  /** Ends the listening. */
  #settle(present: ReadonlySet<PeerId> | undefined): void {
    const question = this.#question;
    if (!question) return;
    this.#question = undefined;
    question.timer();
    this.#options.send({topic: TOPIC.EVENT, action: EVENT_ACTION.UNLISTEN, name: question.reference});
    question.done(present, question.ours);
  }
}
