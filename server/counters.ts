/** Why a message was refused; the socket stays. */
export type Denial = 'action' | 'data' | 'identity' | 'event' | 'limit';
/** Why a socket was cut, or not let in. */
export type Cut = 'rate' | 'size' | 'silent' | 'login' | 'protocol' | 'slow' | 'failure' | 'origin' | 'full';

/** What the server has counted since it started; `/healthz` shows it. */
export class Counters {
  messages = 0;
  /** Signals that were dropped because their receiver takes nothing at the moment. */
  droppedSignals = 0;
  readonly denied: Record<Denial, number> = {action: 0, data: 0, identity: 0, event: 0, limit: 0};
  readonly cut: Record<Cut, number> =
    {rate: 0, size: 0, silent: 0, login: 0, protocol: 0, slow: 0, failure: 0, origin: 0, full: 0};
}
