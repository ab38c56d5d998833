import type {Counters} from './counters.js';
import {version} from './version.js';

/** What `/healthz` answers with. Counts run since the start; the other figures are of this moment. */
export interface Health {
  readonly status: 'ok' | 'stopping';
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly sockets: number;
  /** User ids that a socket speaks for, those within their grace period included. */
  readonly users: number;
  readonly lists: number;
  /** Ids over all Lists. */
  readonly memberships: number;
  readonly messages: number;
  readonly droppedSignals: number;
  readonly denied: Readonly<Counters['denied']>;
  readonly cut: Readonly<Counters['cut']>;
}

export interface HealthSource {
  readonly counters: Counters;
  readonly startedAt: number;
  readonly now: () => {isStopping: boolean; sockets: number; users: number; lists: number; memberships: number};
}

export function health({counters, startedAt, now}: HealthSource): Health {
  const {isStopping, ...figures} = now();
  return {
    status: isStopping ? 'stopping' : 'ok',
    version,
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
    ...figures,
    messages: counters.messages,
    droppedSignals: counters.droppedSignals,
    denied: {...counters.denied},
    cut: {...counters.cut},
  };
}
