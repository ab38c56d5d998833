/** Why a message was refused; the socket stays. */
export type Denial = 'action' | 'data' | 'identity' | 'event' | 'limit';
/** Why a socket was cut, or not let in. */
export type Cut = 'rate' | 'size' | 'silent' | 'login' | 'protocol' | 'slow' | 'failure' | 'origin' | 'full' | 'flood';
/** Why an event was dropped without a word: its receiver reads too slowly, or it was too much for its sender's allowance. */
export type Drop = 'slow' | 'events' | 'frames';

/** What the server has counted since it started; `/healthz` shows it. */
export class Counters {
  messages = 0;
  readonly dropped: Record<Drop, number> = {slow: 0, events: 0, frames: 0};
  /** Frames of routed links that went through here. */
  readonly relayed = {frames: 0, bytes: 0};
  readonly denied: Record<Denial, number> = {action: 0, data: 0, identity: 0, event: 0, limit: 0};
  readonly cut: Record<Cut, number> =
    {rate: 0, size: 0, silent: 0, login: 0, protocol: 0, slow: 0, failure: 0, origin: 0, full: 0, flood: 0};
}
