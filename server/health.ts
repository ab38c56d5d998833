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
  readonly dropped: Readonly<Counters['dropped']>;
  /** Frames of routed links that went through this server, and their bytes as they came, that is, as base64. */
  readonly relayed: Readonly<Counters['relayed']>;
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
    dropped: {...counters.dropped},
    relayed: {...counters.relayed},
    denied: {...counters.denied},
    cut: {...counters.cut},
  };
}
