/** Held, shared, by every tab that is in a room. The browser releases it when a tab dies, so nobody has to be asked. */
const NAME = 'mesh-room:joined';

/** Tells the tabs of this origin which of them are in a room. */
export class JoinedLock {
  #release: (() => void) | undefined;
  /** Settles when the last hold has been given back; that takes the browser a moment. */
  #released: Promise<unknown> = Promise.resolve();

  get joined(): boolean {
    return this.#release !== undefined;
  }

  set joined(joined: boolean) {
    if (joined === this.joined) return;
    if (!joined) {
      this.#release?.();
      this.#release = undefined;
      return;
    }
    const held = new Promise<void>(resolve => {
      this.#release = resolve;
    });
    // Where the browser has no locks, or forbids them, each tab speaks for itself alone.
    this.#released = navigator.locks?.request(NAME, {mode: 'shared'}, () => held).catch(() => undefined);
  }

  /** Runs `action` if no tab is in a room, and keeps the others from entering one unseen meanwhile. */
  async whenNoneIsJoined(action: () => void): Promise<void> {
    if (this.joined) return;
    await this.#released;
    if (!navigator.locks) return action();
    await navigator.locks.request(NAME, {mode: 'exclusive', ifAvailable: true}, lock => {
      if (lock) action();
    });
  }
}
